//! A contact on Prosody sees exactly one correct presence after whatever happens: never two, and
//! nobody as online who is not there.

use onesoup::base::clock::{Clock, Millis};
use onesoup::csp::access::KeepAliveRequest;
use onesoup::csp::primitive::Primitive;
use onesoup::csp::status::Code;
use onesoup::phone::event::{Event, Mood};
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::PhoneSettings;
use onesoup::store::Store;
use onesoup::store::write::Write;
use tokio_xmpp::Stanza;
use tokio_xmpp::parsers::presence::{Presence, Show, Type};

use crate::support::lab::Lab;
use crate::support::phones::{expect, expect_message, s60, settings, started};
use crate::support::relay::Relay;
use crate::support::server::{Server, Wishes};
use crate::support::xmpp::{XmppClient, body, status};

const KIM: &str = "kim@onesoup.test";
const ANN: &str = "wv:ann@far.test";

/// kim, whom ann on Prosody sees, and another phone, which marks what has come by then.
struct Scene {
    lab: Lab,
    server: Server,
    ann: XmppClient,
    kim: Phone,
    mark: Phone,
    marks: usize,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Server::start).await
    }

    /// The same with a server of some kind.
    async fn with(start: impl FnOnce(&Lab) -> Server) -> Self {
        let lab = Lab::start(true);
        let server = start(&lab);
        let ann = XmppClient::login(&lab, "ann@far.test/desk", "pw-ann").await;
        let (kim, mark) = (s60(&server, "kim").await, s60(&server, "mark").await);
        let mut scene = Self { lab, server, ann, kim, mark, marks: 0 };
        scene.knock().await;
        scene.kim.add_contact(ANN, "Ann").await.unwrap();
        scene.ann.expect_presence(Type::Subscribe, KIM).await;
        scene.ann.approve(KIM).await;
        scene.ann.subscribe(KIM).await;
        asked(&mut scene.kim).await;
        scene.kim.answer(ANN, true).await.unwrap();
        scene.ann.expect_presence(Type::Subscribed, KIM).await;
        scene.ann.expect_presence(Type::None, KIM).await;
        // Prosody may have asked for it once more.
        scene.pass_over().await;
        scene
    }

    /// Writes both ways until something arrives: the first streams between servers that have
    /// just started may fail.
    async fn knock(&mut self) {
        self.mark_has_come().await;
        loop {
            self.ann.send_chat("mark@onesoup.test", "knock", "knock", false).await;
            self.ann.sync().await;
            if let Ok(Some(Event::Message { .. })) =
                self.mark.next_event(std::time::Duration::from_secs(3)).await
            {
                return;
            }
        }
    }

    /// Waits until all that was sent to ann has come.
    async fn mark_has_come(&mut self) {
        for _ in 0..10 {
            self.marks += 1;
            let text = format!("mark {}", self.marks);
            self.mark.send(ANN, &text).await.unwrap();
            let is_it = |stanza: &Stanza| match stanza {
                Stanza::Message(message) => (body(message) == text).then_some(()),
                _ => None,
            };
            let end = tokio::time::Instant::now() + std::time::Duration::from_secs(3);
            while tokio::time::Instant::now() < end {
                self.ann.sync().await;
                if self.ann.seen(is_it).is_some() {
                    return;
                }
            }
        }
        panic!("ann cannot be reached");
    }

    /// Passes over all presence that has been sent to ann.
    async fn pass_over(&mut self) {
        self.mark_has_come().await;
        let any = |stanza: &Stanza| matches!(stanza, Stanza::Presence(_)).then_some(());
        while self.ann.seen(any).is_some() {}
    }

    /// Waits for a presence of kim, and that no other comes.
    async fn only_presence(&mut self) -> Presence {
        let pick = |stanza: &Stanza| match stanza {
            Stanza::Presence(presence) => {
                let is_kim =
                    presence.from.as_ref().is_some_and(|from| from.to_bare().as_str() == KIM);
                is_kim.then(|| presence.clone())
            }
            _ => None,
        };
        let only = self.ann.expect("a presence of kim", pick).await;
        self.mark_has_come().await;
        if let Some(second) = self.ann.seen(pick) {
            panic!("a second presence of kim: {second:?} after {only:?}");
        }
        only
    }

    /// kim's phone logs in again and starts up.
    async fn log_in(&mut self) {
        self.kim = started(settings(&self.server, Habits::S60, "kim")).await;
    }

    /// Prosody dies and starts again, and ann logs in anew.
    async fn restart_prosody(&mut self) {
        self.lab.kill_prosody();
        self.lab.start_prosody();
        self.ann.expect_reconnect().await;
        self.ann.set_presence(None, None).await;
    }

    /// The service dies; kim's session ends while it is dead.
    async fn kill_and_let_kim_end(&mut self) {
        let id = self.kim.session_id().unwrap().into();
        self.server.kill();
        let file = self.server.config().with_file_name("onesoup.db");
        let url = format!("sqlite://{}", file.display());
        let store = Store::open(&url, Clock::system()).await.unwrap();
        store.commit(vec![Write::TouchSession { id, expires: Millis(1) }]).await.unwrap();
        store.close().await;
    }
}

