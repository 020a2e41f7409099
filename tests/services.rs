//! The use cases on a store of their own, without sockets: what only shows when things happen at
//! once, or when somebody goes away in the middle.

#[path = "services/world.rs"]
mod world;

#[path = "services/letters.rs"]
mod letters;

#[path = "services/waking.rs"]
mod waking;

#[path = "services/seen.rs"]
mod seen;

#[path = "services/aliases.rs"]
mod aliases;

#[path = "services/lists.rs"]
mod lists;

#[path = "services/bounds.rs"]
mod bounds;

#[path = "services/strangers.rs"]
mod strangers;

#[path = "services/departures.rs"]
mod departures;

#[path = "services/cost.rs"]
mod cost;

#[path = "services/at_once.rs"]
mod at_once;

#[path = "services/moving.rs"]
mod moving;

#[path = "services/questions.rs"]
mod questions;

#[path = "services/order.rs"]
mod order;

#[path = "services/public_profiles.rs"]
mod public_profiles;

#[path = "services/announcing.rs"]
mod announcing;

#[path = "services/commands.rs"]
mod commands;

#[path = "services/first_presence.rs"]
mod first_presence;

#[path = "services/contact_facts.rs"]
mod contact_facts;

#[path = "services/convergence.rs"]
mod convergence;
