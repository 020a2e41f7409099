//! The elements directly below the root of an XML stream, from bytes that come in any pieces.

use minidom::Element;
use rxml::{
    Options, Parse, RawEvent, RawParser, WithOptions, error::EndOrError, parser::CommentMode,
};

use crate::xmpp::{
    assemble::Assembly,
    namespaces::{Head, Scopes},
    odd::Odd,
    payload::Payload,
};

/// What was read.
pub(in crate::xmpp) enum Item {
    /// The root element began.
    Header(Element),
    /// An element below the root is whole.
    Element(Result<Payload, Odd>),
    /// The root element ended.
    Footer,
    /// What came is not XML, and nothing after it can be read.
    Broken(String),
}

/// A push parser; silent after the end or after a fault.
pub(in crate::xmpp) struct Elements {
    parser: RawParser,
    scopes: Scopes,
    has_root: bool,
    is_over: bool,
    head: Option<Head>,
    inside: Option<Assembly>,
}

impl Elements {
    /// Returns a parser that takes names and attributes of at most `max_token_octets`.
    pub(in crate::xmpp) fn new(max_token_octets: usize) -> Self {
        let options = Options {
            max_token_length: max_token_octets,
            comments: CommentMode::Discard,
            ..Options::default()
        };
        let mut parser = RawParser::with_options(options);
        // A long text would be gathered twice: there and in the element.
        parser.set_text_buffering(false);
        let scopes = Scopes::default();
        Self { parser, scopes, has_root: false, is_over: false, head: None, inside: None }
    }

    /// Reads `bytes` and hands on what they complete.
    pub(in crate::xmpp) fn feed(&mut self, mut bytes: &[u8], mut take: impl FnMut(Item)) {
        while !self.is_over {
            let item = match self.parser.parse(&mut bytes, false) {
                Ok(Some(event)) => self.apply(event),
                Ok(None) | Err(EndOrError::NeedMoreData) => return,
                Err(EndOrError::Error(error)) => Some(Item::Broken(error.to_string())),
            };
            if let Some(item) = item {
                self.is_over = matches!(item, Item::Footer | Item::Broken(_));
                take(item);
            }
        }
    }

    fn apply(&mut self, event: RawEvent) -> Option<Item> {
        match event {
            RawEvent::XmlDeclaration(..) => None,
            RawEvent::ElementHeadOpen(metrics, name) => {
                self.head = Some(Head::new(name, metrics.len()));
                None
            }
            RawEvent::Attribute(metrics, name, value) => {
                if let Some(head) = &mut self.head {
                    head.push(name, value, metrics.len());
                }
                None
            }
            RawEvent::ElementHeadClose(_) => self.open(),
            RawEvent::Text(metrics, text) => {
                if let Some(inside) = &mut self.inside {
                    inside.text(&text, metrics.len());
                }
                None
            }
            RawEvent::ElementFoot(metrics) => self.close(metrics.len()),
        }
    }

    fn open(&mut self) -> Option<Item> {
        let head = self.head.take()?;
        match &mut self.inside {
            Some(inside) => inside.open(head, &mut self.scopes),
            None if self.has_root => self.inside = Some(Assembly::start(head, &mut self.scopes)),
            None => {
                self.has_root = true;
                return Some(match self.scopes.enter(head) {
                    Ok(root) => Item::Header(root),
                    Err(why) => Item::Broken(why.to_string()),
                });
            }
        }
        None
    }

    fn close(&mut self, octets: usize) -> Option<Item> {
        let Some(inside) = &mut self.inside else { return Some(Item::Footer) };
        let whole = inside.close(octets, &mut self.scopes, 1)?;
        self.inside = None;
        Some(Item::Element(whole))
    }
}
