//! Which contacts were probed, and which of their devices were not heard of since.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Mutex,
};

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::address::{Address, Device},
};

/// Whose probes are to be concluded, the first first.
#[derive(Default)]
pub struct Probes(Mutex<VecDeque<(Millis, Address)>>);

/// Devices of contacts that showed themselves once and were not heard of since they were probed.
pub struct Probed {
    /// When they were probed.
    pub at: Millis,
    /// On which link; what was sent on another proves nothing.
    pub link: i64,
    /// Contacts and names of devices.
    pub unheard: BTreeSet<(Address, CompactString)>,
}

impl Probes {
    /// Adds an account that is due later than all before it.
    pub fn push(&self, due: Millis, owner: &Address) {
        self.0.lock().expect("no holder of this lock panics").push_back((due, owner.clone()));
    }

    /// Takes out an account that is due.
    pub fn next_due(&self, now: Millis) -> Option<Address> {
        let mut probes = self.0.lock().expect("no holder of this lock panics");
        probes.pop_front_if(|(due, _)| *due <= now).map(|(_, owner)| owner)
    }
}

impl Probed {
    /// Takes note that a device was heard of, or that all of a contact's were.
    pub fn heard(&mut self, device: &Device) {
        self.unheard.retain(|(contact, resource)| {
            *contact != device.account
                || device.resource.as_ref().is_some_and(|heard| heard != resource)
        });
    }
}
