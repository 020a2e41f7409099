//! The course of a measurement, whatever the protocol.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use clap::Args;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    Server, component,
    hub::Hub,
    procfs,
    report::Report,
    session::{Protocol, Session},
    wire::{Meter, Reading},
};

#[derive(Args)]
pub struct Traffic {
    /// Messages per second of all sessions together; 0: as fast as possible
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// Messages each sender keeps under way when as fast as possible
    #[arg(long, default_value_t = 1)]
    window: usize,
    /// Only even users send, to tell the cost of sending from that of receiving
    #[arg(long)]
    one_way: bool,
    /// Length of the text of a message
    #[arg(long, default_value_t = 50)]
    text: usize,
    /// Seconds of traffic before measuring
    #[arg(long, default_value_t = 5.0)]
    warmup: f64,
    /// Seconds to measure
    #[arg(long, default_value_t = 20.0)]
    duration: f64,
}

#[derive(Args)]
pub struct Idle {
    /// Seconds to wait after the logins before measuring
    #[arg(long, default_value_t = 60.0)]
    settle: f64,
    /// Seconds to hold and measure
    #[arg(long, default_value_t = 120.0)]
    hold: f64,
}

impl Traffic {
    /// Length of the text of a message, which says when and by whom it was sent.
    pub fn text_len(&self) -> usize {
        self.text.max(24)
    }
}

/// Logs in, exchanges messages and measures.
pub async fn traffic<P: Protocol>(
    name: &str,
    protocol: P,
    server: &Server,
    options: &Traffic,
) -> io::Result<Report> {
    traffic_over(name, protocol, None, server, options).await
}

/// The same where messages may arrive at an XMPP server over a component link.
pub async fn traffic_over<P: Protocol>(
    name: &str,
    protocol: P,
    link: Option<&component::Server>,
    server: &Server,
    options: &Traffic,
) -> io::Result<Report> {
    let mut report = new_report(name, server);
    if let Some(link) = link {
        link.up().await?;
    }
    let crowd = Crowd::login(protocol, server, options.text, &mut report).await?;
    if let Some(link) = link {
        link.deliver_to(crowd.hub.clone()).await;
    }
    let senders: Vec<usize> = match options.one_way {
        true => (0..server.sessions).step_by(2).collect(),
        false => (0..server.sessions).collect(),
    };
    let hub = crowd.hub.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let pacer = (options.rate > 0.0).then(|| {
        let (hub, stop, senders, rate) = (hub.clone(), stop.clone(), senders.clone(), options.rate);
        std::thread::spawn(move || hub.pace(&senders, rate, &stop))
    });
    if pacer.is_none() {
        hub.start_closed(&senders, options.window);
    }

    sleep(Duration::from_secs_f64(options.warmup)).await;
    let (sent, delivered) = (hub.sent(), hub.delivered());
    hub.record(true);
    let before = Probe::take(server, &crowd.meters)?;
    sleep(Duration::from_secs_f64(options.duration)).await;
    let after = Probe::take(server, &crowd.meters)?;
    hub.record(false);
    let (sent, delivered) = (hub.sent() - sent, hub.delivered() - delivered);

    stop.store(true, Relaxed);
    hub.stop_closed();
    if let Some(pacer) = pacer {
        pacer.join().expect("the pacer does not panic");
    }
    // What is under way when traffic stops still has to arrive.
    let deadline = Instant::now() + Duration::from_secs(10);
    while hub.delivered() < hub.sent() && Instant::now() < deadline {
        sleep(Duration::from_millis(50)).await;
    }

    report.number("rate_asked", options.rate);
    report.number("text_bytes", options.text_len() as f64);
    report.number("sent", sent as f64);
    let probes = [&before, &after];
    describe_traffic(&mut report, &hub, delivered as f64, probes, options.one_way);
    crowd.logout().await;
    Ok(report)
}

