//! How long a message takes, wake-up included. Timing belongs to the measurements: `make bench`
//! runs this in a release build; `make test` leaves it out.

use std::time::{Duration, Instant};

use onesoup::phone::session::Phone;

use crate::support::lab::Lab;
use crate::support::phones::{expect_message, s60};
use crate::support::server::Server;
use crate::support::xmpp::XmppClient;

/// Messages each way.
const ROUNDS: usize = 100;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Median times to and from a contact.
async fn with_contact(phone: &mut Phone, user: &str, contact: &mut XmppClient) -> [Duration; 2] {
    let own = format!("{user}@onesoup.test");
    let wv = format!("wv:{}", contact.jid.to_bare());
    // The first message opens the stream between servers.
    phone.send(&wv, "first").await.unwrap();
    contact.expect_chat(&own).await;
    contact.send_chat(&own, "first", "f", false).await;
    expect_message(phone).await;
    let (mut out, mut back) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        let start = Instant::now();
        let text = format!("message {number}");
        phone.send(&wv, &text).await.unwrap();
        contact.expect_chat(&own).await;
        out.push(start.elapsed());
        let start = Instant::now();
        contact.send_chat(&own, &text, &format!("b{number}"), false).await;
        expect_message(phone).await;
        back.push(start.elapsed());
    }
    [median(out), median(back)]
}

#[tokio::test]
#[ignore = "a measurement: make bench"]
async fn medians_of_delivery_with_wake_up() {
    let (lab, server) = (Lab::shared(), Server::shared());
    lab.register("clock", "pw").await;
    let mut near = XmppClient::login(lab, "clock@xmpp.test", "pw").await;
    let mut far = XmppClient::login(lab, "ann@far.test/clock", "pw-ann").await;
    let (mut kim, mut lee) = (s60(server, "latkim").await, s60(server, "latlee").await);
    let mut results = Vec::new();
    for (name, contact) in [("ejabberd user", &mut near), ("Prosody user over S2S", &mut far)] {
        let [out, back] = with_contact(&mut kim, "latkim", contact).await;
        results.push((format!("phone to {name}"), out));
        results.push((format!("{name} to phone"), back));
    }
    let mut times = Vec::new();
    for number in 0..ROUNDS {
        let start = Instant::now();
        kim.send("wv:latlee", &format!("message {number}")).await.unwrap();
        expect_message(&mut lee).await;
        times.push(start.elapsed());
    }
    results.push(("phone to phone".to_owned(), median(times)));
    for (name, time) in &results {
        println!("| {name} | {:.1} ms |", time.as_secs_f64() * 1000.0);
    }
    for (name, time) in results {
        assert!(time < Duration::from_millis(50), "{name}: {time:?}");
    }
}
