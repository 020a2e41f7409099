//! From a write that is not hot to its statement.

use std::slice::from_ref;

use crate::{
    base::clock::Millis,
    store::{
        accounts, aliases, answers, contact_lists, contact_presence, contacts, departures,
        entities, pictures, programs, public_profiles, sessions, sqlite::Query, watches,
        write::Write,
    },
};

/// Returns the statement of a write; none for a hot one, which [`super::hot::Hot`] has taken.
pub(super) fn statement<'q>(write: &Write) -> Option<Query<'q>> {
    Some(match write {
        Write::PutLetter(_)
        | Write::DropLetters { .. }
        | Write::PutAnswer(_)
        | Write::PutOutbox { .. }
        | Write::DropOutbox { .. }
        | Write::PutContactPresence { .. }
        | Write::DropContactPresence { .. }
        | Write::TouchSession { .. }
        | Write::SetTold { .. } => return None,
        Write::PutSession(session) => sessions::put(session),
        Write::DropSession(id) => sessions::drop(id),
        Write::PruneAnswers { before } => answers::prune(*before),
        Write::SetAccountState { account, state } => accounts::set_state(account, *state),
        Write::SetOwner { account, owner } => accounts::set_owner(account, owner),
        Write::SetLastThere { account, last } => accounts::set_last_there(account, last),
        Write::SetPassword { account, password } => accounts::set_password(account, password),
        Write::SetBlocking { account, block_list_in_use, grant_list_in_use } => {
            accounts::set_blocking(account, *block_list_in_use, *grant_list_in_use)
        }
        Write::SetMutualAdd { account, is_on } => accounts::set_mutual_add(account, *is_on),
        Write::SetPersonal { account, personal } => {
            accounts::set_personal(account, personal.as_deref())
        }
        Write::SetPublicProfile { account, profile, entries } => {
            public_profiles::set(account, profile.as_deref(), entries)
        }
        Write::PutPicture(picture) => pictures::put(picture),
        Write::TouchPicture { hash, used } => pictures::touch(hash, *used),
        Write::PrunePictures { before } => pictures::prune(*before),
        Write::PutProgram { hash, program, used } => programs::put(hash, program, *used),
        Write::PrunePrograms => programs::prune(),
        Write::PutList { account, list } => contact_lists::put(account, list),
        Write::DropList { account, key } => contact_lists::drop(account, key),
        Write::PutMember { account, key, member } => {
            contact_lists::put_member(account, key, member)
        }
        Write::DropMember { account, key, address } => {
            contact_lists::drop_member(account, key, address)
        }
        Write::PutContact { account, contact } => contacts::put(account, from_ref(contact)),
        Write::PutContacts { account, contacts } => contacts::put(account, contacts),
        Write::DropContact { account, address } => contacts::drop(account, address),
        Write::PutDeparture { account, resource } => departures::put(account, resource),
        Write::DropDeparture { account, resource } => departures::drop(account, resource),
        Write::TouchContactPresence { owner, contact, change } => {
            contact_presence::touch(owner, contact, *change)
        }
        Write::PutWatch { session, watch } => watches::put_watch(session, watch),
        Write::DropWatch { session, scope } => watches::drop_watch(session, scope),
        Write::PutGrant { account, grant } => watches::put_grant(account, grant),
        Write::DropGrant { account, scope } => watches::drop_grant(account, scope),
        Write::PutEntity { account, kind, entity, spelling } => {
            entities::put(account, *kind, entity, spelling)
        }
        Write::PutAlias { account, alias, address } => aliases::put(account, alias, address),
        Write::DropEntity { account, kind, entity } => entities::drop(account, *kind, entity),
        Write::DropAccount(account) => accounts::drop(account),
    })
}

/// Returns the statement that shows whether the store takes writes.
pub(super) fn ping<'q>(now: Millis) -> Query<'q> {
    sqlx::query(PING).bind(now.0)
}

const PING: &str = "INSERT INTO health (id, at) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";
