//! A domain with its store and clock, and phones that speak to it without a socket.

#![allow(dead_code, reason = "no test needs every part")]

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use onesoup::{
    base::{
        clock::{Clock, Millis},
        ids::Ids,
        secret::Secret,
    },
    csp::{
        access::{ClientId, LoginProof, LoginRequest, Password, ServiceRequest},
        address::UserAddress,
        blocking::{BlockEntityRequest, EntityList, ListChange},
        capability::{CapabilityList, CirMethod, ClientCapabilityRequest},
        delivery::MessageDelivered,
        document::Spelling,
        envelope::{Message, SessionDescriptor, Transaction},
        message::{Letter, MessageInfo, Recipient, SendMessageRequest},
        outcome::{Status, StatusResult},
        presence::SubscribePresenceRequest,
        presence_value::PresenceSubList,
        primitive::Primitive,
        service_tree::ServiceSet,
        version::Version,
    },
    domain::{account::Registration, address::Address},
    services::{
        call::Call,
        context::{Rules, Services, Ways},
        inbound,
        outbox::{LinkEvent, Outgoing},
        passwords::Keeper,
        transaction::Origin,
    },
    store::Store,
    xmpp::{jid::Jid, stanza::Stanza},
};
use tokio::sync::mpsc;

pub const DOMAIN: &str = "onesoup.test";

/// How long a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A domain.
pub struct World {
    pub services: Services,
    pub clock: Clock,
    pub calls: mpsc::Receiver<Call>,
    pub link: mpsc::Receiver<Outgoing>,
    pub events: mpsc::Sender<LinkEvent>,
    pub url: String,
    inbound: tokio::task::JoinHandle<()>,
    directory: tempfile::TempDir,
}

impl World {
    /// Opens a new domain, whose link is not up yet.
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::on(directory, Clock::by_hand(Millis(1_700_000_000_000))).await
    }

    /// Ends the domain without a word, as a crash would, and opens it again.
    pub async fn crashed(self) -> Self {
        let Self { directory, clock, services, .. } = self;
        services.store.close().await;
        Self::on(directory, clock).await
    }

    /// Opens the same store once more, as a command of the operator does.
    pub async fn as_another_process(&self) -> Services {
        self.services.end_what_has_ended().await;
        open(&self.url, &self.clock).await.0
    }

    async fn on(directory: tempfile::TempDir, clock: Clock) -> Self {
        let url = format!("sqlite://{}/x.db", directory.path().display());
        let (services, ways) = open(&url, &clock).await;
        let (events, events_end) = mpsc::channel(1024);
        let inbound = tokio::spawn(inbound::run(services.clone(), events_end));
        let (link, calls) = (ways.link, ways.calls);
        Self { services, clock, calls, link, events, url, inbound, directory }
    }

    /// Ends the link, and waits until all that it told is carried out.
    pub async fn link_stops(&mut self) {
        self.events = mpsc::channel(1).0;
        (&mut self.inbound).await.unwrap();
    }

    /// Turns the clock, and ends what has ended by then.
    pub async fn turn(&self, secs: u64) {
        self.clock.turn(Duration::from_secs(secs));
        self.services.end_what_has_ended().await;
    }

    /// Makes an account.
    pub async fn account(&self, name: &str) -> Address {
        let address = self.services.own_address(name).unwrap();
        self.services.create(&address, &Secret::new("cat1")).await.unwrap();
        address
    }

    /// Makes an account and logs a phone in that is woken by datagrams.
    pub async fn phone(&self, name: &str) -> Phone {
        self.account(name).await;
        self.login(name, "phone-1").await
    }

    /// Logs a phone in.
    pub async fn login(&self, name: &str, client: &str) -> Phone {
        login(&self.services, name, client).await
    }

    /// Has a stanza arrive.
    pub async fn arrives(&self, stanza: impl Into<Stanza>) {
        self.events.send(LinkEvent::Stanza(stanza.into())).await.unwrap();
    }

    /// Returns the next stanza on its way to the link.
    pub async fn sent(&mut self) -> Stanza {
        let next = tokio::time::timeout(PATIENCE, self.link.recv()).await;
        next.expect("a stanza is sent").unwrap().wire.read().unwrap()
    }

    /// Returns how often phones were called since this was last asked.
    pub fn wake_ups(&mut self) -> usize {
        let calls = std::iter::from_fn(|| self.calls.try_recv().ok());
        calls.filter(|call| matches!(call, Call::Wake { .. })).count()
    }

    /// Returns whether a phone was called since this was last asked.
    pub fn was_called(&mut self, session: &str) -> bool {
        let mut was_called = false;
        while let Ok(call) = self.calls.try_recv() {
            was_called |= matches!(call, Call::Wake { session: called, .. } if called == session);
        }
        was_called
    }
}

