//! How much of one stanza is built before it is given up.

/// The deepest nesting that is kept; the elements of `minidom` recurse when they are dropped.
pub(in crate::xmpp) const MAX_DEPTH: usize = 64;

/// The most octets of one element that are kept, as no server of default settings sends more.
pub(in crate::xmpp) const MAX_OCTETS: usize = 512 * 1024;
