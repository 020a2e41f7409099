//! The XML spelling.

mod encoding;
pub mod read;
pub mod write;
