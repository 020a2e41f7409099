//! Every XML namespace that is read or written here, with its RFC or XEP.

/// Stanzas on a client's stream, and on ours once they are translated (RFC 6120 §4.8.2).
pub const CLIENT: &str = "jabber:client";
/// Stanzas as a component's stream spells them (XEP-0114 §3).
pub const COMPONENT: &str = "jabber:component:accept";
/// The stream's own elements (RFC 6120 §4.8.1).
pub const STREAM: &str = "http://etherx.jabber.org/streams";
/// Stream error conditions (RFC 6120 §4.9.3).
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// Stanza error conditions (RFC 6120 §8.3.3).
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// `xml:lang` and its like (Namespaces in XML 1.0).
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Contact lists (RFC 6121 §2).
pub const ROSTER: &str = "jabber:iq:roster";
/// Forms (XEP-0004).
pub const DATA: &str = "jabber:x:data";
/// Last activity (XEP-0012).
pub const LAST: &str = "jabber:iq:last";
/// Rules for whom an account lets through (XEP-0016).
pub const PRIVACY: &str = "jabber:iq:privacy";
/// Service discovery: who are you (XEP-0030).
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// Service discovery: what do you hold (XEP-0030).
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// Rooms: to enter one (XEP-0045).
pub const MUC: &str = "http://jabber.org/protocol/muc";
/// Rooms: what occupants see (XEP-0045).
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// Direct invitations to rooms (XEP-0249).
pub const CONFERENCE: &str = "jabber:x:conference";
/// Profiles (XEP-0054).
pub const VCARD: &str = "vcard-temp";
/// Commands, step by step (XEP-0050).
pub const COMMANDS: &str = "http://jabber.org/protocol/commands";
/// Search for people (XEP-0055).
pub const SEARCH: &str = "jabber:iq:search";
/// Items at nodes (XEP-0060).
pub const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
/// Nodes are seen by those who see the user's presence (XEP-0060 §16.2).
pub const PUBSUB_ACCESS_PRESENCE: &str = "http://jabber.org/protocol/pubsub#access-presence";
/// Who sees the user's presence is told without asking (XEP-0060 §16.2).
pub const PUBSUB_AUTO_SUBSCRIBE: &str = "http://jabber.org/protocol/pubsub#auto-subscribe";
/// News go only to devices that ask for it (XEP-0060 §16.2).
pub const PUBSUB_FILTERED: &str = "http://jabber.org/protocol/pubsub#filtered-notifications";
/// A device that comes is told of the last items (XEP-0060 §16.2).
pub const PUBSUB_LAST_PUBLISHED: &str = "http://jabber.org/protocol/pubsub#last-published";
/// How nodes are kept (XEP-0060 §8).
pub const PUBSUB_OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// Items can be asked for (XEP-0060 §16.2).
pub const PUBSUB_RETRIEVE_ITEMS: &str = "http://jabber.org/protocol/pubsub#retrieve-items";
/// News of items at nodes (XEP-0060).
pub const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
/// Links to data elsewhere (XEP-0066).
pub const OOB: &str = "jabber:x:oob";
/// To register (XEP-0077).
pub const REGISTER: &str = "jabber:iq:register";
/// Where a user is (XEP-0080).
pub const GEOLOC: &str = "http://jabber.org/protocol/geoloc";
/// A user's picture: its octets (XEP-0084).
pub const AVATAR_DATA: &str = "urn:xmpp:avatar:data";
/// A user's picture: what it is (XEP-0084).
pub const AVATAR_METADATA: &str = "urn:xmpp:avatar:metadata";
/// "Is typing" (XEP-0085).
pub const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// Old notices of delay (XEP-0091).
pub const OLD_DELAY: &str = "jabber:x:delay";
/// Software version (XEP-0092).
pub const VERSION: &str = "jabber:iq:version";
/// How a user feels (XEP-0107).
pub const MOOD: &str = "http://jabber.org/protocol/mood";
/// Entity capabilities (XEP-0115).
pub const CAPS: &str = "http://jabber.org/protocol/caps";
/// What operators do to a service: the type of forms, and what begins each command (XEP-0133).
pub const ADMIN: &str = "http://jabber.org/protocol/admin";
/// Hash of the profile's picture (XEP-0153).
pub const VCARD_UPDATE: &str = "vcard-temp:x:update";
/// The name that a user goes by (XEP-0172).
pub const NICK: &str = "http://jabber.org/protocol/nick";
/// Who to turn to: the type of a form (XEP-0157).
pub const SERVER_INFO: &str = "http://jabber.org/network/serverinfo";
/// Messages wait for who is away (XEP-0160).
pub const OFFLINE: &str = "msgoffline";
/// Block lists (XEP-0191).
pub const BLOCKING: &str = "urn:xmpp:blocking";
/// Message receipts (XEP-0184).
pub const RECEIPTS: &str = "urn:xmpp:receipts";
/// Ping (XEP-0199).
pub const PING: &str = "urn:xmpp:ping";
/// Entity time (XEP-0202).
pub const TIME: &str = "urn:xmpp:time";
/// Notices of delay (XEP-0203).
pub const DELAY: &str = "urn:xmpp:delay";
/// Which program: the type of a form (XEP-0232).
pub const SOFTWARE_INFO: &str = "urn:xmpp:dataforms:softwareinfo";
/// Accounts in a file (XEP-0227).
pub const PORTABLE: &str = "urn:xmpp:pie:0";
/// Credentials in such a file.
pub const PORTABLE_SCRAM: &str = "urn:xmpp:pie:0#scram";
/// What such a file has of ours alone.
pub const OWN: &str = "https://onesoup.com/ns/account";
/// Other files in a file (XInclude 1.0).
pub const XINCLUDE: &str = "http://www.w3.org/2001/XInclude";
/// Correction of the last message (XEP-0308).
pub const REPLACE: &str = "urn:xmpp:message-correct:0";
/// Time since the last act of a user (XEP-0319).
pub const IDLE: &str = "urn:xmpp:idle:1";
/// "Has read this far" (XEP-0333).
pub const MARKERS: &str = "urn:xmpp:chat-markers:0";
/// How a message should be kept (XEP-0334).
pub const HINTS: &str = "urn:xmpp:hints";
/// Stable ids (XEP-0359).
pub const STANZA_ID: &str = "urn:xmpp:sid:0";
/// "This message is encrypted" (XEP-0380).
pub const ENCRYPTION: &str = "urn:xmpp:eme:0";
/// "This body is a substitute" (XEP-0428).
pub const FALLBACK: &str = "urn:xmpp:fallback:0";

/// The payloads that are themselves an encrypted message: OpenPGP (XEP-0027, XEP-0373), OMEMO
/// (XEP-0384 in its three spellings), and stanza encryption (XEP-0200).
pub const ENCRYPTED: [&str; 6] = [
    "jabber:x:encrypted",
    "urn:xmpp:openpgp:0",
    "eu.siacs.conversations.axolotl",
    "urn:xmpp:omemo:1",
    "urn:xmpp:omemo:2",
    "http://www.xmpp.org/extensions/xep-0200.html#ns",
];
