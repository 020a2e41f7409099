//! Everything that touches a socket; no edge knows another.

pub mod admin;
pub mod cir;
pub mod door;
pub mod http;
pub mod link;
