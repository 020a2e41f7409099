//! Load generator for chat servers: many light sessions in one process.
//!
//! `imps`, `bosh` and `ws` exchange messages and measure throughput, latency,
//! bytes and CPU; `arrival` writes to phones from the network and measures until
//! they are woken; `idle` and `silence` log in and hold, with connections or
//! without; `http` measures a plain POST echo, as the upper bound of both the
//! machine and this generator; `machine` tells whether two measurements met the
//! same machine.
//!
//! What is measured goes to stdout as one line of JSON and to stderr as text.

mod arrival;
mod bench;
mod bosh;
mod component;
mod echo;
mod http;
mod hub;
mod imps;
mod machine;
mod procfs;
mod report;
mod session;
mod silence;
mod wire;
mod ws;
mod xml;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use bench::{Idle, Traffic};
use imps::Handset;

#[derive(Parser)]
#[command(about = "Load generator for chat servers")]
struct Cli {
    /// Worker threads of the generator
    #[arg(long, global = true, default_value_t = 1)]
    threads: usize,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Exchange messages over BOSH (XEP-0124, XEP-0206)
    Bosh {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        traffic: Traffic,
    },
    /// Exchange messages over XMPP WebSocket (RFC 7395)
    Ws {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        traffic: Traffic,
    },
    /// Exchange messages as phones do (IMPS), with each other or with the network
    Imps {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        phones: Phones,
        #[command(flatten)]
        traffic: Traffic,
    },
    /// Write to phones from the network and measure until they are woken
    Arrival {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        phones: Phones,
        #[command(flatten)]
        options: arrival::Options,
    },
    /// Log phones in and leave them alone, without connections
    Silence {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        phones: Phones,
        #[command(flatten)]
        options: silence::Options,
    },
    /// Log sessions in and hold them
    Idle {
        #[arg(long, value_enum, default_value = "bosh")]
        protocol: Kind,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        idle: Idle,
    },
    /// POST a fixed body over keep-alive connections as fast as possible
    Http(echo::Options),
    /// Tell how fast the machine is at the moment
    Machine,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Bosh,
    Ws,
}

/// What phones are like, and the XMPP server of their component.
#[derive(Args, Clone)]
pub struct Phones {
    /// Version of the protocol: 1.1 or 1.2
    #[arg(long, default_value = "1.2")]
    version: String,
    /// Kind of phone
    #[arg(long, value_enum, default_value = "s60")]
    handset: Handset,
    /// Listen here as the XMPP server of the component
    #[arg(long)]
    link: Option<SocketAddr>,
    /// Write to users of another domain, over the link
    #[arg(long)]
    far: Option<String>,
}

impl Phones {
    async fn link(&self) -> io::Result<Option<Arc<component::Server>>> {
        match self.link {
            Some(address) => component::Server::listen(address).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Where the server is and who logs in.
#[derive(Args, Clone)]
pub struct Server {
    /// Address of the HTTP listener
    #[arg(long)]
    addr: SocketAddr,
    /// Path of the endpoint [default: /http-bind for bosh, /ws for ws]
    #[arg(long)]
    path: Option<String>,
    /// XMPP domain
    #[arg(long, default_value = "localhost")]
    domain: String,
    /// Password of every user
    #[arg(long, default_value = "secret")]
    password: String,
    /// Users u0 to uN-1 log in
    #[arg(long, short = 'n', default_value_t = 100)]
    sessions: usize,
    /// Logins under way at once
    #[arg(long, default_value_t = 50)]
    login_parallel: usize,
    /// Seconds the server may hold a BOSH request
    #[arg(long, default_value_t = 60)]
    wait: u32,
    /// XMPP server a BOSH connection manager is to use, as "xmpp:host:port"
    #[arg(long)]
    route: Option<String>,
    /// Extra HTTP request header, as "Name: value"
    #[arg(long = "header")]
    headers: Vec<String>,
    /// Server process to account for (repeatable)
    #[arg(long = "pid")]
    pids: Vec<u32>,
    /// Free text copied to the report
    #[arg(long, default_value = "")]
    label: String,
}

impl Server {
    fn bosh(&self) -> bosh::Bosh {
        bosh::Bosh::new(
            http::Endpoint::new(
                self.addr,
                self.path.as_deref().unwrap_or("/http-bind"),
                "text/xml; charset=utf-8",
                &self.headers,
            ),
            &self.domain,
            &self.password,
            self.wait,
            self.route.as_deref(),
        )
    }

    fn imps(&self, phones: &Phones, text_len: usize) -> io::Result<imps::Imps> {
        let terms = imps::Terms {
            version: &phones.version,
            handset: phones.handset,
            text_len,
            to: phones.far.as_deref().unwrap_or(&self.domain),
        };
        let endpoint = http::Endpoint::new(
            self.addr,
            self.path.as_deref().unwrap_or("/"),
            "application/vnd.wv.csp.wbxml",
            &self.headers,
        );
        imps::Imps::new(endpoint, (&self.domain, &self.password), self.sessions, &terms)
    }

    fn ws(&self) -> ws::Ws {
        let path = self.path.as_deref().unwrap_or("/ws");
        ws::Ws::new(self.addr, path, &self.headers, &self.domain, &self.password)
    }
}

fn main() -> io::Result<()> {
    let cli = Cli::parse();
    let mut builder = match cli.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(cli.threads.max(1)).enable_all().build()?;
    let report = runtime.block_on(async {
        match &cli.command {
            Command::Bosh { server, traffic } => {
                bench::traffic("bosh", server.bosh(), server, traffic).await
            }
            Command::Ws { server, traffic } => {
                bench::traffic("ws", server.ws(), server, traffic).await
            }
            Command::Imps { server, phones, traffic } => {
                let imps = server.imps(phones, traffic.text_len())?;
                let link = phones.link().await?;
                bench::traffic_over("imps", imps, link.as_deref(), server, traffic).await
            }
            Command::Arrival { server, phones, options } => {
                let imps = server.imps(phones, options.text_len())?;
                let link = phones.link().await?;
                let link = link.ok_or_else(|| io::Error::other("--link says where to listen"))?;
                arrival::run(imps, &link, server, options).await
            }
            Command::Silence { server, phones, options } => {
                let _link = phones.link().await?;
                silence::run(server.imps(phones, 24)?, server, options).await
            }
            Command::Idle { protocol, server, idle } => match protocol {
                Kind::Bosh => bench::idle("bosh", server.bosh(), server, idle).await,
                Kind::Ws => bench::idle("ws", server.ws(), server, idle).await,
            },
            Command::Http(options) => echo::run(options).await,
            Command::Machine => machine::measure(),
        }
    })?;
    report.print();
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(())
}
