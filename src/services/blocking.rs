//! Whom an account does not let through, or lets through alone.

use crate::{
    csp::{
        address::UserAddress,
        blocking::{
            BlockEntityRequest, EntityList, EntityTable, GetBlockedListResponse, ListChange,
        },
        primitive::Primitive,
    },
    domain::{address::Address, refusal::Refusal},
    services::{
        context::Services,
        person::{Person, admits},
        showing::{Change, Seer},
        transaction::{Asker, done},
        unit::Unit,
    },
    store::{
        entities::{Entity, EntityKind},
        write::Write,
    },
};

/// Entries of one of the two lists at most.
const MAX_ENTITIES: usize = 1000;

impl Services {
    /// Returns both lists.
    pub(super) async fn blocked(&self, asker: &Asker) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let mut unit = Unit::default();
        let block = entities(&mut person, EntityKind::Block, asker, &mut unit);
        let grant = entities(&mut person, EntityKind::Grant, asker, &mut unit);
        let made = self.carry_out(unit).await;
        if made.is_err() {
            person.aliases = asker.aliases.clone();
        }
        made?;
        let account = &person.account;
        Ok(Primitive::GetBlockedListResponse(GetBlockedListResponse {
            block: EntityTable { is_in_use: account.block_list_in_use, entities: block },
            grant: EntityTable { is_in_use: account.grant_list_in_use, entities: grant },
        }))
    }

    /// Changes both lists. To add who is there, or remove who is not, is success.
    pub(super) async fn block(
        &self,
        asker: &Asker,
        request: BlockEntityRequest,
    ) -> Result<Primitive, Refusal> {
        let mut person = self.held(asker).await?;
        let contacts = self.contacts(asker.account()).await?;
        let mut entities = person.entities.clone();
        let mut unit = Unit::default();
        self.change(asker, EntityKind::Block, &request.block, &mut entities, &mut unit)?;
        self.change(asker, EntityKind::Grant, &request.grant, &mut entities, &mut unit)?;
        let mut account = person.account.clone();
        let (block, grant) = (request.block.in_use, request.grant.in_use);
        account.block_list_in_use = block.unwrap_or(account.block_list_in_use);
        account.grant_list_in_use = grant.unwrap_or(account.grant_list_in_use);
        if account != person.account {
            unit.write(Write::SetBlocking {
                account: account.address.clone(),
                block_list_in_use: account.block_list_in_use,
                grant_list_in_use: account.grant_list_in_use,
            });
        }
        // spec: XEP-0191 §3.3: to who is blocked the account goes offline.
        let (mut shut_out, mut let_in) = (Vec::new(), Vec::new());
        let access = self.access(&mut person).await?;
        for contact in contacts.iter().filter(|contact| contact.relation.from) {
            let seer = Seer { contact: &contact.address, view: access.view(contact) };
            match (person.admits(seer.contact), admits(&account, &entities, seer.contact)) {
                (true, false) => shut_out.push(seer),
                (false, true) => let_in.push(seer),
                _ => {}
            }
        }
        let comes_in = |it: &Address| {
            !self.is_ours(it) && !person.admits(it) && admits(&account, &entities, it)
        };
        let is_heard_again =
            contacts.iter().any(|contact| contact.relation.to && comes_in(&contact.address));
        let sessions = || person.sessions.iter().map(|live| live.session.clone());
        let gone: Vec<Change> = sessions().map(Change::gone).collect();
        let shown: Vec<Change> = sessions().map(Change::shown).collect();
        self.tell_blocked(&person, (&shut_out, &let_in), &mut unit);
        let hidden = self.hide_from(asker.account(), shut_out, &gone, &mut unit).await?;
        let seen = self.show_to(asker.account(), &let_in, &shown, &mut unit).await?;
        self.carry_out(unit).await?;
        person.entities = entities;
        person.account = account;
        // What they showed meanwhile was not heard.
        if is_heard_again && let Err(refusal) = self.probe(&mut person, &contacts).await {
            tracing::warn!(?refusal, account = %person.account.address, "contacts were not asked");
        }
        drop(person);
        self.tell(hidden).await;
        self.tell(seen).await;
        Ok(done())
    }

    fn change(
        &self,
        asker: &Asker,
        kind: EntityKind,
        change: &ListChange,
        entities: &mut Vec<Entity>,
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        let account = asker.account();
        for user in &change.remove.users {
            let Some(entity) = asker.meant(user) else { continue };
            let before = entities.len();
            entities.retain(|on| on.kind != kind || on.entity != entity);
            if entities.len() < before {
                unit.write(Write::DropEntity { account: account.clone(), kind, entity });
            }
        }
        for user in &change.add.users {
            let entity = self.named(asker, user)?;
            let mut on_list = entities.iter().filter(|on| on.kind == kind);
            if on_list.any(|on| on.entity == entity) {
                continue;
            }
            if entities.iter().filter(|on| on.kind == kind).count() >= MAX_ENTITIES {
                return Err(Refusal::TooManyContacts);
            }
            let spelling: compact_str::CompactString = user.as_written().into();
            entities.push(Entity { kind, entity: entity.clone(), spelling: spelling.clone() });
            unit.write(Write::PutEntity { account: account.clone(), kind, entity, spelling });
        }
        Ok(())
    }
}

fn entities(person: &mut Person, kind: EntityKind, asker: &Asker, unit: &mut Unit) -> EntityList {
    let on_it: Vec<Entity> = person.entities.iter().filter(|on| on.kind == kind).cloned().collect();
    let spelt = |on: Entity| {
        let written = Some(UserAddress::parse(&on.spelling));
        person.spelt_as(&on.entity, written, asker.handset, unit)
    };
    EntityList { users: on_it.into_iter().map(spelt).collect(), ..EntityList::default() }
}
