//! Elements from the events of an XML parser, within bounds and without recursion.

use minidom::Element;

use crate::xmpp::{
    bounds::{MAX_DEPTH, MAX_OCTETS},
    namespaces::{Head, Scopes},
    odd::Odd,
    payload::{Node, Payload},
    why::Why,
};

/// How much of one element is kept.
#[derive(Clone, Copy)]
pub(in crate::xmpp) struct Room {
    /// Its octets as they came.
    pub(in crate::xmpp) octets: usize,
    /// The elements in it.
    pub(in crate::xmpp) elements: usize,
}

/// One element in the making.
pub(in crate::xmpp) struct Assembly {
    /// Elements that are open, the outermost first; one alone if the rest is skipped.
    open: Vec<Element>,
    /// How many elements are open in truth.
    depth: usize,
    /// What is left of the room.
    room: Room,
    /// Why the inside is skipped.
    skipped: Option<Why>,
}

impl Assembly {
    /// Starts with the outermost element of a stanza.
    pub(in crate::xmpp) fn start(head: Head, scopes: &mut Scopes) -> Self {
        let room = Room { octets: MAX_OCTETS, elements: usize::MAX };
        Self::within(room, head, scopes)
    }

    /// Starts with the outermost element of something that has this room.
    pub(in crate::xmpp) fn within(room: Room, head: Head, scopes: &mut Scopes) -> Self {
        let mut assembly = Self { open: Vec::new(), depth: 1, room, skipped: None };
        let octets = head.octets();
        match scopes.enter(head) {
            Ok(element) => assembly.open.push(element),
            // A name in no namespace is no stanza, so nobody is answered.
            Err(why) => {
                assembly.open.push(Element::bare("malformed", ""));
                assembly.skip(why);
            }
        }
        assembly.weigh(octets);
        assembly
    }

    /// Opens an element.
    pub(in crate::xmpp) fn open(&mut self, head: Head, scopes: &mut Scopes) {
        self.depth = self.depth.saturating_add(1);
        self.weigh(head.octets());
        match self.room.elements.checked_sub(1) {
            Some(left) => self.room.elements = left,
            None => self.skip(Why::TooBig),
        }
        if self.depth > MAX_DEPTH {
            self.skip(Why::TooDeep);
        }
        if self.skipped.is_none() {
            match scopes.enter(head) {
                Ok(element) => self.open.push(element),
                Err(why) => self.skip(why),
            }
        }
    }

    /// Adds text to the innermost element.
    pub(in crate::xmpp) fn text(&mut self, text: &str, octets: usize) {
        self.weigh(octets);
        if self.skipped.is_none()
            && let Some(innermost) = self.open.last_mut()
        {
            innermost.append_text(text);
        }
    }

    /// Closes the innermost element; returns the whole when that was the outermost. Elements
    /// around it, as many as `outer`, stay open.
    pub(in crate::xmpp) fn close(
        &mut self,
        octets: usize,
        scopes: &mut Scopes,
        outer: usize,
    ) -> Option<Result<Payload, Odd>> {
        self.weigh(octets);
        self.depth = self.depth.saturating_sub(1);
        if self.depth > 0 && self.skipped.is_some() {
            return None;
        }
        let closed = self.open.pop()?;
        scopes.leave_to(outer + self.open.len());
        match (self.open.last_mut(), self.skipped) {
            (Some(outer), _) => {
                outer.append_child(closed);
                None
            }
            (None, Some(why)) => Some(Err(Odd::of(Node(&closed), why))),
            (None, None) => Some(Ok(Payload(closed))),
        }
    }

    fn weigh(&mut self, octets: usize) {
        match self.room.octets.checked_sub(octets) {
            Some(left) => self.room.octets = left,
            None => self.skip(Why::TooBig),
        }
    }

    /// Keeps the outermost element without its inside: whom it came from, and its id.
    fn skip(&mut self, why: Why) {
        if self.skipped.is_none() {
            self.skipped = Some(why);
            self.open.truncate(1);
            self.open.iter_mut().for_each(|outermost| drop(outermost.take_nodes()));
        }
    }
}
