//! The gotchas of waking both phones by datagram and by socket (handset: S60 §5, Android §4, §11).

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::support::handmade::{HandPhone, Manner, texts};
use crate::support::server::{Server, Wishes};

/// A wake-up comes within a moment; longer waits are for a machine under load.
const PATIENCE: Duration = Duration::from_secs(20);

fn server() -> &'static Server {
    Server::shared_alone()
}

/// An S60 that agreed to be woken in these ways.
fn s60(server: &Server, user: &str, wake_ups: &str) -> HandPhone {
    let mut phone = HandPhone::new(server, Manner::S60, user);
    phone.log_in();
    agree(&mut phone, wake_ups);
    phone
}

fn agree(phone: &mut HandPhone, wake_ups: &str) {
    let (capabilities, services) = (phone.capabilities(wake_ups), phone.services());
    let heard = phone.request(&capabilities);
    let asked = wake_ups.matches("<SupportedCIRMethod>").count();
    assert_eq!(texts(heard.root(), "SupportedCIRMethod").len(), asked, "each once: {heard:?}");
    phone.request(&services);
}

fn by_udp(socket: &UdpSocket) -> String {
    let port = socket.local_addr().unwrap().port();
    format!("<SupportedCIRMethod>SUDP</SupportedCIRMethod><UDPPort>{port}</UDPPort>")
}

const BY_TCP: &str = "<SupportedCIRMethod>STCP</SupportedCIRMethod>";

