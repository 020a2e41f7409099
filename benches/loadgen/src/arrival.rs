//! From a stanza on the component link to the datagram that wakes the phone.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use tokio::time::sleep;

use crate::{
    Server,
    bench::{Crowd, Probe, new_report, percentile},
    component,
    imps::Imps,
    report::Report,
};

#[derive(Args)]
pub struct Options {
    /// Stanzas per second, to all phones in turn
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Length of the text of a message
    #[arg(long, default_value_t = 50)]
    text: usize,
    /// Seconds of traffic before measuring
    #[arg(long, default_value_t = 3.0)]
    warmup: f64,
    /// Seconds to measure
    #[arg(long, default_value_t = 20.0)]
    duration: f64,
}

impl Options {
    pub fn text_len(&self) -> usize {
        self.text.max(24)
    }
}

/// Logs phones in, writes to them from the network, and measures until they are woken; they then
/// fetch and confirm.
pub async fn run(
    imps: Imps,
    link: &component::Server,
    server: &Server,
    options: &Options,
) -> io::Result<Report> {
    let mut report = new_report("arrival", server);
    let (wakes, domain) = (imps.wakes().clone(), server.domain.clone());
    link.up().await?;
    let crowd = Crowd::login(imps, server, options.text, &mut report).await?;
    let hub = crowd.hub.clone();
    let mut senders = Senders {
        link,
        domain,
        rate: options.rate,
        number: 0,
        written: vec![0; server.sessions],
        latencies: Vec::new(),
        awake: 0,
    };
    let writer = |hub: Arc<crate::hub::Hub>| move |user| hub.draft(user);
    senders.run(options.warmup, &writer(hub.clone()), &wakes).await?;
    senders.latencies.clear();
    senders.awake = 0;
    hub.record(true);
    let before = Probe::take(server, &crowd.meters)?;
    let count = senders.run(options.duration, &writer(hub.clone()), &wakes).await?;
    let after = Probe::take(server, &crowd.meters)?;
    sleep(Duration::from_secs(2)).await;
    senders.collect(&wakes);
    let span = after.since(&before);

    senders.latencies.sort_unstable();
    report.number("rate_asked", options.rate);
    report.number("seconds", span.seconds);
    report.number("stanzas", count as f64);
    report.number("msg_per_s", count as f64 / span.seconds);
    report.number("lost", hub.sent() as f64 - hub.delivered() as f64);
    report.number("failed_sessions", hub.failures() as f64);
    report.number("wakes_measured", senders.latencies.len() as f64);
    report.number("still_awake", senders.awake as f64);
    for (name, share) in SHARES {
        report.number(name, percentile(&senders.latencies, share) / 1000.0);
    }
    let latencies = hub.take_latencies();
    report.number("to_phone_p50_ms", percentile(&latencies, 0.5) / 1000.0);
    report.number("to_phone_p99_ms", percentile(&latencies, 0.99) / 1000.0);
    report.number("server_cpu_ms_per_msg", 1000.0 * span.server_cpu / count as f64);
    span.describe(&mut report);
    crowd.logout().await;
    Ok(report)
}

const SHARES: [(&str, f64); 5] = [
    ("wake_p50_ms", 0.5),
    ("wake_p90_ms", 0.9),
    ("wake_p99_ms", 0.99),
    ("wake_p999_ms", 0.999),
    ("wake_max_ms", 1.0),
];

/// Somebody in the network who writes to each phone in turn.
struct Senders<'a> {
    link: &'a component::Server,
    domain: String,
    rate: f64,
    number: u64,
    /// When the last stanza for each user was written, in nanoseconds since 1970.
    written: Vec<u64>,
    /// Microseconds from the stanza to the datagram.
    latencies: Vec<u32>,
    /// Stanzas for phones that had not gone back to sleep since the one before.
    awake: u64,
}

impl Senders<'_> {
    /// Writes for some seconds; returns how many stanzas that were.
    async fn run(
        &mut self,
        seconds: f64,
        draft: &impl Fn(usize) -> String,
        wakes: &crate::imps::wakes::Wakes,
    ) -> io::Result<u64> {
        let (start, first) = (Instant::now(), self.number);
        loop {
            let elapsed = start.elapsed().as_secs_f64();
            if elapsed >= seconds {
                return Ok(self.number - first);
            }
            let due = first + (elapsed * self.rate) as u64;
            while self.number < due {
                let user = self.number as usize % self.written.len();
                self.note(user, wakes);
                let stanza = format!(
                    "<message from='ann@far.test/x' to='u{user}@{}' type='chat' id='w{}'>\
                     <body>{}</body></message>",
                    self.domain,
                    self.number,
                    draft(user),
                );
                self.written[user] = now();
                self.link.send(stanza.as_bytes()).await?;
                self.number += 1;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Takes note of how long the last stanza of a user took.
    fn note(&mut self, user: usize, wakes: &crate::imps::wakes::Wakes) {
        let written = std::mem::take(&mut self.written[user]);
        match wakes.arrival(user).checked_sub(written) {
            _ if written == 0 => {}
            Some(took) => self.latencies.push((took / 1000) as u32),
            None => self.awake += 1,
        }
    }

    fn collect(&mut self, wakes: &crate::imps::wakes::Wakes) {
        (0..self.written.len()).for_each(|user| self.note(user, wakes));
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64
}
