//! A server for the tests of this folder: it answers each request as a test wants.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use compact_str::CompactString;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    csp::{
        access::{LoginResponse, ServiceResponse},
        address::{ListAddress, UserAddress},
        blocking::GetBlockedListResponse,
        capability::{CapabilityList, ClientCapabilityResponse},
        contact_list::{
            ContactListProperties, GetListResponse, ListManageResponse, NickList, NickName,
        },
        delivery::NewMessage,
        document::{Document, Spelling},
        envelope::{Message, Mode, SessionDescriptor, Transaction},
        message::{Letter, MessageInfo, Recipient, SendMessageResponse, Sender},
        outcome::{Status, StatusResult},
        presence::{GetPresenceResponse, Presence, PresenceNotificationRequest},
        presence_value::{Attribute, Availability, PresenceSubList, Qualified},
        primitive::Primitive,
        search::SearchResponse,
        service_tree::ServiceSet,
        status::Code,
        version::Version,
        wbxml::write::WriteOptions,
    },
    phone::{handset::Habits, session::Phone, settings::PhoneSettings},
};

/// One request as the server heard it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) body: Bytes,
    pub(super) user_agent: Option<String>,
    pub(super) version: Version,
    pub(super) session_id: Option<CompactString>,
    pub(super) mode: Mode,
    pub(super) id: Option<CompactString>,
    pub(super) primitive: Primitive,
    spelling: Spelling,
}

/// What the server does about a request.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few at a time")]
pub(super) enum Say {
    /// Answers it.
    Answer(Primitive),
    /// Sends these transactions, and whether more waits.
    Send(Vec<Transaction>, bool),
    /// Sends an empty body.
    Nothing,
    /// Sends this body with this status.
    Body(u16, Vec<u8>),
    /// Closes the connection.
    HangUp,
}

/// A server and what it heard.
pub(super) struct Scripted {
    url: String,
    heard: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    /// Starts a server that does what a function says.
    pub(super) async fn new(script: impl FnMut(&Asked) -> Say + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(Mutex::new(script));
        let log = heard.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log) = (script.clone(), log.clone());
                let service = service_fn(move |request| {
                    let (script, log) = (script.clone(), log.clone());
                    async move {
                        let asked = read(request).await;
                        log.lock().unwrap().push(asked.clone());
                        let said = (script.lock().unwrap())(&asked);
                        said.write(&asked)
                    }
                });
                let http = http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, heard, task }
    }

    /// Returns the names of the primitives that were heard.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |asked: &Asked| asked.primitive.name().to_owned();
        self.heard.lock().unwrap().iter().map(name).collect()
    }

    /// Returns what was heard.
    pub(super) fn heard(&self) -> Vec<Asked> {
        self.heard.lock().unwrap().clone()
    }

    /// Returns a phone of this server, with settings that a test changes.
    pub(super) fn phone(&self, habits: Habits, change: impl FnOnce(&mut PhoneSettings)) -> Phone {
        let mut settings = PhoneSettings::new(habits, &self.url, "kim", "secret");
        change(&mut settings);
        Phone::new(settings).unwrap()
    }

    /// Returns a phone that is logged in.
    pub(super) async fn logged_in(&self, habits: Habits) -> Phone {
        let mut phone = self.phone(habits, |_| {});
        phone.login().await.unwrap();
        phone
    }
}

async fn read(request: Request<Incoming>) -> Asked {
    let user_agent = request.headers().get("user-agent");
    let user_agent = user_agent.map(|it| it.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let spelling = Spelling::sniff(&body).unwrap();
    let message = Message::read(&Document::read(spelling, &body).unwrap()).unwrap();
    let [transaction] = <[Transaction; 1]>::try_from(message.transactions).unwrap();
    Asked {
        body,
        user_agent,
        version: message.version,
        session_id: message.session.session_id,
        mode: transaction.mode,
        id: transaction.id,
        primitive: transaction.content.unwrap(),
        spelling,
    }
}

impl Say {
    fn write(self, asked: &Asked) -> Result<Response<Full<Bytes>>, &'static str> {
        let response = |primitive| vec![Transaction::response(asked.id.clone(), primitive)];
        let (status, body) = match self {
            Self::Answer(primitive) => (200, message(asked, response(primitive), false)),
            Self::Send(transactions, has_more) => (200, message(asked, transactions, has_more)),
            Self::Nothing => (200, Vec::new()),
            Self::Body(status, body) => (status, body),
            Self::HangUp => return Err("the script hangs up"),
        };
        let response = Response::builder().status(status);
        Ok(response.body(Full::new(body.into())).unwrap())
    }
}