async fn open(url: &str, clock: &Clock) -> (Services, Ways) {
    let store = Store::open(url, clock.clone()).await.unwrap();
    let rules = Rules {
        operators: vec![Address::of("boss", "far.test")],
        domain: DOMAIN.into(),
        registration: Registration::Auto,
        tcp_wake: Some(("wake.test".into(), 1)),
        udp_wake: true,
        keep_alive: 240..=9_000,
        contact: Vec::new(),
    };
    // No process makes the ids of another.
    static PROCESSES: AtomicU64 = AtomicU64::new(7);
    let ids = Ids::seeded(clock.clone(), PROCESSES.fetch_add(1, Relaxed));
    let keeper = Keeper::new([7; 32]);
    Services::new(store, clock.clone(), ids, keeper, rules)
}

/// A phone with a session.
#[derive(Clone)]
pub struct Phone {
    pub services: Services,
    pub session: String,
}

pub async fn login(services: &Services, name: &str, client: &str) -> Phone {
    let answer = try_login(services, name, client).await;
    let Primitive::LoginResponse(response) = answer else { panic!("{answer:?}") };
    let session = response.session_id.unwrap_or_else(|| panic!("{:?}", response.result));
    let phone = Phone { services: services.clone(), session: session.to_string() };
    phone.negotiate().await;
    phone
}

/// Logs a phone in whose repetitions are known by what they say.
pub async fn android(world: &World, account: &Address) -> Phone {
    world.login(account.name().unwrap(), "jimmy").await
}

pub async fn try_login(services: &Services, name: &str, client: &str) -> Primitive {
    let is_android = client == "jimmy";
    let cookie = if is_android { "127-9" } else { "wv:nokia.1" };
    let request = LoginRequest {
        user: UserAddress::parse(&format!("wv:{name}")),
        client_id: Some(ClientId { url: Some(client.into()), ..ClientId::default() }),
        proof: Some(LoginProof::Password(Password(Secret::new("cat1")))),
        time_to_live_secs: Some(86_400),
        session_cookie: Some(cookie.into()),
    };
    let message = Message {
        version: Version::V1_2,
        session: SessionDescriptor::outband(),
        transactions: vec![Transaction::request(next_id(), Primitive::LoginRequest(request))],
        poll: None,
        cir: None,
    };
    let reply = services.exchange(message, origin()).await.unwrap().expect("an answer");
    reply.message.transactions.into_iter().next().unwrap().content.unwrap()
}

impl Phone {
    /// Says one thing and returns all that comes back.
    pub async fn say(&self, transaction: Transaction) -> Vec<Transaction> {
        let reply = self.services.exchange(self.message(transaction), origin()).await;
        reply.unwrap().map(|reply| reply.message.transactions).unwrap_or_default()
    }

    pub fn message(&self, transaction: Transaction) -> Message {
        Message {
            version: Version::V1_2,
            session: SessionDescriptor::inband(self.session.as_str()),
            transactions: vec![transaction],
            poll: None,
            cir: None,
        }
    }

    /// Asks for something under a new transaction.
    pub async fn request(&self, primitive: Primitive) -> Primitive {
        self.request_as(&next_id(), primitive).await
    }

    /// Asks for something under a transaction.
    pub async fn request_as(&self, id: &str, primitive: Primitive) -> Primitive {
        let answers = self.say(Transaction::request(id, primitive)).await;
        answers.into_iter().next().expect("an answer").content.unwrap()
    }

    async fn negotiate(&self) {
        let capabilities = CapabilityList {
            cir_methods: vec![CirMethod::Sudp, CirMethod::Stcp],
            udp_port: Some(4000),
            multi_trans: Some(3),
            ..CapabilityList::default()
        };
        let request = ClientCapabilityRequest { client_id: None, capabilities };
        self.request(Primitive::ClientCapabilityRequest(request)).await;
        let functions = ServiceSet::all(Version::V1_2);
        let request = ServiceRequest { client_id: None, functions, wants_all_functions: false };
        self.request(Primitive::ServiceRequest(request)).await;
    }

