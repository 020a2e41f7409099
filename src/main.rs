//! The `onesoup` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use onesoup::app::cli;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::main(cli::Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("onesoup: {error:#}");
            ExitCode::FAILURE
        }
    }
}
