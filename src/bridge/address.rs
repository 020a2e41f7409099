//! The phone's addresses, the domain's, and those of the network.

use compact_str::{CompactString, format_compact};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    csp::address::{ListAddress, UserAddress},
    domain::{
        address::{Address, Device},
        aliases::Aliases,
    },
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

/// The same for an account that has aliases for others.
pub fn meant(user: &UserAddress, home: &str, aliases: &Aliases) -> Option<Address> {
    let address = of_user(user, home)?;
    let alias = address.name().filter(|_| address.domain() == home);
    Some(alias.and_then(|name| aliases.meant(name)).cloned().unwrap_or(address))
}

/// Returns what people know somebody by: the name, or of a whole domain its first part, without
/// accents.
pub fn readable(address: &Address) -> String {
    let name = address.name().map(unescape_local);
    let name = name
        .as_deref()
        .map(without_accents)
        .filter(|name| name.chars().any(|letter| letter.is_ascii_alphanumeric()));
    name.unwrap_or_else(|| address.domain().split('.').next().unwrap_or_default().into())
}

/// Returns the address as phones write it, in full.
pub fn to_user(address: &Address) -> UserAddress {
    match address.name() {
        Some(name) => UserAddress::new(&unescape_local(name), Some(address.domain())),
        None => UserAddress::new("", Some(address.domain())),
    }
}

/// Returns what identifies a list within its account: its name, without case and accents.
///
/// handset: S60 §6.2: the phone sends lists back in lower case and without accents, and with or
/// without user and domain.
pub fn list_key(list: &ListAddress) -> CompactString {
    without_accents(list.list()).to_lowercase().into()
}

fn without_accents(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).nfc().collect()
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
    fn s60_6_2_a_list_is_known_without_case_and_accents() {
        let key = |written: &str| list_key(&ListAddress::parse(written));
        for written in
            ["wv:kim/Caf\u{e9}@x.net", "wv:kim/CAFE\u{301}", "kim/cafe", "wv:cafe", "/caf%C3%A9"]
        {
            assert_eq!(key(written), "cafe", "{written}");
        }
        assert_eq!(
            key("wv:kim/\u{414}\u{440}\u{443}\u{437}\u{44c}\u{44f}"),
            "\u{434}\u{440}\u{443}\u{437}\u{44c}\u{44f}"
        );
    }

    #[test]
    fn an_alias_means_who_it_was_made_for_and_only_in_our_domain() {
        let mut aliases = Aliases::default();
        let joe = Address::canonical("joe+work@x.example");
        aliases.make(&joe, &readable(&joe), 40);
        let whom = |written: &str| meant(&UserAddress::parse(written), "onesoup.test", &aliases);
        for written in ["joe-work~", "wv:JOE-work~@OneSoup.test", "wv:joe-work%7E"] {
            assert_eq!(whom(written), Some(joe.clone()), "{written}");
        }
        assert_eq!(whom("wv:joe-work~@x.example").unwrap().as_str(), "joe-work~@x.example");
        assert_eq!(whom("wv:joe-work~2").unwrap().as_str(), "joe-work~2@onesoup.test");
    }

    #[test]
    fn somebody_is_known_by_the_name_or_the_domain() {
        let table = [
            ("a\\2fb@x.example", "a/b"),
            ("j\u{f6}rg@x.example", "jorg"),
            ("\u{438}\u{432}\u{430}\u{43d}@x.example", "x"),
            ("gateway.example", "gateway"),
        ];
        for (address, known_by) in table {
            assert_eq!(readable(&Address::canonical(address)), known_by);
        }
    }

    #[test]
    fn an_address_is_written_in_full_and_unescaped() {
        let address = Address::canonical("a\\20b@x.example");
        assert_eq!(to_user(&address).as_written(), "wv:a b@x.example");
    }
}
