//! Settings, wiring, life cycle and the commands.

pub mod cli;
pub mod config;
mod config_faults;
pub mod config_load;
pub mod house;
mod key;
mod log;
pub mod run;
mod stop;
