//! Settings, wiring, life cycle and the commands.

pub mod cli;
pub mod config;
pub mod config_load;
mod key;
mod log;
pub mod run;
mod stop;
