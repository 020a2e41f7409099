//! People are put on lists and taken off, within bounds; what becomes of each is said.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::{
    bridge,
    csp::{
        address::UserAddress,
        contact_list::{NickList, NickName},
        outcome::{DetailedResult, StatusResult},
        status::Code,
    },
    domain::{
        address::Address,
        contact::{ContactList, Member},
        lists::{Lists, Purpose},
        refusal::Refusal,
    },
    services::{
        context::Services, messaging::details, subscriptions::MAX_CONTACTS, transaction::Asker,
        unit::Unit, wishes::Wish,
    },
    store::write::Write,
};

/// Members of one list at most.
pub(super) const MAX_MEMBERS: usize = 1000;

/// Octets of a name at most; what is longer is cut.
pub(super) const MAX_NAME_BYTES: usize = 255;

/// A change of lists under way: what is to be written, and what became of its parts.
#[derive(Default)]
pub(super) struct Change {
    pub(super) unit: Unit,
    parts: usize,
    users: Vec<(UserAddress, Refusal)>,
    others: Vec<Refusal>,
    wishes: Vec<(Wish, Vec<Address>)>,
}

impl Change {
    /// Takes note of a part that stands for itself.
    pub(super) fn part(&mut self, outcome: Result<(), Refusal>) {
        self.parts += 1;
        self.others.extend(outcome.err());
    }

    /// Returns the outcome of all parts: where all failed for one reason, that reason.
    ///
    /// handset: Android §5: only 531 is shown as an unknown user.
    /// handset: S60 §6.4: and to the others 201 with their names.
    pub(super) fn result(&self) -> StatusResult {
        let users: Vec<(&UserAddress, Refusal)> =
            self.users.iter().map(|(user, refusal)| (user, *refusal)).collect();
        let mut detailed = details(&users);
        let others = self.others.iter();
        detailed.extend(others.map(|refusal| DetailedResult::new(bridge::refusal::code(*refusal))));
        let code = match detailed.as_slice() {
            [] => Code::OK,
            [one] if self.users.len() + self.others.len() == self.parts => one.code,
            _ => Code::PARTIAL,
        };
        StatusResult { detailed, ..StatusResult::new(code) }
    }

    /// Returns what the user wants of people from now on.
    pub(super) fn wishes(self) -> (Unit, Vec<(Wish, Vec<Address>)>) {
        (self.unit, self.wishes)
    }
}

impl Services {
    /// Puts people on a list; who is there already gets the new name.
    pub(super) fn enter(
        &self,
        asker: &Asker,
        lists: &mut Lists,
        at: usize,
        people: &NickList,
        change: &mut Change,
    ) {
        let candidates: Vec<_> =
            people.members.iter().map(|one| (one, asker.meant(&one.user))).collect();
        let spellings: Vec<Option<CompactString>> = candidates
            .iter()
            .map(|(_, whom)| {
                let known = lists.with(whom.as_ref()?).next();
                known.map(|(_, member)| member.spelling.clone())
            })
            .collect();
        let mut count = lists.people();
        let list = &mut lists.change()[at];
        let mut places: BTreeMap<Address, usize> = BTreeMap::new();
        places.extend(list.members.iter().map(|on| on.address.clone()).zip(0..));
        let mut entered = Vec::new();
        for ((one, whom), spelling) in candidates.into_iter().zip(spellings) {
            change.parts += 1;
            let Some(whom) = whom else {
                change.users.push((asker.given_back(&one.user), Refusal::NoSuchUser));
                continue;
            };
            if let Some(at) = places.get(&whom) {
                list.members[*at].nickname = nickname(one, &whom);
                put(asker, list, *at, change);
                continue;
            }
            if list.members.len() >= MAX_MEMBERS || (spelling.is_none() && count >= MAX_CONTACTS) {
                change.users.push((asker.given_back(&one.user), Refusal::TooManyContacts));
                continue;
            }
            count += usize::from(spelling.is_none());
            places.insert(whom.clone(), list.members.len());
            let own = || asker.given_back(&one.user).as_written().into();
            let nickname = nickname(one, &whom);
            let spelling = spelling.unwrap_or_else(own);
            list.members.push(Member { address: whom.clone(), spelling, nickname });
            put(asker, list, list.members.len() - 1, change);
            // Whatever is known of a new member, the phone is told that much.
            change.unit.write(Write::TouchContactPresence {
                owner: asker.account().clone(),
                contact: whom.clone(),
                change: self.ids.next_number(),
            });
            entered.push(whom);
        }
        if list.purpose().is_seen() {
            change.wishes.push((Wish::See, entered));
        }
    }

    /// Takes people off a list; who is not there is no error.
    pub(super) fn leave(
        &self,
        asker: &Asker,
        lists: &mut Lists,
        at: usize,
        people: &[UserAddress],
        change: &mut Change,
    ) {
        let list = &mut lists.change()[at];
        let purpose = list.purpose();
        let mut left: Vec<Address> = people.iter().filter_map(|user| asker.meant(user)).collect();
        left.sort_unstable();
        left.dedup();
        change.parts += people.len();
        let mut gone = Vec::new();
        list.members.retain(|member| {
            let is_left = left.binary_search(&member.address).is_ok();
            gone.extend(is_left.then(|| member.address.clone()));
            !is_left
        });
        for address in &gone {
            let (account, key) = (asker.account().clone(), list.key.clone());
            change.unit.write(Write::DropMember { account, key, address: address.clone() });
        }
        left_behind(lists, purpose, gone, change);
    }
}

/// Takes note of what the user wants of people who are no longer on a list of this purpose.
pub(super) fn left_behind(
    lists: &Lists,
    purpose: Purpose,
    people: Vec<Address>,
    change: &mut Change,
) {
    if purpose == Purpose::Denied {
        return;
    }
    let (kept, gone): (Vec<_>, Vec<_>) = people.into_iter().partition(|whom| lists.keeps(whom));
    let unseen = kept.into_iter().filter(|whom| purpose.is_seen() && !lists.wants_to_see(whom));
    change.wishes.push((Wish::Leave, unseen.collect()));
    change.wishes.push((Wish::Part, gone));
}

fn put(asker: &Asker, list: &ContactList, at: usize, change: &mut Change) {
    change.unit.write(Write::PutMember {
        account: asker.account().clone(),
        key: list.key.clone(),
        member: list.members[at].clone(),
    });
}

/// Returns what the user calls a contact: a name without one is that of the address.
fn nickname(one: &NickName, whom: &Address) -> String {
    let given = one.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    match given {
        Some(name) => cut(name),
        None => cut(bridge::address::to_user(whom).user()),
    }
}

/// Returns as much of a name as is kept.
pub(super) fn cut(name: &str) -> String {
    name[..name.floor_char_boundary(MAX_NAME_BYTES)].to_owned()
}