    /// Polls once.
    pub async fn poll(&self) -> Vec<Transaction> {
        self.say(Transaction::request(next_id(), Primitive::PollingRequest)).await
    }

    /// Confirms what came; returns what comes with the answer.
    pub async fn confirm(&self, given: &Transaction) -> Vec<Transaction> {
        let said = match given.content.as_ref().unwrap() {
            Primitive::NewMessage(message) => {
                let message_id = message.letter.info.message_id.clone().unwrap();
                Primitive::MessageDelivered(MessageDelivered { message_id })
            }
            _ => Primitive::Status(Status { result: StatusResult::ok() }),
        };
        self.say(Transaction::response(given.id.clone(), said)).await
    }

    /// Polls and confirms until nothing comes any more; returns all that came.
    pub async fn fetch(&self) -> Vec<Primitive> {
        let mut all = Vec::new();
        let mut given = self.poll().await;
        while !given.is_empty() {
            let mut next = Vec::new();
            for transaction in given {
                next.extend(self.confirm(&transaction).await);
                all.push(transaction.content.unwrap());
            }
            if next.is_empty() {
                next = self.poll().await;
            }
            given = next;
        }
        all
    }

    /// Fetches what waits; returns the texts.
    pub async fn texts(&self) -> Vec<String> {
        texts(&self.fetch().await)
    }

    /// Fetches what waits; returns whose presence came, and whether they are there.
    pub async fn presences(&self) -> Vec<(String, bool)> {
        presences(&self.fetch().await)
    }

    /// Sends a text.
    pub async fn send(&self, to: &str, text: &str) -> Primitive {
        self.request(text_to(&[to], text)).await
    }

    /// Wants to see somebody.
    pub async fn subscribe(&self, users: &[&str]) -> Primitive {
        let users = users.iter().map(|user| UserAddress::parse(user)).collect();
        let request = SubscribePresenceRequest {
            lists: Vec::new(),
            users,
            attributes: None,
            auto_subscribe: None,
        };
        self.request(Primitive::SubscribePresenceRequest(request)).await
    }

    /// Blocks some people and lets others in again.
    pub async fn block(&self, users: &[&str], others: &[&str]) {
        let list = |users: &[&str]| EntityList {
            users: users.iter().map(|user| UserAddress::parse(user)).collect(),
            ..EntityList::default()
        };
        let (add, remove) = (list(users), list(others));
        let block = ListChange { in_use: Some(true), add, remove };
        let request = BlockEntityRequest { block, grant: ListChange::default() };
        self.request(Primitive::BlockEntityRequest(request)).await;
    }

    pub async fn logout(&self) {
        self.request(Primitive::LogoutRequest).await;
    }
}

pub fn text_to(users: &[&str], text: &str) -> Primitive {
    let users = users.iter().map(|user| UserAddress::parse(user)).collect();
    let recipient = Some(Recipient { users, ..Recipient::default() });
    Primitive::SendMessageRequest(SendMessageRequest {
        wants_report: false,
        letter: Letter {
            info: MessageInfo { recipient, ..MessageInfo::default() },
            content: Some(text.into()),
        },
    })
}

pub fn texts(came: &[Primitive]) -> Vec<String> {
    let text = |primitive: &Primitive| match primitive {
        Primitive::NewMessage(message) => message.letter.content.as_ref().map(ToString::to_string),
        _ => None,
    };
    came.iter().filter_map(text).collect()
}

pub fn presences(came: &[Primitive]) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    for primitive in came {
        let Primitive::PresenceNotificationRequest(request) = primitive else { continue };
        for presence in &request.presences {
            all.push((presence.user.as_written().to_owned(), is_online(&presence.attributes)));
        }
    }
    all
}

fn is_online(attributes: &PresenceSubList) -> bool {
    use onesoup::csp::{presence_name::AttributeKind, presence_value::Attribute};
    match attributes.find(&AttributeKind::OnlineStatus) {
        Some(Attribute::OnlineStatus(online)) => online.valid() == Some(&true),
        _ => false,
    }
}

pub fn jid(text: &str) -> Jid {
    Jid::new(text).unwrap()
}

pub fn next_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("t{}", NEXT.fetch_add(1, Relaxed))
}

pub fn origin() -> Origin<'static> {
    let remote = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Origin { remote, user_agent: "", spelling: Spelling::Wbxml }
}
