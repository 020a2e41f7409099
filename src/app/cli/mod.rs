//! The commands.

pub mod account;
pub mod account_show;
pub mod check;
pub mod decode;
mod domain;
pub mod export;
pub mod import;
pub mod phone;
pub mod roster;
mod table;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::app::{config_load, log, run};

/// OneSoup: an XMPP component that lets the chat clients of old phones reach the world.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    /// The configuration; without it `onesoup.toml` here, else the defaults.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop.
    Run,
    /// Try store, ports, link and secret, and name what is wrong.
    Check(check::CheckArgs),
    /// Make, show and change accounts.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Look at and change somebody's contacts.
    #[command(subcommand)]
    Roster(roster::RosterCommand),
    /// Write accounts down for another server, or for this one again (XEP-0227).
    Export(export::ExportArgs),
    /// Take accounts in from a file of another server, or of this one (XEP-0227).
    Import(import::ImportArgs),
    /// Be a handset in the terminal: log in, see the contacts, chat.
    Phone(Box<phone::PhoneArgs>),
    /// Print any CSP body, XML or WBXML, as indented XML.
    Decode(decode::DecodeArgs),
}

/// Carries out a command.
///
/// # Errors
///
/// What went wrong, in a sentence.
pub async fn main(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Run => {
            log::start("info");
            run::run(&config_load::load(cli.config.as_deref())?).await
        }
        Command::Check(args) => {
            log::start("off");
            check::run(cli.config.as_deref(), args).await
        }
        Command::Account(command) => {
            log::start("warn");
            account::run(&config_load::load_for_accounts(cli.config.as_deref())?, command).await
        }
        Command::Roster(command) => {
            log::start("warn");
            roster::run(&config_load::load_for_accounts(cli.config.as_deref())?, command).await
        }
        Command::Export(args) => {
            log::start("warn");
            export::run(&config_load::load_for_accounts(cli.config.as_deref())?, args).await
        }
        Command::Import(args) => {
            log::start("warn");
            import::run(&config_load::load_for_accounts(cli.config.as_deref())?, args).await
        }
        Command::Phone(args) => phone::run(*args, default_url(cli.config.as_deref())).await,
        Command::Decode(args) => decode::run(args).await,
    }
}

/// Returns where the service of a configuration waits for phones. A phone needs none: what is
/// wrong with one is told by the other commands.
fn default_url(file: Option<&Path>) -> Option<String> {
    let settings = config_load::given(file).ok()?;
    let mut address: SocketAddr = settings.http.listen.parse().ok()?;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Some(format!("http://{address}/"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::base::counters;

    /// Returns all commands below one, with the words before them.
    fn commands(command: &clap::Command, before: &str) -> Vec<String> {
        let mut all = Vec::new();
        for below in command.get_subcommands() {
            let name = format!("{before} {}", below.get_name());
            let deeper = commands(below, &name);
            if deeper.is_empty() { all.push(name) } else { all.extend(deeper) }
        }
        all
    }

    #[test]
    fn the_operators_page_has_every_command_and_every_metric() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating.md");
        let page = std::fs::read_to_string(path).unwrap();
        let commands = commands(&Cli::command(), "onesoup");
        assert!(commands.len() > 15, "{commands:?}");
        let metrics = counters::as_text(&[]);
        let metrics = metrics.lines().filter_map(|line| line.strip_prefix("# HELP "));
        let rows = metrics
            .filter_map(|line| line.split_once(' '))
            .map(|(name, help)| format!("| `{name}` | {help} |"));
        let wanted = commands.into_iter().map(|command| format!("`{command}")).chain(rows);
        let missing: Vec<String> = wanted.filter(|text| !page.contains(text.as_str())).collect();
        assert!(missing.is_empty(), "not in docs/operating.md:\n{}", missing.join("\n"));
        for named in page.split("`onesoup_").skip(1) {
            let name = named.split('`').next().unwrap_or_default();
            assert!(
                counters::as_text(&[]).contains(&format!("# TYPE onesoup_{name} ")),
                "{name} is no metric"
            );
        }
    }
}
