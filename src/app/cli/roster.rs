//! `onesoup roster`: look at and change somebody's contacts, also while the service runs.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    app::{cli::table::in_columns, config::Settings, house},
    domain::contact::Relation,
    services::{
        context::Services,
        overview::{Acquaintance, Overview},
    },
};

/// What to do.
#[derive(Subcommand)]
pub enum RosterCommand {
    /// List the contacts with what they and the account are to each other.
    List(Whose),
    /// Put a contact on a list and ask to see its presence, as the phone would.
    Add(Add),
    /// Take a contact off a list, or off all; who is on none any more sees nothing and is not seen.
    Remove(Remove),
    /// Let a contact see the account: answer its request, or beforehand.
    Approve(Pair),
    /// Refuse a contact's request, or let it see the account no more.
    Deny(Pair),
}

/// An account.
#[derive(Args)]
pub struct Whose {
    /// As in kim@chat.example.org.
    address: String,
    /// As JSON, for scripts.
    #[arg(long)]
    json: bool,
}

/// An account and a contact.
#[derive(Args)]
pub struct Pair {
    /// The account, as in kim@chat.example.org.
    address: String,
    /// The contact, as in ann@example.org.
    contact: String,
}

/// A contact to be.
#[derive(Args)]
pub struct Add {
    #[command(flatten)]
    pair: Pair,
    /// The name of the list; without it the one for new contacts.
    #[arg(long)]
    list: Option<String>,
    /// What the phone shows; without it the part before the `@`.
    #[arg(long)]
    name: Option<String>,
}

/// A contact that was.
#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    pair: Pair,
    /// The name of the list; without it all.
    #[arg(long)]
    list: Option<String>,
}

/// Carries out a command.
///
/// # Errors
///
/// What went wrong, in a sentence.
pub async fn run(settings: &Settings, command: RosterCommand) -> Result<()> {
    let address = match &command {
        RosterCommand::List(args) => &args.address,
        RosterCommand::Add(Add { pair, .. })
        | RosterCommand::Remove(Remove { pair, .. })
        | RosterCommand::Approve(pair)
        | RosterCommand::Deny(pair) => &pair.address,
    };
    let services = house::open_apart(settings.of_address(address)).await?;
    let done = carry_out(&services, command).await;
    services.store.close().await;
    done
}

async fn carry_out(services: &Services, command: RosterCommand) -> Result<()> {
    match command {
        RosterCommand::List(args) => {
            let overview = services.overview(&services.own_address(&args.address)?).await?;
            match args.json {
                true => println!("{:#}", as_json(&overview)),
                false => print!("{}", as_text(&overview)),
            }
        }
        RosterCommand::Add(Add { pair, list, name }) => {
            let owner = services.own_address(&pair.address)?;
            let contact = services.any_address(&pair.contact)?;
            let added =
                services.add_contact(&owner, &contact, list.as_deref(), name.as_deref()).await?;
            let is_on = if added.is_new { "is on" } else { "was already on" };
            let asked = if added.is_asked { " and is asked to show its presence" } else { "" };
            println!("{contact} {is_on} the list {:?} of {owner}{asked}", added.list);
        }
        RosterCommand::Remove(Remove { pair, list }) => {
            let owner = services.own_address(&pair.address)?;
            let contact = services.any_address(&pair.contact)?;
            let left = services.remove_contact(&owner, &contact, list.as_deref()).await?;
            println!("{contact} is no longer on a list of {owner}: {}", left.join(", "));
        }
        RosterCommand::Approve(pair) => {
            let owner = services.own_address(&pair.address)?;
            let contact = services.any_address(&pair.contact)?;
            let had_asked = services.approve(&owner, &contact).await?;
            let when = if had_asked { "sees" } else { "has not asked; once it does it sees" };
            println!("{contact} {when} {owner}");
        }
        RosterCommand::Deny(pair) => {
            let owner = services.own_address(&pair.address)?;
            let contact = services.any_address(&pair.contact)?;
            services.deny(&owner, &contact).await?;
            println!("{contact} does not see {owner}");
        }
    }
    Ok(())
}

/// Returns the contacts as a table.
pub fn as_text(overview: &Overview) -> String {
    let row = |one: Acquaintance<'_>| {
        let (lists, names): (Vec<&str>, Vec<&str>) = one.places.into_iter().unzip();
        let name = names.first().copied().unwrap_or("-");
        let lists = if lists.is_empty() { "-".to_owned() } else { lists.join(", ") };
        vec![one.address.to_string(), name.to_owned(), lists, in_words(one.relation)]
    };
    let rows: Vec<Vec<String>> = overview.acquaintances().into_iter().map(row).collect();
    if rows.is_empty() { "nobody\n".to_owned() } else { in_columns(&rows) }
}

/// Returns the contacts for scripts.
pub fn as_json(overview: &Overview) -> Value {
    let one = |one: Acquaintance<'_>| {
        let place = |(list, name): &(&str, &str)| json!({"list": list, "name": name});
        json!({
            "address": one.address.as_str(),
            "lists": one.places.iter().map(place).collect::<Vec<_>>(),
            "sees": one.relation.to,
            "is_seen": one.relation.from,
            "has_asked_them": one.relation.pending_out,
            "is_asked_by_them": one.relation.pending_in,
            "approved_beforehand": one.relation.is_approved,
        })
    };
    overview.acquaintances().into_iter().map(one).collect()
}

/// Returns what an account and a contact are to each other, from the side of the account.
fn in_words(relation: Relation) -> String {
    let sees = match (relation.to, relation.pending_out) {
        (true, _) => "sees them",
        (false, true) => "has asked them",
        (false, false) => "does not see them",
    };
    let seen = match (relation.from, relation.pending_in, relation.is_approved) {
        (true, ..) => "is seen by them",
        (false, true, _) => "is asked by them, not answered yet",
        (false, false, true) => "is seen as soon as they ask",
        (false, false, false) => "is not seen",
    };
    format!("{sees}, {seen}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_a_subscription_has_words_of_its_own() {
        let mut all = std::collections::BTreeSet::new();
        for bits in 0..32 {
            let bit = |at: i32| bits & (1 << at) != 0;
            let relation = Relation {
                to: bit(0),
                from: bit(1),
                pending_out: bit(2) && !bit(0),
                pending_in: bit(3) && !bit(1),
                is_approved: bit(4) && !bit(1) && !bit(3),
            };
            all.insert(in_words(relation));
        }
        // The nine of RFC 6121 appendix A.1, and the three in which an approval waits.
        assert_eq!(all.len(), 12, "{all:?}");
    }
}