/// Another phone of kim's, which polls.
async fn phone_of(server: &Server, habits: Habits) -> Phone {
    started(PhoneSettings { cir: None, ..settings(server, habits, "kim") }).await
}

/// Waits for a request, and returns whose it is.
async fn asked(phone: &mut Phone) -> String {
    expect(phone, "request", |event| match event {
        Event::AuthRequest { user } => Some(user.to_string()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_change_a_logout_and_a_login_show_exactly_one_presence_each() {
    let mut scene = Scene::new().await;
    scene.kim.set_status(Mood::Away, Some("soup")).await.unwrap();
    let away = scene.only_presence().await;
    assert_eq!((away.show.clone(), status(&away)), (Some(Show::Away), "soup"));

    scene.kim.logout().await.unwrap();
    assert_eq!(scene.only_presence().await.type_, Type::Unavailable);

    // The phone says that it is available once it has started up: that is all that was ever so.
    scene.log_in().await;
    let back = scene.only_presence().await;
    assert_eq!((back.type_.clone(), back.show.clone(), status(&back)), (Type::None, None, ""));
    assert_eq!(back.from, away.from);
}

#[tokio::test]
async fn a_phone_that_falls_silent_shows_gone_once_while_the_service_runs() {
    let brief = "[sessions]\nshortest = 1";
    let wishes = Wishes { settings: brief, ..Wishes::default() };
    let mut scene = Scene::with(|lab| Server::start_with(lab, &wishes)).await;
    let request = KeepAliveRequest { time_to_live_secs: Some(1) };
    let answer = scene.kim.request(Primitive::KeepAliveRequest(request)).await.unwrap();
    let Primitive::KeepAliveResponse(granted) = answer else { panic!("{answer:?}") };
    assert_eq!(granted.keep_alive_secs, Some(1));
    // Nothing is heard of the phone from here on.
    assert_eq!(scene.only_presence().await.type_, Type::Unavailable);
    let refused = scene.kim.keep_alive().await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::INVALID_SESSION), "{refused}");
    scene.log_in().await;
    assert_eq!(scene.only_presence().await.type_, Type::None);
}

#[tokio::test]
async fn a_cut_of_the_link_shows_what_is_so_afterwards_once() {
    let mut relay = None;
    let mut scene = Scene::with(|lab| {
        let relay = relay.insert(Relay::to(lab.component));
        let wishes = Wishes::default();
        let mut server = Server::prepared(&lab.domain, relay.address, &lab.secret, &wishes);
        server.run();
        server.wait_until_ready();
        server
    })
    .await;
    let relay = relay.unwrap();
    let cut = |server: &mut Server| {
        relay.cut();
        server.wait_until("not ready", |server| server.admin_says("/readyz") != Some(200));
    };
    let mend = |server: &mut Server| {
        relay.mend();
        server.wait_until_ready();
    };
    scene.kim.set_status(Mood::Away, Some("soup")).await.unwrap();
    let away = scene.only_presence().await;

    // Nothing happened meanwhile.
    cut(&mut scene.server);
    mend(&mut scene.server);
    let again = scene.only_presence().await;
    assert_eq!((again.show.clone(), status(&again)), (away.show.clone(), "soup"));

    // kim changed, and so did ann.
    cut(&mut scene.server);
    scene.kim.set_status(Mood::Away, Some("bread")).await.unwrap();
    scene.kim.set_status(Mood::Available, Some("salt")).await.unwrap();
    scene.ann.set_presence(Some(Show::Dnd), Some("phone")).await;
    scene.ann.sync().await;
    mend(&mut scene.server);
    let changed = scene.only_presence().await;
    assert_eq!((changed.show.clone(), status(&changed)), (None, "salt"));
    let is_it = |event| match event {
        Event::Presence(seen) => (seen.status == "phone").then_some(()),
        _ => None,
    };
    expect(&mut scene.kim, "ann", is_it).await;

    // kim went.
    cut(&mut scene.server);
    scene.kim.logout().await.unwrap();
    mend(&mut scene.server);
    assert_eq!(scene.only_presence().await.type_, Type::Unavailable);

    // kim came.
    cut(&mut scene.server);
    scene.log_in().await;
    mend(&mut scene.server);
    let back = scene.only_presence().await;
    assert_eq!((back.type_, back.from), (Type::None, away.from.clone()));

    // kim's phone was off without a word, and came back.
    cut(&mut scene.server);
    scene.log_in().await;
    mend(&mut scene.server);
    assert_eq!(scene.only_presence().await.type_, Type::None);
}

#[tokio::test]
async fn a_crash_of_the_service_shows_who_is_still_there_once_and_who_is_not_gone() {
    let mut scene = Scene::new().await;
    scene.kim.set_status(Mood::Busy, Some("cooking")).await.unwrap();
    let busy = scene.only_presence().await;

    scene.server.kill();
    scene.server.run();
    scene.server.wait_until_ready();
    let again = scene.only_presence().await;
    assert_eq!((again.type_.clone(), status(&again)), (Type::None, "cooking"));
    assert_eq!((again.show, again.from), (busy.show, busy.from));

    scene.kill_and_let_kim_end().await;
    scene.server.run();
    scene.server.wait_until_ready();
    assert_eq!(scene.only_presence().await.type_, Type::Unavailable);
}

#[tokio::test]
async fn a_stop_shows_gone_and_the_start_shows_there() {
    let mut scene = Scene::new().await;
    scene.server.stop();
    let gone = scene.ann.expect_presence(Type::Unavailable, KIM).await;
    scene.server.run();
    scene.server.wait_until_ready();
    let back = scene.only_presence().await;
    assert_eq!((back.type_, back.from), (Type::None, gone.from));
}

#[tokio::test]
async fn a_restart_of_ejabberd_shows_who_is_there_once_and_who_left_meanwhile_gone() {
    let mut scene = Scene::new().await;
    scene.lab.kill_ejabberd();
    scene.lab.start_ejabberd();
    scene.server.wait_until_ready();
    assert_eq!(scene.only_presence().await.type_, Type::None);
    // The other way the servers may fail at first, and lose what they were given.
    scene.knock().await;
    // What ann shows meanwhile is asked again.
    scene.ann.set_presence(Some(Show::Dnd), Some("phone")).await;
    let is_it = |event| match event {
        Event::Presence(seen) => (seen.status == "phone").then_some(()),
        _ => None,
    };
    expect(&mut scene.kim, "ann", is_it).await;

    scene.lab.stop_ejabberd();
    let server = &mut scene.server;
    server.wait_until("not ready", |server| server.admin_says("/readyz") != Some(200));
    scene.kim.logout().await.unwrap();
    scene.lab.start_ejabberd();
    scene.server.wait_until_ready();
    assert_eq!(scene.only_presence().await.type_, Type::Unavailable);
}

#[tokio::test]
async fn a_restart_of_prosody_asks_and_is_told_what_there_is() {
    let mut scene = Scene::new().await;
    scene.kim.set_status(Mood::Away, Some("soup")).await.unwrap();
    scene.only_presence().await;
    scene.restart_prosody().await;
    let there = scene.only_presence().await;
    assert_eq!((there.type_.clone(), status(&there)), (Type::None, "soup"));

    scene.kim.logout().await.unwrap();
    scene.only_presence().await;
    scene.restart_prosody().await;
    scene.knock().await;
    let is_there = |stanza: &Stanza| match stanza {
        Stanza::Presence(presence) => {
            let is_kim = presence.from.as_ref().is_some_and(|from| from.to_bare().as_str() == KIM);
            (is_kim && presence.type_ == Type::None).then(|| presence.clone())
        }
        _ => None,
    };
    assert_eq!(scene.ann.seen(is_there), None, "kim is not there");
    scene.log_in().await;
    scene.ann.expect("kim", is_there).await;
    scene.mark_has_come().await;
    assert_eq!(scene.ann.seen(is_there), None, "kim is shown once");
    scene.ann.send_chat(KIM, "hello", "h", false).await;
    assert_eq!(expect_message(&mut scene.kim).await.1, "hello");
}

#[tokio::test]
async fn each_phone_of_an_account_is_a_resource_of_its_own() {
    let mut scene = Scene::new().await;
    let first = scene.kim.session_id().unwrap().to_owned();
    let mut other = phone_of(&scene.server, Habits::ANDROID).await;
    let second = scene.ann.expect_presence(Type::None, KIM).await.from.unwrap();
    scene.pass_over().await;
    assert!(second.to_string().contains("/android"), "{second}");
    other.logout().await.unwrap();
    let gone = scene.only_presence().await;
    assert_eq!((gone.type_, gone.from), (Type::Unavailable, Some(second)));
    assert_eq!(scene.kim.session_id(), Some(first.as_str()));
    // The same phone once more takes the place of its session.
    scene.log_in().await;
    let back = scene.only_presence().await;
    assert_eq!(back.type_, Type::None);
    assert!(back.from.unwrap().to_string().contains("/s60"));
}
