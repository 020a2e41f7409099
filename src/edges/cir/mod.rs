//! Waking phones (communication initiation requests): who is called, when, how often.

pub mod datagrams;
pub mod scheduler;
pub mod tcp;
