//! The devices of contacts that are there, and the programs that they are known to be.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use compact_str::CompactString;

use crate::domain::{
    address::{Address, Device},
    program::Program,
};

/// Devices that are remembered; those beyond it are told of no news.
const MAX_DEVICES: usize = 100_000;

/// Devices of one contact that an account sees; beyond it the oldest is forgotten.
const MAX_OF_CONTACT: usize = 16;

/// Proven programs in memory; beyond it they are read again from the store.
const MAX_PROVEN: usize = 1000;

/// Devices that may wait for the same answer; those beyond it are asked when they change.
const MAX_WAITING: usize = 1000;

/// What is known of programs, and of the devices that are there.
#[derive(Default)]
pub struct Sights(Mutex<Index>);

#[derive(Default)]
struct Index {
    proven: HashMap<CompactString, Arc<Program>>,
    /// By the account that sees them.
    devices: HashMap<Address, HashMap<Device, Sight>>,
    /// How many there are.
    count: usize,
    /// How many announcements were noted.
    noted: u64,
    /// Who waits to learn of a program that is asked for now.
    waiting: HashMap<CompactString, Vec<(Address, Device)>>,
}

/// A device as an account of ours sees it.
struct Sight {
    /// The number of its announcement.
    number: u64,
    /// What it announces.
    label: CompactString,
    /// What that is, once it is known.
    program: Option<Arc<Program>>,
}

/// What is to be done about a device that announces something.
pub enum Step {
    /// Nothing: it is known, or being asked.
    Nothing,
    /// It may want news.
    Greet(Arc<Program>),
    /// Somebody has to find out.
    FindOut,
}

impl Sights {
    /// Returns what a device is known to be if it announces this.
    pub fn known(&self, owner: &Address, device: &Device, label: &str) -> Option<Arc<Program>> {
        let index = self.index();
        let sight = index.devices.get(owner).and_then(|devices| devices.get(device));
        let sight = sight.filter(|sight| sight.label == label);
        let program = sight.and_then(|sight| sight.program.clone());
        program.or_else(|| index.proven.get(label).cloned())
    }

    /// Returns whether it is being found out what a device announces.
    pub fn is_found_out(&self, owner: &Address, device: &Device) -> bool {
        let index = self.index();
        let sight = index.devices.get(owner).and_then(|devices| devices.get(device));
        sight.is_some_and(|sight| {
            sight.program.is_none() && index.waiting.contains_key(&sight.label)
        })
    }

    /// Takes note of what a device announces.
    pub fn see(&self, owner: &Address, device: &Device, label: &CompactString) -> Step {
        let index = &mut *self.index();
        match index.devices.get(owner).and_then(|devices| devices.get(device)) {
            Some(sight) if sight.label == *label => return Step::Nothing,
            Some(_) => {}
            None => {
                index.make_room(owner, &device.account);
                if index.count >= MAX_DEVICES {
                    return Step::Nothing;
                }
                index.count += 1;
            }
        }
        index.noted += 1;
        let program = index.proven.get(label).cloned();
        let sight = Sight { number: index.noted, label: label.clone(), program: program.clone() };
        index.devices.entry(owner.clone()).or_default().insert(device.clone(), sight);
        if let Some(program) = program {
            return Step::Greet(program);
        }
        let is_asked = index.waiting.contains_key(label);
        let waiting = index.waiting.entry(label.clone()).or_default();
        if waiting.len() < MAX_WAITING {
            waiting.push((owner.clone(), device.clone()));
        }
        if is_asked { Step::Nothing } else { Step::FindOut }
    }

    /// Forgets a device that is gone, or all of an account that are.
    pub fn forget(&self, owner: &Address, device: &Device) {
        let index = &mut *self.index();
        let Some(devices) = index.devices.get_mut(owner) else { return };
        let before = devices.len();
        devices.retain(|known, _| {
            known.account != device.account
                || device.resource.is_some() && known.resource != device.resource
        });
        index.count -= before - devices.len();
        if devices.is_empty() {
            index.devices.remove(owner);
        }
    }

    /// Forgets all devices: each that is still there announces itself again.
    pub fn forget_devices(&self) {
        let index = &mut *self.index();
        index.devices.clear();
        index.count = 0;
    }

    /// Returns the devices that an account sees, and what they are.
    pub fn seen_by(&self, owner: &Address) -> Vec<(Device, Arc<Program>)> {
        let index = self.index();
        let devices = index.devices.get(owner).into_iter().flatten();
        devices
            .filter_map(|(device, sight)| Some((device.clone(), sight.program.clone()?)))
            .collect()
    }

    /// Returns who is to be asked next, with all others whom that device's answer serves; when
    /// nobody is left, nobody is waited for any more.
    pub fn next_waiting(&self, label: &str) -> Option<(Device, Vec<Address>)> {
        let index = &mut *self.index();
        let waiting = index.waiting.get_mut(label)?;
        let Some((_, device)) = waiting.first().cloned() else {
            index.waiting.remove(label);
            return None;
        };
        let (same, others) = std::mem::take(waiting).into_iter().partition(|(_, it)| *it == device);
        *waiting = others;
        Some((device, same.into_iter().map(|(owner, _)| owner).collect()))
    }

