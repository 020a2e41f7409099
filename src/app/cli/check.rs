//! `onesoup check`: tries everything the service needs, and names what is wrong.

use std::{path::Path, time::Duration};

use anyhow::{Result, bail};
use clap::Args;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
    app::{
        config::Settings,
        config_load::{self, Faults},
        house, run,
    },
    edges::link::{self, LinkStatus},
};

/// The server has this long to let us in.
const PATIENCE: Duration = Duration::from_secs(15);

/// What to check.
#[derive(Args)]
pub struct CheckArgs {
    /// Print a configuration file with every setting and its default, and check nothing.
    #[arg(long)]
    sample: bool,
}

/// Checks one thing after the other and prints what it found.
///
/// # Errors
///
/// At least one thing is wrong.
pub async fn run(file: Option<&Path>, args: CheckArgs) -> Result<()> {
    if args.sample {
        print!("{}", config_load::sample());
        return Ok(());
    }
    let settings = match config_load::load(file) {
        Ok(settings) => settings,
        Err(Faults(faults)) => {
            faults.iter().for_each(|fault| println!("wrong  configuration: {fault}"));
            bail!("{} wrong in the configuration", faults.len());
        }
    };
    println!("ok     configuration");
    let mut found = vec![("ports".to_owned(), ports(&settings).await)];
    for each in settings.each() {
        let of = match settings.further.is_empty() {
            true => String::new(),
            false => format!(" of {}", each.domain.name),
        };
        found.push((format!("store{of}"), store(each).await));
        found.push((format!("link{of}"), link(each).await));
    }
    let mut wrong = 0;
    for (name, result) in &found {
        match result {
            Ok(words) => println!("ok     {name}: {words}"),
            Err(error) => {
                wrong += 1;
                println!("wrong  {name}: {error:#}");
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} are wrong", found.len());
    }
    Ok(())
}

async fn store(settings: &Settings) -> Result<String> {
    let (services, _ways) = house::open(settings).await?;
    let written = services.store.ping_write().await;
    services.store.close().await;
    written?;
    Ok(format!("{} can be written", settings.store.url))
}

async fn ports(settings: &Settings) -> Result<String> {
    run::Doors::open(settings).await?;
    Ok(match settings.advertised_tcp() {
        Some((host, port)) => {
            format!("free; phones are told to wait for wake-ups at {host}:{port}")
        }
        None => "free".into(),
    })
}

/// Opens the link once and closes it again.
async fn link(settings: &Settings) -> Result<String> {
    let (_outgoing, outgoing) = mpsc::channel(1);
    let (events, mut events_end) = mpsc::channel(16);
    let (status, mut found) = watch::channel(LinkStatus::Connecting);
    let (stop, stopped) = watch::channel(false);
    let task =
        tokio::spawn(link::run(house::link_settings(settings)?, outgoing, events, status, stopped));
    let drain = tokio::spawn(async move { while events_end.recv().await.is_some() {} });
    let known = timeout(PATIENCE, found.wait_for(|status| *status != LinkStatus::Connecting)).await;
    let status = known.map_or(LinkStatus::Connecting, |known| {
        known.map_or(LinkStatus::Connecting, |status| status.clone())
    });
    stop.send_replace(true);
    let _ = task.await;
    drain.abort();
    let place = format!("{}:{}", settings.link.host, settings.link.port);
    match status {
        LinkStatus::Up => Ok(format!("{place} lets {} in", settings.domain.name)),
        LinkStatus::Connecting => bail!("{place} does not answer"),
        LinkStatus::Refused(why) | LinkStatus::Down(why) => bail!("{place}: {why}"),
    }
}
