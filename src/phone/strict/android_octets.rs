//! What the decoder of Android reads (handset: Android §2).

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

/// The rule about what it cannot decode at all.
pub(super) const ENCODING: &str = "handset: Android G29";
const PIECE: &str = "handset: Android G2";

/// It reads a body in pieces of so many octets.
const PIECE_BYTES: usize = 1024;

/// Checks how a message of so many octets is written.
pub(super) fn check(header: Header, octets: usize, root: &Node) -> Result<(), Fault> {
    let is_known = matches!(header.public_id, 0x10..=0x12);
    hold(is_known, ENCODING, || format!("the document type {:X}", header.public_id))?;
    let is_utf8 = matches!(header.charset, 0 | 0x6A);
    hold(is_utf8, ENCODING, || format!("the character set {:X}", header.charset))?;
    root.visit(None, &mut |node, _| {
        let (name, at) = (&node.name, node.written.at);
        let is_known = node.written.token.is_none_or(|(page, tag)| is_in_table(page, tag));
        hold(is_known, ENCODING, || format!("the element {name} at octet {at}"))?;
        node.written.runs.iter().try_for_each(|run| check_run(name, run.kind, run.end, octets))
    })?;
    let presences = "Session/Transaction/TransactionContent/PresenceNotification-Request";
    let several = root.at(presences).is_some_and(|it| it.each("Presence").count() > 1);
    hold(!several || octets <= PIECE_BYTES, PIECE, || {
        format!("{octets} octets of presence, which could have been split")
    })
}

fn check_run(name: &str, kind: Kind, end: usize, octets: usize) -> Result<(), Fault> {
    let is_read = match kind {
        Kind::Opaque(length) => INTEGERS.contains(&name) && length <= 4,
        Kind::Token(number) => {
            number <= 0xC0 && !matches!(number, 0x5E | 0x69 | 0x6A | 0x76 | 0x77 | 0x92)
        }
        Kind::String | Kind::Entity => true,
    };
    let rule = if matches!(kind, Kind::Opaque(_)) { "handset: Android G22" } else { ENCODING };
    hold(is_read, rule, || format!("text of {name} as {kind:?} before octet {end}"))?;
    // Between the text and the token after it, a new piece begins: the text is gone.
    let is_lost = end.is_multiple_of(PIECE_BYTES) && end < octets;
    hold(!is_lost, PIECE, || format!("text of {name} that ends at octet {end}"))
}

/// Its table is that of 1.3 with what it kept of 1.2, for every version.
fn is_in_table(page: u8, tag: u8) -> bool {
    let is_hole = match page {
        1 => matches!(tag, 0x09 | 0x35),
        2 => matches!(tag, 0x0A | 0x0E | 0x13),
        3 => matches!(tag, 0x1E | 0x25..),
        5 => tag == 0x36,
        6 => matches!(tag, 0x1B..=0x1F),
        9 => matches!(tag, 0x0C | 0x0D | 0x2E),
        _ => false,
    };
    !is_hole && Name::from_token(Version::V1_3, Token { page, tag }).is_some()
}

/// Elements in which raw octets are read, as a number; elsewhere they are dropped.
const INTEGERS: [&str; 33] = [
    "AcceptedPullLength",
    "AcceptedPushLength",
    "AcceptedRichContentLength",
    "AcceptedTextContentLength",
    "AnswerOptionID",
    "ChosenOptionID",
    "Code",
    "ContentPolicyLimit",
    "ContentSize",
    "GroupContentLimit",
    "HistoryPeriod",
    "KeepAliveTime",
    "MaxWatcherList",
    "MessageCount",
    "MessageTotalCount",
    "MultiTrans",
    "MultiTransPerMessage",
    "PairID",
    "ParserSize",
    "SearchFindings",
    "SearchIndex",
    "SearchLimit",
    "SegmentCount",
    "SegmentReference",
    "ServerPollMin",
    "SessionPriority",
    "TCPPort",
    "TimeToLive",
    "TryAgainTimeout",
    "UDPPort",
    "UserSessionLimit",
    "Validity",
    "WatcherCount",
];
