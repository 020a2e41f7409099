use std::fs;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::support::raw::{Raw, WBXML, XML, login, message};
use crate::support::server::{Server, Wishes};

/// Bodies thrown at the server; `ONESOUP_HOSTILE_BODIES` for more.
const BODIES: usize = 20_000;

/// Slow connections at once.
const SLOW: usize = 10_000;

/// The server may grow by this much under attack, in KiB.
const MAX_GROWTH: u64 = 400 * 1024;

fn start() -> Server {
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim@onesoup.test", "cat1");
    server
}

/// Memory of the server, in KiB.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A phone that does nothing wrong is served as ever, and soon.
fn assert_unharmed(server: &Server) {
    let start = Instant::now();
    let mut phone = Raw::connect(server.http);
    let (status, answer) = phone.post(XML, login("kim", "cat1").as_bytes()).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(status, 200);
    let session = answer.split_once("<SessionID>").and_then(|(_, rest)| rest.split_once('<'));
    let session = session.unwrap_or_else(|| panic!("logged in: {answer}")).0.to_owned();
    let (status, answer) =
        phone.post(XML, message(Some(&session), "2", "<GetList-Request/>").as_bytes()).unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8(answer).unwrap().contains("GetList-Response"));
    assert!(start.elapsed() < Duration::from_secs(5), "served after {:?}", start.elapsed());
}

#[test]
fn random_and_mutated_bodies_harm_nobody() {
    let mut server = start();
    let (before, begun) = (memory(&server), Instant::now());
    let bodies = std::env::var("ONESOUP_HOSTILE_BODIES").ok().and_then(|text| text.parse().ok());
    let mut random = StdRng::seed_from_u64(7);
    // No logins: who guesses passwords is made to wait, which is another test.
    let content = "<SendMessage-Request><DeliveryReport>T</DeliveryReport><MessageInfo><Recipient>\
        <User><UserID>wv:kim</UserID></User></Recipient></MessageInfo><ContentData>x</ContentData>\
        </SendMessage-Request>";
    let good = message(Some("nobody"), "7", content);
    let wbxml: &[u8] = include_bytes!("../vectors/csp/1.2/new-message-binary.wbxml");
    let mut socket = Raw::connect(server.http);
    let bodies = bodies.unwrap_or(BODIES);
    for number in 0..bodies {
        let (media_type, seed) =
            if number % 2 == 0 { (XML, good.as_bytes()) } else { (WBXML, wbxml) };
        let mut body = seed.to_vec();
        if number % 5 == 0 {
            body = (0..random.random_range(0..400)).map(|_| random.random()).collect();
        } else {
            for _ in 0..random.random_range(1..8) {
                let at = random.random_range(0..body.len());
                match random.random_range(0..3) {
                    0 => body[at] = random.random(),
                    1 => {
                        drop(body.drain(
                            at..(at + random.random_range(1..20)).min(body.len() - 1).max(at),
                        ))
                    }
                    _ => body.insert(at, random.random()),
                }
            }
        }
        match socket.post(media_type, &body) {
            Ok((status, _)) => assert!(matches!(status, 200 | 400 | 415), "{status}"),
            Err(_) => socket = Raw::connect(server.http),
        }
    }
    assert_unharmed(&server);
    let after = memory(&server);
    println!("{bodies} bodies in {:?}: {before} KiB grew to {after} KiB", begun.elapsed());
    assert!(after < before + MAX_GROWTH, "{before} KiB grew to {after} KiB");
    server.stop();
}

#[test]
fn depth_width_and_length_are_bounded() {
    let server = start();
    let mut socket = Raw::connect(server.http);
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    for depth in [33, 1_000, 10_000, 70_000] {
        let body = message(None, "1", &nested(depth));
        assert_eq!(socket.post(XML, body.as_bytes()).unwrap().0, 400, "{depth} deep");
    }
    // The same in the binary spelling: one octet an element.
    let mut body = b"\x03\x11\x6a\x00".to_vec();
    body.extend([0x49; 100_000]);
    assert_eq!(socket.post(WBXML, &body).unwrap().0, 400);
    let flood = message(None, "1", &"<User/>".repeat(60_000));
    assert_eq!(socket.post(XML, flood.as_bytes()).unwrap().0, 400);
    let long = vec![b' '; 513 * 1024];
    // The answer may come before the body is written: then the rest is refused.
    if let Ok((status, _)) = socket.post(XML, &long) {
        assert_eq!(status, 413);
    }
    assert_unharmed(&server);
}

#[test]
fn half_a_request_costs_only_itself() {
    let server = start();
    let mut halves: Vec<Raw> = (0..200).map(|_| Raw::connect(server.http)).collect();
    for (number, half) in halves.iter_mut().enumerate() {
        let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<WV-CSP-Message";
        half.write(&text.as_bytes()[..10 + number % (text.len() - 10)]).unwrap();
    }
    assert_unharmed(&server);
}

fn raise_descriptor_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

/// What slow phones have sent, and then fall silent.
const STARTS: [&str; 4] = [
    "POST / HTTP/1.1\r\nHo",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<WV-CSP-Message",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n<WV-CSP-Message",
    // Its answer is never read.
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
];

#[test]
fn ten_thousand_slow_connections_leave_room_for_others() {
    raise_descriptor_limit();
    let server = start();
    let before = memory(&server);
    let slow: Vec<Raw> = (0..SLOW)
        .map(|number| {
            // From several addresses: one alone has not so many places.
            let from = [127, 0, 1, u8::try_from(number % 8).unwrap()];
            let mut socket = Raw::connect_from(from.into(), server.http);
            socket.write(STARTS[number % STARTS.len()].as_bytes()).unwrap();
            socket
        })
        .collect();
    assert_unharmed(&server);
    // In place of those whose time is up none has come.
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    let after = memory(&server);
    assert!(open > SLOW / 2, "{open} are open still");
    assert!(after < before + MAX_GROWTH, "{before} KiB grew to {after} KiB");
    drop(slow);
    assert_unharmed(&server);
}

#[test]
fn one_address_has_not_all_places() {
    raise_descriptor_limit();
    let server = start();
    let crowd: Vec<Raw> =
        (0..5_500).map(|_| Raw::connect_from([127, 0, 2, 1].into(), server.http)).collect();
    assert_unharmed(&server);
    assert_eq!(server.metric("connections_refused"), 500);
    drop(crowd);
}
