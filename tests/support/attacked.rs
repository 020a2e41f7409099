//! A server with one phone, and somebody else's server that says whatever it likes: to see that
//! nothing breaks, and that the phone is not woken for nothing.

use std::fs;
use std::ops::Deref;
use std::sync::OnceLock;

use onesoup::csp::address::UserAddress;
use onesoup::csp::presence::{GetPresenceRequest, SubscribePresenceRequest};
use onesoup::csp::presence_name::{AttributeKind, AttributeSet};
use onesoup::csp::presence_value::PresenceSubList;
use onesoup::csp::primitive::Primitive;
use onesoup::phone::event::{Event, Seen};
use onesoup::phone::session::Phone;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard};

use super::component::Component;
use super::lab::Lab;
use super::phones::{expect, expect_presence, s60};
use super::server::{Server, Wishes};

/// The server has never more than this in memory, in KiB: two pictures are decoded at a time, each
/// within 64 MiB, and a stanza of half a megabyte is held a few times over.
const MAX_MEMORY: u64 = 256 * 1024;

/// Where the other server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A component of the same ejabberd.
    Ejabberd,
    /// A component of a Prosody, reached over S2S.
    Prosody,
    /// The very server that ours is a component of: nobody refuses what makes no sense.
    Itself,
}

/// All of it. Those that share a lab are there one after the other, for wake-ups are counted.
pub(crate) struct Attacked {
    pub(crate) server: Own,
    pub(crate) component: Component,
    pub(crate) phone: Phone,
    /// The user of the phone.
    pub(crate) own: String,
    wake_ups: i64,
    _turn: MutexGuard<'static, ()>,
}

/// A server that all share, or one alone.
pub(crate) enum Own {
    Shared(&'static Server),
    Alone(Server),
}

impl Deref for Own {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Shared(server) => server,
            Self::Alone(server) => server,
        }
    }
}

fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::start(true))
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::kept(|| Server::start(lab())))
}

impl Attacked {
    /// Starts all of it; `user` is used by no other test.
    pub(crate) async fn from(side: Side, user: &str) -> Self {
        static TURNS: [Mutex<()>; 2] = [const { Mutex::const_new(()) }; 2];
        let turn = TURNS[usize::from(side == Side::Itself)].lock().await;
        let (server, mut component) = match side {
            Side::Itself => alone().await,
            Side::Ejabberd => {
                let (lab, server) = (lab(), server());
                let (address, domain) = (lab.component, &lab.near_domain);
                let component = Component::connect(address, domain, &lab.secret).await;
                (Own::Shared(server), component)
            }
            Side::Prosody => {
                let (lab, server) = (lab(), server());
                let far = lab.far.as_ref().expect("the lab has a far side");
                let component = Component::connect(far.component, &far.domain, &lab.secret).await;
                (Own::Shared(server), component)
            }
        };
        let (phone, own) = (s60(&server, user).await, format!("{user}@onesoup.test"));
        component.fence("first", &own).await;
        Self { server, component, phone, own, wake_ups: 0, _turn: turn }
    }

    /// Somebody there, as phones write it.
    pub(crate) fn wv(&self, guest: &str) -> String {
        format!("wv:{guest}@{}", self.component.domain)
    }

    /// The device of somebody there.
    pub(crate) fn device(&self, guest: &str) -> String {
        format!("{guest}@{}/x", self.component.domain)
    }

    /// Has the phone see somebody there, who is away and says "as before".
    pub(crate) async fn befriend(&mut self, guest: &str) {
        let wv = self.wv(guest);
        self.phone.add_contact(&wv, guest).await.unwrap();
        self.component.expect_presence("subscribe", &self.own, guest).await;
        self.component.presence(guest, &self.own, "type='subscribed'", "").await;
        let (device, own) = (self.device(guest), &self.own);
        let shown = "<show>away</show><status>as before</status>";
        let presence = format!("<presence from='{device}' to='{own}'>{shown}</presence>");
        self.component.say(&presence).await;
        let is_it = |seen: &Seen| seen.user == wv && seen.status == "as before";
        expect_presence(&mut self.phone, guest, is_it).await;
        let request = SubscribePresenceRequest {
            users: vec![UserAddress::parse(&wv)],
            attributes: Some(everything()),
            ..SubscribePresenceRequest::default()
        };
        self.phone.request(Primitive::SubscribePresenceRequest(request)).await.unwrap();
        self.settle().await;
    }

