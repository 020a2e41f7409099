//! A file of accounts (XEP-0227), read in pieces: one account is in memory at a time.

use rxml::{
    Options, Parse, RawEvent, RawParser, WithOptions, error::EndOrError, parser::CommentMode,
};

use crate::xmpp::{
    assemble::{Assembly, Room},
    markup::attribute,
    message::attr,
    namespaces::{Head, Scopes},
    ns,
    payload::Payload,
    portable::PortableUser,
};

/// What a file says, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// What follows is of this domain.
    Host(String),
    /// An account.
    User(Box<PortableUser>),
    /// Another file belongs here.
    Include(String),
    /// Something that is not understood, or too big, in a few words.
    Strange(String),
    /// The end.
    End,
    /// What came is not such a file, and nothing after it can be read.
    Broken(String),
}

/// A push parser of such a file; silent after the end or a fault.
///
/// Document types and entities are faults, so nothing outside the file is read.
pub struct PortableFile {
    parser: RawParser,
    scopes: Scopes,
    /// The names of the elements that hold others: the root, and a host.
    open: Vec<&'static str>,
    head: Option<Head>,
    inside: Option<Assembly>,
    is_over: bool,
}

impl Default for PortableFile {
    fn default() -> Self {
        let options = Options {
            max_token_length: MAX_TOKEN_OCTETS,
            comments: CommentMode::Discard,
            ..Options::default()
        };
        let mut parser = RawParser::with_options(options);
        parser.set_text_buffering(false);
        let (scopes, open) = (Scopes::default(), Vec::new());
        Self { parser, scopes, open, head: None, inside: None, is_over: false }
    }
}

impl PortableFile {
    /// Reads `bytes`, the last ones if there are none, and returns what they complete.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        let is_last = bytes.is_empty();
        while !self.is_over {
            let item = match self.parser.parse(&mut bytes, is_last) {
                Ok(Some(event)) => self.apply(event),
                Ok(None) => Some(Item::Broken("the file ends too early".into())),
                Err(EndOrError::NeedMoreData) => return items,
                Err(EndOrError::Error(error)) => Some(Item::Broken(error.to_string())),
            };
            self.is_over = matches!(item, Some(Item::End | Item::Broken(_)));
            items.extend(item);
        }
        items
    }

    fn apply(&mut self, event: RawEvent) -> Option<Item> {
        match event {
            RawEvent::XmlDeclaration(..) => None,
            RawEvent::ElementHeadOpen(metrics, name) => {
                self.head = Some(Head::new(name, metrics.len()));
                None
            }
            RawEvent::Attribute(metrics, name, value) => {
                let head = self.head.as_mut()?;
                head.push(name, value, metrics.len());
                None
            }
            RawEvent::ElementHeadClose(_) => self.enter(),
            RawEvent::Text(metrics, text) => {
                let inside = self.inside.as_mut()?;
                inside.text(&text, metrics.len());
                None
            }
            RawEvent::ElementFoot(metrics) => self.leave(metrics.len()),
        }
    }

    fn enter(&mut self) -> Option<Item> {
        let head = self.head.take()?;
        if let Some(inside) = &mut self.inside {
            inside.open(head, &mut self.scopes);
            return None;
        }
        match (head.local_name(), self.open.len()) {
            ("server-data", 0) => {
                self.open.push("server-data");
                match self.scopes.enter(head) {
                    Ok(root) if is_portable(&root.ns()) => None,
                    Ok(_) => Some(Item::Broken(NOT_SO.into())),
                    Err(why) => Some(Item::Broken(why.to_string())),
                }
            }
            ("host", 0 | 1) if self.open != ["host"] => {
                self.open.push("host");
                match self.scopes.enter(head) {
                    Ok(host) if is_portable(&host.ns()) => {
                        let jid = attr(Payload(host).node(), "jid").unwrap_or_default();
                        Some(Item::Host(jid))
                    }
                    Ok(_) => Some(Item::Broken(NOT_SO.into())),
                    Err(why) => Some(Item::Broken(why.to_string())),
                }
            }
            // A file that another includes may hold one account alone.
            ("user", 0) | (_, 1..) => {
                self.inside = Some(Assembly::within(ROOM, head, &mut self.scopes));
                None
            }
            _ => Some(Item::Broken(NOT_SO.into())),
        }
    }

    fn leave(&mut self, octets: usize) -> Option<Item> {
        let Some(inside) = &mut self.inside else {
            self.open.pop();
            self.scopes.leave_to(self.open.len());
            return self.open.is_empty().then_some(Item::End);
        };
        let whole = inside.close(octets, &mut self.scopes, self.open.len())?;
        self.inside = None;
        let payload = match whole {
            Ok(payload) => payload,
            Err(odd) => return Some(Item::Strange(odd.why.to_string())),
        };
        let node = payload.node();
        match node.name() {
            "user" if is_portable(&node.ns()) => {
                Some(Item::User(Box::new(PortableUser::read(node))))
            }
            "include" if node.has_ns(ns::XINCLUDE) => Some(match node.attr("href") {
                Some(href) if node.attr("parse").is_none_or(|parse| parse == "xml") => {
                    Item::Include(href.to_owned())
                }
                _ => Item::Strange("an include without a file".into()),
            }),
            name => Some(Item::Strange(format!("{name} of {}", node.ns()))),
        }
    }
}

/// Returns how a file begins.
pub fn start() -> String {
    format!("<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='{}'>\n", ns::PORTABLE)
}

/// Returns what comes before the accounts of a domain.
pub fn host_start(domain: &str) -> String {
    let mut text = "<host".to_owned();
    attribute("jid", domain, &mut text);
    text.push_str(">\n");
    text
}

/// What comes after the accounts of a domain.
pub const HOST_END: &str = "</host>\n";

/// How a file ends.
pub const END: &str = "</server-data>\n";

/// The namespace since the format is a standard, and the one before, which servers still write.
fn is_portable(ns: &str) -> bool {
    matches!(ns, ns::PORTABLE | "http://www.xmpp.org/extensions/xep-0227.html#ns")
}

const NOT_SO: &str = "not a file of accounts as XEP-0227 has it";

/// One account at most: a full mailbox of 16 MiB, a full roster, and pictures.
const ROOM: Room = Room { octets: 48 * 1024 * 1024, elements: 100_000 };

/// A name or an attribute at most.
const MAX_TOKEN_OCTETS: usize = 256 * 1024;
