//! What the decoder of S60 reads (handset: S60 §2.2).

use crate::{
    csp::{
        version::Version,
        wbxml::{tables::Token, tokens::Name},
    },
    phone::{
        error::Fault,
        strict::{
            hold,
            node::{Kind, Node},
            walk::Header,
        },
    },
};

/// The rule about the header.
pub(super) const HEADER: &str = "handset: S60 §2.2";
const ENCODING: &str = "handset: S60 §2.2";
const SAFE: &str = "handset: S60 §2.3";

/// Checks how a message is written.
pub(super) fn check(version: Version, header: Header, root: &Node) -> Result<(), Fault> {
    let public_id = if version == Version::V1_1 { 0x10 } else { 0x11 };
    let expected = Header { wbxml: 3, public_id, charset: 0x6A, strings: 0 };
    hold(header == expected, HEADER, || format!("the header {header:X?}"))?;
    root.visit(None, &mut |node, _| check_name(version, node))?;
    let session = root.child("Session");
    let transactions = session.into_iter().flat_map(|session| session.each("Transaction"));
    let mut is_by_tokens = |node: &Node, parent: Option<&Node>| check_text(node, parent, true);
    for transaction in transactions {
        for primitive in transaction.child("TransactionContent").iter().flat_map(|it| &it.children)
        {
            let is_path_a = !PATH_B.contains(&primitive.name.as_str());
            primitive.visit(None, &mut |node, parent| check_text(node, parent, is_path_a))?;
            if is_path_a {
                primitive.visit(None, &mut |node, _| check_repetition(node))?;
            }
        }
        let descriptor = transaction.child("TransactionDescriptor");
        descriptor.map_or(Ok(()), |it| it.visit(None, &mut is_by_tokens))?;
    }
    let envelope = session.into_iter().flat_map(|session| &session.children);
    let mut envelope = envelope.filter(|child| child.name != "Transaction");
    envelope.try_for_each(|child| child.visit(None, &mut is_by_tokens))
}

/// Primitives that are made XML again, so that words in them need no tokens.
const PATH_B: [&str; 9] = [
    "Status",
    "GetList-Response",
    "ListManage-Response",
    "GetPresence-Response",
    "PresenceNotification-Request",
    "PresenceAuth-Request",
    "GetWatcherList-Response",
    "GetAttributeList-Response",
    "GetReactiveAuthStatus-Response",
];

/// An element that the dictionary lacks costs the whole message.
fn check_name(version: Version, node: &Node) -> Result<(), Fault> {
    let known = node.written.token.is_some_and(|(page, tag)| is_in_dictionary(version, page, tag));
    let (name, at) = (&node.name, node.written.at);
    hold(known, "handset: S60 §11.8", || format!("the element {name} at octet {at}"))?;
    let expected: &[u8] = match (name.as_str(), version) {
        ("WV-CSP-Message", Version::V1_1) => &[0x05],
        ("TransactionContent", Version::V1_1) => &[0x07],
        ("PresenceSubList", Version::V1_1) => &[0x06],
        ("WV-CSP-Message", _) => &[0x08],
        ("TransactionContent", _) => &[0x0A],
        ("PresenceSubList", _) => &[0x09],
        _ => &[],
    };
    let given = &node.written.attributes;
    let is_right = given.is_empty() || given == expected;
    hold(is_right, ENCODING, || format!("the attributes {given:02X?} on {name}"))
}

fn is_in_dictionary(version: Version, page: u8, tag: u8) -> bool {
    let Some(name) = Name::from_token(version, Token { page, tag }) else { return false };
    let is_of_version = name.token(version) == Some(Token { page, tag });
    let is_too_new = match version {
        Version::V1_1 => match page {
            1 => tag >= 0x36,
            4 => tag >= 0x1E,
            7 => tag >= 0x24,
            8.. => true,
            _ => false,
        },
        // Neither versions to discover nor ModMapping.
        _ => page >= 0x0A || (page, tag) == (7, 0x29),
    };
    // It knows no CIRURL.
    is_of_version && !is_too_new && (page, tag) != (3, 0x14)
}

fn check_text(node: &Node, parent: Option<&Node>, is_path_a: bool) -> Result<(), Fault> {
    let name = node.name.as_str();
    for run in &node.written.runs {
        let in_place = match run.kind {
            Kind::Token(number) => may_be_token(name, parent, number),
            Kind::Opaque(1) if BOOLEANS.contains(&name) => is_path_a,
            Kind::Opaque(length) => INTEGERS.contains(&name) && length <= 4,
            Kind::Entity => true,
            Kind::String => !is_path_a || !must_be_token(name, &node.text),
        };
        let (kind, end) = (run.kind, run.end);
        hold(in_place, if is_path_a { ENCODING } else { SAFE }, || {
            format!("text of {name} as {kind:?} before octet {end}")
        })?;
    }
    let is_number = node.text.bytes().all(|octet| octet.is_ascii_digit());
    let is_right = !INTEGERS.contains(&name) || is_number && !node.text.is_empty();
    hold(is_right, ENCODING, || format!("{name} is no number: {}", node.text))
}

