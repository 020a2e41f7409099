//! `onesoup phone`: a handset in the terminal.

use std::{
    io::{BufRead, IsTerminal, Write},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use tokio::sync::{mpsc, oneshot};

use crate::{
    base::secret::Secret,
    csp::{document::Spelling, version::Version},
    phone::{
        handset::Habits,
        session::Phone,
        settings::{LoginWay, PhoneSettings, WakeBy},
        terminal::{self, screen},
        trace::Trace,
    },
};

/// What `onesoup phone` takes.
#[derive(Debug, clap::Args)]
pub struct PhoneArgs {
    /// Who you are, as in kim@onesoup.test; without @domain a user of the server's own.
    address: String,
    /// Where the server is, as in http://127.0.0.1:8080/.
    #[arg(long)]
    url: Option<String>,
    /// The password; better kept in ONESOUP_PHONE_PASSWORD, or typed when asked for.
    #[arg(long, env = "ONESOUP_PHONE_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Read the password from the first line of the standard input.
    #[arg(long, conflicts_with = "password")]
    password_stdin: bool,
    /// Which handset to imitate.
    #[arg(long, value_enum, default_value = "plain")]
    profile: Profile,
    /// Which version of CSP to speak; the handset's own if not given.
    #[arg(long, value_parser = version)]
    csp: Option<Version>,
    /// Write messages as XML instead of WBXML.
    #[arg(long)]
    xml: bool,
    /// Send the password, or a digest of it.
    #[arg(long, value_enum, default_value = "2way")]
    login: Login,
    /// How the server shall wake the phone.
    #[arg(long, value_enum, default_value = "none")]
    cir: Cir,
    /// Poll every so many seconds; at the handset's own pace if not given.
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u64).range(1..))]
    poll: Option<u64>,
    /// What tells this phone from your others; one of the same name replaces it.
    #[arg(long, value_name = "NAME")]
    client_id: Option<String>,
    /// Treat as an error what the handset could not read; usual for s60 and android.
    #[arg(long, conflicts_with = "lenient")]
    strict: bool,
    /// Read whatever can be read.
    #[arg(long)]
    lenient: bool,
    /// Print every exchange, decoded, to the standard error output.
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Profile {
    /// Nokia S60.
    S60,
    /// The Android client of 2010.
    Android,
    /// None in particular.
    Plain,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Login {
    /// Send the password.
    #[value(name = "2way")]
    TwoWay,
    /// Send a digest over the server's nonce and the password.
    #[value(name = "4way")]
    FourWay,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cir {
    /// Not at all: the phone polls.
    None,
    /// By a line on a connection that the phone keeps.
    Tcp,
    /// By a datagram.
    Udp,
}

/// Where a server is that was just tried out.
const USUAL_URL: &str = "http://127.0.0.1:8080/";

/// Lines that may be typed ahead.
const TYPED_AHEAD: usize = 64;

/// Logs in and chats until `/quit` or the end of the input.
///
/// `default_url` is where the server of the configuration listens, if one is given.
///
/// # Errors
///
/// Why the phone cannot log in, or why its session ended.
pub async fn run(args: PhoneArgs, default_url: Option<String>) -> Result<()> {
    let password = match (&args.password, args.password_stdin) {
        (Some(password), _) => Secret::new(password.as_str()),
        (None, true) => first_line()?,
        (None, false) => prompt(&args.address).await?,
    };
    let told = |error| anyhow!(screen::sentence(&error));
    let phone = Phone::new(settings(args, default_url, password)).map_err(told)?;
    terminal::talk(phone, lines(), &mut std::io::stdout()).await.map_err(told)
}

fn settings(args: PhoneArgs, default_url: Option<String>, password: Secret) -> PhoneSettings {
    let habits = match args.profile {
        Profile::S60 => Habits::S60,
        Profile::Android => Habits::ANDROID,
        Profile::Plain => Habits::PLAIN,
    };
    let url = args.url.or(default_url).unwrap_or_else(|| USUAL_URL.into());
    let usual = PhoneSettings::new(habits, &url, &args.address, "");
    PhoneSettings {
        password,
        version: args.csp.unwrap_or(usual.version),
        spelling: if args.xml { Spelling::Xml } else { Spelling::Wbxml },
        login: match args.login {
            Login::TwoWay => LoginWay::TwoWay,
            Login::FourWay => LoginWay::usual_digests(),
        },
        cir: match args.cir {
            Cir::None => None,
            Cir::Tcp => Some(WakeBy::Tcp),
            Cir::Udp => Some(WakeBy::Udp),
        },
        client_id: args.client_id.map(Into::into),
        poll: args.poll.map(Duration::from_secs),
        is_strict: args.strict || usual.is_strict && !args.lenient,
        trace: args.trace.then(|| Trace::new(|trip| eprintln!("{trip}\n"))),
        ..usual
    }
}

fn version(digits: &str) -> Result<Version> {
    Version::from_digits(digits).context("there are 1.1, 1.2 and 1.3")
}

/// Hands over the lines that are typed, and the end of them when the user interrupts.
///
/// A thread of its own reads them: it may hang in the read when all else is done.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(TYPED_AHEAD);
    let typed = sender.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if typed.blocking_send(line).is_err() {
                return;
            }
        }
        let _ = typed.blocking_send(QUIT.into());
    });
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = sender.send(QUIT.into()).await;
        }
    });
    lines
}

