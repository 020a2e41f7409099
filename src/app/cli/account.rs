//! `onesoup account`: make, show and change accounts, also while the service runs.

use std::io::Read;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::{
    app::{
        cli::account_show::{self, ShowArgs},
        cli::domain::Chosen,
        config::Settings,
        house,
    },
    base::secret::Secret,
    domain::account::AccountState,
    services::context::Services,
};

/// What to do.
#[derive(Subcommand)]
pub enum AccountCommand {
    /// Make an account; without a password one is made and printed.
    Add(WithPassword),
    /// List the accounts.
    List(Chosen),
    /// Show an account: its phones, lists, contacts, grants and mailbox.
    Show(ShowArgs),
    /// Change a password; without one a new one is made and printed.
    Passwd(WithPassword),
    /// Let an account be used no more; what it has is kept.
    Suspend(Named),
    /// Let a suspended account be used again.
    Resume(Named),
    /// Change a setting of an account.
    Set(Setting),
    /// Remove an account and all that it has.
    Remove(Named),
}

/// An account.
#[derive(Args)]
pub struct Named {
    /// As in kim@chat.example.org.
    address: String,
}

/// An account and its password.
#[derive(Args)]
pub struct WithPassword {
    /// As in kim@chat.example.org.
    address: String,
    /// Read the password from standard input, one line.
    #[arg(long)]
    password_stdin: bool,
    /// Keep a hash only: the password cannot be read again, and phones that log in with a digest
    /// (4-way) cannot use the account.
    #[arg(long)]
    plain_only: bool,
}

/// A setting of an account, and its new value.
#[derive(Args)]
pub struct Setting {
    /// As in kim@chat.example.org.
    address: String,
    /// Which.
    #[arg(value_enum)]
    name: SettingName,
    /// Its value.
    #[arg(value_enum)]
    value: Switch,
}

/// The settings that an account has.
#[derive(Clone, Copy, ValueEnum)]
pub enum SettingName {
    /// Who is let see the account becomes its contact, too, and is asked to be seen.
    MutualAdd,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is so.
    On,
    /// It is not so.
    Off,
}

/// Carries out a command.
///
/// # Errors
///
/// What went wrong, in a sentence.
pub async fn run(settings: &Settings, command: AccountCommand) -> Result<()> {
    let concerned = match &command {
        AccountCommand::List(chosen) => chosen.of(settings)?,
        AccountCommand::Show(args) => vec![settings.of_address(&args.address)],
        AccountCommand::Add(WithPassword { address, .. })
        | AccountCommand::Passwd(WithPassword { address, .. })
        | AccountCommand::Suspend(Named { address })
        | AccountCommand::Resume(Named { address })
        | AccountCommand::Set(Setting { address, .. })
        | AccountCommand::Remove(Named { address }) => vec![settings.of_address(address)],
    };
    for settings in concerned {
        let services = house::open_apart(settings).await?;
        let done = carry_out(&services, &command).await;
        services.store.close().await;
        done?;
    }
    Ok(())
}

async fn carry_out(services: &Services, command: &AccountCommand) -> Result<()> {
    match command {
        AccountCommand::Add(args) => {
            let address = services.own_address(&args.address)?;
            let password = password(services, args)?;
            services.create(&address, &password).await?;
            if args.plain_only {
                services.set_password(&address, &password, true).await?;
            }
            tell(&address.to_string(), args, &password);
            Ok(())
        }
        AccountCommand::Passwd(args) => {
            let address = services.own_address(&args.address)?;
            let password = password(services, args)?;
            services.set_password(&address, &password, args.plain_only).await?;
            tell(&address.to_string(), args, &password);
            Ok(())
        }
        AccountCommand::List(_) => list(services).await,
        AccountCommand::Show(args) => account_show::show(services, args).await,
        AccountCommand::Suspend(args) => set_state(services, args, AccountState::Suspended).await,
        AccountCommand::Resume(args) => set_state(services, args, AccountState::Active).await,
        AccountCommand::Set(args) => set(services, args).await,
        AccountCommand::Remove(args) => {
            let address = services.own_address(&args.address)?;
            services.remove(&address).await?;
            println!("{address} is removed");
            Ok(())
        }
    }
}

async fn set_state(services: &Services, args: &Named, state: AccountState) -> Result<()> {
    let address = services.own_address(&args.address)?;
    services.set_state(&address, state).await?;
    let what = if state == AccountState::Active { "may be used" } else { "is suspended" };
    println!("{address} {what}");
    Ok(())
}

async fn set(services: &Services, args: &Setting) -> Result<()> {
    let address = services.own_address(&args.address)?;
    let SettingName::MutualAdd = args.name;
    let is_on = args.value == Switch::On;
    services.set_mutual_add(&address, is_on).await?;
    let what = if is_on { "becomes" } else { "does not become" };
    println!("who is let see {address} {what} its contact, too");
    Ok(())
}

async fn list(services: &Services) -> Result<()> {
    const PAGE: u32 = 500;
    let mut after = None;
    loop {
        let page = services.accounts(after.as_ref(), PAGE).await?;
        for account in &page {
            let state = account_show::state(account.state);
            let password = account_show::logins(&account.password);
            println!("{}\t{state}\t{password}", account.address);
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
        after = page.last().map(|account| account.address.clone());
    }
}

fn password(services: &Services, args: &WithPassword) -> Result<Secret> {
    if !args.password_stdin {
        return Ok(services.made_password());
    }
    let mut text = String::new();
    std::io::stdin().take(1024).read_to_string(&mut text).context("standard input")?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("no password on standard input");
    }
    Ok(Secret::new(line))
}

fn tell(address: &str, args: &WithPassword, password: &Secret) {
    println!("{address} is ready");
    if !args.password_stdin {
        println!("password: {}", password.expose());
    }
}
