//! The product itself, as a process of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::lab::Lab;

/// A running `onesoup`, on a store and ports of its own; ends when dropped.
pub(crate) struct Server {
    /// Where phones reach it.
    pub(crate) http: SocketAddr,
    /// Where the operator reaches it.
    pub(crate) admin: SocketAddr,
    /// Whether phones are told where they wait to be woken.
    pub(crate) offers_tcp: bool,
    /// Where phones wait to be woken.
    pub(crate) cir: SocketAddr,
    dir: tempfile::TempDir,
    process: Option<Child>,
}

/// What a test wants otherwise than usual.
#[derive(Default)]
pub(crate) struct Wishes {
    /// Lines added to the settings of accounts.
    pub(crate) settings: &'static str,
    /// Lines added to the settings of the phones' door.
    pub(crate) http: &'static str,
    /// Whether the phones are told of the wake-up socket.
    pub(crate) offers_tcp: bool,
    /// Whether no phone is woken by datagrams.
    pub(crate) has_no_udp: bool,
}

impl Server {
    /// Starts a server as the component of a lab, and waits until it is ready.
    pub(crate) fn start(lab: &Lab) -> Self {
        Self::start_with(lab, &Wishes::default())
    }

    /// The same with wishes.
    pub(crate) fn start_with(lab: &Lab, wishes: &Wishes) -> Self {
        let mut server = Self::prepared(&lab.domain, lab.component, &lab.secret, wishes);
        server.run();
        server.wait_until_ready();
        server
    }

