//! Phones that are logged in and hold no connection, as phones do.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use clap::Args;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    Server,
    bench::{Probe, Span, new_report},
    imps::Imps,
    report::Report,
    wire::Meter,
};

#[derive(Args)]
pub struct Options {
    /// Seconds to wait after the logins before memory is read again
    #[arg(long, default_value_t = 80.0)]
    settle: f64,
    /// Phones that are asked to speak, to learn what their words cost
    #[arg(long, default_value_t = 500)]
    sample: usize,
}

/// Seconds between two keep-alives: as Android's phones ask for, and the default of the server.
const KEEP_ALIVES: [(&str, f64); 2] =
    [("woken_bytes_per_hour_7205s", 7205.0), ("woken_bytes_per_hour_1800s", 1800.0)];

/// Seconds between two polls: the shortest that is allowed, and the longest of S60.
const POLLS: [(&str, f64); 2] =
    [("polling_bytes_per_hour_30s", 30.0), ("polling_bytes_per_hour_90s", 90.0)];

/// Octets that a TCP segment adds to what it carries: IPv4 and TCP with time stamps.
const SEGMENT_BYTES: f64 = 52.0;

/// Logs phones in, leaves them alone and measures.
pub async fn run(imps: Imps, server: &Server, options: &Options) -> io::Result<Report> {
    let mut report = new_report("imps", server);
    let imps = Arc::new(imps);
    let meter = Arc::new(Meter::default());
    let meters = [meter.clone(), Arc::default()];
    let base = Probe::take(server, &meters)?;
    let sessions = log_in(&imps, server, &meter).await?;
    let after = Probe::take(server, &meters)?;
    describe_logins(&mut report, &after.since(&base), server.sessions as f64);
    eprintln!("{} phones logged in", sessions.len());
    sleep(Duration::from_secs(3)).await;
    let awake = Probe::take(server, &meters)?;
    sleep(Duration::from_secs_f64(options.settle)).await;
    let settled = Probe::take(server, &meters)?;

    let span = settled.since(&awake);
    let each = |now: u64, base: u64| (now as f64 - base as f64) / server.sessions as f64;
    report.number("settle_seconds", options.settle);
    report.number("base_rss_mib", base.rss() as f64 / 1024.0);
    report.number("server_rss_mib", settled.rss() as f64 / 1024.0);
    report.number("kib_per_session_after_login", each(awake.rss(), base.rss()));
    report.number("kib_per_session_end", each(settled.rss(), base.rss()));
    report.number("anon_kib_per_session_end", each(settled.anon(), base.anon()));
    let minutes = server.sessions as f64 * span.seconds / 60.0;
    report.number("server_cpu_ms_per_idle_min", 1000.0 * span.server_cpu / minutes);

    let sample = &sessions[..options.sample.min(sessions.len())];
    let bytes = speak(&imps, sample, &meters, server, Words::KeepAlive, &mut report).await?;
    for (name, pause) in KEEP_ALIVES {
        report.number(name, bytes.app * 3600.0 / pause);
    }
    report.number("woken_wire_bytes_per_hour_1800s", bytes.wire * 3600.0 / 1800.0);
    let bytes = speak(&imps, sample, &meters, server, Words::Poll, &mut report).await?;
    for (name, pause) in POLLS {
        report.number(name, bytes.app * 3600.0 / pause);
    }
    report.number("polling_wire_bytes_per_hour_90s", bytes.wire * 3600.0 / 90.0);
    span.describe(&mut report);
    Ok(report)
}

/// Logs all in over a few connections, one after the other on each, and closes those.
async fn log_in(imps: &Arc<Imps>, server: &Server, meter: &Arc<Meter>) -> io::Result<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..server.login_parallel {
        let (imps, next, users) = (imps.clone(), next.clone(), server.sessions);
        let mut client = imps.client(meter.clone());
        tasks.spawn(async move {
            let mut sessions = Vec::new();
            loop {
                let user = next.fetch_add(1, Relaxed);
                if user >= users {
                    return io::Result::Ok(sessions);
                }
                sessions.push(imps.log_in(user, &mut client).await?);
            }
        });
    }
    let mut sessions = Vec::with_capacity(server.sessions);
    while let Some(done) = tasks.join_next().await {
        sessions.extend(done.map_err(io::Error::other)??);
    }
    Ok(sessions)
}

fn describe_logins(report: &mut Report, span: &Span, sessions: f64) {
    let traffic = span.traffic[0];
    report.number("login_seconds", span.seconds);
    report.number("logins_per_s", sessions / span.seconds);
    report.number("login_requests", traffic.requests as f64 / sessions);
    report.number("login_up_bytes", traffic.up as f64 / sessions);
    report.number("login_down_bytes", traffic.down as f64 / sessions);
    report.number("login_server_cpu_ms", 1000.0 * span.server_cpu / sessions);
}

#[derive(Clone, Copy, PartialEq)]
enum Words {
    KeepAlive,
    Poll,
}

/// What one exchange takes: in HTTP, and with the TCP connection around it.
struct Bytes {
    app: f64,
    wire: f64,
}

/// Lets phones speak once each, on a connection of its own each time.
async fn speak(
    imps: &Imps,
    sessions: &[String],
    meters: &[Arc<Meter>],
    server: &Server,
    words: Words,
    report: &mut Report,
) -> io::Result<Bytes> {
    let before = Probe::take(server, meters)?;
    for session in sessions {
        let mut client = imps.client(meters[0].clone());
        match words {
            Words::KeepAlive => imps.keep_alive(session, &mut client).await?,
            Words::Poll => imps.poll(session, &mut client).await?,
        }
    }
    // The connections end.
    sleep(Duration::from_millis(200)).await;
    let span = Probe::take(server, meters)?.since(&before);
    let count = sessions.len() as f64;
    let [up, down, segments] = [span.traffic[0].up, span.traffic[0].down, span.segments];
    let [up, down, segments] = [up, down, segments].map(|sum| sum as f64 / count);
    let names = match words {
        Words::KeepAlive => ["keep_alive_up_bytes", "keep_alive_down_bytes", "keep_alive_segments"],
        Words::Poll => ["poll_up_bytes", "poll_down_bytes", "poll_segments"],
    };
    for (name, value) in names.into_iter().zip([up, down, segments]) {
        report.number(name, value);
    }
    Ok(Bytes { app: up + down, wire: up + down + SEGMENT_BYTES * segments })
}
