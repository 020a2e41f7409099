//! How a phone writes somebody: as it is on its lists, in full, or where it cannot hold that by a
//! short alias, which is made when somebody first appears and stays.

use std::sync::Arc;

use crate::{
    bridge,
    csp::address::UserAddress,
    domain::{address::Address, handset::Handset, refusal::Refusal},
    services::{context::Services, person::Person, transaction::Asker, unit::Unit},
    store::write::Write,
};

impl Person {
    /// Returns somebody's address as this phone writes it. The lists must have been read; an
    /// alias that is made must become durable before the phone is told.
    ///
    /// handset: Android G23: another spelling is another person.
    pub fn spelt(&mut self, whom: &Address, handset: &Handset, unit: &mut Unit) -> UserAddress {
        let lists = self.lists.as_deref();
        let listed = lists.and_then(|lists| lists.with(whom).next());
        let listed = listed.map(|(_, member)| UserAddress::parse(&member.spelling));
        self.spelt_as(whom, listed, handset, unit)
    }

    /// The same where it is known how a phone of the account wrote it.
    pub fn spelt_as(
        &mut self,
        whom: &Address,
        written: Option<UserAddress>,
        handset: &Handset,
        unit: &mut Unit,
    ) -> UserAddress {
        let is_ours = whom.domain() == self.account.address.domain();
        let (written, is_fit) = match written {
            Some(written) => {
                let is_fit = handset.holds(written.as_written());
                (written, is_fit)
            }
            None => {
                let full = bridge::address::to_user(whom);
                let is_fit = is_ours || handset.types(full.user(), full.as_written());
                (full, is_fit)
            }
        };
        if is_fit {
            return written;
        }
        self.alias(whom, handset, unit).unwrap_or(written)
    }

    /// Returns somebody's alias, new or old; none where there are too many.
    fn alias(&mut self, whom: &Address, handset: &Handset, unit: &mut Unit) -> Option<UserAddress> {
        let home = self.account.address.domain();
        let known = self.aliases.of(whom).cloned();
        let name = known.or_else(|| {
            let (readable, room) = (bridge::address::readable(whom), handset.room_for_name(home));
            let name = Arc::make_mut(&mut self.aliases).make(whom, &readable, room)?;
            unit.write(Write::PutAlias {
                account: self.account.address.clone(),
                alias: name.clone(),
                address: whom.clone(),
            });
            Some(name)
        });
        name.map(|name| UserAddress::new(&name, Some(home)))
    }
}

impl Services {
    /// Returns people's addresses as this phone writes them.
    pub(super) async fn spellings(
        &self,
        person: &mut Person,
        asker: &Asker,
        people: &[Address],
    ) -> Result<Vec<UserAddress>, Refusal> {
        self.lists(person).await?;
        let before = person.aliases.clone();
        let mut unit = Unit::default();
        let spelt =
            people.iter().map(|whom| person.spelt(whom, asker.handset, &mut unit)).collect();
        let made = self.carry_out(unit).await;
        if made.is_err() {
            person.aliases = before;
        }
        made.map(|()| spelt)
    }

    /// Returns somebody's address as this phone writes it.
    pub(super) async fn spelling(
        &self,
        person: &mut Person,
        asker: &Asker,
        whom: &Address,
    ) -> Result<UserAddress, Refusal> {
        let spelt = self.spellings(person, asker, std::slice::from_ref(whom)).await?;
        spelt.into_iter().next().ok_or(Refusal::Unavailable)
    }
}
