//! The life of the service: started in order, stopped in reverse.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    app::{config::Settings, key, stop},
    base::{clock::Clock, ids::Ids},
    domain::account::Registration,
    edges::{
        admin,
        cir::{datagrams::Datagrams, scheduler, tcp},
        door::Door,
        http::{exchange, listen},
        link::{self, LinkSettings, LinkStatus},
    },
    services::{
        context::{Rules, Services, Ways},
        deadlines, inbound,
        passwords::Keeper,
    },
    store::Store,
    xmpp::jid::prepare_domain,
};

/// Events of the link that may wait for the services.
const EVENT_QUEUE: usize = 1024;

/// Connections that may wait to be accepted: a thousand phones woken at once come at once.
const BACKLOG: u32 = 4096;

/// The last words to the network may take this long.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs the service until it is told to stop.
///
/// # Errors
///
/// Something it needs is not to be had: a port, the store, the key.
pub async fn run(settings: &Settings) -> Result<()> {
    raise_descriptor_limit();
    let (services, ways) = open(settings).await?;
    services.count_outbox().await;
    let doors = Doors::open(settings).await?;
    let (stop_early, early) = watch::channel(false);
    let (stop_late, late) = watch::channel(false);
    let (status, link_status) = watch::channel(LinkStatus::Connecting);
    let (events, events_end) = mpsc::channel(EVENT_QUEUE);
    let sockets = tcp::Sockets::default();
    let phones = exchange_with(services.clone(), settings.trusted_proxies().into());
    let operator = {
        let services = services.clone();
        move |remote, request| admin::answer(services.clone(), link_status.clone(), remote, request)
    };
    // What phones and the operator reach stops first, what carries out their last words later.
    let first: Vec<JoinHandle<()>> = vec![
        tokio::spawn(listen::run(doors.http, phones, early.clone())),
        tokio::spawn(listen::run(doors.admin, operator, early.clone())),
        tokio::spawn(tcp::run(doors.tcp, sockets.clone(), services.clone(), early.clone())),
        tokio::spawn(scheduler::run(ways.calls, sockets, doors.udp, early.clone())),
        tokio::spawn(deadlines::run(services.clone(), early)),
    ];
    // The link ends first of these: with it ends what it tells.
    let later: Vec<JoinHandle<()>> = vec![
        tokio::spawn(inbound::run(services.clone(), events_end)),
        tokio::spawn(link::run(link_settings(settings)?, ways.link, events, status, late)),
    ];
    tracing::info!(domain = services.rules.domain, http = settings.http.listen, "started");
    stop::signalled().await?;
    tracing::info!("stopping");
    stop_early.send_replace(true);
    join(first).await;
    let _ = timeout(FAREWELL, services.hide_everybody()).await;
    stop_late.send_replace(true);
    join(later).await;
    services.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Opens store and key, and the use cases upon them.
///
/// # Errors
///
/// One of them cannot be opened.
pub async fn open(settings: &Settings) -> Result<(Services, Ways)> {
    let clock = Clock::system();
    let ids = Ids::new(clock.clone());
    let key =
        key::load_or_make(Path::new(&settings.accounts.key_file)).context("accounts.key_file")?;
    let store = Store::open(&settings.store.url, clock.clone()).await.context("store.url")?;
    ids.continue_after(store.greatest_number().await.context("store.url")?);
    let rules = Rules {
        domain: prepare_domain(&settings.domain.name).context("domain.name")?,
        registration: settings.registration().unwrap_or(Registration::Closed),
        operators: settings.operators(),
        tcp_wake: settings.advertised_tcp(),
        udp_wake: settings.cir.udp.enabled,
        contact: settings.contact.by_matter(),
    };
    Ok(Services::new(store, clock, ids, Keeper::new(key), rules))
}

/// Opens the same for a command, while the service may be running and keep the link.
///
/// # Errors
///
/// As for [`open`].
pub async fn open_apart(settings: &Settings) -> Result<Services> {
    let (services, _ways) = open(settings).await?;
    services.stay_apart();
    Ok(services)
}

/// Returns where the XMPP server is.
///
/// # Errors
///
/// Our domain's name cannot be one.
pub fn link_settings(settings: &Settings) -> Result<LinkSettings> {
    Ok(LinkSettings {
        domain: prepare_domain(&settings.domain.name).context("domain.name")?,
        host: settings.link.host.clone(),
        port: settings.link.port,
        secret: settings.link.secret.secret().clone(),
    })
}

/// The sockets on which we are reached.
pub struct Doors {
    http: Door,
    admin: Door,
    tcp: Door,
    udp: Datagrams,
}

impl Doors {
    /// Opens all of them.
    ///
    /// # Errors
    ///
    /// One is taken or not ours; the setting is named.
    pub async fn open(settings: &Settings) -> Result<Self> {
        // Not offered to phones, it is not opened to the world either.
        let tcp_listen = match settings.advertised_tcp() {
            Some(_) => &settings.cir.tcp.listen,
            None => "127.0.0.1:0",
        };
        Ok(Self {
            http: Door::new(
                listener("http.listen", &settings.http.listen)?,
                listen::MAX_CONNECTIONS,
            )
            .exempting(settings.trusted_proxies()),
            admin: Door::new(
                listener("admin.listen", &settings.admin.listen)?,
                listen::MAX_CONNECTIONS,
            ),
            tcp: Door::new(listener("cir.tcp.listen", tcp_listen)?, tcp::MAX_SOCKETS),
            udp: Datagrams::open().await.context("a socket for wake-ups")?,
        })
    }
}

fn listener(setting: &'static str, address: &str) -> Result<TcpListener> {
    let open = || -> Result<TcpListener> {
        let address: SocketAddr = address.parse()?;
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket.listen(BACKLOG)?)
    };
    open().with_context(|| format!("{setting} = {address:?}"))
}

fn exchange_with(
    services: Services,
    proxies: Arc<[IpNet]>,
) -> impl Fn(SocketAddr, hyper::Request<hyper::body::Incoming>) -> Exchange + Clone + Send + 'static
{
    move |remote, request| {
        Box::pin(exchange::answer(services.clone(), proxies.clone(), remote, request))
    }
}

type Exchange =
    std::pin::Pin<Box<dyn Future<Output = hyper::Response<listen::Body>> + Send + 'static>>;

async fn join(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task ended badly");
        }
    }
}

/// A thousand phones need more descriptors than a shell usually grants.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
