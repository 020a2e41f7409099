//! What every layer may lean on.

pub mod clock;
pub mod counters;
pub mod ids;
pub mod picture;
pub mod secret;
pub mod stop;
