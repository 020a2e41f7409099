//! Makes many accounts at once in a OneSoup store.
//!
//! Usage: `accounts CONFIG COUNT PASSWORD`: makes u0 to uCOUNT-1.

use std::{env, path::Path};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use onesoup::{
    app::{config_load, run},
    base::secret::Secret,
};

/// Accounts under way at once; the store commits them together.
const GROUP: usize = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [config, count, password] = args.as_slice() else {
        anyhow::bail!("usage: accounts CONFIG COUNT PASSWORD");
    };
    let settings = config_load::load(Some(Path::new(config)))?;
    let count: usize = count.parse().context("COUNT is a number")?;
    let (services, _ways) = run::open(&settings).await?;
    let password = Secret::new(password.as_str());
    let users: Vec<usize> = (0..count).collect();
    for users in users.chunks(GROUP) {
        let made = users.iter().map(async |user| {
            let address = services.own_address(&format!("u{user}"))?;
            services.create(&address, &password).await
        });
        try_join_all(made).await?;
    }
    services.store.close().await;
    Ok(())
}
