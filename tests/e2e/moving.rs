//! Accounts move between servers by file, also while the service runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use onesoup::phone::event::Mood;
use serde_json::Value;
use tokio_xmpp::parsers::presence::Type;

use crate::support::lab::Lab;
use crate::support::phones::{PASSWORD, expect_message, expect_presence, s60, settings, started};
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::XmppClient;

use onesoup::phone::handset::Habits;

/// Runs a command; returns whether it went well, and all that it said.
fn run(server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = server.command(arguments).output().expect("the binary runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn told(server: &Server, arguments: &[&str]) -> String {
    let (is_well, said) = run(server, arguments);
    assert!(is_well, "{arguments:?}: {said}");
    said
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[tokio::test]
async fn a_user_who_moves_keeps_contacts_presence_and_messages() {
    let (lab, folder) = (Lab::start(false), tempfile::tempdir().unwrap());
    let file = folder.path().join("accounts.xml");
    let mut old = Server::start(&lab);
    let mut phone = s60(&old, "mia").await;
    let mut contact = XmppClient::login(&lab, "bob@xmpp.test", "pw-bob").await;
    phone.add_contact("wv:bob@xmpp.test", "Bobby").await.unwrap();
    contact.expect_presence(Type::Subscribe, "mia@onesoup.test").await;
    contact.approve("mia@onesoup.test").await;
    expect_presence(&mut phone, "bob", |seen| seen.mood == Mood::Available).await;
    phone.logout().await.unwrap();
    contact.send_chat("mia@onesoup.test", "are you there?", "m1", false).await;
    let waits = |server: &Server| {
        let json = told(server, &["account", "show", "mia", "--json"]);
        serde_json::from_str::<Value>(&json).unwrap()["mailbox"]["messages"] == 1
    };
    while !waits(&old) {}
    let said = told(&old, &["export", "--to", path(&file), "--passwords"]);
    assert!(said.contains("1 accounts") && said.contains("can log in"), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    old.kill();

    let new = Server::start(&lab);
    let said = told(&new, &["import", path(&file)]);
    assert!(said.contains("mia@onesoup.test: 1 contacts, 1 messages"), "{said}");
    let mut phone = started(settings(&new, Habits::S60, "mia")).await;
    assert_eq!(expect_message(&mut phone).await.1, "are you there?");
    assert!(phone.contacts().iter().any(|one| one.name == "Bobby"), "{:?}", phone.contacts());
    expect_presence(&mut phone, "bob", |seen| seen.mood == Mood::Available).await;

    let (is_well, said) = run(&new, &["import", path(&file)]);
    assert!(!is_well && said.contains("\"mia\" is not taken in: the account is there"), "{said}");
    assert!(told(&new, &["import", "--replace", path(&file)]).contains("1 contacts"));
}

#[test]
fn an_export_has_passwords_only_if_that_is_wanted() {
    let server = Server::start_alone(&Wishes::default());
    for name in ["kim", "lee", "max"] {
        server.add_account(name, PASSWORD);
    }
    let all = told(&server, &["export"]);
    assert!(all.starts_with("<?xml") && all.ends_with("</server-data>\n"), "{all}");
    assert_eq!(all.matches("<user ").count(), 3);
    assert!(!all.contains(PASSWORD));
    let one = told(&server, &["export", "--passwords", "lee@onesoup.test"]);
    assert!(one.contains(&format!("<user name='lee' password='{PASSWORD}'>")), "{one}");
    assert_eq!(one.matches("<user ").count(), 1);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.xml");
    let (is_well, said) = run(&server, &["export", "--to", path(&file), "kim", "nobody"]);
    assert!(!is_well && said.contains("nobody@onesoup.test: there is no such account"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    told(&server, &["export", "--to", path(folder.path()), "kim"]);
    let named = fs::read_to_string(folder.path().join("onesoup.test.xml")).unwrap();
    assert_eq!(named.matches("<user ").count(), 1);
    let (is_well, said) = run(&server, &["export", "--to", "/proc/nowhere/x.xml"]);
    assert!(!is_well && said.contains("/proc/nowhere/x.xml"), "{said}");
}

#[test]
fn files_of_ejabberd_and_prosody_are_taken_in() {
    let server = Server::start_alone(&Wishes::default());
    let vector =
        |name: &str| format!("{}/tests/vectors/portable/{name}", env!("CARGO_MANIFEST_DIR"));
    let said = told(&server, &["import", "--host", "xmpp.test", &vector("ejabberd-23.01.xml")]);
    let password = |said: &str, name: &str| {
        let (_, after) = said.split_once(&format!("{name}@onesoup.test:"))?;
        let line = after.lines().nth(1)?;
        line.strip_prefix("  new password: ").map(str::to_owned)
    };
    assert!(said.contains("juliet@onesoup.test: 3 contacts, 1 messages"), "{said}");
    assert!(said.contains("phones cannot log in by SCRAM"), "{said}");
    assert_eq!(password(&said, "juliet").map(|made| made.len()), Some(8), "{said}");
    let said = told(&server, &["import", "--host", "far.test", &vector("prosody-0.12.3_ann.xml")]);
    assert!(said.contains("ann@onesoup.test: 0 contacts") && !said.contains("new"), "{said}");
    let (is_well, said) = run(&server, &["import", &vector("prosody-0.12.3_ann.xml")]);
    assert!(is_well && said.contains("0 accounts") && said.contains("see --host"), "{said}");
    let shown = told(&server, &["roster", "list", "juliet"]);
    assert!(shown.contains("paris@xmpp.test") && shown.contains("is asked by them"), "{shown}");
    assert!(told(&server, &["account", "show", "juliet"]).contains("tybalt@far.test"));
}

#[test]
fn the_profile_that_ejabberd_hands_on_is_what_the_account_shows() {
    let server = Server::start_alone(&Wishes::default());
    let file =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/portable/ejabberd-23.01_profile.xml");
    let said = told(&server, &["import", "--host", "xmpp.test", file]);
    assert!(said.contains("rosaline@onesoup.test") && !said.contains("vCard"), "{said}");
    let exported = told(&server, &["export", "rosaline"]);
    for part in ["\"alias&quot;:&quot;Rosa", "FN:Rosaline C.", "TEL;CELL:+39 1"] {
        let part = part.replace('"', "&quot;");
        assert!(exported.contains(&part), "{part}: {exported}");
    }
}

#[test]
fn a_broken_file_is_named_and_what_came_before_it_is_there() {
    let server = Server::start_alone(&Wishes::default());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.xml");
    fs::write(
        &file,
        "<server-data xmlns='urn:xmpp:pie:0'><host jid='onesoup.test'><user name='kim' \
         password='cat1'/><user name='lee'",
    )
    .unwrap();
    let (is_well, said) = run(&server, &["import", path(&file)]);
    assert!(!is_well && said.contains("broken.xml"), "{said}");
    assert!(said.contains("kim@onesoup.test: 0 contacts"), "{said}");
    let (is_well, said) = run(&server, &["import", "/nowhere.xml"]);
    assert!(!is_well && said.contains("/nowhere.xml"), "{said}");
    fs::write(
        &file,
        "<server-data xmlns='urn:xmpp:pie:0'><include xmlns='http://www.w3.org/2001/XInclude' \
         href='../../../../etc/passwd'/></server-data>",
    )
    .unwrap();
    let (is_well, said) = run(&server, &["import", path(&file)]);
    assert!(!is_well && said.contains("included from elsewhere"), "{said}");
}
