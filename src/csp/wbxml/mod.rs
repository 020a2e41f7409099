//! The WBXML spelling.

mod cursor;
pub(crate) mod hash;
mod header;
pub mod read;
pub mod tables;
pub mod tokens;
mod values;
pub mod write;
