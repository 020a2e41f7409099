//! An account is written down for another server, or for us again (XEP-0227).

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{
    base::clock::Millis,
    bridge,
    domain::{
        account::AccountState,
        address::Address,
        contact::{Relation, Scope},
        mailbox::{Content, Letter, Message, Report},
    },
    services::{
        accounts::AccountError,
        context::Services,
        overview::{Acquaintance, Overview},
        refused,
    },
    store::entities::EntityKind,
    xmpp::{
        delay::Delay,
        jid::Jid,
        message::{Message as Stanza, MessageKind, Receipt},
        portable::{
            PortableUser, RosterItem, Waiting,
            own::{Own, OwnList, OwnRow},
        },
    },
};

/// What a stanza cannot say of a letter.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OwnLetter {
    /// When it came.
    pub(super) received: Millis,
    /// When it goes.
    pub(super) expires: Option<Millis>,
    /// The one device it is for.
    pub(super) resource: Option<CompactString>,
    /// What it is, if not text.
    pub(super) media_type: Option<CompactString>,
    /// What became of a message, where the letter says that.
    pub(super) report: Option<Report>,
}

impl Services {
    /// Returns an account as it is written down, with its password if that is wanted and can be
    /// read.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn exported(
        &self,
        address: &Address,
        with_password: bool,
    ) -> Result<PortableUser, AccountError> {
        let overview = self.overview(address).await?;
        let letters = self.store.letters(address, u32::MAX).await.map_err(refused);
        let letters = letters.map_err(|_| AccountError::Store)?;
        let person = self.store.person(address).await.map_err(refused);
        let person = person.map_err(|_| AccountError::Store)?.ok_or(AccountError::Missing)?;
        let profile = self.profile_rows(address, &person).await.map_err(refused);
        let account = &overview.account;
        let password = with_password.then(|| self.keeper.open(address, &account.password));
        let mut own = own(&overview, &letters);
        let alias = |(of, alias): (&Address, &CompactString)| row("alias", of.as_str(), alias);
        own.rows.extend(person.aliases.all().map(alias));
        own.rows.extend(profile.map_err(|_| AccountError::Store)?);
        let asking = overview.contacts.iter().filter(|contact| contact.relation.pending_in);
        let blocked = overview.entities.iter().filter(|on| on.kind == EntityKind::Block);
        Ok(PortableUser {
            name: address.name().unwrap_or_default().to_owned(),
            password: password.flatten().map(|password| password.expose().to_owned()),
            has_scram: false,
            roster: overview.acquaintances().into_iter().filter_map(item).collect(),
            requests: asking.map(|contact| contact.address.to_string()).collect(),
            blocked: blocked.map(|on| on.entity.to_string()).collect(),
            blocks: account.block_list_in_use,
            messages: letters.iter().filter_map(waiting).collect(),
            own: Some(own),
            vcard: None,
            published: Vec::new(),
            strange: Vec::new(),
        })
    }
}

/// Returns a contact; who has only asked is none.
pub(super) fn item(one: Acquaintance<'_>) -> Option<RosterItem> {
    let Relation { to, from, pending_out, is_approved, .. } = one.relation;
    if one.places.is_empty() && !(to || from || pending_out || is_approved) {
        return None;
    }
    Some(RosterItem {
        jid: one.address.to_string(),
        name: one.places.first().map(|(_, name)| (*name).to_owned()),
        to,
        from,
        asks: pending_out,
        is_approved,
        groups: one.places.iter().map(|(list, _)| (*list).to_owned()).collect(),
    })
}

fn waiting(letter: &Letter) -> Option<Waiting> {
    let Content::Message(message) = &letter.content else { return None };
    let from = bridge::address::device_to_jid(&message.sender)?;
    let to = bridge::address::to_jid(&letter.account)?;
    let media_type = message.media_type.clone();
    let own = spelt(&OwnLetter { media_type, ..own_letter(letter) });
    Some(Waiting { message: stanza(message, from, to), own: Some(own) })
}