    /// Remembers what a hash proves; returns who waited for it.
    pub fn prove(&self, label: &CompactString, program: &Arc<Program>) -> Vec<(Address, Device)> {
        let index = &mut *self.index();
        if index.proven.len() >= MAX_PROVEN {
            index.proven.clear();
        }
        index.proven.insert(label.clone(), program.clone());
        index.waiting.remove(label).unwrap_or_default()
    }

    /// Takes note of what a device is; false if it is gone or has become something else.
    pub fn learn(
        &self,
        owner: &Address,
        device: &Device,
        label: &str,
        program: &Arc<Program>,
    ) -> bool {
        let mut index = self.index();
        let sight = index.devices.get_mut(owner).and_then(|devices| devices.get_mut(device));
        let Some(sight) = sight.filter(|sight| sight.label == label) else { return false };
        sight.program = Some(program.clone());
        true
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Index {
    /// Forgets the oldest device of a contact that has as many as it may.
    fn make_room(&mut self, owner: &Address, contact: &Address) {
        let Some(devices) = self.devices.get_mut(owner) else { return };
        let of_contact = devices.iter().filter(|(device, _)| device.account == *contact);
        if of_contact.clone().count() < MAX_OF_CONTACT {
            return;
        }
        let oldest = of_contact.min_by_key(|(_, sight)| sight.number);
        if let Some(oldest) = oldest.map(|(device, _)| device.clone()) {
            devices.remove(&oldest);
            self.count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Address {
        Address::of("kim", "onesoup.test")
    }

    fn device(resource: &str) -> Device {
        Device { account: Address::of("lee", "far.test"), resource: Some(resource.into()) }
    }

    #[test]
    fn one_device_is_asked_for_all_that_announce_the_same() {
        let capabilities = Sights::default();
        let label = CompactString::from("sha-1 x");
        assert!(matches!(capabilities.see(&owner(), &device("a"), &label), Step::FindOut));
        assert!(matches!(capabilities.see(&owner(), &device("a"), &label), Step::Nothing));
        assert!(matches!(capabilities.see(&owner(), &device("b"), &label), Step::Nothing));
        let (asked, owners) = capabilities.next_waiting(&label).unwrap();
        assert_eq!((asked, owners), (device("a"), vec![owner()]));
        let program = Arc::new(Program::default());
        assert_eq!(capabilities.prove(&label, &program), [(owner(), device("b"))]);
        assert!(capabilities.learn(&owner(), &device("a"), &label, &program));
        assert!(matches!(capabilities.see(&owner(), &device("c"), &label), Step::Greet(_)));
        assert_eq!(capabilities.seen_by(&owner()).len(), 2);
    }

    #[test]
    fn who_waits_in_vain_does_not_keep_others_from_asking_later() {
        let capabilities = Sights::default();
        let label = CompactString::from("sha-1 x");
        capabilities.see(&owner(), &device("a"), &label);
        assert!(capabilities.next_waiting(&label).is_some());
        assert!(capabilities.next_waiting(&label).is_none());
        assert!(matches!(capabilities.see(&owner(), &device("b"), &label), Step::FindOut));
    }

    #[test]
    fn a_device_that_is_gone_is_forgotten_and_learns_nothing() {
        let capabilities = Sights::default();
        let label = CompactString::from("sha-1 x");
        for name in ["a", "b", "c"] {
            capabilities.see(&owner(), &device(name), &label);
        }
        capabilities.forget(&owner(), &device("a"));
        assert_eq!(capabilities.index().count, 2);
        assert!(!capabilities.learn(&owner(), &device("a"), &label, &Arc::default()));
        capabilities.forget(&owner(), &Device::any(device("b").account));
        assert_eq!(capabilities.index().count, 0);
        assert!(capabilities.index().devices.is_empty());
    }

    #[test]
    fn of_the_devices_of_one_contact_those_that_came_last_are_known() {
        let capabilities = Sights::default();
        let label = CompactString::from("sha-1 x");
        capabilities.prove(&label, &Arc::default());
        let other = Device::any(Address::of("max", "far.test"));
        capabilities.see(&owner(), &other, &label);
        for number in 0..=MAX_OF_CONTACT {
            capabilities.see(&owner(), &device(&number.to_string()), &label);
        }
        let seen: Vec<Device> =
            capabilities.seen_by(&owner()).into_iter().map(|(device, _)| device).collect();
        assert_eq!(seen.len(), MAX_OF_CONTACT + 1);
        assert_eq!(capabilities.index().count, seen.len());
        assert!(seen.contains(&other) && !seen.contains(&device("0")));
    }
}
