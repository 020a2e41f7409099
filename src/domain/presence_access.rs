//! Who may see which attributes of an account's presence, and what follows when that changes.

use std::collections::{HashMap, HashSet};

use crate::domain::{
    address::Address,
    contact::{Contact, ContactList, Grant, Scope},
    lists::Purpose,
    view::View,
};

/// All that an account grants beforehand.
///
/// handset: S60 §7.6: closer goes before wider: the contact's own grant, then those of the lists
/// that the contact is on, which add up, then what everybody else is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    grants: Vec<Grant>,
    contacts: HashMap<Address, View>,
    members: HashMap<Address, View>,
    denied: HashSet<Address>,
    others: View,
}

/// What follows for one contact from a change of what an account grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Its request, which waits, is granted now.
    Answered,
    /// It sees more or less than before.
    Reshown,
    /// It may no longer see anything.
    Withdrawn,
}

impl Access {
    /// Takes together the grants of an account and who is on its lists.
    pub fn new(grants: Vec<Grant>, lists: &[ContactList]) -> Self {
        let (mut contacts, mut members) = (HashMap::new(), HashMap::<Address, View>::new());
        let (mut denied, mut others) = (HashSet::new(), View::nothing());
        for Grant { scope, attributes } in &grants {
            let view = View::Only(attributes.clone());
            match scope {
                Scope::Contact(address) => {
                    contacts.insert(address.clone(), view);
                }
                Scope::List(key) => {
                    let Some(list) = lists.iter().find(|list| list.key == *key) else { continue };
                    let is_denied = list.purpose() == Purpose::Denied && view.is_nothing();
                    for member in &list.members {
                        if is_denied {
                            denied.insert(member.address.clone());
                        }
                        let before = members.remove(&member.address).unwrap_or_else(View::nothing);
                        members.insert(member.address.clone(), before.or(&view));
                    }
                }
                Scope::Default => others = view,
            }
        }
        Self { grants, contacts, members, denied, others }
    }

    /// Returns the grants.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Returns the same grants where other people are on the lists.
    #[must_use]
    pub fn on(&self, lists: &[ContactList]) -> Self {
        Self::new(self.grants.clone(), lists)
    }

    /// Returns the same without what one contact is granted for itself.
    #[must_use]
    pub fn without(mut self, contact: &Address) -> Self {
        self.grants.retain(|grant| grant.scope != Scope::Contact(contact.clone()));
        self.contacts.remove(contact);
        self
    }

    /// Returns whether a contact is expressly granted nothing.
    pub fn denies(&self, contact: &Address) -> bool {
        self.contacts.get(contact).is_some_and(View::is_nothing)
    }

    /// Returns what a contact may see once it is subscribed.
    ///
    /// What the user answered the contact and what he granted to many add up; a grant for just
    /// this contact counts alone, and so does the phone's own list of those who may see nothing
    /// (`docs/decisions/0006`).
    pub fn permitted(&self, contact: &Contact) -> View {
        if let Some(own) = self.contacts.get(&contact.address) {
            return own.clone();
        }
        if self.denied.contains(&contact.address) {
            return View::nothing();
        }
        let granted = self.members.get(&contact.address).unwrap_or(&self.others);
        match &contact.accepted {
            Some(accepted) => accepted.clone().or(granted),
            None => granted.clone(),
        }
    }

    /// Returns what a contact may see now: nothing unless it is subscribed.
    pub fn view(&self, contact: &Contact) -> View {
        if contact.relation.from { self.permitted(contact) } else { View::nothing() }
    }