/// What happened to messages between two probes.
fn describe_traffic(
    report: &mut Report,
    hub: &Hub,
    messages: f64,
    [before, after]: [&Probe; 2],
    is_one_way: bool,
) {
    let span = after.since(before);
    report.number("seconds", span.seconds);
    report.number("delivered", messages);
    report.number("lost", hub.sent() as f64 - hub.delivered() as f64);
    report.number("failed_sessions", hub.failures() as f64);
    report.number("msg_per_s", messages / span.seconds);
    let latencies = hub.take_latencies();
    for (name, share) in [
        ("latency_p50_ms", 0.5),
        ("latency_p90_ms", 0.9),
        ("latency_p99_ms", 0.99),
        ("latency_max_ms", 1.0),
    ] {
        report.number(name, percentile(&latencies, share) / 1000.0);
    }
    let all = span.traffic[0] + span.traffic[1];
    report.number("requests_per_msg", all.requests as f64 / messages);
    report.number("up_bytes_per_msg", all.up as f64 / messages);
    report.number("down_bytes_per_msg", all.down as f64 / messages);
    if is_one_way {
        report.number("sender_up_bytes_per_msg", span.traffic[0].up as f64 / messages);
        report.number("sender_down_bytes_per_msg", span.traffic[0].down as f64 / messages);
        report.number("receiver_up_bytes_per_msg", span.traffic[1].up as f64 / messages);
        report.number("receiver_down_bytes_per_msg", span.traffic[1].down as f64 / messages);
    }
    report.number("tcp_segments_per_msg", span.segments as f64 / messages);
    let end = after.traffic[0] + after.traffic[1];
    report.number("connections_opened", end.opened as f64);
    report.number("connections_open", (end.opened - end.closed) as f64);
    report.number("server_cpu_ms_per_msg", 1000.0 * span.server_cpu / messages);
    report.number("generator_cpu_ms_per_msg", 1000.0 * span.own_cpu / messages);
    span.describe(report);
    report.number("server_rss_mib", after.rss as f64 / 1024.0);
}

/// Logs in, holds the sessions and measures.
pub async fn idle<P: Protocol>(
    name: &str,
    protocol: P,
    server: &Server,
    options: &Idle,
) -> io::Result<Report> {
    let mut report = new_report(name, server);
    let base = Probe::take(server, &[])?;
    let crowd = Crowd::login(protocol, server, 0, &mut report).await?;
    eprintln!("{} sessions logged in", server.sessions);
    sleep(Duration::from_secs_f64(options.settle)).await;
    let before = Probe::take(server, &crowd.meters)?;
    eprintln!("settled: server has {} KiB", before.rss);
    sleep(Duration::from_secs_f64(options.hold)).await;
    let after = Probe::take(server, &crowd.meters)?;

    let sessions = server.sessions as f64;
    let span = after.since(&before);
    let traffic = span.traffic[0] + span.traffic[1];
    let session_minutes = sessions * span.seconds / 60.0;
    report.number("seconds", span.seconds);
    report.number("failed_sessions", crowd.hub.failures() as f64);
    report.number("base_rss_mib", base.rss as f64 / 1024.0);
    for (name, now, base) in [
        ("kib_per_session_settled", before.rss, base.rss),
        ("kib_per_session_end", after.rss, base.rss),
        ("anon_kib_per_session_end", after.anon, base.anon),
    ] {
        report.number(name, (now as f64 - base as f64) / sessions);
    }
    report.number("server_rss_mib", after.rss as f64 / 1024.0);
    report.number("up_bytes_per_idle_min", traffic.up as f64 / session_minutes);
    report.number("down_bytes_per_idle_min", traffic.down as f64 / session_minutes);
    report.number("requests_per_idle_min", traffic.requests as f64 / session_minutes);
    report.number("server_cpu_ms_per_idle_min", 1000.0 * span.server_cpu / session_minutes);
    let end = after.traffic[0] + after.traffic[1];
    report.number("connections_open", (end.opened - end.closed) as f64);
    span.describe(&mut report);
    crowd.logout().await;
    Ok(report)
}

pub fn new_report(name: &str, server: &Server) -> Report {
    let mut report = Report::default();
    report.text("label", &server.label);
    report.text("protocol", name);
    report.number("sessions", server.sessions as f64);
    report
}

/// Sessions that are logged in and run.
pub struct Crowd {
    pub hub: Arc<Hub>,
    /// Of the even users and of the odd ones.
    pub meters: [Arc<Meter>; 2],
    tasks: JoinSet<()>,
}

impl Crowd {
    pub async fn login<P: Protocol>(
        protocol: P,
        server: &Server,
        text: usize,
        report: &mut Report,
    ) -> io::Result<Self> {
        let protocol = Arc::new(protocol);
        let hub = Arc::new(Hub::new(text));
        let meters = [Arc::new(Meter::default()), Arc::new(Meter::default())];
        let before = Probe::take(server, &meters)?;

        let turns = Arc::new(Semaphore::new(server.login_parallel));
        let (done, mut logins) = mpsc::unbounded_channel();
        let (mut tasks, mut outboxes) = (JoinSet::new(), Vec::new());
        for user in 0..server.sessions {
            let (sender, outbox) = mpsc::unbounded_channel();
            outboxes.push(sender);
            let (protocol, hub, meter) = (protocol.clone(), hub.clone(), meters[user % 2].clone());
            let (turns, done) = (turns.clone(), done.clone());
            tasks.spawn(async move {
                let turn = turns.acquire_owned().await.expect("the semaphore is not closed");
                let started = Instant::now();
                let login = timeout(Duration::from_secs(60), protocol.login(user, meter)).await;
                let took = started.elapsed().as_micros() as u32;
                drop(turn);
                match login.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                    Ok(session) => {
                        let _ = done.send(Ok(took));
                        if let Err(error) = session.run(outbox, hub.clone()).await {
                            hub.fail(user, &error);
                        }
                    }
                    Err(error) => {
                        let text = format!("login of u{user} failed: {error}");
                        let _ = done.send(Err(io::Error::other(text)));
                    }
                }
            });
        }
        hub.set_outboxes(outboxes);
        let mut times = Vec::new();
        for _ in 0..server.sessions {
            times.push(logins.recv().await.expect("a login is pending")?);
        }
        times.sort_unstable();