    /// Waits for the question whether somebody may see the user of the phone.
    pub(crate) async fn question(&mut self) -> String {
        expect(&mut self.phone, "request", |event| match event {
            Event::AuthRequest { user } => Some(user.to_string()),
            _ => None,
        })
        .await
    }

    /// Waits until all that was said is carried out.
    pub(crate) async fn fence(&mut self) {
        self.component.fence("first", &self.own).await;
    }

    /// Takes all that waits for the phone, which is not being woken then.
    pub(crate) async fn settle(&mut self) {
        self.fence().await;
        while self.phone.poll().await.unwrap() > 0 {}
        while self.phone.take_event().is_some() {}
        self.wake_ups = self.server.metric("wake_ups");
    }

    /// How often the phone was woken since it settled.
    pub(crate) fn woken(&self) -> i64 {
        self.server.metric("wake_ups") - self.wake_ups
    }

    /// What the phone shows of somebody.
    pub(crate) async fn shown(&mut self, guest: &str) -> PresenceSubList {
        let users = vec![UserAddress::parse(&self.wv(guest))];
        let attributes = Some(everything());
        let request = GetPresenceRequest { users, attributes, ..GetPresenceRequest::default() };
        let answer = self.phone.request(Primitive::GetPresenceRequest(request)).await.unwrap();
        let Primitive::GetPresenceResponse(response) = answer else { panic!("{answer:?}") };
        response.presences[0].attributes.clone()
    }

    /// What was said reached the server, which goes on as before, and so do the session and the
    /// link; the phone was not woken, and is told nothing.
    pub(crate) async fn assert_unmoved(&mut self, after: &str) {
        self.fence().await;
        assert_eq!(self.woken(), 0, "woken by {after}");
        assert_eq!(self.phone.poll().await.unwrap(), 0, "told of {after}");
        assert_eq!(self.phone.take_event(), None, "told of {after}");
        self.assert_within_bounds();
    }

    /// The server is where it was, and never was larger than it may be.
    pub(crate) fn assert_within_bounds(&self) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
        assert!(peak < MAX_MEMORY, "{peak} KiB at the most");
        assert_eq!(self.server.metric("link_up{domain=\"onesoup.test\"}"), 1);
        assert!(!self.server.log().contains("panicked"));
    }

    /// Tells of something as a personal event of somebody.
    pub(crate) async fn publish(&mut self, guest: &str, items: &str) {
        let (own, domain) = (&self.own, &self.component.domain);
        let event = format!(
            "<message from='{guest}@{domain}' to='{own}' type='headline'>\
             <event xmlns='http://jabber.org/protocol/pubsub#event'>{items}</event></message>"
        );
        self.component.say(&event).await;
    }

    /// Ends it: nobody else's wake-ups are to be counted next.
    pub(crate) async fn end(mut self) {
        self.assert_within_bounds();
        self.phone.logout().await.unwrap();
    }
}

async fn alone() -> (Own, Component) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = Server::prepared("onesoup.test", address, "secret", &Wishes::default());
    server.run();
    (Own::Alone(server), Component::serve(&listener, "itself.test").await)
}

/// All that an S60 may be shown of somebody.
fn everything() -> AttributeSet {
    let kinds = vec![
        AttributeKind::OnlineStatus,
        AttributeKind::UserAvailability,
        AttributeKind::StatusText,
        AttributeKind::StatusMood,
        AttributeKind::StatusContent,
        AttributeKind::Alias,
        AttributeKind::GeoLocation,
    ];
    AttributeSet { kinds }
}

/// What is told at a node.
pub(crate) fn items(node: &str, item: &str) -> String {
    format!("<items node='{node}'><item id='1'>{item}</item></items>")
}