fn stanza(message: &Message, from: Jid, to: Jid) -> Stanza {
    Stanza {
        id: message.receipt.clone(),
        kind: MessageKind::Chat,
        bodies: vec![message.body.as_str().into()],
        receipt: message.receipt.as_ref().map(|_| Receipt::Requested),
        delay: Some(Delay { stamp: message.sent, from: None }),
        ..Stanza::new(from, to)
    }
}

fn own_letter(letter: &Letter) -> OwnLetter {
    OwnLetter {
        received: letter.received,
        expires: letter.expires,
        resource: letter.resource.clone(),
        media_type: None,
        report: None,
    }
}

fn own(overview: &Overview, letters: &[Letter]) -> Own {
    let account = &overview.account;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let state = match account.state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
    };
    let lists = overview.lists.iter().map(|list| OwnList {
        key: list.key.to_string(),
        spelling: list.spelling.to_string(),
        name: list.display_name.clone(),
        is_default: list.is_default,
        members: list
            .members
            .iter()
            .map(|member| {
                [member.address.to_string(), member.spelling.to_string(), member.nickname.clone()]
            })
            .collect(),
    });
    let grants = overview.grants.iter();
    let grants = grants.map(|grant| row("grant", &scope(&grant.scope), &spelt(&grant.attributes)));
    let accepted = overview.contacts.iter().filter_map(|contact| {
        Some(row("accepted", contact.address.as_str(), &spelt(contact.accepted.as_ref()?)))
    });
    let watched = overview.contacts.iter().filter_map(|contact| {
        Some(row("watched_until", contact.address.as_str(), &spelt(&contact.watched_until?)))
    });
    let nicks = overview
        .contacts
        .iter()
        .filter_map(|contact| Some(row("nick", contact.address.as_str(), contact.nick.as_ref()?)));
    let entities = overview.entities.iter().map(|on| {
        let kind = match on.kind {
            EntityKind::Block => "block",
            EntityKind::Grant => "let",
        };
        row(kind, on.entity.as_str(), &on.spelling)
    });
    let reports = letters.iter().filter_map(|letter| match &letter.content {
        Content::Message(_) => None,
        Content::Report(report) => {
            let report = Some(report.clone());
            Some(row("report", "", &spelt(&OwnLetter { report, ..own_letter(letter) })))
        }
    });
    let mut facts = vec![
        fact("state", state.to_owned()),
        fact("created", account.created.0.to_string()),
        fact("block_list_in_use", account.block_list_in_use.to_string()),
        fact("grant_list_in_use", account.grant_list_in_use.to_string()),
        fact("mutual_add", account.adds_mutually.to_string()),
    ];
    facts.extend(overview.owner.as_ref().map(|owner| fact("owner", owner.to_string())));
    Own {
        facts,
        lists: lists.collect(),
        rows: grants
            .chain(accepted)
            .chain(watched)
            .chain(nicks)
            .chain(entities)
            .chain(reports)
            .collect(),
    }
}

pub(super) fn row(kind: &str, of: &str, is: &str) -> OwnRow {
    OwnRow { kind: kind.to_owned(), of: of.to_owned(), is: is.to_owned() }
}

/// Spells to whom a grant applies.
fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Default => "everybody".to_owned(),
        Scope::List(key) => format!("list:{key}"),
        Scope::Contact(address) => format!("contact:{address}"),
    }
}

/// Reads what [`scope`] spelt.
pub(super) fn read_scope(text: &str) -> Option<Scope> {
    match text.split_once(':') {
        Some(("list", key)) => Some(Scope::List(key.into())),
        Some(("contact", address)) => Some(Scope::Contact(Address::canonical(address))),
        _ => (text == "everybody").then_some(Scope::Default),
    }
}

pub(super) fn spelt(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data without maps always has a spelling")
}
