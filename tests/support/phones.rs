//! The phones of a test: the project's own handset in the terminal, reading as strictly as the
//! real ones.

use std::time::Duration;

use onesoup::csp::{document::Spelling, version::Version};
use onesoup::phone::event::{Event, Seen};
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::{LoginWay, PhoneSettings, WakeBy};

use super::server::Server;

/// How long a test waits for something to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The password of all phone users.
pub(crate) const PASSWORD: &str = "cat1";

/// Settings of a phone that is woken by datagrams.
pub(crate) fn settings(server: &Server, habits: Habits, user: &str) -> PhoneSettings {
    let url = format!("http://{}/", server.http);
    PhoneSettings { cir: Some(WakeBy::Udp), ..PhoneSettings::new(habits, &url, user, PASSWORD) }
}

/// Makes an account and logs its S60 in, up to the end of its start-up.
pub(crate) async fn s60(server: &Server, user: &str) -> Phone {
    server.add_account(user, PASSWORD);
    started(settings(server, Habits::S60, user)).await
}

/// Makes an account and logs its Android phone in, up to the end of its start-up.
pub(crate) async fn android(server: &Server, user: &str) -> Phone {
    server.add_account(user, PASSWORD);
    // The AOSP client knows no datagrams (handset: Android §4).
    let cir = server.offers_tcp.then_some(WakeBy::Tcp);
    let poll = Some(Duration::from_millis(200));
    started(PhoneSettings { cir, poll, ..settings(server, Habits::ANDROID, user) }).await
}

/// Logs a phone in, up to the end of its start-up.
pub(crate) async fn started(settings: PhoneSettings) -> Phone {
    let mut phone = Phone::new(settings).expect("the settings fit the handset");
    phone.login().await.expect("the phone logs in");
    phone.start_up().await.expect("the phone starts up");
    phone
}

/// Every way in which the known phones speak, by name.
pub(crate) fn ways() -> Vec<(String, Habits, Version, Spelling, LoginWay)> {
    let mut ways = Vec::new();
    let logins = [("2-way", LoginWay::TwoWay), ("4-way", LoginWay::usual_digests())];
    for (login_name, login) in logins {
        for version in [Version::V1_1, Version::V1_2] {
            let name = format!("s60 {} wbxml {login_name}", version.digits());
            ways.push((name, Habits::S60, version, Spelling::Wbxml, login.clone()));
        }
        for version in Version::ALL {
            for (spelling_name, spelling) in [("wbxml", Spelling::Wbxml), ("xml", Spelling::Xml)] {
                let name = format!("android {} {spelling_name} {login_name}", version.digits());
                ways.push((name, Habits::ANDROID, version, spelling, login.clone()));
            }
        }
    }
    ways
}

/// Waits for the first event that `pick` makes something of; others are passed over.
pub(crate) async fn expect<T>(
    phone: &mut Phone,
    what: &str,
    mut pick: impl FnMut(Event) -> Option<T>,
) -> T {
    let mut others = Vec::new();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        match phone.next_event(left).await.expect("the phone goes on") {
            Some(event) => match pick(event.clone()) {
                Some(found) => return found,
                None => others.push(event),
            },
            None => panic!("no {what} came, but {others:#?}"),
        }
    }
}

/// Waits for a message; returns who wrote and what.
pub(crate) async fn expect_message(phone: &mut Phone) -> (String, String) {
    expect(phone, "message", |event| match event {
        Event::Message { from, text, .. } => Some((from.to_string(), text.to_string())),
        _ => None,
    })
    .await
}

/// Waits until somebody's presence is as wanted.
pub(crate) async fn expect_presence(
    phone: &mut Phone,
    what: &str,
    mut is_wanted: impl FnMut(&Seen) -> bool,
) -> Seen {
    expect(phone, what, |event| match event {
        Event::Presence(seen) if is_wanted(&seen) => Some(seen),
        _ => None,
    })
    .await
}
