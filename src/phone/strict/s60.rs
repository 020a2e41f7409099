//! What S60 makes of a message that it could decode.

use crate::{
    csp::{leaf::Word, version::Version},
    phone::{
        error::Fault,
        strict::{Purpose, Question, envelope::Part, hold, node::Node},
    },
};

/// Characters of its buffers for ids (handset: S60 §3.2).
const MAX_ID_CHARS: usize = 50;

/// Checks the envelope, then each primitive.
pub(super) fn check(question: &Question<'_>, root: &Node) -> Result<(), Fault> {
    let parts = Part::all(root);
    hold(!parts.is_empty(), "handset: S60 §3.2", || "a message without transactions".into())?;
    let descriptor = root.at("Session/SessionDescriptor");
    let session_id = descriptor.map_or("", |it| it.text_at("SessionID"));
    let is_inband = descriptor.is_some_and(|it| it.text_at("SessionType") == "Inband");
    let is_own = session_id.is_empty() || question.session_id.is_none_or(|own| own == session_id);
    hold(!is_inband || is_own, "handset: S60 §3.2", || format!("the session {session_id}"))?;
    check_poll(question.version, root)?;
    for part in &parts {
        let is_short = |id: &str| id.chars().count() <= MAX_ID_CHARS;
        hold(is_short(part.id) && is_short(session_id), "handset: S60 §3.2", || {
            format!("an id of more than {MAX_ID_CHARS} characters: {}", part.id)
        })?;
        let Some(primitive) = part.primitive() else {
            return Err(Fault::new("handset: S60 §3.2", "a transaction without a primitive"));
        };
        if primitive.name == "Login-Response" {
            hold(!is_inband || session_id.is_empty(), "handset: S60 §3.2", || {
                "a login answered within a session".into()
            })?;
        }
        if let Purpose::Request { name, id } = question.purpose
            && part.id == id
        {
            check_kind(name, primitive)?;
        } else if part.is_push() {
            let name = primitive.name.as_str();
            let is_known = ACKNOWLEDGED.contains(&name) || name == "Disconnect";
            hold(is_known, "handset: S60 §3.4", || format!("{name}, which is never confirmed"))?;
        }
        check_primitive(question, primitive)?;
    }
    Ok(())
}

/// What it acknowledges; the rest it passes over without a word.
const ACKNOWLEDGED: [&str; 9] = [
    "NewMessage",
    "PresenceNotification-Request",
    "PresenceAuth-Request",
    "InviteUser-Request",
    "Invite-Response",
    "CancelInviteUser-Request",
    "GroupChangeNotice",
    "LeaveGroup-Response",
    "DeliveryReport-Request",
];

/// handset: S60 §3.3: in the first transaction in 1.1, in the session since then.
fn check_poll(version: Version, root: &Node) -> Result<(), Fault> {
    let outside = root.at("Session/Poll").is_some();
    let transactions = root.child("Session").into_iter().flat_map(|it| it.each("Transaction"));
    let inside: Vec<bool> =
        transactions.map(|it| it.at("TransactionDescriptor/Poll").is_some()).collect();
    let is_right = match version {
        Version::V1_1 => !outside && !inside.iter().skip(1).any(|it| *it),
        Version::V1_2 | Version::V1_3 => !inside.contains(&true),
    };
    hold(is_right, "handset: S60 §3.3", || "Poll where it is not looked for".into())
}

/// handset: S60 §11.4: these requests wait for an answer of their own.
fn check_kind(request: &str, answer: &Node) -> Result<(), Fault> {
    let is_status = answer.name == "Status";
    let is_success = is_status && answer.code() == Some(200);
    let (waits, stalls) = match request {
        "ClientCapability-Request" | "Service-Request" => {
            // Only the end of the session helps it out.
            (true, is_status && !matches!(answer.code(), Some(600 | 601 | 604)))
        }
        "GetList-Request" | "GetBlockedList-Request" | "Search-Request" | "JoinGroup-Request" => {
            (true, is_success)
        }
        _ => (false, false),
    };
    hold(!(waits && stalls), "handset: S60 §11.4", || format!("{request} answered by Status"))
}

fn check_primitive(question: &Question<'_>, it: &Node) -> Result<(), Fault> {
    match it.name.as_str() {
        "Login-Response" => login(it),
        "ClientCapability-Response" => capabilities(question, it),
        "Service-Response" => services(it),
        "ListManage-Response" => list(it),
        "PresenceNotification-Request" => notification(it),
        "PresenceAuth-Request" => question_of_presence(question.version, it),
        "NewMessage" => message(it),
        "GetBlockedList-Response" => blocked(it),
        "Search-Response" => {
            let is_whole = it.has("SearchFindings") && it.has("CompletionFlag");
            hold(is_whole, "handset: S60 §9.1", || "hits without their number or end".into())
        }
        "DeliveryReport-Request" => {
            let parts = ["Result/Code", "Result/Description", "MessageInfo/MessageID"];
            let is_whole = parts.iter().all(|part| it.has(part));
            hold(is_whole, "handset: S60 §8.4", || "a report without code, words or id".into())
        }
        "GetPresence-Response"
        | "SendMessage-Response"
        | "KeepAlive-Response"
        | "LeaveGroup-Response"
        | "Status" => {
            let has_code = it.code().is_some();
            hold(has_code, "handset: S60 §11.18", || format!("{} without a code", it.name))
        }
        _ => Ok(()),
    }
}

