//! Contacts are on the lists on which they were, or that their groups become.

use compact_str::CompactString;

use crate::{
    bridge,
    domain::contact::{ContactList, Member},
    services::{
        contact_lists::MAX_LISTS,
        import::{Import, ImportError, address_of, at_most},
        list_members::{MAX_MEMBERS, cut},
    },
    store::write::Write,
    xmpp::portable::{PortableUser, own::OwnList},
};

/// Where contacts of no group go.
const DEFAULT_LIST: &str = "Friends";

impl Import<'_> {
    /// Returns the lists that the file tells as ours, else one for each group.
    pub(super) fn lists_of(&self, user: &PortableUser) -> Vec<ContactList> {
        match &user.own {
            Some(own) => own.lists.iter().map(own_list).collect(),
            None => self.lists_of_groups(user),
        }
    }

    /// Puts the contacts on their lists.
    pub(super) fn lists(&mut self, lists: Vec<ContactList>) -> Result<(), ImportError> {
        at_most("lists", lists.len(), MAX_LISTS)?;
        for list in lists {
            at_most("contacts on a list", list.members.len(), MAX_MEMBERS)?;
            let (account, key) = (self.address.clone(), list.key.clone());
            let members = list.members.clone();
            self.writes.push(Write::PutList { account: account.clone(), list });
            for member in members {
                self.writes.push(self.services.tell_of(&account, &member.address));
                let (account, key) = (account.clone(), key.clone());
                self.writes.push(Write::PutMember { account, key, member });
            }
        }
        Ok(())
    }

    fn lists_of_groups(&self, user: &PortableUser) -> Vec<ContactList> {
        let mut lists = vec![list(DEFAULT_LIST, true)];
        for item in &user.roster {
            let Some(address) = address_of(&item.jid) else { continue };
            let to_user = bridge::address::to_user(&address);
            let member = Member {
                spelling: to_user.as_written().into(),
                nickname: cut(item.name.as_deref().unwrap_or(to_user.user())),
                address,
            };
            let none = [DEFAULT_LIST.to_owned()];
            let groups = if item.groups.is_empty() { &none } else { item.groups.as_slice() };
            for group in groups {
                let group = cut(group);
                let key = CompactString::from(group.to_lowercase());
                let at = lists.iter().position(|list| list.key == key).unwrap_or(lists.len());
                if at == lists.len() {
                    lists.push(list(&group, false));
                }
                let members = &mut lists[at].members;
                if members.iter().all(|on| on.address != member.address) {
                    members.push(member.clone());
                }
            }
        }
        lists
    }
}

fn list(name: &str, is_default: bool) -> ContactList {
    ContactList {
        key: name.to_lowercase().into(),
        spelling: name.into(),
        display_name: name.to_owned(),
        is_default,
        members: Vec::new(),
    }
}

fn own_list(list: &OwnList) -> ContactList {
    let member = |[address, spelling, nickname]: &[String; 3]| {
        let (address, spelling) = (address_of(address)?, spelling.as_str().into());
        Some(Member { address, spelling, nickname: cut(nickname) })
    };
    ContactList {
        key: list.key.as_str().into(),
        spelling: list.spelling.as_str().into(),
        display_name: list.name.clone(),
        is_default: list.is_default,
        members: list.members.iter().filter_map(member).collect(),
    }
}
