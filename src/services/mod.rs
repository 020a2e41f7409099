//! One file per use case: the only place that decides and acts.

pub mod accounts;
mod answers;
pub mod attempts;
mod attribute_lists;
mod blocking;
pub mod call;
mod contact_lists;
pub mod context;
pub mod deadlines;
mod delivery;
mod departures;
mod dispatch;
mod ending;
pub mod export;
pub mod identity;
pub mod import;
pub mod inbound;
mod list_members;
mod login;
mod mailbox;
mod messaging;
mod negotiate;
pub mod noticing;
pub mod outbox;
pub mod overview;
pub mod passwords;
mod people;
mod person;
mod presence;
mod presence_access;
mod probed;
mod probes;
pub mod roster;
mod search;
mod seen;
mod showing;
mod spelling;
mod strangers;
mod subscriptions;
mod telling;
pub mod transaction;
mod unit;
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