const QUIT: &str = "/quit";

fn first_line() -> Result<Secret> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("standard input")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

/// Asks for the password, without showing it where the terminal can do so.
async fn prompt(address: &str) -> Result<Secret> {
    if !std::io::stdin().is_terminal() {
        bail!("no password: use --password-stdin or ONESOUP_PHONE_PASSWORD");
    }
    let echo = Echo::off();
    let remark = if echo.is_some() { "" } else { " (it will be visible)" };
    eprint!("password of {address}{remark}: ");
    std::io::stderr().flush().context("standard error output")?;
    let (sender, line) = oneshot::channel();
    std::thread::spawn(move || drop(sender.send(first_line())));
    let password = tokio::select! {
        line = line => line.context("standard input")?,
        // The echo comes back before the program ends.
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    drop(echo);
    eprintln!();
    password
}

/// A terminal that does not show what is typed, until this is dropped.
struct Echo;

impl Echo {
    /// Uses `stty`, which every Unix has; none where that fails.
    fn off() -> Option<Self> {
        stty("-echo").then_some(Self)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        stty("echo");
    }
}

fn stty(setting: &str) -> bool {
    let status = Command::new("stty").arg(setting).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: PhoneArgs,
    }

    fn parsed(line: &str) -> PhoneSettings {
        let args = Line::try_parse_from(line.split(' ')).unwrap().args;
        settings(args, Some("http://there/".into()), Secret::new("x"))
    }

    #[test]
    fn options_become_settings() {
        let usual = parsed("phone kim@onesoup.test");
        assert_eq!(
            (usual.url.as_str(), usual.user.as_str()),
            ("http://there/", "kim@onesoup.test")
        );
        assert_eq!(
            (usual.habits.name, usual.version, usual.is_strict),
            ("plain", Version::V1_2, false)
        );
        let s60 =
            parsed("phone kim --url http://here/ --profile s60 --login 4way --cir tcp --poll 5");
        assert_eq!(
            (s60.url.as_str(), s60.version, s60.is_strict),
            ("http://here/", Version::V1_1, true)
        );
        assert_eq!((s60.cir, s60.poll), (Some(WakeBy::Tcp), Some(Duration::from_secs(5))));
        assert_eq!(s60.login, LoginWay::usual_digests());
        let android = parsed("phone kim --profile android --csp 1.3 --xml --lenient --cir udp");
        assert_eq!((android.version, android.spelling), (Version::V1_3, Spelling::Xml));
        assert!(!android.is_strict);
        assert!(Line::try_parse_from(["phone", "kim", "--csp", "1.4"]).is_err());
        assert!(Line::try_parse_from(["phone", "kim", "--poll", "0"]).is_err());
    }
}
