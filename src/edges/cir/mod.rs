//! Waking phones (communication initiation requests): who is called, when, how often.

pub mod scheduler;
pub mod tcp;
