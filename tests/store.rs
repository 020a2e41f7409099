//! What every store must do, whatever its database.

#[path = "store/aliases.rs"]
mod aliases;
#[path = "store/durability.rs"]
mod durability;
#[path = "store/grouping.rs"]
mod grouping;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/pictures.rs"]
mod pictures;
#[path = "store/public_profiles.rs"]
mod public_profiles;
#[path = "store/round_trips.rs"]
mod round_trips;
#[path = "store/samples.rs"]
mod samples;
