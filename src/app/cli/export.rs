//! `onesoup export`: writes accounts down for another server, or for us again (XEP-0227).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    app::{cli::domain::Chosen, config::Settings, house},
    domain::address::Address,
    services::{accounts::AccountError, context::Services},
    xmpp::portable::file,
};

/// Accounts read at once.
const PAGE: u32 = 500;

/// What to write, and where.
#[derive(Args)]
pub struct ExportArgs {
    /// The file to write, or the directory for one with the name of each domain; without it
    /// standard output.
    #[arg(long, value_name = "FILE|DIR")]
    to: Option<PathBuf>,
    /// Write passwords too, where they can be read: whoever reads the file can log in.
    #[arg(long)]
    passwords: bool,
    #[command(flatten)]
    chosen: Chosen,
    /// The accounts, as in kim@chat.example.org; without any, all.
    #[arg(conflicts_with = "domain")]
    addresses: Vec<String>,
}

/// A domain, and which of its accounts are written.
struct Part<'a> {
    settings: &'a Settings,
    /// Without any all.
    addresses: Vec<&'a str>,
}

/// Carries out the command.
///
/// # Errors
///
/// An account is not there, or the file cannot be written: then there is none.
pub async fn run(settings: &Settings, args: ExportArgs) -> Result<()> {
    let parts = parts(settings, &args)?;
    match &args.to {
        None => write(&parts, &args, BufWriter::new(io::stdout().lock())).await.map(drop),
        Some(path) if path.is_dir() => {
            for part in parts.chunks(1) {
                let domain = house::link_settings(part[0].settings)?.domain;
                write_file(part, &args, &path.join(format!("{domain}.xml"))).await?;
            }
            Ok(())
        }
        Some(path) => write_file(&parts, &args, path).await,
    }
}

fn parts<'a>(settings: &'a Settings, args: &'a ExportArgs) -> Result<Vec<Part<'a>>> {
    let all = args.chosen.of(settings)?.into_iter();
    let parts = all.map(|one| {
        let addresses = args.addresses.iter().map(String::as_str);
        let is_of = |address: &&str| std::ptr::eq(settings.of_address(address), one);
        Part { settings: one, addresses: addresses.filter(is_of).collect() }
    });
    Ok(parts.filter(|part| args.addresses.is_empty() || !part.addresses.is_empty()).collect())
}

/// Writes to a file beside, which takes the name once it is whole.
async fn write_file(parts: &[Part<'_>], args: &ExportArgs, path: &Path) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let beside = PathBuf::from(name);
    let written = async {
        let file = create(&beside).with_context(|| beside.display().to_string())?;
        let (count, mut out) = write(parts, args, BufWriter::new(file)).await?;
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&beside, path).with_context(|| path.display().to_string())?;
        println!("{count} accounts are written to {}", path.display());
        if args.passwords {
            println!("the file has their passwords: whoever reads it can log in");
        }
        Ok(())
    };
    let written = written.await;
    if written.is_err() {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Makes a file that only this user can read: it has what people wrote to each other.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

async fn write<W: Write>(parts: &[Part<'_>], args: &ExportArgs, mut out: W) -> Result<(usize, W)> {
    out.write_all(file::start().as_bytes())?;
    let mut count = 0;
    for part in parts {
        let services = house::open_apart(part.settings).await?;
        let written = write_part(&services, part, args, &mut out).await;
        services.store.close().await;
        count += written?;
    }
    out.write_all(file::END.as_bytes())?;
    out.flush()?;
    Ok((count, out))
}

async fn write_part(
    services: &Services,
    part: &Part<'_>,
    args: &ExportArgs,
    out: &mut impl Write,
) -> Result<usize> {
    out.write_all(file::host_start(&services.rules.domain).as_bytes())?;
    let mut count = 0;
    if part.addresses.is_empty() {
        let mut after: Option<Address> = None;
        loop {
            let page = services.accounts(after.as_ref(), PAGE).await?;
            for account in &page {
                count += usize::from(one(services, args, &account.address, out).await?);
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => after = Some(last.address.clone()),
                _ => break,
            }
        }
    }
    for address in &part.addresses {
        let address = services.own_address(address)?;
        if !one(services, args, &address, out).await? {
            anyhow::bail!("{address}: {}", AccountError::Missing);
        }
        count += 1;
    }
    out.write_all(file::HOST_END.as_bytes())?;
    Ok(count)
}

/// Writes one account; false if it is not there, or no more.
async fn one(
    services: &Services,
    args: &ExportArgs,
    address: &Address,
    out: &mut impl Write,
) -> Result<bool> {
    match services.exported(address, args.passwords).await {
        Ok(user) => {
            out.write_all(user.to_text(&services.rules.domain).as_bytes())?;
            out.write_all(b"\n")?;
            Ok(true)
        }
        Err(AccountError::Missing) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
