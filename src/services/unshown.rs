//! Presence that contacts elsewhere are shown in a moment, unless it changes or ends before: a phone
//! logs in and publishes what is so now a few requests later, and that is to be one presence.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use crate::{
    base::clock::Millis,
    xmpp::{jid::Jid, presence::PresenceKind, stanza::Stanza, wire::Wire},
};

/// How long a phone that has logged in may take to publish something: a start-up over GPRS.
pub const PAUSE: Duration = Duration::from_secs(10);

/// Stanzas that wait at once; beyond it they go without waiting.
const MAX_STANZAS: usize = 10_000;

/// A device, and a contact that sees it.
pub struct Ends {
    from: Jid,
    to: Jid,
}

/// What a stanza means for what a contact sees of a device.
pub enum Shows {
    /// Nothing.
    Nothing,
    /// It is there, and how it is.
    There(Ends),
    /// It is gone.
    Gone(Ends),
}

/// Devices of which something waits.
#[derive(Default)]
pub struct Unshown(Mutex<Devices>);

#[derive(Default)]
struct Devices {
    all: HashMap<Jid, Device>,
    stanzas: usize,
}

struct Device {
    due: Millis,
    /// The link that it is for: the next one is told by itself.
    link: i64,
    stanzas: BTreeMap<Jid, Wire>,
}

impl Shows {
    /// Returns what a stanza shows.
    pub fn of(stanza: &Stanza) -> Self {
        let Stanza::Presence(presence) = stanza else { return Self::Nothing };
        let ends = || Ends { from: presence.from.clone(), to: presence.to.clone() };
        match presence.kind {
            PresenceKind::Available => Self::There(ends()),
            PresenceKind::Unavailable => Self::Gone(ends()),
            _ => Self::Nothing,
        }
    }
}

impl Unshown {
    /// Keeps a stanza until a device is due, in place of an earlier one; gives it back where too
    /// many wait.
    pub fn keep(&self, ends: Ends, wire: Wire, due: Millis, link: i64) -> Option<Wire> {
        let devices = &mut *self.devices();
        if devices.stanzas >= MAX_STANZAS {
            return Some(wire);
        }
        let new = || Device { due, link, stanzas: BTreeMap::new() };
        let device = devices.all.entry(ends.from).or_insert_with(new);
        if device.link != link {
            devices.stanzas -= device.stanzas.len();
            device.stanzas.clear();
            device.link = link;
        }
        if device.stanzas.insert(ends.to, wire).is_none() {
            devices.stanzas += 1;
        }
        None
    }

    /// Puts a stanza in place of one that waits; gives it back where none does.
    pub fn renew(&self, ends: &Ends, wire: Wire) -> Option<Wire> {
        let devices = &mut *self.devices();
        let waiting = devices.all.get_mut(&ends.from);
        match waiting.and_then(|device| device.stanzas.get_mut(&ends.to)) {
            Some(waiting) => {
                *waiting = wire;
                None
            }
            None => Some(wire),
        }
    }

    /// Forgets what waits to be shown to a contact.
    pub fn forget(&self, ends: &Ends) {
        let devices = &mut *self.devices();
        let Some(device) = devices.all.get_mut(&ends.from) else { return };
        if device.stanzas.remove(&ends.to).is_some() {
            devices.stanzas -= 1;
        }
        if device.stanzas.is_empty() {
            devices.all.remove(&ends.from);
        }
    }

    /// Returns the devices that are due.
    pub fn due(&self, now: Millis) -> Vec<Jid> {
        let devices = self.devices();
        let due = devices.all.iter().filter(|(_, device)| device.due <= now);
        due.map(|(from, _)| from.clone()).collect()
    }

    /// Has a device be due at once.
    pub fn hurry(&self, from: &Jid, now: Millis) {
        if let Some(device) = self.devices().all.get_mut(from) {
            device.due = now;
        }
    }

    /// Hands out what waits of a device. Nobody says that it is gone meanwhile, which would come
    /// before it.
    pub fn hand_out(&self, from: &Jid, link: i64, mut hand: impl FnMut(Wire)) {
        let devices = &mut *self.devices();
        let Some(device) = devices.all.remove(from) else { return };
        devices.stanzas -= device.stanzas.len();
        if device.link == link {
            device.stanzas.into_values().for_each(&mut hand);
        }
    }

    /// Looks at them; never across a wait.
    fn devices(&self) -> MutexGuard<'_, Devices> {
        self.0.lock().expect("no holder of this lock panics")
    }
}
