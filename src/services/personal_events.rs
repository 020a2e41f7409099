//! What our users show of themselves is told to the network as personal events (XEP-0163).
//!
//! Contacts elsewhere are told whose device asks for it, and only of what they may see.

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        contact::Contact,
        personal::Personal,
        presence_access::Access,
        program::Program,
        refusal::Refusal,
        session::Session,
    },
    services::{
        context::Services, directory::set_public_profile, person::Person, showing::Seer, unit::Unit,
    },
    store::write::Write,
    xmpp::{
        message::{Message, MessageKind},
        ns,
        pubsub::Items,
    },
};

/// Characters of an event's id.
const ID_CHARS: usize = 12;

/// The one item at a node that holds one thing at a time.
// spec: XEP-0060 §12.20
const CURRENT: &str = "current";

impl Services {
    /// Adds to a unit what the user of a phone shows from now on, and what contacts are told of it.
    // spec: XEP-0163 §4.3.1
    pub(super) async fn publish(
        &self,
        person: &mut Person,
        contacts: &[Contact],
        session: &Session,
        unit: &mut Unit,
    ) -> Result<(), Refusal> {
        let (owner, after) = (&session.account, &session.presence.personal);
        if person.personal == *after {
            return Ok(());
        }
        unit.write(Write::SetPersonal { account: owner.clone(), personal: after.clone() });
        if let Some(public) = &person.public_profile {
            // It is found by other words.
            unit.write(set_public_profile(owner, Some(public.clone()), after.as_deref()));
        }
        // Who appears offline gives no sign of life.
        let others = person.sessions.iter().map(|live| &live.session);
        let others = others.filter(|other| other.id != session.id);
        let is_visible = others.chain([session]).any(|one| one.presence.is_visible());
        let devices = self.capabilities.seen_by(owner);
        if !is_visible || devices.is_empty() {
            return Ok(());
        }
        let access = self.access(person).await?;
        for (device, program) in &devices {
            let contact = contacts.iter().find(|contact| contact.address == device.account);
            let Some(contact) = contact.filter(|it| person.admits(&it.address)) else { continue };
            let view = access.view(contact);
            let seen = [&person.personal, after].map(|facts| {
                facts.as_deref().map(|facts| view.of_personal(facts)).unwrap_or_default()
            });
            self.tell_changes(owner, (device, program), &seen, unit);
        }
        Ok(())
    }

    /// Adds to a unit what contacts elsewhere are told because they may see more or less than
    /// before, each as it was and as it is.
    pub(super) fn tell_views(
        &self,
        person: &Person,
        contacts: &[(Contact, Contact)],
        [before, after]: [&Access; 2],
        unit: &mut Unit,
    ) {
        let owner = &person.account.address;
        let Some(facts) = &person.personal else { return };
        for (device, program) in self.capabilities.seen_by(owner) {
            let changed = contacts.iter().find(|(was, _)| was.address == device.account);
            if let Some((was, now)) = changed {
                let views = [before.view(was), after.view(now)];
                let seen = views.map(|view| view.of_personal(facts));
                self.tell_changes(owner, (&device, &program), &seen, unit);
            }
        }
    }

    /// Adds to a unit that those who are shut out see nothing any more of what the user shows, and
    /// those who are let in see it again.
    // spec: XEP-0191 §3.3
    pub(super) fn tell_blocked(
        &self,
        person: &Person,
        (shut_out, let_in): (&[Seer<'_>], &[Seer<'_>]),
        unit: &mut Unit,
    ) {
        let owner = &person.account.address;
        let Some(facts) = &person.personal else { return };
        for (device, program) in self.capabilities.seen_by(owner) {
            let seen_by = |seers: &[Seer<'_>]| {
                let seer = seers.iter().find(|seer| *seer.contact == device.account);
                seer.map(|seer| seer.view.of_personal(facts)).unwrap_or_default()
            };
            let seen = [seen_by(shut_out), seen_by(let_in)];
            self.tell_changes(owner, (&device, &program), &seen, unit);
        }
    }

    /// Tells a device that has just come what its user may see.
    // spec: XEP-0163 §4.3.4
    pub(super) async fn greet(&self, owner: &Address, device: &Device, program: &Program) {
        if !bridge::pep::NODES.iter().any(|node| program.wants(node)) {
            return;
        }
        if let Err(refusal) = self.try_greet(owner, device, program).await {
            tracing::warn!(?refusal, account = %owner, %device, "a device was not told");
        }
    }

    async fn try_greet(
        &self,
        owner: &Address,
        device: &Device,
        program: &Program,
    ) -> Result<(), Refusal> {
        let cell = self.people.cell(owner, self.clock.now());
        let Some(mut person) = self.people.hold(&self.store, &cell).await? else { return Ok(()) };
        let Some(facts) = person.personal.clone() else { return Ok(()) };
        let seen = self.view(&mut person, &device.account).await?.of_personal(&facts);
        let mut unit = Unit::default();
        self.tell_changes(owner, (device, program), &[Personal::default(), seen], &mut unit);
        self.carry_out(unit).await
    }

    fn tell_changes(
        &self,
        owner: &Address,
        (device, program): (&Device, &Program),
        [before, after]: &[Personal; 2],
        unit: &mut Unit,
    ) {
        let ends = bridge::address::to_jid(owner).zip(bridge::address::device_to_jid(device));
        let Some((from, to)) = ends else { return };
        let changed = bridge::pep::changed(before, after);
        for node in changed.filter(|node| program.wants(node)) {
            let message = Message {
                id: Some(self.ids.text(ID_CHARS)),
                kind: MessageKind::Headline,
                payloads: vec![item(node, after).to_event()],
                ..Message::new(from.clone(), to.clone())
            };
            unit.say(self, &message.into());
        }
    }
}

/// Returns the item at a node that tells these facts, or that there is nothing to tell.
pub(super) fn item(node: &str, facts: &Personal) -> Items {
    let picture = facts.picture.as_ref().filter(|_| node == ns::AVATAR_METADATA);
    // spec: XEP-0084 §4.2.1
    let id = picture.map_or(CURRENT, |picture| &picture.hash);
    Items::of(node).with(id, bridge::pep::to_payload(node, facts))
}