fn udp(own: Ipv4Addr) -> UdpSocket {
    let socket = UdpSocket::bind((own, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn datagram(socket: &UdpSocket) -> String {
    let mut octets = [0; 600];
    let length = socket.recv(&mut octets).expect("a datagram comes");
    String::from_utf8(octets[..length].to_vec()).unwrap()
}

/// The socket that a phone keeps open to be woken.
struct Ear(TcpStream);

impl Ear {
    fn open(server: &Server, hello: &str) -> Self {
        let mut stream = TcpStream::connect(server.cir).expect("the server accepts");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(hello.as_bytes()).unwrap();
        Self(stream)
    }

    fn of(server: &Server, phone: &HandPhone) -> Self {
        let session = phone.session.as_deref().unwrap();
        let mut ear = Self::open(server, &format!("HELO {session}\r\n"));
        assert_eq!(ear.segment(), "OK\r\n");
        ear
    }

    /// What one look at the socket brings, as the S60 takes it: a segment.
    fn segment(&mut self) -> String {
        let mut octets = [0; 600];
        let length = match self.0.read(&mut octets) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing comes: {error}"),
        };
        String::from_utf8(octets[..length].to_vec()).unwrap()
    }
}

#[test]
fn a_phone_behind_a_proxy_is_woken_where_the_proxy_says_in_both_families() {
    let http = "trusted_proxies = [\"127.0.0.1\"]";
    let server = &Server::start_alone(&Wishes { http, ..Wishes::default() });
    let mut sender = HandPhone::s60(server, "w0");
    for own in ["127.0.0.7", "::1"] {
        let own: IpAddr = own.parse().unwrap();
        // There are machines without IPv6.
        let Ok(socket) = UdpSocket::bind((own, 0)) else { continue };
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let user = if own.is_ipv4() { "w4" } else { "w6" };
        let mut phone = s60(server, user, &by_udp(&socket));
        let poll = phone.spell("Request", None, "<Polling-Request/>");
        phone.post_with(&format!("X-Forwarded-For: 192.0.2.1, {own}\r\n"), &poll);
        sender.send(&format!("wv:{user}"), "wake up");
        assert_eq!(datagram(&socket), format!("WVCI 1.1 {}\r\n", phone.cookie), "{own}");
    }
}

#[test]
fn s60_5_4_a_datagram_wakes_once_until_the_phone_has_come() {
    let server = server();
    let socket = udp(Ipv4Addr::LOCALHOST);
    let mut phone = s60(server, "w54", &by_udp(&socket));
    let mut sender = HandPhone::s60(server, "w54b");
    let expected = format!("WVCI 1.1 {}\r\n", phone.cookie);
    for round in 0..3 {
        // Three messages, one datagram: what arrives next belongs to the next round.
        (0..3).for_each(|number| sender.send("wv:w54", &format!("{round} {number}")));
        assert_eq!(datagram(&socket), expected);
        assert_eq!(phone.take_all_named("NewMessage").len(), 3);
    }
    socket.set_nonblocking(true).unwrap();
    let nothing = socket.recv(&mut [0; 600]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock, "no datagram but the three");
}

#[test]
fn s60_5_4_nobody_is_woken_by_a_port_that_was_not_agreed() {
    let server = server();
    let mut phone = HandPhone::new(server, Manner::S60, "w54n");
    phone.log_in();
    for port in ["", "<UDPPort>0</UDPPort>", "<UDPPort>70000</UDPPort>"] {
        let request =
            phone.capabilities(&format!("<SupportedCIRMethod>SUDP</SupportedCIRMethod>{port}"));
        let heard = phone.request(&request);
        assert!(!heard.has("SupportedCIRMethod"), "{port}: the phone would fall silent");
    }
}

#[test]
fn s60_gotcha_22_the_datagram_goes_to_where_the_phone_spoke_from_last() {
    let server = server();
    let old = udp(Ipv4Addr::LOCALHOST);
    let own = Ipv4Addr::new(127, 0, 0, 54);
    let port = old.local_addr().unwrap().port();
    let new = UdpSocket::bind((own, port)).unwrap();
    new.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut phone = s60(server, "w22", &by_udp(&old));
    let mut sender = HandPhone::s60(server, "w22b");
    phone.move_to(own);
    assert!(phone.take_all().is_empty());
    sender.send("wv:w22", "where are you");
    assert!(datagram(&new).starts_with("WVCI 1.1 "));
    old.set_nonblocking(true).unwrap();
    assert!(old.recv(&mut [0; 600]).is_err(), "nothing goes to the address that it left");
}

#[test]
fn s60_5_3_the_greeting_and_a_wake_up_come_in_segments_of_their_own() {
    let server = server();
    let mut phone = s60(server, "w53", BY_TCP);
    let mut sender = HandPhone::s60(server, "w53b");
    // Something waits already when the phone greets: the two must not run into each other.
    sender.send("wv:w53", "early");
    let mut ear = Ear::of(server, &phone);
    let expected = format!("WVCI 1.1 {}\r\n", phone.cookie);
    assert_eq!(ear.segment(), expected);
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
    sender.send("wv:w53", "late");
    assert_eq!(ear.segment(), expected);
    phone.take_all();
    ear.0.write_all(b"PING\r\n").unwrap();
    assert_eq!(ear.segment(), "OK\r\n");
    ear.0.write_all(b"PING \r\n").unwrap();
    assert_eq!(ear.segment(), "OK\r\n", "with the blank of Android");
}

#[test]
fn s60_5_3_a_greeting_in_a_wrong_name_is_refused() {
    let server = server();
    let phone = s60(server, "w53w", BY_TCP);
    let session = phone.session.as_deref().unwrap();
    let wrong = ["HELO nobody\r\n".into(), format!("HELO {}\r\n", session.to_uppercase() + "x")];
    for hello in wrong.iter().map(String::as_str).chain(["GET / HTTP/1.1\r\n\r\n", "PING\r\n"]) {
        assert_eq!(Ear::open(server, hello).segment(), "", "{hello}: the end");
    }
    let _ = Ear::of(server, &phone);
}

#[test]
fn android_4_a_second_greeting_takes_the_place_of_the_first() {
    let server = server();
    let mut phone = HandPhone::new(server, Manner::Android, "w4");
    phone.log_in();
    let capabilities = phone.capabilities("");
    phone.request(&capabilities);
    // This phone greets before it agrees on services.
    let mut old = Ear::of(server, &phone);
    let services = phone.services();
    phone.request(&services);
    phone.take_all();
    let mut sender = HandPhone::s60(server, "w4b");
    sender.send("wv:w4", "one");
    let expected = format!("WVCI 1.2 {}\r\n", phone.cookie);
    assert_eq!(old.segment(), expected);
    phone.take_all();
    let mut new = Ear::of(server, &phone);
    sender.send("wv:w4", "two");
    assert_eq!(new.segment(), expected);
    old.0.set_nonblocking(true).unwrap();
    match old.0.read(&mut [0; 600]) {
        Ok(length) => assert_eq!(length, 0, "the old socket hears nothing more"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
    }
}

#[test]
fn android_g35_a_broken_socket_leaves_the_session_and_is_woken_after_the_next_greeting() {
    let server = server();
    let mut phone = HandPhone::new(server, Manner::Android, "w35");
    phone.log_in();
    let (capabilities, services) = (phone.capabilities(""), phone.services());
    phone.request(&capabilities);
    drop(Ear::of(server, &phone));
    phone.request(&services);
    phone.take_all();
    let mut sender = HandPhone::s60(server, "w35b");
    sender.send("wv:w35", "while it was away");
    assert_eq!(phone.request("<KeepAlive-Request/>").code(), "200");
    let mut ear = Ear::of(server, &phone);
    assert_eq!(ear.segment(), format!("WVCI 1.2 {}\r\n", phone.cookie));
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
}

#[test]
fn android_11_a_question_that_came_while_the_socket_was_away_wakes_after_the_next_greeting() {
    let server = server();
    let mut phone = HandPhone::new(server, Manner::Android, "w11q");
    phone.log_in();
    let (capabilities, services) = (phone.capabilities(""), phone.services());
    phone.request(&capabilities);
    phone.request(&services);
    let subscribe = "<SubscribePresence-Request><ContactList>wv:w11q/friends</ContactList>\
                     <AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>";
    assert_eq!(phone.request(subscribe).code(), "200");
    assert!(phone.take_all().is_empty());
    let mut watcher = HandPhone::s60(server, "w11w");
    watcher.request(
        "<ListManage-Request><ContactList>wv:w11w/friends</ContactList><AddNickList><NickName>\
         <Name>q</Name><UserID>wv:w11q</UserID></NickName></AddNickList></ListManage-Request>",
    );
    let mut ear = Ear::of(server, &phone);
    assert_eq!(ear.segment(), format!("WVCI 1.2 {}\r\n", phone.cookie));
    assert_eq!(phone.take_all_named("PresenceAuth-Request").len(), 1);
}

#[test]
fn s60_5_2_a_phone_that_polls_is_not_called() {
    let server = server();
    let socket = udp(Ipv4Addr::LOCALHOST);
    let mut phone = HandPhone::new(server, Manner::S60, "w52");
    phone.log_in();
    agree(&mut phone, &by_udp(&socket));
    // A new negotiation without it takes it back.
    agree(&mut phone, "");
    phone.take_all();
    phone.send("wv:w52", "x");
    assert_eq!(phone.take_all_named("NewMessage").len(), 1);
    agree(&mut phone, &by_udp(&socket));
    phone.send("wv:w52", "y");
    datagram(&socket);
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 600]).is_err(), "one datagram in all");
}