/// handset: S60 §4.1
fn login(it: &Node) -> Result<(), Fault> {
    let is_whole = match it.code() {
        Some(200) => it.has("SessionID") || it.has("Nonce"),
        Some(401) => it.has("Nonce"),
        Some(_) => true,
        None => false,
    };
    let session_chars = it.text_at("SessionID").chars().count();
    hold(is_whole && session_chars <= MAX_ID_CHARS, "handset: S60 §4.1", || {
        "a login without code, session or nonce, or with a long session".into()
    })
}

/// handset: S60 §4.3, §5.2
fn capabilities(question: &Question<'_>, it: &Node) -> Result<(), Fault> {
    let is_first = question.version == Version::V1_1;
    let name = if is_first { "CapabilityList" } else { "AgreedCapabilityList" };
    let Some(list) = it.child(name) else {
        return Err(Fault::new("handset: S60 §4.3", format!("capabilities without {name}")));
    };
    let is_mute = list.text_at("MultiTrans") == "0";
    hold(!is_mute, "handset: S60 §4.3", || "MultiTrans 0, after which it sends nothing".into())?;
    let mut methods: Vec<&str> =
        list.each("SupportedCIRMethod").map(|method| method.text.as_str()).collect();
    for method in &methods {
        let is_driven = matches!(*method, "STCP" | "SUDP");
        let is_offered = question.offered.iter().any(|offered| offered.word() == *method);
        hold(is_driven && is_offered, "handset: S60 §5.2", || {
            format!("{method} agreed on: it would wait for wake-ups that do not come")
        })?;
    }
    let count = methods.len();
    methods.dedup();
    hold(methods.len() == count, "handset: S60 §4.3", || "a way of waking named twice".into())
}

/// handset: S60 §4.4: what is named is refused, and without some of it the user sees an error.
fn services(it: &Node) -> Result<(), Fault> {
    let Some(refused) = it.child("Functions") else { return Ok(()) };
    refused.visit(None, &mut |node, _| {
        let is_needed = node.children.is_empty() && NEEDED.contains(&node.name.as_str());
        hold(!is_needed, "handset: S60 §4.4", || format!("{} is refused", node.name))
    })
}

/// Services and their branches without which the chat does not start.
const NEEDED: [&str; 11] = [
    "WVCSPFeat",
    "PresenceFeat",
    "ContListFunc",
    "PresenceDeliverFunc",
    "IMFeat",
    "IMReceiveFunc",
    "GCLI",
    "MCLS",
    "GETPR",
    "UPDPR",
    "NEWM",
];

/// handset: S60 §6.1, §6.3, §7.9
fn list(it: &Node) -> Result<(), Fault> {
    hold(it.code().is_some(), "handset: S60 §6.1", || "a list without a code".into())?;
    let mut members = it.child("NickList").into_iter().flat_map(|list| list.each("NickName"));
    members.try_for_each(|member| {
        hold(member.has("UserID"), "handset: S60 §6.3", || "a contact without address".into())?;
        hold(member.has("Name"), "handset: S60 §7.9", || "a contact without name".into())
    })
}

/// handset: S60 §7.3, §7.4
fn notification(it: &Node) -> Result<(), Fault> {
    let [presence] = &it.children[..] else {
        return Err(Fault::new("handset: S60 §7.4", "presence of none or several users at once"));
    };
    hold(presence.has("UserID"), "handset: S60 §7.4", || "presence of nobody".into())?;
    let Some(attributes) = presence.child("PresenceSubList") else {
        return Err(Fault::new("handset: S60 §7.4", "presence without attributes"));
    };
    for needed in ["OnlineStatus", "UserAvailability"] {
        let is_there = attributes.child(needed).is_some();
        hold(is_there, "handset: S60 §7.3", || format!("presence without {needed}"))?;
    }
    attributes.children.iter().try_for_each(|attribute| {
        let is_qualified = attribute.has("Qualifier");
        hold(is_qualified, "handset: S60 §7.4", || format!("{} unqualified", attribute.name))
    })
}

/// handset: S60 §7.7
fn question_of_presence(version: Version, it: &Node) -> Result<(), Fault> {
    let names = it.child("PresenceSubList").map_or(0, |list| list.children.len());
    let is_whole = it.has("UserID") && (version == Version::V1_1 || names > 0);
    hold(is_whole, "handset: S60 §7.7", || "a question about no user or no attributes".into())
}

/// handset: S60 §8.3
fn message(it: &Node) -> Result<(), Fault> {
    let rule = "handset: S60 §8.3";
    let place = |name: &str| it.children.iter().position(|child| child.name == name);
    let is_ordered = place("MessageInfo") < place("ContentData") && place("MessageInfo").is_some();
    hold(is_ordered, rule, || "a message whose content comes before its type".into())?;
    hold(it.has("MessageInfo/MessageID"), rule, || "a message without an id".into())?;
    let name = "MessageInfo/Sender/Group/ScreenName";
    let is_from_group = it.at(name).is_some_and(|it| it.has("SName") && it.has("GroupID"));
    let has_sender = is_from_group || it.has("MessageInfo/Sender/User/UserID");
    hold(has_sender, rule, || "a message without a sender".into())
}

/// handset: S60 §8.6
fn blocked(it: &Node) -> Result<(), Fault> {
    ["BlockList", "GrantList"].iter().try_for_each(|name| {
        let list = it.child(name);
        let is_whole = list.is_some_and(|it| it.has("InUse") && it.child("EntityList").is_some());
        hold(is_whole, "handset: S60 §8.6", || format!("{name} without InUse or EntityList"))
    })
}
