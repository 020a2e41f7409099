//! The server's language: stanzas (RFC 6120, RFC 6121) and the component stream (XEP-0114). Pure.
//!
//! What comes in is read by hand and with patience: an odd stanza costs itself only. What goes
//! out is a [`crate::xmpp::wire::Wire`], which is proven not to end the link. This is the only
//! folder that names an XMPP crate.

mod assemble;
pub mod avatar;
mod bounds;
pub mod caps;
pub mod command;
pub mod condition;
pub mod data_form;
pub mod delay;
pub mod disco;
mod elements;
pub mod entity_time;
pub mod geoloc;
pub mod handshake;
pub mod hints;
pub mod iq;
pub mod jid;
pub mod last_activity;
mod markup;
pub mod message;
pub mod mood;
mod namespaces;
pub mod nick;
pub mod ns;
pub mod odd;
pub mod payload;
pub mod portable;
pub mod presence;
pub mod pubsub;
pub mod pubsub_event;
pub mod register;
pub mod search;
pub mod stanza;
pub mod stream;
pub mod vcard;
pub mod version;
pub mod why;
pub mod wire;
