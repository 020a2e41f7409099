//! What Android makes of a message that it could decode.

use crate::phone::{
    error::Fault,
    strict::{Purpose, Question, envelope::Part, hold, node::Node},
};

/// Checks the envelope, then the primitive.
pub(super) fn check(question: &Question<'_>, root: &Node) -> Result<(), Fault> {
    let parts = Part::all(root);
    let [part] = &parts[..] else {
        let what = format!("{} transactions in one message", parts.len());
        return Err(Fault::new("handset: Android G10", what));
    };
    let is_mode = matches!(part.mode, "" | "Request" | "Response");
    hold(is_mode, "handset: Android G9", || format!("the mode {}", part.mode))?;
    let content = part.content;
    let is_bare = content.is_some_and(|it| it.text.trim().is_empty() && !it.children.is_empty());
    hold(is_bare, "handset: Android G9", || "text beside a primitive, or no primitive".into())?;
    let cir = root.text_at("Session/CIR");
    hold(!cir.eq_ignore_ascii_case("F"), "handset: Android G15", || "CIR is F".into())?;
    root.visit(None, &mut |node, _| check_boolean(node))?;
    let Some(primitive) = part.primitive() else { return Ok(()) };
    if part.is_push() {
        check_push(part.id, primitive)?;
    } else {
        check_answer(question, part.id, primitive)?;
    }
    check_result(primitive)?;
    check_primitive(primitive)
}

/// handset: Android §2
fn check_boolean(node: &Node) -> Result<(), Fault> {
    let name = node.name.as_str();
    let is_boolean = matches!(name, "Poll" | "CIR" | "Qualifier" | "CapabilityRequest" | "InUse");
    let text = node.text.trim();
    let is_known = ["T", "F"].iter().any(|word| word.eq_ignore_ascii_case(text));
    hold(!is_boolean || is_known, "handset: Android §2", || format!("{name} is {text}"))
}

fn check_push(id: &str, primitive: &Node) -> Result<(), Fault> {
    let name = primitive.name.as_str();
    hold(!id.is_empty(), "handset: Android §2", || format!("{name} without a transaction id"))?;
    let is_number = id.bytes().all(|octet| octet.is_ascii_digit());
    hold(!is_number, "handset: Android G8", || format!("the transaction id {id}"))?;
    let is_known = ACKNOWLEDGED.contains(&name) || name == "Disconnect";
    hold(is_known, "handset: Android G14", || format!("{name}, which is never confirmed"))
}

const ACKNOWLEDGED: [&str; 8] = [
    "PresenceNotification-Request",
    "PresenceAuth-Request",
    "NewMessage",
    "DeliveryReport-Request",
    "GroupChangeNotice",
    "InviteUser-Request",
    "Invite-Response",
    "LeaveGroup-Response",
];

fn check_answer(question: &Question<'_>, id: &str, answer: &Node) -> Result<(), Fault> {
    let name = answer.name.as_str();
    // These end the session, whatever they answer.
    if matches!(answer.code(), Some(600 | 601 | 604)) {
        return Ok(());
    }
    match question.purpose {
        Purpose::Request { name: request, id: own } => {
            hold(id == own, "handset: Android G7", || {
                format!("{request} {own} answered under the transaction id {id:?}")
            })?;
            check_kind(request, answer)
        }
        Purpose::Acknowledgement { id: own } => hold(id != own, "handset: Android G8", || {
            format!("the acknowledgement of {id} answered by {name}")
        }),
        Purpose::Poll => {
            hold(name != "Status", "handset: Android G11", || "a poll answered by Status".into())
        }
    }
}

/// Without the right kind of answer, these wait forever.
fn check_kind(request: &str, answer: &Node) -> Result<(), Fault> {
    let is_ok = answer.code().is_none_or(|code| code == 200);
    let expected = match request {
        "Service-Request" => "Service-Response",
        "GetPresence-Request" => "GetPresence-Response",
        "Login-Request" => "Login-Response",
        _ => return Ok(()),
    };
    hold(!is_ok || answer.name == expected, "handset: Android G3", || {
        format!("{request} answered by {}", answer.name)
    })
}

/// handset: Android §2, G4
fn check_result(primitive: &Node) -> Result<(), Fault> {
    let Some(result) = primitive.child("Result") else { return Ok(()) };
    hold(result.has("Code"), "handset: Android §2", || "a result without a code".into())?;
    let is_other = primitive.code().is_some_and(|code| (201..300).contains(&code));
    hold(!is_other, "handset: Android G4", || "a success other than 200".into())
}

fn check_primitive(it: &Node) -> Result<(), Fault> {
    match it.name.as_str() {
        "Login-Response" => login(it),
        "ClientCapability-Response" => capabilities(it),
        "Service-Response" => {
            let has_all = it.child("AllFunctions").is_some();
            hold(has_all, "handset: Android G3", || "services without AllFunctions".into())
        }
        "GetPresence-Response" => {
            let is_whole = it.code() != Some(200) || it.child("Presence").is_some();
            hold(is_whole, "handset: Android G3", || "an answer without presence".into())?;
            it.each("Presence").try_for_each(presence)
        }
        "PresenceNotification-Request" => it.each("Presence").try_for_each(|told| {
            presence(told)?;
            let has_status = told.at("PresenceSubList/OnlineStatus").is_some();
            hold(has_status, "handset: Android G20", || "presence without OnlineStatus".into())
        }),
        "GetList-Response" => lists(it),
        "ListManage-Response" => list(it),
        "NewMessage" => message(it),
        _ => Ok(()),
    }
}

