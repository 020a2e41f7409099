//! All lists of an account: what each is for, and where a contact stands on them.

use std::{ops::Deref, sync::OnceLock};

use crate::domain::{
    address::Address,
    contact::{ContactList, Member, Scope, Watch},
};

/// The lists of an account, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    all: Vec<ContactList>,
    /// Where each member stands, in the order of their addresses; made when it is needed.
    order: OnceLock<Box<[Place]>>,
}

/// A member's place: the number of the list, and of the member on it.
type Place = (u16, u16);

/// What being on a list says of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A group of contacts, as its user sees it.
    Contacts,
    /// Whom the phone itself watches.
    Watched,
    /// Whom the phone itself lets see the user.
    Granted,
    /// Whom the phone itself lets see nothing.
    Denied,
}

impl Lists {
    /// Takes the lists of an account.
    pub fn new(all: Vec<ContactList>) -> Self {
        Self { all, order: OnceLock::new() }
    }

    /// Returns the lists to be changed.
    pub fn change(&mut self) -> &mut Vec<ContactList> {
        self.order.take();
        &mut self.all
    }

    /// Returns the list of this key.
    pub fn named(&self, key: &str) -> Option<&ContactList> {
        self.all.iter().find(|list| list.key == key)
    }

    /// Returns the lists that somebody is on, and their place there.
    pub fn with<'a>(
        &'a self,
        address: &Address,
    ) -> impl Iterator<Item = (&'a ContactList, &'a Member)> + use<'a> {
        let order = self.order();
        let first = order.partition_point(|place| self.at(place).1.address < *address);
        let len = order[first..].partition_point(|place| self.at(place).1.address == *address);
        order[first..first + len].iter().map(|place| self.at(place))
    }

    /// Returns whether somebody is on the list of this key.
    pub fn has(&self, key: &str, address: &Address) -> bool {
        self.with(address).any(|(list, _)| list.key == key)
    }

    /// Returns how many people there are on all lists together.
    pub fn people(&self) -> usize {
        self.order()
            .chunk_by(|one, other| self.at(one).1.address == self.at(other).1.address)
            .count()
    }

    /// Returns whether the user wants to see somebody.
    pub fn wants_to_see(&self, address: &Address) -> bool {
        self.with(address).any(|(list, _)| list.purpose().is_seen())
    }

    /// Returns whether somebody is a contact of the user at all.
    pub fn keeps(&self, address: &Address) -> bool {
        self.with(address).any(|(list, _)| list.purpose() != Purpose::Denied)
    }

    /// Returns the watches that somebody is meant by, the closest first; they are in the order of
    /// their scopes.
    pub fn covering<'a>(
        &self,
        watches: &'a [Watch],
        contact: &Address,
    ) -> impl Iterator<Item = &'a Watch> + use<'a> {
        let on_lists = self.with(contact).map(|(list, _)| Scope::List(list.key.clone()));
        let scopes: Vec<Scope> =
            std::iter::once(Scope::Contact(contact.clone())).chain(on_lists).collect();
        scopes.into_iter().filter_map(|scope| {
            let found = watches.binary_search_by(|watch| watch.scope.cmp(&scope));
            found.ok().map(|at| &watches[at])
        })
    }

    /// Makes exactly one group of contacts the default list, while there is one: the wanted one,
    /// the present one, or the first. Returns which lists changed.
    pub fn settle_default(&mut self, wanted: Option<usize>) -> Vec<usize> {
        let can_be = |at: &usize| !self.all[*at].is_hidden();
        let present = self.all.iter().position(|list| list.is_default).filter(can_be);
        let first = self.all.iter().position(|list| !list.is_hidden());
        let chosen = wanted.filter(can_be).or(present).or(first);
        let mut changed = Vec::new();
        for (at, list) in self.all.iter_mut().enumerate() {
            if list.is_default != (chosen == Some(at)) {
                list.is_default = !list.is_default;
                changed.push(at);
            }
        }
        changed
    }

    fn at(&self, place: &Place) -> (&ContactList, &Member) {
        let list = &self.all[usize::from(place.0)];
        (list, &list.members[usize::from(place.1)])
    }

    fn order(&self) -> &[Place] {
        self.order.get_or_init(|| {
            let number = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
            let mut order: Vec<Place> = Vec::new();
            for (at, list) in self.all.iter().enumerate() {
                order.extend((0..list.members.len()).map(|member| (number(at), number(member))));
            }
            order.sort_by(|one, other| self.at(one).1.address.cmp(&self.at(other).1.address));
            order.into()
        })
    }
}

