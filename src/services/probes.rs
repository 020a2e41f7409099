//! Who does not answer a probe is not there: some servers say nothing of users who are offline, and
//! what was known of them before a link fell would stay for ever.

use std::{collections::BTreeSet, sync::atomic::Ordering::Relaxed, time::Duration};

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::{
        address::{Address, Device},
        refusal::Refusal,
    },
    services::{context::Services, people::Held, probed::Probed, refused, unit::Unit},
};

/// The servers of contacts may take this long to answer, the first connection to them included.
const WAIT: Duration = Duration::from_secs(45);

impl Services {
    /// Takes note that all contacts elsewhere are being probed now.
    pub(super) async fn probing(&self, owner: &Address) -> Result<(), Refusal> {
        let (now, link) = (self.clock.now(), self.link_number.load(Relaxed));
        if link == 0 {
            return Ok(());
        }
        let cell = self.people.cell(owner, now);
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let rows = self.store.all_contact_presences(owner).await.map_err(refused)?;
        let shown = rows.into_iter().filter(|row| {
            row.presence.is_online && !self.is_ours(&row.contact) && row.contact != *owner
        });
        let unheard: BTreeSet<_> = shown.map(|row| (row.contact, row.resource)).collect();
        if !unheard.is_empty() {
            person.probed = Some(Box::new(Probed { at: now, link, unheard }));
            self.probes.push(now.after(WAIT), owner);
        }
        Ok(())
    }

    /// Concludes, where contacts had time to answer.
    pub(super) async fn conclude_probes(&self, now: Millis) -> Result<(), Refusal> {
        while let Some(owner) = self.probes.next_due(now) {
            let cell = self.people.cell(&owner, now);
            let Some(mut person) = self.people.hold(&self.store, &cell).await? else { continue };
            // Probed again since: that has a time of its own.
            let due = person.probed.take_if(|probed| now.since(probed.at) >= WAIT);
            let Some(probed) = due else { continue };
            if probed.link == self.link_number.load(Relaxed) {
                self.not_there(&mut person, probed.unheard).await?;
            }
        }
        Ok(())
    }

    async fn not_there(
        &self,
        person: &mut Held<'_>,
        unheard: BTreeSet<(Address, CompactString)>,
    ) -> Result<(), Refusal> {
        let owner = person.account.address.clone();
        let rows = self.store.all_contact_presences(&owner).await.map_err(refused)?;
        let mut unit = Unit::default();
        for (contact, resource) in &unheard {
            let account =
                rows.iter().find(|row| row.contact == *contact && row.resource.is_empty());
            let personal = account.and_then(|row| row.presence.personal.as_deref().cloned());
            let device = Device { account: contact.clone(), resource: Some(resource.clone()) };
            self.gone_device(&owner, &device, personal, &mut unit);
        }
        self.carry_out(unit).await?;
        let contacts: BTreeSet<Address> = unheard.into_iter().map(|(contact, _)| contact).collect();
        for contact in contacts {
            self.has_news(person, &contact).await?;
        }
        Ok(())
    }
}
