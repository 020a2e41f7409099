//! One file per use case: the only place that decides and acts.

pub mod accounts;
mod announcement;
mod announcing;
mod answers;
mod asked;
pub mod attempts;
mod attribute_lists;
mod backlog;
mod blocking;
pub mod call;
mod capabilities;
mod catching_up;
mod contact_facts;
mod contact_lists;
pub mod context;
pub mod deadlines;
mod delivery;
mod departures;
pub mod directory;
mod dispatch;
mod drawing;
mod ending;
pub mod export;
mod fetches;
mod fresh;
pub mod houses;
pub mod identity;
pub mod import;
pub mod inbound;
mod inquiry;
mod list_members;
mod login;
mod mailbox;
mod messaging;
mod mutual;
mod negotiate;
pub mod noticing;
mod operating;
mod operator_sessions;
pub mod operators;
pub mod outbox;
pub mod overview;
pub mod passwords;
mod people;
mod person;
mod personal_events;
mod picture_fetching;
mod pictures;
mod presence;
mod presence_access;
mod probed;
mod probes;
mod profile;
mod public_profile;
mod questions;
mod registration;
pub mod roster;
mod search;
mod searches;
mod seen;
mod showing;
mod sights;
mod spelling;
mod strangers;
mod subscriptions;
mod telling;
pub mod transaction;
mod unit;
mod unshown;
mod views;
mod waiting;
mod wake;
mod wishes;

use crate::{domain::refusal::Refusal, store::error::StoreError};

/// Turns a failure of the store, which is logged here once, into what the asker is told.
fn refused(error: StoreError) -> Refusal {
    tracing::error!(%error, "the store failed");
    Refusal::Unavailable
}
