//! Any text is an address of a phone; who it means has one address in the network, and the same
//! address as phones write it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onesoup::{
    bridge::address,
    csp::address::{GroupAddress, ListAddress, UserAddress},
    xmpp::jid::{Jid, escape_local, unescape_local},
};

const HOME: &str = "onesoup.test";

fuzz_target!(|text: &str| {
    let user = UserAddress::parse(text);
    let _ = (user.is_usable(), user.is_phone_number(), user.without_escapes());
    let list = ListAddress::parse(text);
    let _ = (list.is_usable(), address::list_key(&list));
    let _ = GroupAddress::parse(text).is_usable();
    if let Some(account) = address::of_user(&user, HOME) {
        if let Some(jid) = address::to_jid(&account) {
            assert_eq!(address::of_jid(&jid).as_ref(), Some(&account));
        }
        let again = address::of_user(&address::to_user(&account), HOME);
        assert_eq!(again.as_ref(), Some(&account));
    }
    if let Ok(jid) = Jid::new(text) {
        assert_eq!(Jid::new(jid.as_str()).as_ref(), Ok(&jid));
        let _ = (address::of_jid(&jid), address::device_of_jid(&jid));
    }
    assert_eq!(unescape_local(&escape_local(text)), text.trim_matches(' '));
});
