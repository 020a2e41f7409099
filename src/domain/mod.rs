//! The words of the product, free of any wire. Pure.

pub mod account;
pub mod address;
pub mod aliases;
pub mod contact;
pub mod handset;
pub mod lists;
pub mod mailbox;
pub mod personal;
pub mod place;
pub mod presence;
pub mod presence_access;
pub mod program;
pub mod public_profile;
pub mod refusal;
pub mod session;
pub mod subscription;
pub mod view;
