//! `onesoup account show`: all that there is to see of one account.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    app::cli::{roster, table::in_columns},
    base::clock::Millis,
    bridge,
    domain::{
        account::{AccountState, StoredPassword},
        address::Address,
        contact::Scope,
        presence::Availability,
        session::{Session, WakeUp},
    },
    services::{context::Services, overview::Overview},
    store::entities::EntityKind,
};

/// Which account, and how.
#[derive(Args)]
pub struct ShowArgs {
    /// As in kim@chat.example.org.
    pub(super) address: String,
    /// As JSON, for scripts.
    #[arg(long)]
    json: bool,
}

/// Prints what is kept of an account.
///
/// # Errors
///
/// There is no such account.
pub async fn show(services: &Services, args: &ShowArgs) -> Result<()> {
    let overview = services.overview(&services.own_address(&args.address)?).await?;
    match args.json {
        true => println!("{:#}", as_json(&overview)),
        false => print!("{}", as_text(&overview)),
    }
    Ok(())
}

/// Returns the word for a state.
pub fn state(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
    }
}

/// Returns the logins that a password serves.
pub fn logins(password: &StoredPassword) -> &'static str {
    match password {
        StoredPassword::Sealed(_) => "any login",
        StoredPassword::Hashed(_) => "plain login only",
    }
}

fn as_text(overview: &Overview) -> String {
    let account = &overview.account;
    let row = |name: &str, value: String| vec![format!("  {name}"), value];
    let mailbox = overview.mailbox;
    let waits = match overview.oldest {
        Some(oldest) => format!(
            "{} messages, {} octets, the oldest of {}",
            mailbox.letters,
            mailbox.bytes,
            moment(oldest)
        ),
        None => "empty".to_owned(),
    };
    let mut text = format!("{}\n", account.address);
    text.push_str(&in_columns(&[
        row("state", state(account.state).to_owned()),
        row("made", moment(account.created)),
        row("made by", owner(overview).unwrap_or("-").to_owned()),
        row("last there", overview.last_there.map_or_else(|| "-".to_owned(), moment)),
        row("password", logins(&account.password).to_owned()),
        row("mailbox", waits),
        row("mutual add", if account.adds_mutually { "on" } else { "off" }.to_owned()),
        row("public", public(overview)),
        row("blocks", entities(overview, EntityKind::Block, account.block_list_in_use)),
        row("lets only", entities(overview, EntityKind::Grant, account.grant_list_in_use)),
    ]));
    let lists = overview.lists.iter().map(|list| {
        let default = if list.is_default { "for new contacts" } else { "" };
        let members = format!("{} members", list.members.len());
        vec![format!("  {}", list.display_name), list.spelling.to_string(), members, default.into()]
    });
    let grants = overview.grants.iter().map(|grant| {
        let attributes = match grant.attributes.as_slice() {
            [] => "nothing".to_owned(),
            some => some.join(", "),
        };
        vec![format!("  {}", scope(&grant.scope)), attributes]
    });
    let phones = overview.sessions.iter().map(|session| {
        let terms = &session.terms;
        let remote = terms.remote.map(|remote| remote.to_string()).unwrap_or_default();
        vec![
            format!("  {}", session.resource),
            shown(session),
            format!("CSP {}", terms.version),
            terms.handset.to_string(),
            remote,
            wake_ups(session),
            format!("last heard by {}", moment(last_heard(session))),
        ]
    });
    section(&mut text, "phones", phones.collect());
    section(&mut text, "lists", lists.collect());
    section(&mut text, "grants", grants.collect());
    text.push_str("contacts\n");
    for line in roster::as_text(overview).lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

fn section(text: &mut String, name: &str, rows: Vec<Vec<String>>) {
    text.push_str(&format!("{name}\n"));
    text.push_str(&if rows.is_empty() { "  none\n".to_owned() } else { in_columns(&rows) });
}

fn as_json(overview: &Overview) -> Value {
    let account = &overview.account;
    let entities = |kind| -> Vec<&str> {
        let on = overview.entities.iter().filter(|on| on.kind == kind);
        on.map(|on| on.entity.as_str()).collect()
    };
    let phone = |session: &Session| {
        json!({
            "resource": session.resource.as_str(),
            "handset": session.terms.handset.as_str(),
            "version": session.terms.version.as_str(),
            "remote": session.terms.remote,
            "wake_ups": session.terms.wake_ups.iter().map(wake_up).collect::<Vec<_>>(),
            "opened": moment(session.opened),
            "last_heard_by": moment(last_heard(session)),
            "expires": moment(session.expires),
            "online": session.presence.is_online,
            "availability": availability(session.presence.availability),
            "status": session.presence.status,
        })
    };
    json!({
        "address": account.address.as_str(),
        "state": state(account.state),
        "created": moment(account.created),
        "owner": owner(overview),
        "last_there": overview.last_there.map(moment),
        "password": logins(&account.password),
        "mutual_add": account.adds_mutually,
        "mailbox": {
            "messages": overview.mailbox.letters,
            "bytes": overview.mailbox.bytes,
            "oldest": overview.oldest.map(moment),
        },
        "public_profile": overview.public_profile,
        "block_list": {"in_use": account.block_list_in_use, "entities": entities(EntityKind::Block)},
        "grant_list": {"in_use": account.grant_list_in_use, "entities": entities(EntityKind::Grant)},
        "phones": overview.sessions.iter().map(phone).collect::<Vec<_>>(),
        "lists": overview.lists.iter().map(|list| json!({
            "name": list.display_name,
            "id": list.spelling.as_str(),
            "is_default": list.is_default,
            "members": list.members.len(),
        })).collect::<Vec<_>>(),
        "grants": overview.grants.iter().map(|grant| json!({
            "to": scope(&grant.scope),
            "attributes": grant.attributes,
        })).collect::<Vec<_>>(),
        "contacts": roster::as_json(overview),
    })
}

fn owner(overview: &Overview) -> Option<&str> {
    overview.owner.as_ref().map(Address::as_str)
}

fn entities(overview: &Overview, kind: EntityKind, is_in_use: bool) -> String {
    let on = overview.entities.iter().filter(|on| on.kind == kind);
    let names: Vec<&str> = on.map(|on| on.entity.as_str()).collect();
    match (names.is_empty(), is_in_use) {
        (true, false) => "-".to_owned(),
        (true, true) => "nobody".to_owned(),
        (false, true) => names.join(", "),
        (false, false) => format!("{} (not in use)", names.join(", ")),
    }
}

/// What everybody may know, in the words of phones.
fn public(overview: &Overview) -> String {
    let Some(profile) = &overview.public_profile else { return "nothing".to_owned() };
    let facts = bridge::public_profile::to_phone(profile);
    let facts: Vec<String> = facts.iter().map(|it| format!("{} {:?}", it.name, it.value)).collect();
    facts.join(", ")
}

fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Default => "everybody".to_owned(),
        Scope::List(key) => format!("the list {key}"),
        Scope::Contact(address) => address.to_string(),
    }
}

