use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::lab::Lab;
use crate::support::xmpp::{PATIENCE, XmppClient, body};

#[tokio::test]
async fn ejabberd_comes_back_where_it_was_after_a_crash() {
    let lab = Lab::start(false);
    let mut alice = XmppClient::login(&lab, "alice@xmpp.test", "pw-alice").await;
    let mut bob = XmppClient::login(&lab, "bob@xmpp.test", "pw-bob").await;

    lab.kill_ejabberd();
    assert!(TcpStream::connect(lab.component).is_err());
    lab.start_ejabberd();
    assert!(TcpStream::connect(lab.component).is_ok());

    alice.expect_reconnect().await;
    bob.expect_reconnect().await;
    bob.set_presence(None, None).await;
    bob.sync().await;
    alice.send_chat(bob.jid.as_str(), "still here", "c1", false).await;
    assert_eq!(body(&bob.expect_chat("alice@xmpp.test").await), "still here");
}

#[tokio::test]
async fn two_labs_run_side_by_side() {
    let (one, other) = (Lab::start(false), Lab::start(false));
    assert_ne!(one.c2s, other.c2s);
    let account = json!({"user": "alice", "host": "xmpp.test"});
    for lab in [&one, &other] {
        assert_eq!(lab.api("check_account", account.clone()).await, json!(0));
    }

    let dir = one.dir.clone();
    drop(one);
    assert!(!dir.exists());
    assert_eq!(other.api("check_account", account).await, json!(0));
}

#[test]
fn a_lab_ends_when_its_parent_is_killed() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("lab");
    let mut parent = Command::new("sleep").arg("600").spawn().unwrap();
    let started = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab.sh"))
        .arg("up")
        .arg(&dir)
        .args(["--with-parent", &parent.id().to_string()])
        .status();
    let pids = pids(&dir);
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert!(started.unwrap().success());
    assert_eq!(pids.len(), 3, "a watcher, a name server and ejabberd");
    await_condition("the lab is gone", || !dir.exists());
    for pid in pids {
        await_condition("its processes have ended", || !is_running(&pid));
    }
}

fn pids(lab: &Path) -> Vec<String> {
    let files = fs::read_dir(lab.join("pid")).unwrap().map(|file| file.unwrap().path());
    let texts = files.map(|file| fs::read_to_string(file).unwrap());
    texts.map(|text| text.split(' ').next().unwrap().to_owned()).collect()
}

/// Whether a process exists and is no zombie, which only waits for somebody to collect it.
fn is_running(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn await_condition(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
