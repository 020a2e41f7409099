//! The log: one line an event, to standard error. Never message text, passwords or session ids.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

/// Starts the log. `ONESOUP_LOG` chooses what is in it, as in `info` or `onesoup=debug`.
pub fn start(default: &str) {
    let filter = EnvFilter::try_from_env("ONESOUP_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A log can be started once; a second start, as in tests, changes nothing.
    let _ = log.with_ansi(std::io::stderr().is_terminal()).try_init();
}
