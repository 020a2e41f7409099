//! The life of the service: started in order, stopped in reverse.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    app::{
        config::Settings,
        house::{self, Common, Tenant, join},
        stop,
    },
    edges::{
        admin::{self, View},
        cir::{datagrams::Datagrams, tcp},
        door::Door,
        http::{exchange, listen},
        link::LinkStatus,
    },
    services::houses::{House, Houses},
};

/// Connections that may wait to be accepted: a thousand phones woken at once come at once.
const BACKLOG: u32 = 4096;

/// Runs the service until it is told to stop.
///
/// # Errors
///
/// Something it needs is not to be had: a port, the store or the key of all domains.
pub async fn run(settings: &Settings) -> Result<()> {
    raise_descriptor_limit();
    let (houses, tenants, links) = domains(settings)?;
    let mut opened = Vec::new();
    for tenant in &tenants {
        opened.push(tenant.open().await);
    }
    if opened.iter().all(Result::is_err) {
        // Nobody would be served meanwhile by trying again.
        return opened.swap_remove(0).map(drop);
    }
    let doors = Doors::open(settings).await?;
    let (stop, stopping) = watch::channel(false);
    let (part, parting) = watch::channel(false);
    let sockets = tcp::Sockets::default();
    let phones = exchange_with(houses.clone(), settings.trusted_proxies().into());
    let view = Arc::new(View { houses: houses.clone(), links });
    let operator = move |remote, request| {
        let view = view.clone();
        async move { admin::answer(&view, remote, request).await }
    };
    let reached: Vec<JoinHandle<()>> = vec![
        tokio::spawn(listen::run(doors.http, phones, stopping.clone())),
        tokio::spawn(listen::run(doors.admin, operator, stopping.clone())),
        tokio::spawn(tcp::run(doors.tcp, sockets.clone(), houses, stopping.clone())),
    ];
    let common = Common { sockets, udp: Arc::new(doors.udp), stopping, parting };
    let served = tenants.into_iter().zip(opened);
    let served = served.map(|(one, opened)| tokio::spawn(one.live(opened, common.clone())));
    let served: Vec<_> = served.collect();
    let domains: Vec<&str> = settings.each().map(|one| one.domain.name.as_str()).collect();
    tracing::info!(domain = domains.join(" "), http = settings.http.listen, "started");
    stop::signalled().await?;
    tracing::info!("stopping");
    stop.send_replace(true);
    join(reached).await;
    part.send_replace(true);
    join(served).await;
    tracing::info!("stopped");
    Ok(())
}

/// The houses, what is needed to serve each, and how their links are, in one order.
type Domains = (Houses, Vec<Tenant>, Vec<watch::Receiver<LinkStatus>>);

fn domains(settings: &Settings) -> Result<Domains> {
    let (mut tenants, mut links) = (Vec::new(), Vec::new());
    for settings in settings.each() {
        let (status, link) = watch::channel(LinkStatus::Connecting);
        let link_settings = house::link_settings(settings)?;
        let house = Arc::new(House::of(&link_settings.domain));
        tenants.push(Tenant { settings: settings.clone(), link: link_settings, house, status });
        links.push(link);
    }
    let houses = tenants.iter().map(|tenant| tenant.house.clone()).collect();
    Ok((Houses::new(houses).context("domain.name")?, tenants, links))
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
    houses: Houses,
    proxies: Arc<[IpNet]>,
) -> impl Fn(SocketAddr, hyper::Request<hyper::body::Incoming>) -> Exchange + Clone + Send + 'static
{
    move |remote, request| {
        Box::pin(exchange::answer(houses.clone(), proxies.clone(), remote, request))
    }
}

type Exchange =
    std::pin::Pin<Box<dyn Future<Output = hyper::Response<listen::Body>> + Send + 'static>>;

/// A thousand phones need more descriptors than a shell usually grants.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