/// handset: Android §3, G5, G18
fn login(it: &Node) -> Result<(), Fault> {
    hold(it.code() != Some(502), "handset: Android G5", || "a login answered by 502".into())?;
    let is_whole = match it.code() {
        Some(200) => it.has("SessionID"),
        Some(401) => it.has("Nonce") && it.has("DigestSchema"),
        _ => true,
    };
    hold(is_whole, "handset: Android §3", || "a login without session, nonce or digest".into())?;
    let odd = |text: &str| text.contains([' ', '"', '(', ')', '=', ',', '&']) || !text.is_ascii();
    let is_odd = odd(it.text_at("SessionID")) || odd(it.text_at("Nonce"));
    hold(!is_odd, "handset: Android §3", || "odd characters in a session or nonce".into())?;
    let is_short = it.text_at("KeepAliveTime").parse().is_ok_and(|secs: u32| secs <= 5);
    hold(!is_short, "handset: Android G18", || "a session of less than 6 s".into())
}

/// handset: Android G3, G16, G17
fn capabilities(it: &Node) -> Result<(), Fault> {
    let first = it.children.first();
    let is_list = |node: &&Node| node.name.ends_with("CapabilityList");
    let Some(list) = first.filter(is_list) else {
        let what = "capabilities whose first child is not the list";
        return Err(Fault::new("handset: Android G3", what));
    };
    let by_tcp = list.each("SupportedCIRMethod").any(|method| method.text == "STCP");
    hold(!by_tcp || list.has("TCPAddress"), "handset: Android G16", || {
        "STCP without an address".into()
    })?;
    let urls = list.children.iter().filter(|it| matches!(&*it.name, "CIRURL" | "CIRHTTPAddress"));
    urls.into_iter().try_for_each(|url| {
        hold(url.has("URL"), "handset: Android G17", || format!("{} without URL", url.name))
    })
}

/// handset: Android §6
fn presence(it: &Node) -> Result<(), Fault> {
    let is_whole = it.child("PresenceSubList").is_some();
    hold(is_whole, "handset: Android G3", || "presence without PresenceSubList".into())
}

/// handset: Android §5, G24, G26
fn lists(it: &Node) -> Result<(), Fault> {
    let is_nested = it.child("ContactListIDList").is_some();
    hold(!is_nested, "handset: Android G26", || "lists in ContactListIDList".into())?;
    let default = it.text_at("DefaultContactList");
    for list in &it.children {
        let address = list.text.trim();
        let is_right = address.starts_with("wv:") && address.contains('/');
        hold(is_right, "handset: Android G24", || format!("the list address {address:?}"))?;
        let is_repeated = list.name == "ContactList" && address.eq_ignore_ascii_case(default);
        hold(!is_repeated, "handset: Android G26", || format!("{address} named twice"))?;
    }
    Ok(())
}

/// handset: Android G24
fn list(it: &Node) -> Result<(), Fault> {
    let mut members = it.child("NickList").into_iter().flat_map(|list| list.each("NickName"));
    members.try_for_each(|member| {
        let is_whole = member.child("Name").is_some() && member.has("UserID");
        hold(is_whole, "handset: Android G24", || "a contact without name or address".into())
    })?;
    let properties = it.child("ContactListProperties").into_iter();
    properties.flat_map(|it| it.each("Property")).try_for_each(|property| {
        hold(property.has("Name"), "handset: Android G24", || "a property without name".into())
    })
}

/// handset: Android §7, G22
fn message(it: &Node) -> Result<(), Fault> {
    let rule = "handset: Android §7";
    let sender = it.at("MessageInfo/Sender");
    let has_sender = sender.is_some_and(|it| it.has("User/UserID") || it.child("Group").is_some());
    hold(has_sender, rule, || "a message without a sender".into())?;
    hold(it.has("MessageInfo/MessageID"), rule, || "a message without an id".into())?;
    let encoding = it.text_at("MessageInfo/ContentEncoding");
    let is_plain = !encoding.eq_ignore_ascii_case("BASE64");
    hold(is_plain, "handset: Android G22", || "a message in base64".into())?;
    let time = it.text_at("MessageInfo/DateTime");
    let is_basic = time.is_empty() || is_basic_time(time);
    hold(is_basic, "handset: Android G22", || format!("the time {time}"))
}

/// Returns whether a time looks like `20100330T101500Z`.
fn is_basic_time(time: &str) -> bool {
    let is_digit = |at: usize| !matches!(at, 8 | 15);
    time.len() == 16
        && time.bytes().enumerate().all(|(at, octet)| !is_digit(at) || octet.is_ascii_digit())
        && time.get(8..9) == Some("T")
        && time.ends_with('Z')
}