fn message(asked: &Asked, transactions: Vec<Transaction>, has_more: bool) -> Vec<u8> {
    let session = match &asked.session_id {
        Some(id) => SessionDescriptor::inband(id.clone()),
        None => SessionDescriptor::outband(),
    };
    let poll = Some(has_more);
    let message = Message { version: asked.version, session, transactions, poll, cir: None };
    message.write().write(asked.spelling, WriteOptions::default())
}

/// Returns the plain success.
fn done() -> Primitive {
    Primitive::Status(Status::new(Code::OK))
}

/// Returns the one contact of the host's user.
pub(super) fn lee() -> UserAddress {
    UserAddress::parse("wv:lee@x.test")
}

pub(super) fn welcome() -> Primitive {
    Primitive::LoginResponse(LoginResponse {
        session_id: Some("s1".into()),
        keep_alive_secs: Some(3600),
        ..LoginResponse::new(Code::OK)
    })
}

fn seen(availability: Availability) -> Presence {
    let attributes = PresenceSubList::from_iter([
        Attribute::OnlineStatus(Qualified::known(true)),
        Attribute::UserAvailability(Qualified::known(availability)),
        Attribute::StatusText(Qualified::known("in town".into())),
    ]);
    Presence { user: lee(), attributes }
}

pub(super) fn notification() -> Primitive {
    let presences = vec![seen(Availability::Discreet)];
    Primitive::PresenceNotificationRequest(PresenceNotificationRequest { presences })
}

pub(super) fn new_message(id: &str, text: &str) -> Primitive {
    let info = MessageInfo {
        message_id: Some(id.into()),
        content_size: Some(2),
        recipient: Some(Recipient::user(UserAddress::parse("wv:kim@x.test"))),
        sender: Some(Sender::User(lee())),
        ..MessageInfo::default()
    };
    Primitive::NewMessage(NewMessage { letter: Letter { info, content: Some(text.into()) } })
}

/// Answers all that a start-up asks, and says yes to the rest.
pub(super) fn host(asked: &Asked) -> Say {
    let friends = || ListAddress::parse("wv:kim/friends@x.test");
    Say::Answer(match &asked.primitive {
        Primitive::LoginRequest(_) => welcome(),
        Primitive::ClientCapabilityRequest(_) => {
            let agreed = CapabilityList { multi_trans: Some(1), ..CapabilityList::default() };
            let response = ClientCapabilityResponse { client_id: None, agreed };
            Primitive::ClientCapabilityResponse(response)
        }
        Primitive::ServiceRequest(_) => Primitive::ServiceResponse(ServiceResponse {
            all: Some(ServiceSet::all(asked.version)),
            ..ServiceResponse::default()
        }),
        Primitive::GetPresenceRequest(_) => Primitive::GetPresenceResponse(GetPresenceResponse {
            result: StatusResult::ok(),
            presences: vec![seen(Availability::Available)],
        }),
        Primitive::GetListRequest => Primitive::GetListResponse(GetListResponse {
            lists: Vec::new(),
            default: Some(friends()),
        }),
        Primitive::ListManageRequest(_) => {
            let members = vec![NickName { name: Some("Lee".into()), user: lee() }];
            let properties = ContactListProperties {
                display_name: Some("Friends".into()),
                is_default: Some(true),
                others: Vec::new(),
            };
            Primitive::ListManageResponse(ListManageResponse {
                result: StatusResult::ok(),
                members: Some(NickList { members }),
                properties: Some(properties),
            })
        }
        Primitive::GetBlockedListRequest => {
            Primitive::GetBlockedListResponse(GetBlockedListResponse::default())
        }
        Primitive::SearchRequest(_) => {
            let response = SearchResponse { is_complete: true, ..SearchResponse::default() };
            Primitive::SearchResponse(response)
        }
        Primitive::SendMessageRequest(_) => {
            let message_id = Some("m7".into());
            Primitive::SendMessageResponse(SendMessageResponse {
                result: StatusResult::ok(),
                message_id,
            })
        }
        Primitive::PollingRequest | Primitive::MessageDelivered(_) => return Say::Nothing,
        Primitive::Status(_) => return Say::Nothing,
        _ => done(),
    })
}

/// A host that hands these out one by one, upon polls and upon acknowledgements.
pub(super) fn host_with(pushes: Vec<Primitive>) -> impl FnMut(&Asked) -> Say + Send + 'static {
    let count = pushes.len();
    let mut pushes = pushes.into_iter().enumerate();
    move |asked| match (&asked.primitive, asked.mode) {
        (Primitive::PollingRequest, _) | (_, Mode::Response) => match pushes.next() {
            Some((at, push)) => {
                let transaction = Transaction::request(format!("t{at}"), push);
                Say::Send(vec![transaction], at + 1 < count)
            }
            None => Say::Nothing,
        },
        _ => host(asked),
    }
}
