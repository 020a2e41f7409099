//! The commands, as an operator uses them; and the operator's door.

use std::process::Command;

use crate::support::lab::Lab;
use crate::support::raw::{Raw, XML, login};
use crate::support::server::{Server, Wishes};

/// Runs a command; returns whether it went well, and all that it said.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("the binary runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn check_finds_nothing_wrong_where_nothing_is() {
    let lab = Lab::start(false);
    let server = Server::prepared(&lab.domain, lab.component, &lab.secret, &Wishes::default());
    let (is_well, said) = run(&mut server.command(&["check"]));
    assert!(is_well, "{said}");
    for name in ["configuration", "store", "ports", "link"] {
        assert!(said.lines().any(|line| line.starts_with("ok") && line.contains(name)), "{said}");
    }
}

#[test]
fn check_names_what_is_wrong() {
    let lab = Lab::start(false);
    let wrong = |said: &str, name: &str| {
        said.lines().any(|line| line.starts_with("wrong") && line.contains(name))
    };

    let secret = Server::prepared(&lab.domain, lab.component, "guessed", &Wishes::default());
    let (is_well, said) = run(&mut secret.command(&["check"]));
    assert!(!is_well && wrong(&said, "link") && said.contains("secret"), "{said}");

    let nobody = "127.0.0.1:9".parse().unwrap();
    let link = Server::prepared(&lab.domain, nobody, &lab.secret, &Wishes::default());
    let (is_well, said) = run(&mut link.command(&["check"]));
    assert!(!is_well && wrong(&said, "link") && said.contains("127.0.0.1:9"), "{said}");

    let taken = Server::prepared(&lab.domain, lab.component, &lab.secret, &Wishes::default());
    let _taker = std::net::TcpListener::bind(taken.http).unwrap();
    let (is_well, said) = run(&mut taken.command(&["check"]));
    assert!(!is_well && wrong(&said, "ports") && said.contains("http.listen"), "{said}");

    let store = Server::prepared(&lab.domain, lab.component, &lab.secret, &Wishes::default());
    let nowhere = "sqlite:///proc/nowhere/onesoup.db";
    let (is_well, said) = run(store.command(&["check"]).env("ONESOUP_STORE_URL", nowhere));
    assert!(!is_well && wrong(&said, "store"), "{said}");

    let (is_well, said) = run(store
        .command(&["check"])
        .env("ONESOUP_HTTP_LISTEN", "everywhere")
        .env("ONESOUP_ACCOUNTS_REGISTRATION", "maybe"));
    assert!(!is_well, "{said}");
    assert!(said.contains("http.listen") && said.contains("accounts.registration"), "{said}");
}

#[test]
fn accounts_are_made_listed_changed_and_removed_while_the_service_runs() {
    let server = Server::start_alone(&Wishes::default());
    let (is_well, said) = server.account(&["add", "kim@onesoup.test"], "");
    assert!(is_well, "{said}");
    let password =
        said.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    let logs_in = |password: &str| {
        let mut phone = Raw::connect(server.http);
        let (_, answer) = phone.post(XML, login("kim", password).as_bytes()).unwrap();
        String::from_utf8(answer).unwrap().contains("<SessionID>")
    };
    assert!(logs_in(&password));
    assert!(server.account(&["passwd", "kim", "--password-stdin"], "newer").0);
    assert!(logs_in("newer") && !logs_in(&password));

    let (is_well, said) = server.account(&["list"], "");
    assert!(is_well && said.contains("kim@onesoup.test\tactive"), "{said}");
    let refused = [
        (vec!["add", "kim"], "there already"),
        (vec!["add", "kim@elsewhere.test"], "not of a domain of ours"),
        (vec!["add", "k+m"], "a name has"),
        (vec!["passwd", "nobody"], "no such account"),
        (vec!["remove", "nobody"], "no such account"),
    ];
    for (arguments, why) in refused {
        let (is_well, said) = server.account(&arguments, "");
        assert!(!is_well && said.contains(why), "{arguments:?}: {said}");
    }
    assert!(server.account(&["remove", "kim"], "").0);
    assert!(!logs_in("newer"));
}

#[test]
fn the_operators_door_tells_alive_from_ready() {
    let server = Server::start_alone(&Wishes::default());
    assert_eq!(server.admin_says("/healthz"), Some(200));
    assert_eq!(server.admin_says("/readyz"), Some(503));
    assert_eq!(server.admin_says("/metrics"), Some(200));
    assert_eq!(server.admin_says("/"), Some(404));
    assert_eq!(server.metric("link_up"), 0);

    let lab = Lab::start(false);
    let mut server = Server::start(&lab);
    assert_eq!(server.admin_says("/readyz"), Some(200));
    lab.stop_ejabberd();
    server.wait_until("not ready", |server| server.admin_says("/readyz") == Some(503));
    assert_eq!(server.admin_says("/healthz"), Some(200));
    lab.start_ejabberd();
    server.wait_until_ready();
    assert_eq!(server.log().matches("link up").count(), 2, "{}", server.log());
}

#[test]
fn phones_are_served_at_both_paths_and_nothing_else_is() {
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", "cat1");
    let body = login("kim", "cat1");
    let request = |method: &str, path: &str| {
        let mut socket = Raw::connect(server.http);
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {XML}\r\n");
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        socket.write(format!("{head}{length}{body}").as_bytes()).unwrap();
        socket.answer().unwrap().0
    };
    assert_eq!([request("POST", "/"), request("POST", "/csp")], [200, 200]);
    assert_eq!(request("POST", "/elsewhere"), 404);
    assert_eq!(request("GET", "/"), 405);
    let mut socket = Raw::connect(server.http);
    assert_eq!(socket.post("text/plain", b"hello").unwrap().0, 415);
}

#[test]
fn the_terminal_handset_chats() {
    use std::io::Write;
    use std::process::Stdio;
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", "cat1");
    server.add_account("lee", "cat1");
    let mut chats = Vec::new();
    for (user, lines) in [("kim", "/to wv:lee\nhello lee\n/quit\n"), ("lee", "/poll\n/quit\n")] {
        let mut command = server.command(&["phone", user]);
        command.env("ONESOUP_PHONE_PASSWORD", "cat1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        chats.push(String::from_utf8(output.stdout).unwrap());
    }
    assert!(chats[0].contains("hello lee"), "{}", chats[0]);
    assert!(chats[1].contains("hello lee"), "{}", chats[1]);
}

#[test]
fn decode_prints_either_spelling_and_says_where_it_breaks() {
    use std::io::Write;
    use std::process::Stdio;
    let decode = |input: &[u8]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onesoup"))
            .args(["decode", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (is_well, said) = decode(include_bytes!("../vectors/csp/1.2/keep-alive.wbxml"));
    assert!(
        is_well && said.contains("WBXML, CSP 1.2") && said.contains("<KeepAliveTime>"),
        "{said}"
    );
    let (is_well, said) = decode(login("kim", "cat1").as_bytes());
    assert!(
        is_well && said.contains("XML, CSP 1.2") && said.contains("<UserID>kim</UserID>"),
        "{said}"
    );
    let (is_well, said) = decode(b"<WV-CSP-Message");
    assert!(!is_well && said.contains("octet"), "{said}");
}
