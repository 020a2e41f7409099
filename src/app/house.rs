//! The life of one domain within the process: opened, served, parted with.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    app::{config::Settings, key},
    base::{clock::Clock, ids::Ids, stop::told},
    domain::account::Registration,
    edges::{
        cir::{datagrams::Datagrams, scheduler, tcp::Sockets},
        link::{self, LinkSettings, LinkStatus},
    },
    services::{
        context::{Rules, Services, Ways},
        deadlines,
        houses::House,
        inbound,
        passwords::Keeper,
    },
    store::Store,
    xmpp::jid::prepare_domain,
};

/// Events of the link that may wait for the services.
const EVENT_QUEUE: usize = 1024;

/// The last words to the network may take this long.
const FAREWELL: Duration = Duration::from_secs(5);

/// Between two attempts to open what could not be opened at the start.
const AGAIN: Duration = Duration::from_secs(5);

/// What all domains have in common.
#[derive(Clone)]
pub struct Common {
    /// The sockets at which phones wait to be woken.
    pub sockets: Sockets,
    /// Where wake-ups go out as datagrams.
    pub udp: Arc<Datagrams>,
    /// Tells that nothing new is begun.
    pub stopping: watch::Receiver<bool>,
    /// Tells that no phone is answered any more: time for last words.
    pub parting: watch::Receiver<bool>,
}

/// One domain that is to be served.
pub struct Tenant {
    /// Its settings.
    pub settings: Settings,
    /// Where its XMPP server is.
    pub link: LinkSettings,
    /// Where requests look for it.
    pub house: Arc<House>,
    /// Where its link tells how it is.
    pub status: watch::Sender<LinkStatus>,
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
        domain: domain(settings)?,
        registration: settings.registration().unwrap_or(Registration::Closed),
        operators: settings.operators(),
        tcp_wake: settings.advertised_tcp(),
        udp_wake: settings.cir.udp.enabled,
        keep_alive: settings.sessions.shortest..=settings.sessions.longest,
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
        domain: domain(settings)?,
        host: settings.link.host.clone(),
        port: settings.link.port,
        secret: settings.link.secret.secret().clone(),
    })
}

impl Tenant {
    /// Opens the house to who asks.
    ///
    /// # Errors
    ///
    /// As for [`open`].
    pub async fn open(&self) -> Result<(Services, Ways)> {
        let (services, ways) = open(&self.settings).await?;
        services.count_outbox().await;
        self.house.open(services.clone());
        Ok((services, ways))
    }

    /// Serves the domain until it is told to part. Where it could not be opened, that is tried
    /// again, for the others are served meanwhile.
    pub async fn live(self, opened: Result<(Services, Ways)>, mut common: Common) {
        let Some((services, ways)) = self.insist(opened, &mut common.stopping).await else {
            return;
        };
        let Common { sockets, udp, stopping, mut parting } = common;
        let (stop_link, link_stop) = watch::channel(false);
        let (events, events_end) = mpsc::channel(EVENT_QUEUE);
        // What reaches out to phones stops first, what carries out their last words later.
        let first: Vec<JoinHandle<()>> = vec![
            tokio::spawn(scheduler::run(ways.calls, sockets, udp, stopping.clone())),
            tokio::spawn(deadlines::run(services.clone(), stopping)),
        ];
        // The link ends first of these: with it ends what it tells.
        let later: Vec<JoinHandle<()>> = vec![
            tokio::spawn(inbound::run(services.clone(), events_end)),
            tokio::spawn(link::run(self.link, ways.link, events, self.status, link_stop)),
        ];
        told(&mut parting).await;
        join(first).await;
        let _ = timeout(FAREWELL, services.hide_everybody()).await;
        stop_link.send_replace(true);
        join(later).await;
        services.store.close().await;
    }

    /// Returns what was opened, now or later; none if it is time to stop before.
    async fn insist(
        &self,
        mut opened: Result<(Services, Ways)>,
        stopping: &mut watch::Receiver<bool>,
    ) -> Option<(Services, Ways)> {
        let domain = self.house.domain();
        while let Err(error) = &opened {
            tracing::error!(domain, "cannot be served, trying again: {error:#}");
            tokio::select! {
                () = sleep(AGAIN) => opened = self.open().await,
                () = told(stopping) => return None,
            }
            if opened.is_ok() {
                tracing::info!(domain, "is served now");
            }
        }
        opened.ok()
    }
}

/// Waits for the ends of tasks.
pub(super) async fn join(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task ended badly");
        }
    }
}

fn domain(settings: &Settings) -> Result<String> {
    prepare_domain(&settings.domain.name).context("domain.name")
}