fn shown(session: &Session) -> String {
    let presence = &session.presence;
    let word = match presence.is_online {
        true => availability(presence.availability),
        false => "offline",
    };
    match &presence.status {
        Some(status) => format!("{word} {status:?}"),
        None => word.to_owned(),
    }
}

fn availability(availability: Availability) -> &'static str {
    match availability {
        Availability::Hidden => "hidden",
        Availability::Busy => "busy",
        Availability::LongAway => "away for long",
        Availability::Away => "away",
        Availability::Available => "available",
        Availability::Chatty => "looks for a chat",
    }
}

fn wake_ups(session: &Session) -> String {
    match session.terms.wake_ups.as_slice() {
        [] => "polls".to_owned(),
        ways => {
            let ways: Vec<String> = ways.iter().map(wake_up).collect();
            format!("woken by {}", ways.join(", "))
        }
    }
}

fn wake_up(way: &WakeUp) -> String {
    match way {
        WakeUp::Tcp => "TCP".to_owned(),
        WakeUp::Udp(port) => format!("UDP port {port}"),
    }
}

/// When the phone was heard for the last time that the store was told of: once in a quarter of
/// the time that its session lasts.
fn last_heard(session: &Session) -> Millis {
    session.expires.before(session.keep_alive + session.keep_alive / 4)
}

/// Returns a moment as people and scripts read it.
fn moment(at: Millis) -> String {
    let seconds = jiff::Timestamp::from_second(at.0.div_euclid(1000));
    seconds.map_or_else(|_| at.0.to_string(), |moment| moment.to_string())
}
