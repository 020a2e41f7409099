//! Who is let see an account becomes its contact, too, where its user wants it so.

use crate::{
    bridge,
    domain::{
        address::Address,
        contact::{Contact, Member},
        lists::Lists,
        refusal::Refusal,
    },
    services::{
        accounts::AccountError,
        context::Services,
        list_members::{MAX_MEMBERS, cut},
        person::Person,
        subscriptions::MAX_CONTACTS,
        unit::Unit,
    },
    store::write::Write,
};

impl Services {
    /// Changes whether who is let see an account becomes its contact, too.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn set_mutual_add(&self, address: &Address, is_on: bool) -> Result<(), AccountError> {
        let cell = self.people.cell(address, self.clock.now());
        let person = self.people.hold(&self.store, &cell).await;
        let mut person = person.map_err(|_| AccountError::Store)?.ok_or(AccountError::Missing)?;
        let mut unit = Unit::default();
        unit.write(Write::SetMutualAdd { account: address.clone(), is_on });
        self.carry_out(unit).await.map_err(|_| AccountError::Store)?;
        person.account.adds_mutually = is_on;
        Ok(())
    }

    /// Returns the lists of an account that is held, with somebody on the default one who sees it
    /// from now on, and adds that to a unit; none where its user does not want it, keeps or denies
    /// the other already, or has no place for it.
    pub(super) async fn with_mutual(
        &self,
        person: &mut Person,
        contact: &Contact,
        unit: &mut Unit,
    ) -> Result<Option<Lists>, Refusal> {
        if !person.account.adds_mutually {
            return Ok(None);
        }
        let account = person.account.address.clone();
        let lists = self.lists(person).await?;
        let address = &contact.address;
        let default = lists.iter().position(|list| list.is_default);
        let Some(at) = default.filter(|_| lists.with(address).next().is_none()) else {
            return Ok(None);
        };
        if lists[at].members.len() >= MAX_MEMBERS || lists.people() >= MAX_CONTACTS {
            tracing::info!(%account, contact = %address, "there is no place for one more contact");
            return Ok(None);
        }
        let written = bridge::address::to_user(address);
        let nick = contact.nick.as_deref().map(str::trim).filter(|nick| !nick.is_empty());
        let member = Member {
            address: address.clone(),
            spelling: written.as_written().into(),
            nickname: cut(nick.unwrap_or(written.user())),
        };
        let mut lists = lists.clone();
        let list = &mut lists.change()[at];
        list.members.push(member.clone());
        unit.write(self.tell_of(&account, address));
        unit.write(Write::PutMember { account, key: list.key.clone(), member });
        Ok(Some(lists))
    }
}
