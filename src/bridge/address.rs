//! The phone's addresses, the domain's, and those of the network.

use compact_str::{CompactString, format_compact};

use crate::{
    csp::address::{ListAddress, UserAddress},
    domain::address::{Address, Device},
    xmpp::jid::{Jid, escape_local, prepare_bare, prepare_domain, prepare_local, unescape_local},
};

/// Returns who is meant by an address that a phone wrote; without a domain one of ours.
///
/// None if nobody can have that address.
pub fn of_user(user: &UserAddress, home: &str) -> Option<Address> {
    let domain = user.domain().unwrap_or(home);
    if user.user().is_empty() {
        return Some(Address::canonical(prepare_domain(user.domain()?).ok()?));
    }
    let local = escape_local(user.user());
    if domain.eq_ignore_ascii_case(home) {
        return Some(Address::of(&prepare_local(&local).ok()?, home));
    }
    Some(Address::canonical(prepare_bare(&format!("{local}@{domain}")).ok()?))
}

/// Returns the address as phones write it, in full.
pub fn to_user(address: &Address) -> UserAddress {
    match address.name() {
        Some(name) => UserAddress::new(&unescape_local(name), Some(address.domain())),
        None => UserAddress::new("", Some(address.domain())),
    }
}

/// Returns what identifies a list within its account: its name, case folded.
///
/// handset: S60 §6.2: the phone sends lists back in lower case, and with or without user and
/// domain.
pub fn list_key(list: &ListAddress) -> CompactString {
    CompactString::from(list.list().to_lowercase())
}

/// Returns whose account an address of the network belongs to.
pub fn of_jid(jid: &Jid) -> Option<Address> {
    Some(Address::canonical(prepare_bare(jid.bare()).ok()?))
}

/// Returns which device of whose account an address of the network is.
pub fn device_of_jid(jid: &Jid) -> Option<Device> {
    Some(Device { account: of_jid(jid)?, resource: jid.resource().map(CompactString::from) })
}

/// Returns the address of an account on the network.
pub fn to_jid(address: &Address) -> Option<Jid> {
    Jid::new(address.as_str()).ok()
}

/// Returns the address of a device on the network.
pub fn device_to_jid(device: &Device) -> Option<Jid> {
    match &device.resource {
        Some(resource) => Jid::new(&format_compact!("{}/{resource}", device.account)).ok(),
        None => to_jid(&device.account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phones_address_is_whom_it_means() {
        let table = [
            ("kim", "kim@onesoup.test"),
            ("wv:Kim", "kim@onesoup.test"),
            ("WV:kim@OneSoup.test", "kim@onesoup.test"),
            ("wv:romeo@montague.example", "romeo@montague.example"),
            ("wv:j%2Bk@x.example", "j+k@x.example"),
            ("wv:a b", "a\\20b@onesoup.test"),
        ];
        for (written, meant) in table {
            let user = UserAddress::parse(written);
            let address = of_user(&user, "onesoup.test");
            assert_eq!(address.as_ref().map(Address::as_str), Some(meant), "{written}");
        }
        assert_eq!(of_user(&UserAddress::parse("wv:"), "onesoup.test"), None);
    }

    #[test]
    fn an_address_is_written_in_full_and_unescaped() {
        let address = Address::canonical("a\\20b@x.example");
        assert_eq!(to_user(&address).as_written(), "wv:a b@x.example");
    }
}
