//! OneSoup: the server of a domain whose users hold old phones.
//!
//! An XMPP server component (XEP-0114) that speaks IMPS (Wireless Village, OMA CSP 1.1 to 1.3)
//! to the phones of its users and XMPP to everybody else. The layers, from the bottom to the
//! top; imports go down only (`tests/layers.rs` enforces it):

#![forbid(unsafe_code)]

/// What every layer may lean on: clock, ids, secrets, bounds, counters.
pub mod base;

/// The phone's language: one element tree, its spellings, its typed primitives. Pure.
pub mod csp;

/// The server's language: stanzas, payloads, the component stream. Pure.
pub mod xmpp;

/// The product's own words and rules, free of any wire. Pure.
pub mod domain;

/// Where the two languages and the domain meet: tables without decisions. Pure.
pub mod bridge;

/// Rows and units of work.
pub mod store;

/// One file per use case: the only place that decides and acts.
pub mod services;

/// Everything that touches a socket.
pub mod edges;

/// A handset in the terminal and for the tests.
pub mod phone;

/// Settings, wiring, life cycle and the commands.
pub mod app;
