//! A private ejabberd, and if wanted a Prosody that federates with it, for one test.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Servers of our own, at addresses that no other lab has; see `scripts/lab.sh`.
///
/// They end when this is dropped, and also when the test process dies without dropping it.
pub(crate) struct Lab {
    /// Where everything lies, the logs in `log`.
    pub(crate) dir: PathBuf,
    /// The domain that ejabberd keeps for the component, `onesoup.test`; for a server of two it
    /// keeps `first.test` and `second.test`.
    pub(crate) domain: String,
    /// Another one, `soup.xmpp.test`: for a contact's server that a test plays itself.
    pub(crate) near_domain: String,
    /// What the component proves itself with, at both servers.
    pub(crate) secret: String,
    /// ejabberd's listener for components.
    pub(crate) component: SocketAddr,
    /// ejabberd's listener for the clients of `xmpp.test`, without TLS.
    pub(crate) c2s: SocketAddr,
    /// ejabberd's listener for web clients, at `/bosh` and `/ws`, and for [`Lab::api`].
    pub(crate) http: SocketAddr,
    /// The other server, if it was asked for.
    pub(crate) far: Option<Far>,
}

/// Prosody, which serves `far.test` and federates with ejabberd.
pub(crate) struct Far {
    /// The domain that Prosody keeps for a component, `soup.far.test`.
    pub(crate) domain: String,
    /// Its listener for components.
    pub(crate) component: SocketAddr,
    /// Its listener for the clients of `far.test`, without TLS.
    pub(crate) c2s: SocketAddr,
}

impl Lab {
    /// Starts servers for one test; `far` adds Prosody. Takes a second or two.
    ///
    /// # Panics
    ///
    /// If they do not start; what they said stands in the message.
    pub(crate) fn start(far: bool) -> Self {
        let dir = std::env::temp_dir().join(format!("onesoup-lab-{:016x}", rand::random::<u64>()));
        let parent = std::process::id().to_string();
        let mut arguments = vec!["--with-parent", &parent];
        arguments.extend(far.then_some("--far"));
        script("up", &dir, &arguments);
        let addresses = Addresses::read(&dir);
        Self {
            domain: addresses.text("DOMAIN"),
            near_domain: addresses.text("NEAR_DOMAIN"),
            secret: addresses.text("SECRET"),
            component: addresses.socket("COMPONENT"),
            c2s: addresses.socket("C2S"),
            http: addresses.socket("HTTP"),
            far: far.then(|| Far {
                domain: addresses.text("FAR_DOMAIN"),
                component: addresses.socket("FAR_COMPONENT"),
                c2s: addresses.socket("FAR_C2S"),
            }),
            dir,
        }
    }

    /// The lab, with Prosody, that all tests of this process share.
    ///
    /// Only for tests that leave the servers and the accounts as they are. Since each test may
    /// log in as alice, address full JIDs or use an account of your own, see [`Lab::register`].
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Lab> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(true))
    }

    /// Kills ejabberd as a crash would: no stream is closed, nothing is written any more.
    pub(crate) fn kill_ejabberd(&self) {
        script("kill-ejabberd", &self.dir, &[]);
    }

    /// Has ejabberd end in an orderly way.
    pub(crate) fn stop_ejabberd(&self) {
        script("stop-ejabberd", &self.dir, &[]);
    }

    /// Starts ejabberd again, with the same addresses, accounts and stored messages.
    pub(crate) fn start_ejabberd(&self) {
        script("start-ejabberd", &self.dir, &[]);
    }

    /// Kills Prosody as a crash would.
    pub(crate) fn kill_prosody(&self) {
        script("kill-prosody", &self.dir, &[]);
    }

    /// Starts Prosody again, with the same addresses and accounts.
    pub(crate) fn start_prosody(&self) {
        script("start-prosody", &self.dir, &[]);
    }

    /// Makes an account `user@xmpp.test`.
    pub(crate) async fn register(&self, user: &str, password: &str) {
        let account = serde_json::json!({"user": user, "host": "xmpp.test", "password": password});
        self.api("register", account).await;
    }

    /// Makes an account `user@far.test`; one that is there gets the password.
    pub(crate) fn register_far(&self, user: &str, password: &str) {
        let config = self.dir.join("prosody.cfg.lua");
        let mut command = Command::new("prosodyctl");
        command.arg("--config").arg(config).args(["register", user, "far.test", password]);
        let run = command.output().expect("prosodyctl runs");
        let said = [run.stdout, run.stderr].concat();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&said));
    }

    /// Runs one of ejabberd's administration commands that `scripts/lab.sh` permits.
    ///
    /// # Panics
    ///
    /// If ejabberd refuses it.
    pub(crate) async fn api(&self, command: &str, arguments: Value) -> Value {
        let stream = TcpStream::connect(self.http).await.expect("ejabberd listens");
        let (mut requests, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::post(format!("/api/{command}"))
            .header("host", self.http.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(arguments.to_string())))
            .unwrap();
        let answer = requests.send_request(request).await.expect("ejabberd answers");
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        connection.abort();
        assert!(status.is_success(), "{command}: {status}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// The last lines of a log: `ejabberd.log`, `prosody.log`, `dnsmasq.out`.
    pub(crate) fn log_tail(&self, name: &str) -> String {
        let log = fs::read(self.dir.join("log").join(name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["ejabberd.log", "prosody.log"] {
                eprintln!("== the end of {name}\n{}", self.log_tail(name));
            }
        }
        // A second panic would abort the process and hide the first.
        let _ = lab_command("down", &self.dir).output();
    }
}

/// What `scripts/lab.sh` wrote into `env`.
struct Addresses(HashMap<String, String>);

impl Addresses {
    fn read(dir: &Path) -> Self {
        let text = fs::read_to_string(dir.join("env")).expect("the script writes env");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn text(&self, name: &str) -> String {
        self.0.get(name).unwrap_or_else(|| panic!("env names {name}")).clone()
    }

    fn socket(&self, name: &str) -> SocketAddr {
        let host = self.text(&format!("{name}_HOST"));
        let port = self.text(&format!("{name}_PORT"));
        format!("{host}:{port}").parse().expect("env holds addresses")
    }
}

fn script(command: &str, dir: &Path, arguments: &[&str]) {
    let run = lab_command(command, dir).args(arguments).output().expect("bash runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "scripts/lab.sh {command} failed:\n{said}");
}

fn lab_command(command: &str, dir: &Path) -> Command {
    let mut lab = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lab.sh"));
    lab.arg(command).arg(dir);
    lab
}

const TAIL_LINES: usize = 40;
