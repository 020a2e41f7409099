//! Where a request comes from: who connected, or whom a reverse proxy of ours speaks for.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;

/// Written by nearly all proxies: addresses in the order in which they were passed through.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the address of the phone, as far as it is told by proxies that are trusted.
///
/// Each proxy adds whom it speaks for at the end, and anybody may have begun the list: so it is
/// read backwards, until the first that is no proxy of ours.
pub fn of_phone(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    // On a socket for both, an address of IPv4 comes in the dress of IPv6.
    let mut remote = peer.to_canonical();
    let mut passed = passed(headers).into_iter().rev();
    while proxies.iter().any(|network| network.contains(&remote)) {
        match passed.next().flatten() {
            Some(before) => remote = before.to_canonical(),
            None => break,
        }
    }
    remote
}

/// Returns whom the headers name, none for each that they keep to themselves.
fn passed(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if headers.contains_key(X_FORWARDED_FOR) {
        return elements(headers, X_FORWARDED_FOR).map(address).collect();
    }
    elements(headers, header::FORWARDED).map(|element| address(node(element)?)).collect()
}

/// Returns for whom one element of `Forwarded` speaks.
// spec: RFC7239 §4
fn node(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, node)| node)
}

/// Returns the elements of all headers of that name; what is no text counts as one.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default());
    values.flat_map(|value| value.split(','))
}

/// Reads `192.0.2.1`, `2001:db8::1`, and both with a port, brackets or quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn told(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let proxies = ["192.0.2.0/24", "2001:db8:1::/48"].map(|network| network.parse().unwrap());
        of_phone(peer.parse().unwrap(), &map, &proxies).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let claim = [("x-forwarded-for", "203.0.113.1")];
        assert_eq!(told("192.0.2.1", &claim), "203.0.113.1");
        assert_eq!(told("::ffff:192.0.2.1", &claim), "203.0.113.1");
        assert_eq!(told("198.51.100.1", &claim), "198.51.100.1");
        assert_eq!(told("192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn what_a_phone_says_of_itself_is_not_believed() {
        let chain = [("x-forwarded-for", "8.8.8.8, 203.0.113.1"), ("x-forwarded-for", "192.0.2.9")];
        assert_eq!(told("192.0.2.1", &chain), "203.0.113.1");
        let both = [("forwarded", "for=8.8.8.8"), ("x-forwarded-for", "203.0.113.1")];
        assert_eq!(told("192.0.2.1", &both), "203.0.113.1");
    }

    #[test]
    fn both_headers_are_read_in_all_their_spellings() {
        for (value, phone) in [
            ("for=203.0.113.1", "203.0.113.1"),
            ("proto=http;For=\"203.0.113.1:4711\";by=192.0.2.1", "203.0.113.1"),
            ("for=\"[2001:db8::7]:4711\", for=192.0.2.5", "2001:db8::7"),
            ("for=\"[2001:db8::7]\", for=\"[2001:db8:1::5]\"", "2001:db8::7"),
        ] {
            assert_eq!(told("192.0.2.1", &[("forwarded", value)]), phone, "{value}");
        }
        for (value, phone) in [
            ("2001:db8::7", "2001:db8::7"),
            ("203.0.113.1:4711", "203.0.113.1"),
            ("::ffff:203.0.113.1", "203.0.113.1"),
        ] {
            assert_eq!(told("192.0.2.1", &[("x-forwarded-for", value)]), phone, "{value}");
        }
    }

    #[test]
    fn where_a_proxy_keeps_it_to_itself_the_proxy_is_all_that_is_known() {
        for value in ["for=unknown", "for=_hidden", "by=192.0.2.1", "", "for=203.0.113.1, for=x"] {
            assert_eq!(told("192.0.2.1", &[("forwarded", value)]), "192.0.2.1", "{value}");
        }
    }
}
