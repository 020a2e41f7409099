//! Makes many accounts at once in a OneSoup store.
//!
//! Usage: `accounts CONFIG COUNT PASSWORD [CONTACTS]`: makes u0 to uCOUNT-1, each with so many
//! contacts in both directions: one half its neighbours, the other half on `far.test`.

use std::{env, path::Path};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use onesoup::{
    app::{config_load, house},
    base::secret::Secret,
    domain::{
        address::Address,
        contact::{Contact, Relation},
        view::View,
    },
    store::write::Write,
};

/// Accounts under way at once; the store commits them together.
const GROUP: usize = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [config, count, password, contacts @ ..] = args.as_slice() else {
        anyhow::bail!("usage: accounts CONFIG COUNT PASSWORD [CONTACTS]");
    };
    let contacts = contacts.first().map_or(Ok(0), |text| text.parse());
    let contacts: usize = contacts.context("CONTACTS is a number")?;
    let settings = config_load::load(Some(Path::new(config)))?;
    let count: usize = count.parse().context("COUNT is a number")?;
    let (services, _ways) = house::open(&settings).await?;
    let password = Secret::new(password.as_str());
    let users: Vec<usize> = (0..count).collect();
    for users in users.chunks(GROUP) {
        let made = users.iter().map(async |user| {
            let address = services.own_address(&format!("u{user}"))?;
            services.create(&address, &password).await?;
            let writes = roster(&address, *user, count, contacts);
            anyhow::Ok(services.store.commit(writes).await?)
        });
        try_join_all(made).await?;
    }
    services.store.close().await;
    Ok(())
}

/// The contacts of a user: who is a neighbour of one is so of the other.
fn roster(account: &Address, user: usize, count: usize, contacts: usize) -> Vec<Write> {
    let own = contacts / 2;
    let near = (1..=own.div_ceil(2)).map(|by| (user + by) % count);
    let back = (1..=own / 2).map(|by| (user + count - by) % count);
    let neighbours =
        near.chain(back).map(|user| Address::of(&format!("u{user}"), account.domain()));
    let far = (own..contacts).map(|by| Address::of(&format!("f{user}x{by}"), "far.test"));
    let relation = Relation { to: true, from: true, ..Relation::default() };
    let put = |address| {
        let accepted = Some(View::Everything);
        let contact = Contact { relation, accepted, ..Contact::stranger(address) };
        Write::PutContact { account: account.clone(), contact }
    };
    neighbours.chain(far).map(put).collect()
}