    /// The server that all tests of this process share, as the component of the shared lab.
    ///
    /// Only for tests that leave it running and use accounts of their own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::kept(|| {
                let wishes = Wishes { offers_tcp: true, ..Wishes::default() };
                Self::start_with(Lab::shared(), &wishes)
            })
        })
    }

    /// The server without a link that all tests of this process share, as [`Server::shared`].
    pub(crate) fn shared_alone() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::kept(|| Self::start_alone(&Wishes { offers_tcp: true, ..Wishes::default() }))
        })
    }

    /// Starts a server that outlives the test that wanted it first.
    pub(crate) fn kept(start: fn() -> Self) -> Self {
        let (sender, started) = std::sync::mpsc::channel();
        // The process ends with the thread that started it: with this one, at the very end.
        std::thread::spawn(move || {
            let _ = sender.send(start());
            loop {
                std::thread::park();
            }
        });
        started.recv().expect("the shared server starts")
    }

    /// Starts a server whose link finds nobody: for tests of the phones' side alone.
    pub(crate) fn start_alone(wishes: &Wishes) -> Self {
        let nobody = "127.0.0.1:9".parse().unwrap();
        let mut server = Self::prepared("onesoup.test", nobody, "secret", wishes);
        server.run();
        server.wait_until("alive", |server| server.admin_says("/healthz") == Some(200));
        server
    }

    /// Writes the configuration of a server that is not started yet.
    pub(crate) fn prepared(domain: &str, link: SocketAddr, secret: &str, wishes: &Wishes) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [http, admin, cir] = free_addresses();
        let advertise = if wishes.offers_tcp { cir.to_string() } else { String::new() };
        let (path, udp) = (dir.path().display(), !wishes.has_no_udp);
        let settings = format!(
            "[domain]\nname = \"{domain}\"\n\
             [link]\nhost = \"{}\"\nport = {}\nsecret = \"{secret}\"\n\
             [http]\nlisten = \"{http}\"\n{}\n[admin]\nlisten = \"{admin}\"\n\
             [store]\nurl = \"sqlite://{path}/onesoup.db\"\n\
             [cir.tcp]\nlisten = \"{cir}\"\nadvertise = \"{advertise}\"\n\
             [cir.udp]\nenabled = {udp}\n\
             [accounts]\nkey_file = \"{path}/onesoup.key\"\n{}\n",
            link.ip(),
            link.port(),
            wishes.http,
            wishes.settings,
        );
        fs::write(dir.path().join("onesoup.toml"), settings).unwrap();
        Self { http, admin, cir, offers_tcp: wishes.offers_tcp, dir, process: None }
    }

    /// Adds a domain to the configuration of a server that is not started yet.
    pub(crate) fn and_domain(self, name: &str, lines: &str) -> Self {
        let config = fs::read_to_string(self.config()).unwrap();
        let store = format!("sqlite://{}/{name}.db", self.dir.path().display());
        let domain = format!("[[domains]]\nname = \"{name}\"\nstore.url = \"{store}\"\n");
        fs::write(self.config(), config + &domain + lines).unwrap();
        self
    }

    /// Writes the configuration of a server of the two domains that a lab keeps for such.
    pub(crate) fn prepared_pair(lab: &Lab, lines: &str) -> Self {
        let wishes = Wishes { offers_tcp: true, ..Wishes::default() };
        let first = Self::prepared("first.test", lab.component, &lab.secret, &wishes);
        first.and_domain("second.test", lines)
    }

    /// The server of two domains that all tests of this process share, as [`Server::shared`].
    pub(crate) fn shared_pair() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::kept(|| {
                let mut server = Self::prepared_pair(Lab::shared(), "");
                server.run();
                server.wait_until_ready();
                server
            })
        })
    }

    /// Where the server keeps what it keeps.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Where the configuration is.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("onesoup.toml")
    }

    /// Starts the process.
    pub(crate) fn run(&mut self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let mut command = self.command(&["run"]);
        command.stderr(log).stdout(Stdio::null()).env("ONESOUP_LOG", "onesoup=debug");
        self.process = Some(command.spawn().expect("the binary runs"));
    }

    /// Waits until the link is up and the store writes.
    pub(crate) fn wait_until_ready(&mut self) {
        self.wait_until("ready", |server| server.admin_says("/readyz") == Some(200));
    }

    /// Waits until something is so.
    pub(crate) fn wait_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so(self) {
            if let Some(Ok(Some(status))) = self.process.as_mut().map(Child::try_wait) {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "not {what} in time:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Makes an account.
    pub(crate) fn add_account(&self, name: &str, password: &str) {
        let added = self.account(&["add", name, "--password-stdin"], password);
        assert!(added.0, "{}", added.1);
    }

    /// Runs `onesoup account …` with a line on standard input; returns whether it went well, and
    /// what it said.
    pub(crate) fn account(&self, arguments: &[&str], input: &str) -> (bool, String) {
        use std::io::Write;
        let mut command = self.command(&["account"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A command that does not read may be gone before the line is written.
        let _ = writeln!(child.stdin.take().unwrap(), "{input}");
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Kills the process as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Has the process stop in an orderly way.
    pub(crate) fn stop(&mut self) {
        let process = self.process.as_mut().expect("the server runs");
        let pid = process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let status = process.wait().unwrap();
        self.process = None;
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// The process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// The status that the operator's door answers with.
    pub(crate) fn admin_says(&self, path: &str) -> Option<u16> {
        let answer = self.admin_text(path)?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    /// The whole answer of the operator's door.
    pub(crate) fn admin_text(&self, path: &str) -> Option<String> {
        use std::io::{Read, Write};
        let mut socket = std::net::TcpStream::connect(self.admin).ok()?;
        write!(socket, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// A metric's present value; of several domains together.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let text = self.admin_text("/metrics").expect("the server runs");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("onesoup_{name}")));
        let values = lines.filter(|line| line.starts_with([' ', '{']));
        let values: Vec<i64> =
            values.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert!(!values.is_empty(), "there is a metric {name}");
        values.into_iter().sum()
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// A command of the product with this server's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        // Not even a test that is killed leaves a server behind.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_onesoup")]);
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            eprintln!("== the end of the server's log\n{tail}");
        }
        self.kill();
    }
}

/// Three addresses that nobody listens on.
fn free_addresses() -> [SocketAddr; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}