    /// Returns what becomes of a contact now that this is granted, and `before` was.
    pub fn effect(&self, before: &Self, contact: &Contact) -> Option<Effect> {
        let (old, new) = (before.permitted(contact), self.permitted(contact));
        let relation = contact.relation;
        if old == new {
            None
        } else if relation.pending_in && !new.is_nothing() {
            Some(Effect::Answered)
        } else if (relation.from || relation.is_approved) && new.is_nothing() {
            Some(Effect::Withdrawn)
        } else {
            relation.from.then_some(Effect::Reshown)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{Member, Relation};

    fn view(names: &str) -> View {
        View::Only(names.split_whitespace().map(Into::into).collect())
    }

    fn address(name: &str) -> Address {
        Address::of(name, "onesoup.test")
    }

    fn list(key: &str, members: &[&str]) -> ContactList {
        let member = |name: &&str| Member {
            address: address(name),
            spelling: (*name).into(),
            nickname: (*name).into(),
        };
        ContactList {
            key: key.into(),
            spelling: key.into(),
            display_name: key.into(),
            is_default: false,
            members: members.iter().map(member).collect(),
        }
    }

    fn grant(scope: Scope, names: &str) -> Grant {
        let View::Only(attributes) = view(names) else { unreachable!() };
        Grant { scope, attributes }
    }

    fn list_grant(key: &str, names: &str) -> Grant {
        grant(Scope::List(key.into()), names)
    }

    /// Two lists, of which lee is on both, amy on one, and bob on none.
    fn access(grants: Vec<Grant>) -> Access {
        Access::new(grants, &[list("pals", &["lee", "amy"]), list("work", &["lee"])])
    }

    fn from(name: &str) -> Contact {
        let relation = Relation { from: true, ..Relation::default() };
        Contact { relation, ..Contact::stranger(address(name)) }
    }

    fn accepted(name: &str, accepted: View) -> Contact {
        Contact { accepted: Some(accepted), ..from(name) }
    }

    #[test]
    fn closer_goes_before_wider() {
        let all = access(vec![
            grant(Scope::Default, "OnlineStatus Alias"),
            list_grant("pals", "OnlineStatus"),
            list_grant("work", "StatusText"),
            grant(Scope::Contact(address("amy")), "OnlineStatus PLMN"),
        ]);
        assert_eq!(all.view(&from("amy")), view("OnlineStatus PLMN"));
        assert_eq!(all.view(&from("lee")), view("OnlineStatus StatusText"), "lists add up");
        assert_eq!(all.view(&from("bob")), view("OnlineStatus Alias"));
        assert!(access(Vec::new()).view(&from("lee")).is_nothing());
    }

    #[test]
    fn s60_7_6_an_empty_grant_grants_nothing_and_hides_wider_ones() {
        let friends = access(vec![grant(Scope::Default, ""), list_grant("pals", "OnlineStatus")]);
        assert!(friends.view(&from("bob")).is_nothing());
        assert!(!friends.view(&from("amy")).is_nothing());
        let blocked = access(vec![
            grant(Scope::Default, "OnlineStatus"),
            list_grant("pals", ""),
            grant(Scope::Contact(address("bob")), ""),
        ]);
        assert!(blocked.view(&from("bob")).is_nothing());
        assert!(blocked.view(&from("amy")).is_nothing());
    }

    #[test]
    fn what_the_user_answered_adds_to_what_he_grants_to_many() {
        let all = access(vec![grant(Scope::Default, "OnlineStatus")]);
        assert_eq!(all.view(&accepted("bob", View::Everything)), View::Everything);
        assert_eq!(all.view(&accepted("bob", view("Alias"))), view("Alias OnlineStatus"));
        let nobody = access(vec![grant(Scope::Default, "")]);
        assert_eq!(nobody.view(&accepted("bob", view("Alias"))), view("Alias"));
        let own = access(vec![grant(Scope::Contact(address("bob")), "OnlineStatus")]);
        assert_eq!(own.view(&accepted("bob", View::Everything)), view("OnlineStatus"));
        let without = own.without(&address("bob"));
        assert_eq!(without.view(&accepted("bob", View::Everything)), View::Everything);
        assert_eq!(without, access(Vec::new()));
    }

    #[test]
    fn s60_6_2_the_phones_block_list_hides_from_whom_the_user_accepted_too() {
        let key = "~pep1.0_blocklist";
        let lists = [list("pals", &["lee"]), list(key, &["lee"])];
        let all = |names| {
            Access::new(vec![list_grant("pals", "OnlineStatus"), list_grant(key, names)], &lists)
        };
        let lee = accepted("lee", View::Everything);
        assert!(all("").view(&lee).is_nothing());
        assert_eq!(all("PLMN").view(&lee), View::Everything);
    }

    #[test]
    fn who_is_not_subscribed_sees_nothing() {
        let all = access(vec![grant(Scope::Default, "OnlineStatus")]);
        let stranger = Contact::stranger(address("bob"));
        assert!(all.view(&stranger).is_nothing());
        assert_eq!(all.permitted(&stranger), view("OnlineStatus"));
    }

    #[test]
    fn each_contact_has_the_effect_that_its_view_demands() {
        let none = || access(Vec::new());
        let all = |names| access(vec![grant(Scope::Default, names)]);
        let asking = |name| Contact {
            relation: Relation { pending_in: true, ..Relation::default() },
            ..Contact::stranger(address(name))
        };
        let by_answer = accepted("bob", View::Everything);
        let table = [
            (none(), all("OnlineStatus"), asking("bob"), Some(Effect::Answered)),
            (none(), all(""), asking("bob"), None),
            (all("OnlineStatus"), none(), from("bob"), Some(Effect::Withdrawn)),
            (all("OnlineStatus"), all(""), from("bob"), Some(Effect::Withdrawn)),
            (all("OnlineStatus"), all("OnlineStatus Alias"), from("bob"), Some(Effect::Reshown)),
            (all("OnlineStatus Alias"), all("OnlineStatus"), from("bob"), Some(Effect::Reshown)),
            (all("Alias"), all("Alias"), from("bob"), None),
            (all("Alias"), all("PLMN"), Contact::stranger(address("bob")), None),
            // S60 with reactive authorisation deletes all attribute lists at login.
            (all("OnlineStatus"), none(), by_answer.clone(), None),
            (all("OnlineStatus"), all(""), by_answer, None),
            // Nothing came of a grant that could go: whoever let it see is not known any more.
            (none(), access(vec![list_grant("work", "Alias")]), from("bob"), None),
        ];
        for (before, after, contact, expected) in table {
            let case = format!("{contact:?} from {before:?} to {after:?}");
            assert_eq!(after.effect(&before, &contact), expected, "{case}");
        }
    }
}
