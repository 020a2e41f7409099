//! Devices that went while the link was away: contacts elsewhere learn of it once it is back.

use compact_str::CompactString;

use crate::{
    domain::{address::Address, presence::Presence, refusal::Refusal, view::Attribute},
    services::{
        context::Services,
        refused,
        showing::{Change, News, Seer, device_stanza},
        unit::Unit,
    },
    store::write::Write,
};

/// Departures read at once.
const PAGE: u32 = 500;

impl Services {
    /// Adds to a unit that devices went, where contacts elsewhere cannot be told now.
    pub(super) fn keep_departures(&self, changes: &[Change], unit: &mut Unit) {
        for change in changes.iter().filter(|change| change.is_departure()) {
            unit.write(Write::PutDeparture {
                account: change.session.account.clone(),
                resource: change.session.resource.clone(),
            });
        }
    }

    /// Adds to a unit that contacts see an account no more, by the sessions that are gone for them.
    pub(super) async fn hide_from(
        &self,
        account: &Address,
        mut seers: Vec<Seer<'_>>,
        gone: &[Change],
        unit: &mut Unit,
    ) -> Result<News, Refusal> {
        // Also while the link is away: when it is back, only those are told who see the account.
        let elsewhere: Vec<Seer<'_>> =
            seers.extract_if(.., |seer| !self.is_ours(seer.contact)).collect();
        if !elsewhere.is_empty() {
            let departed = self.store.departures_of(account, PAGE).await.map_err(refused)?;
            for seer in &elsewhere {
                self.show_elsewhere(gone, seer, unit)?;
                for resource in &departed {
                    self.send_departure(account, resource, seer, unit)?;
                }
            }
        }
        self.show_to(account, &seers, gone, unit).await
    }

    /// After the link came up: tells who went meanwhile.
    pub(super) async fn tell_departures(&self) {
        let _turn = self.departing.lock().await;
        while let Ok(departures) = self.store.departures(PAGE).await.map_err(refused) {
            if departures.is_empty() {
                return;
            }
            for (account, resource) in departures {
                self.link_has_room().await;
                if let Err(refusal) = self.tell_departure(&account, &resource).await {
                    tracing::warn!(?refusal, %account, "contacts elsewhere still see a device");
                    return;
                }
            }
        }
    }

    async fn tell_departure(
        &self,
        account: &Address,
        resource: &CompactString,
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(account, self.clock.now());
        let mut unit = Unit::default();
        let (dropped, resource) = (account.clone(), resource.clone());
        unit.write(Write::DropDeparture { account: dropped, resource: resource.clone() });
        let mut person = self.people.hold(&self.store, &cell).await?;
        // Who came back is shown as being there.
        if let Some(person) = &mut person
            && !person
                .sessions
                .iter()
                .any(|live| live.session.resource == resource && live.session.presence.is_visible())
        {
            let contacts = self.contacts(account).await?;
            let access = self.access(person).await?;
            for seer in self.elsewhere(person, &contacts, &access) {
                self.send_departure(account, &resource, &seer, &mut unit)?;
            }
        }
        self.carry_out(unit).await
    }

    fn send_departure(
        &self,
        account: &Address,
        resource: &CompactString,
        seer: &Seer<'_>,
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        if !seer.view.may_see(Attribute::OnlineStatus) {
            return Ok(());
        }
        let gone = device_stanza(account, resource, &Presence::offline(), seer.contact);
        gone.map_or(Ok(()), |gone| unit.send_owed(self, &gone.into()))
    }
}
