//! What the end-to-end tests stand on: a private XMPP world, and a client of it.

#![allow(dead_code, reason = "no test needs every part")]

/// What users grant, and what contacts elsewhere see of it.
pub(crate) mod access;

/// Questions to the domain.
pub(crate) mod asking;

/// Private servers on the loopback network.
pub(crate) mod lab;

/// A contact's server that says whatever a test wants.
pub(crate) mod component;

/// A server, a phone, and somebody else's server that says whatever it likes.
pub(crate) mod attacked;

/// An XMPP client that shares no code with ours.
pub(crate) mod xmpp;

/// The product itself, as a process of its own.
pub(crate) mod server;

/// Requests by hand, also broken ones.
pub(crate) mod raw;

/// The phones of a test.
pub(crate) mod phones;

/// Phones whose every message a test writes by hand.
pub(crate) mod handmade;

/// WBXML as the S60 writes it.
pub(crate) mod octets;

/// The network between the product and its server.
pub(crate) mod relay;