        let after = Probe::take(server, &meters)?;
        let (span, sessions) = (after.since(&before), server.sessions as f64);
        let traffic = span.traffic[0] + span.traffic[1];
        report.number("login_seconds", span.seconds);
        report.number("logins_per_s", sessions / span.seconds);
        report.number("login_p50_ms", percentile(&times, 0.5) / 1000.0);
        report.number("login_requests", traffic.requests as f64 / sessions);
        report.number("login_up_bytes", traffic.up as f64 / sessions);
        report.number("login_down_bytes", traffic.down as f64 / sessions);
        report.number("login_server_cpu_ms", 1000.0 * span.server_cpu / sessions);
        Ok(Self { hub, meters, tasks })
    }

    pub async fn logout(mut self) {
        self.hub.close();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(Duration::from_secs(30), all).await.is_err() {
            eprintln!("some sessions did not log out in time");
        }
    }
}

/// All counters at one moment.
pub struct Probe {
    at: Instant,
    server_cpu: f64,
    own_cpu: f64,
    machine_cpu: f64,
    stolen: f64,
    segments: u64,
    rss: u64,
    anon: u64,
    traffic: [Reading; 2],
}

impl Probe {
    pub fn take(server: &Server, meters: &[Arc<Meter>]) -> io::Result<Self> {
        let (mut server_cpu, mut rss, mut anon) = (0.0, 0, 0);
        for &pid in &server.pids {
            server_cpu += procfs::cpu(&pid.to_string())?;
            let memory = procfs::memory(pid)?;
            rss += memory.0;
            anon += memory.1;
        }
        let (machine_cpu, stolen) = procfs::machine_cpu()?;
        let reading =
            |index: usize| meters.get(index).map(|meter| meter.read()).unwrap_or_default();
        Ok(Self {
            at: Instant::now(),
            server_cpu,
            own_cpu: procfs::cpu("self")?,
            machine_cpu,
            stolen,
            segments: procfs::tcp_segments()?,
            rss,
            anon,
            traffic: [reading(0), reading(1)],
        })
    }

    /// Resident memory of the server in KiB.
    pub fn rss(&self) -> u64 {
        self.rss
    }

    /// The anonymous part of it.
    pub fn anon(&self) -> u64 {
        self.anon
    }

    pub fn since(&self, earlier: &Self) -> Span {
        Span {
            seconds: (self.at - earlier.at).as_secs_f64(),
            server_cpu: self.server_cpu - earlier.server_cpu,
            own_cpu: self.own_cpu - earlier.own_cpu,
            machine_cpu: self.machine_cpu - earlier.machine_cpu,
            stolen: self.stolen - earlier.stolen,
            segments: self.segments - earlier.segments,
            traffic: [self.traffic[0] - earlier.traffic[0], self.traffic[1] - earlier.traffic[1]],
        }
    }
}

/// What happened between two probes.
pub struct Span {
    pub seconds: f64,
    pub server_cpu: f64,
    own_cpu: f64,
    machine_cpu: f64,
    stolen: f64,
    pub segments: u64,
    pub traffic: [Reading; 2],
}

impl Span {
    pub fn describe(&self, report: &mut Report) {
        let others = (self.machine_cpu - self.server_cpu - self.own_cpu).max(0.0);
        report.number("server_cores", self.server_cpu / self.seconds);
        report.number("generator_cores", self.own_cpu / self.seconds);
        // Noise: other processes on the machine, and the hypervisor.
        report.number("other_cores", others / self.seconds);
        report.number("stolen_cores", self.stolen / self.seconds);
    }
}

/// Of sorted values; NaN where there are none.
pub fn percentile(sorted: &[u32], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(index.saturating_sub(1)).map_or(f64::NAN, |&value| value as f64)
}
