//! `onesoup import`: takes accounts in from a file of another server, or of ours (XEP-0227).

use std::{
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    app::{cli::domain::Chosen, config::Settings, house},
    services::{context::Services, import::Imported},
    xmpp::portable::{
        PortableUser,
        file::{Item, PortableFile},
    },
};

/// Octets read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Files within files: a main one, one for a host, one for an account.
const MAX_FILES_DEEP: usize = 3;

/// What to take in.
#[derive(Args)]
pub struct ImportArgs {
    /// Put the file's contacts, lists and messages in place of those of an account that is there.
    #[arg(long)]
    replace: bool,
    /// Take the accounts of this host of the file as ours, of the first domain or that of
    /// `--domain`; without it those of our domains.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    #[command(flatten)]
    chosen: Chosen,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// A domain, and the host whose accounts it takes in.
struct Taker {
    host: String,
    services: Services,
}

/// What was done, and for whom.
struct Import {
    takers: Vec<Taker>,
    replaces: bool,
    imported: usize,
    refused: usize,
    elsewhere: usize,
}

/// Carries out the command.
///
/// # Errors
///
/// A file cannot be read, or at least one account was not taken in.
pub async fn run(settings: &Settings, args: ImportArgs) -> Result<()> {
    let mut chosen = args.chosen.of(settings)?;
    if args.host.is_some() {
        chosen.truncate(1);
    }
    let mut takers = Vec::new();
    for settings in chosen {
        let services = house::open_apart(settings).await?;
        let host = args.host.clone().unwrap_or_else(|| services.rules.domain.clone());
        takers.push(Taker { host, services });
    }
    let mut import =
        Import { takers, replaces: args.replace, imported: 0, refused: 0, elsewhere: 0 };
    let mut done = Ok(());
    for file in &args.files {
        done = import.file(file).await.with_context(|| file.display().to_string());
        if done.is_err() {
            break;
        }
    }
    let told = import.conclude();
    for taker in &import.takers {
        taker.services.store.close().await;
    }
    done.and(told)
}

impl Import {
    /// Takes in a file and those that it includes from beside it or below.
    async fn file(&mut self, path: &Path) -> Result<()> {
        let base = path.parent().filter(|base| !base.as_os_str().is_empty());
        let base = base.unwrap_or(Path::new(".")).canonicalize()?;
        let mut host: Option<String> = None;
        // The innermost file last.
        let mut open = vec![Open::new(path)?];
        while let Some(file) = open.last_mut() {
            let beside = file.path.parent().unwrap_or(Path::new(".")).to_owned();
            let Some(item) = file.next()? else {
                open.pop();
                continue;
            };
            match item {
                Item::Host(name) => host = Some(name),
                Item::User(user) => self.user(host.as_deref(), &user).await,
                Item::Include(href) => {
                    let path = included(&base, &beside, &href)?;
                    open.push(Open::new(&path)?);
                    if open.len() > MAX_FILES_DEEP {
                        bail!("files within files within files");
                    }
                }
                Item::Strange(what) => println!("passed over: {what}"),
                Item::End => {
                    open.pop();
                }
                Item::Broken(why) => bail!("{}: {why}", file.path.display()),
            }
        }
        Ok(())
    }

    async fn user(&mut self, host: Option<&str>, user: &PortableUser) {
        let taker = self.takers.iter().find(|taker| host == Some(taker.host.as_str()));
        let Some(Taker { services, .. }) = taker else {
            self.elsewhere += 1;
            return;
        };
        match services.import(user, self.replaces).await {
            Ok(imported) => {
                self.imported += 1;
                tell(&imported);
            }
            Err(error) => {
                self.refused += 1;
                println!("{:?} is not taken in: {error}", user.name);
            }
        }
    }

    fn conclude(&self) -> Result<()> {
        println!("{} accounts are taken in", self.imported);
        if self.elsewhere > 0 {
            let hosts: Vec<&str> = self.takers.iter().map(|taker| taker.host.as_str()).collect();
            let hosts = hosts.join(", ");
            println!("{} are of other hosts than {hosts}; see --host", self.elsewhere);
        }
        match self.refused {
            0 => Ok(()),
            refused => bail!("{refused} accounts are not taken in"),
        }
    }
}

/// A file that is being read.
struct Open {
    path: PathBuf,
    file: File,
    parser: PortableFile,
    piece: Vec<u8>,
    /// What was read and is not carried out yet, the first last.
    items: Vec<Item>,
}

impl Open {
    fn new(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let (path, parser) = (path.to_owned(), PortableFile::default());
        Ok(Self { path, file, parser, piece: vec![0; PIECE_BYTES], items: Vec::new() })
    }

    fn next(&mut self) -> Result<Option<Item>> {
        while self.items.is_empty() {
            let read = self.file.read(&mut self.piece)?;
            self.items = self.parser.feed(self.piece.get(..read).unwrap_or_default());
            self.items.reverse();
            if read == 0 && self.items.is_empty() {
                return Ok(None);
            }
        }
        Ok(self.items.pop())
    }
}

/// Returns where an included file is: beside the one that includes it or below, never elsewhere.
fn included(base: &Path, beside: &Path, href: &str) -> Result<PathBuf> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if href.is_empty() || !Path::new(href).components().all(is_plain) {
        bail!("{href:?} is included from elsewhere, which is not done");
    }
    let path = beside.join(href).canonicalize().with_context(|| href.to_owned())?;
    if !path.starts_with(base) {
        bail!("{href:?} is included from elsewhere, which is not done");
    }
    Ok(path)
}

fn tell(imported: &Imported) {
    let Imported { address, password, contacts, messages, remarks } = imported;
    println!("{address}: {contacts} contacts, {messages} messages");
    if let Some(password) = password {
        println!("  new password: {}", password.expose());
    }
    for remark in remarks {
        println!("  {remark}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_included_from_below_only() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("in").canonicalize();
        assert!(base.is_err());
        std::fs::create_dir_all(folder.path().join("in/host")).unwrap();
        let base = folder.path().join("in").canonicalize().unwrap();
        for name in ["in/host/kim.xml", "in/a.xml", "secret.xml"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("../secret.xml", folder.path().join("in/link.xml")).unwrap();
        assert!(included(&base, &base, "host/kim.xml").is_ok());
        assert!(included(&base, &base, "./a.xml").is_ok());
        for odd in ["../secret.xml", "/etc/passwd", "link.xml", "http://x/y", "", "gone.xml"] {
            assert!(included(&base, &base, odd).is_err(), "{odd}");
        }
    }
}
