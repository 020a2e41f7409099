//! The phone's language: OMA Client-Server Protocol (CSP) 1.1, 1.2 and 1.3. Pure.
//!
//! Bytes of any spelling become a [`document::Document`], a tree of [`element::Element`]s;
//! primitives are read from the tree and written to it and never see a spelling.

pub mod access;
pub mod address;
pub mod address_text;
pub mod blocking;
pub mod business_card;
pub mod capability;
mod characters;
pub mod cir;
pub mod contact_list;
pub mod delivery;
pub mod document;
pub mod element;
pub mod envelope;
pub mod error;
pub mod field;
pub mod leaf;
pub mod message;
pub mod outcome;
pub mod presence;
pub mod presence_access;
pub mod presence_channel;
pub mod presence_detail;
pub mod presence_name;
pub mod presence_value;
pub mod primitive;
pub mod provider;
pub mod public_profile;
pub mod search;
pub mod service_tree;
mod spelling;
pub mod status;
mod tree;
pub mod version;
pub mod wbxml;
pub mod xml;

#[cfg(test)]
mod any_tree;
#[cfg(test)]
pub(crate) mod literal;
