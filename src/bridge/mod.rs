//! Where the two languages and the domain meet: tables without decisions. Pure.

pub mod address;
pub mod message;
pub mod presence;
pub mod refusal;
