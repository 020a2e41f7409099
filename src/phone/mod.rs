//! A handset: logs in, chats, and reads as strictly as the phones that it imitates.
//!
//! [`session::Phone`] is the handset, [`handset::Habits`] tell which one it imitates,
//! [`strict`] is what that one refuses to read, and [`terminal`] lets a person use it. It knows
//! the server only by what comes over the network.

mod answers;
pub mod book;
mod chat;
mod contacts;
pub mod decode;
mod dialect;
#[cfg(test)]
mod dialogues;
mod digest;
pub mod error;
pub mod event;
pub mod handset;
mod http;
mod inbox;
mod login;
mod negotiation;
mod pace;
#[cfg(test)]
mod scripted;
pub mod session;
pub mod settings;
mod start_up;
pub mod strict;
pub mod terminal;
pub mod trace;
mod wake;