impl Deref for Lists {
    type Target = [ContactList];

    fn deref(&self) -> &[ContactList] {
        &self.all
    }
}

impl ContactList {
    /// Returns what the list is for.
    ///
    /// handset: S60 §6.2: the presence application of the phone makes lists of its own.
    pub fn purpose(&self) -> Purpose {
        let name = self.key.strip_prefix('~').unwrap_or(&self.key);
        match name.strip_prefix("pep1.0_") {
            Some("subscriptions") => Purpose::Watched,
            Some("blocklist") => Purpose::Denied,
            Some(_) => Purpose::Granted,
            None if name == "im_subscriptions" => Purpose::Watched,
            None => Purpose::Contacts,
        }
    }

    /// Returns whether the list is the phone's own, and no group of contacts to its user.
    pub fn is_hidden(&self) -> bool {
        self.purpose() != Purpose::Contacts
    }
}

impl Purpose {
    /// Returns whether the user wants to see who is on such a list.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Contacts | Self::Watched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(key: &str, names: &[&str]) -> ContactList {
        let member = |name: &&str| Member {
            address: Address::of(name, "x.test"),
            spelling: (*name).into(),
            nickname: (*name).into(),
        };
        ContactList {
            key: key.into(),
            spelling: key.into(),
            display_name: key.into(),
            is_default: false,
            members: names.iter().map(member).collect(),
        }
    }

    fn at(name: &str) -> Address {
        Address::of(name, "x.test")
    }

    #[test]
    fn a_contact_is_found_on_every_list_that_it_is_on() {
        let mut lists = Lists::new(vec![list("b", &["kim", "ann"]), list("a", &["ann", "zoe"])]);
        let on = |lists: &Lists, name: &str| -> Vec<String> {
            lists.with(&at(name)).map(|(list, _)| list.key.to_string()).collect()
        };
        assert_eq!(on(&lists, "ann"), ["b", "a"]);
        assert_eq!(on(&lists, "zoe"), ["a"]);
        assert!(on(&lists, "nobody").is_empty());
        assert_eq!(lists.people(), 3);
        assert!(lists.has("b", &at("kim")) && !lists.has("a", &at("kim")));
        lists.change()[0].members.clear();
        assert_eq!(on(&lists, "ann"), ["a"]);
        assert!(Lists::default().with(&at("ann")).next().is_none());
    }

    #[test]
    fn exactly_one_group_of_contacts_is_the_default_list() {
        let mut lists =
            Lists::new(vec![list("~pep1.0_privatelist", &[]), list("one", &[]), list("two", &[])]);
        assert_eq!(lists.settle_default(None), [1], "the first that is shown");
        assert_eq!(lists.settle_default(Some(2)), [1, 2], "the one that is wanted");
        assert_eq!(lists.settle_default(Some(0)), [0; 0], "never one that is hidden");
        lists.change().pop();
        assert_eq!(lists.settle_default(None), [1], "another once it is gone");
        lists.change().pop();
        assert_eq!(lists.settle_default(None), [0; 0]);
    }

    #[test]
    fn s60_6_2_the_phones_own_lists_are_known_by_their_names() {
        let table = [
            ("friends", Purpose::Contacts),
            ("~pep1.0_subscriptions", Purpose::Watched),
            ("im_subscriptions", Purpose::Watched),
            ("~im_subscriptions", Purpose::Watched),
            ("~pep1.0_privatelist", Purpose::Granted),
            ("~pep1.0_friendlist", Purpose::Granted),
            ("~pep1.0_blocklist", Purpose::Denied),
            ("~mine", Purpose::Contacts),
        ];
        for (key, purpose) in table {
            let list = list(key, &[]);
            assert_eq!(list.purpose(), purpose, "{key}");
            assert_eq!(list.is_hidden(), purpose != Purpose::Contacts, "{key}");
        }
    }

    #[test]
    fn who_is_on_the_phones_own_lists_is_seen_or_kept_as_each_says() {
        let lists = Lists::new(vec![
            list("friends", &["friend"]),
            list("~pep1.0_subscriptions", &["watched"]),
            list("~pep1.0_privatelist", &["granted"]),
            list("~pep1.0_blocklist", &["denied", "friend"]),
        ]);
        let of = |name: &str| (lists.wants_to_see(&at(name)), lists.keeps(&at(name)));
        assert_eq!(of("friend"), (true, true));
        assert_eq!(of("watched"), (true, true));
        assert_eq!(of("granted"), (false, true));
        assert_eq!(of("denied"), (false, false));
        assert_eq!(of("nobody"), (false, false));
    }
}
