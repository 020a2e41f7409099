//! The door for phones.

pub mod exchange;
pub mod listen;
pub mod origin;
