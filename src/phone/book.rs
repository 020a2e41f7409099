//! The phone's contact lists, and what it knows of the people in them.

use std::collections::HashMap;

use compact_str::CompactString;

use crate::{
    csp::{
        address::{ListAddress, UserAddress},
        contact_list::{ContactListProperties, NickList},
    },
    phone::event::Seen,
};

/// Somebody in a contact list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who, as the server spells it.
    pub user: CompactString,
    /// What the user calls them.
    pub name: CompactString,
    /// The list.
    pub list: CompactString,
    /// Their presence, if it was told.
    pub presence: Option<Seen>,
}

/// A contact list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its address, as the server spells it.
    pub address: ListAddress,
    /// What it is called on the screen.
    pub name: CompactString,
    /// Whether new contacts go here.
    pub is_default: bool,
    /// The contacts, without their presence.
    pub members: Vec<(CompactString, CompactString)>,
}

/// All contact lists and all presence.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    lists: Vec<List>,
    presences: HashMap<String, Seen>,
}

impl Book {
    /// Forgets all, as at a login.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn add_list(&mut self, address: ListAddress, is_default: bool) {
        let name = address.list().into();
        self.lists.push(List { address, name, is_default, members: Vec::new() });
    }

    /// Notes what a list holds.
    pub(super) fn set_list(
        &mut self,
        address: &ListAddress,
        members: Option<NickList>,
        properties: Option<ContactListProperties>,
    ) {
        let found = self
            .lists
            .iter_mut()
            .find(|list| list.address.as_written().eq_ignore_ascii_case(address.as_written()));
        let Some(list) = found else { return };
        if let Some(members) = members {
            let contact = |member: crate::csp::contact_list::NickName| {
                let user = CompactString::from(member.user.as_written());
                (user, member.name.unwrap_or_default())
            };
            list.members = members.members.into_iter().map(contact).collect();
        }
        if let Some(properties) = properties {
            list.name = properties.display_name.unwrap_or_else(|| list.name.clone());
            list.is_default = properties.is_default.unwrap_or(list.is_default);
        }
    }

    /// Adds a contact to what is known of a list, or renames it.
    pub(super) fn put(&mut self, address: &ListAddress, user: &UserAddress, name: &str) {
        let Some(list) = self.lists.iter_mut().find(|list| list.address == *address) else {
            return;
        };
        let wanted = key(user.as_written());
        match list.members.iter_mut().find(|(user, _)| key(user) == wanted) {
            Some((_, old)) => *old = name.into(),
            None => list.members.push((user.as_written().into(), name.into())),
        }
    }

    /// Takes a contact out of what is known of a list.
    pub(super) fn take_out(&mut self, address: &ListAddress, user: &UserAddress) {
        let wanted = key(user.as_written());
        for list in self.lists.iter_mut().filter(|list| list.address == *address) {
            list.members.retain(|(user, _)| key(user) != wanted);
        }
    }

    /// Notes somebody's presence.
    pub(super) fn see(&mut self, presence: Seen) {
        self.presences.insert(key(&presence.user), presence);
    }

    pub(super) fn lists(&self) -> &[List] {
        &self.lists
    }

    /// Returns the list for new contacts.
    pub(super) fn default_list(&self) -> Option<&List> {
        self.lists.iter().find(|list| list.is_default).or(self.lists.first())
    }

    /// Returns the lists that somebody is in.
    pub(super) fn lists_with(&self, user: &UserAddress) -> Vec<ListAddress> {
        let wanted = key(user.as_written());
        let is_in = |list: &&List| list.members.iter().any(|(user, _)| key(user) == wanted);
        self.lists.iter().filter(is_in).map(|list| list.address.clone()).collect()
    }

    /// Returns everybody in the lists.
    pub(super) fn contacts(&self) -> Vec<Contact> {
        let of_list = |list: &List| {
            let contact = |(user, name): &(CompactString, CompactString)| Contact {
                user: user.clone(),
                name: name.clone(),
                list: list.name.clone(),
                presence: self.presences.get(&key(user)).cloned(),
            };
            list.members.iter().map(contact).collect::<Vec<_>>()
        };
        self.lists.iter().flat_map(of_list).collect()
    }

    /// Returns somebody's address as the server spells it, or as it is.
    ///
    /// Without a domain, the one contact is meant whose address begins so.
    pub(super) fn spelled(&self, user: &str) -> UserAddress {
        let wanted = key(user);
        let mut found = self.lists.iter().flat_map(|list| &list.members).map(|(user, _)| user);
        let known = found.find(|known| key(known) == wanted);
        match known {
            Some(known) => UserAddress::parse(known),
            None => UserAddress::parse(&with_scheme(user)),
        }
    }
}

/// Returns an address in the form by which phones compare: without `wv:`, in lower case.
fn key(address: &str) -> String {
    let lower = address.trim().to_lowercase();
    lower.strip_prefix("wv:").map(str::to_owned).unwrap_or(lower)
}

/// Puts `wv:` before an address that lacks it.
pub(super) fn with_scheme(address: &str) -> String {
    let address = address.trim();
    let has_scheme = address.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("wv:"));
    if has_scheme { address.into() } else { format!("wv:{address}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::contact_list::NickName;

    fn book() -> (Book, ListAddress) {
        let friends = ListAddress::parse("wv:kim/friends@x");
        let mut book = Book::default();
        book.add_list(ListAddress::parse("wv:kim/work@x"), false);
        book.add_list(friends.clone(), true);
        let lee = NickName { name: Some("Lee".into()), user: UserAddress::parse("wv:lee@x") };
        let properties =
            ContactListProperties { display_name: Some("Pals".into()), ..Default::default() };
        let members = Some(NickList { members: vec![lee] });
        book.set_list(&ListAddress::parse("WV:kim/friends@x"), members, Some(properties));
        (book, friends)
    }

    #[test]
    fn contacts_are_found_in_any_spelling() {
        let (mut book, friends) = book();
        assert_eq!(book.default_list().map(|list| &list.address), Some(&friends));
        assert_eq!(book.spelled("LEE@x").as_written(), "wv:lee@x");
        assert_eq!(book.spelled("ann").as_written(), "wv:ann");
        assert_eq!(
            book.lists_with(&UserAddress::parse("wv:Lee@x")),
            std::slice::from_ref(&friends)
        );
        book.put(&friends, &UserAddress::parse("wv:lee@x"), "Boss");
        book.put(&friends, &UserAddress::parse("wv:ann@x"), "Ann");
        let names: Vec<_> = book.contacts().into_iter().map(|it| (it.name, it.list)).collect();
        assert_eq!(names, [("Boss".into(), "Pals".into()), ("Ann".into(), "Pals".into())]);
        book.take_out(&friends, &UserAddress::parse("lee@X"));
        assert_eq!(book.contacts().len(), 1);
    }
}