/// Inline, these would be lost and leak into what follows, or end the message.
fn must_be_token(name: &str, text: &str) -> bool {
    BOOLEANS.contains(&name)
        || ENUMERATIONS.iter().any(|(element, _)| *element == name) && text != "HTTPS"
}

/// Any other token in a text decodes to nothing, or makes a word of what the user wrote.
fn may_be_token(name: &str, parent: Option<&Node>, number: u32) -> bool {
    let parent = parent.map_or("", |parent| parent.name.as_str());
    let enumeration = ENUMERATIONS.iter().find(|(element, _)| *element == name);
    match (name, parent) {
        _ if BOOLEANS.contains(&name) => matches!(number, 0x0B | 0x2C),
        _ if enumeration.is_some() => enumeration.is_some_and(|(_, it)| it.contains(&number)),
        ("URL", _) => matches!(number, 0x0E | 0x0F),
        ("ContentType" | "AcceptedContentType", _) => matches!(number, 0x28 | 0x04 | 0x05),
        ("ContentEncoding" | "AcceptedTransferEncoding", _) => matches!(number, 0x16 | 0x07),
        ("Name", "Property") => PROPERTY_NAMES.contains(&number),
        ("Value", "Property") => PROPERTY_VALUES.contains(&number),
        ("Status", "CommC") | ("Cstatus", "AddrPref") => matches!(number, 0x18 | 0x08),
        ("PresenceValue", "OnlineStatus" | "Registration") => matches!(number, 0x0B | 0x2C),
        ("PresenceValue", "UserAvailability") => matches!(number, 0x5F | 0x70 | 0x64),
        _ => false,
    }
}

/// A second one would overwrite the first.
fn check_repetition(node: &Node) -> Result<(), Fault> {
    for (at, child) in node.children.iter().enumerate() {
        let name = child.name.as_str();
        let may_repeat = REPEATABLE.contains(&name) || name.starts_with("Accepted");
        let is_first = !node.children.iter().take(at).any(|before| before.name == child.name);
        hold(may_repeat || is_first, ENCODING, || format!("{name} twice in {}", node.name))?;
    }
    Ok(())
}

const BOOLEANS: [&str; 13] = [
    "Acceptance",
    "AllFunctionsRequest",
    "AnyContent",
    "CapabilityRequest",
    "CompletionFlag",
    "DefaultList",
    "DeliveryReport",
    "InUse",
    "JoinGroup",
    "JoinedRequest",
    "Poll",
    "Qualifier",
    "SubscribeNotification",
];

/// Elements whose words must be tokens, with those that it knows.
const ENUMERATIONS: [(&str, &[u32]); 11] = [
    ("SessionType", &[0x11, 0x19]),
    ("TransactionMode", &[0x20, 0x21]),
    ("InitialDeliveryMethod", &[0x1F, 0x17]),
    ("DeliveryMethod", &[0x1F, 0x17]),
    ("ClientType", &[0x6F, 0x63, 0x72, 0x62, 0x71]),
    ("InviteType", &[0x0D, 0x12, 0x1A, 0x26]),
    ("SupportedBearer", &[0x43, 0x4F, 0x42]),
    ("SupportedCIRMethod", &[0x4D, 0x4E, 0x45, 0x44]),
    ("Cap", &[0x43, 0x6E, 0x68, 0x12, 0x65, 0x61]),
    ("SubscribeType", &[0x0C, 0x25, 0x2E]),
    ("SearchElement", &[0x49, 0x48, 0x4A, 0x47, 0x46, 0x4C, 0x4B, 0x3D, 0x3E, 0x3F, 0x40, 0x41]),
];

const INTEGERS: [&str; 22] = [
    "AcceptedCharset",
    "AcceptedContentLength",
    "Accuracy",
    "Altitude",
    "Code",
    "ContentSize",
    "Cpriority",
    "HistoryPeriod",
    "KeepAliveTime",
    "MaxWatcherList",
    "MessageCount",
    "MultiTrans",
    "ParserSize",
    "SearchFindings",
    "SearchID",
    "SearchIndex",
    "SearchLimit",
    "ServerPollMin",
    "TCPPort",
    "TimeToLive",
    "UDPPort",
    "Validity",
];

const PROPERTY_NAMES: [u32; 14] =
    [0x00, 0x01, 0x06, 0x09, 0x0A, 0x13, 0x15, 0x1C, 0x1D, 0x24, 0x2B, 0x2D, 0x31, 0x33];

const PROPERTY_VALUES: [u32; 8] = [0x02, 0x0B, 0x14, 0x18, 0x1B, 0x1E, 0x22, 0x2C];

const REPEATABLE: [&str; 19] = [
    "AddrPref",
    "CommC",
    "ContactList",
    "DetailedResult",
    "Group",
    "GroupID",
    "Mapping",
    "MessageID",
    "MessageInfo",
    "NickName",
    "Presence",
    "PresenceSubList",
    "Property",
    "ScreenName",
    "SearchPairList",
    "SupportedBearer",
    "SupportedCIRMethod",
    "User",
    "UserID",
];
