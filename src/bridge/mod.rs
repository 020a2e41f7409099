//! Where the two languages and the domain meet: tables without decisions. Pure.

pub mod address;
pub mod attribute;
pub mod bounded;
pub mod card;
pub mod channels;
pub mod client;
pub mod degrees;
pub mod directory;
pub mod language;
pub mod message;
pub mod mood;
pub mod pep;
pub mod picture;
pub mod place;
pub mod presence;
pub mod profile;
pub mod public_profile;
pub mod refusal;
pub mod time_zone;
