//! How a handset writes what our own writer would write otherwise.

use compact_str::CompactString;

use crate::{csp::element::Element, phone::handset::Handset};

/// Rewrites a message of ours into the handset's own manner.
pub(super) fn speak(handset: Handset, root: &mut Element) {
    let Some(primitive) = primitive_of(root) else { return };
    match handset {
        Handset::S60 => speak_s60(primitive),
        Handset::Android => speak_android(primitive),
        Handset::Plain => {}
    }
}

/// Finds the one primitive of a message.
fn primitive_of(root: &mut Element) -> Option<&mut Element> {
    let session = child_of(root, "Session")?;
    let transaction = child_of(session, "Transaction")?;
    child_of(transaction, "TransactionContent")?.children_mut().first_mut()
}

fn child_of<'a>(element: &'a mut Element, name: &str) -> Option<&'a mut Element> {
    element.children_mut().iter_mut().find(|child| child.name() == name)
}

fn speak_s60(primitive: &mut Element) {
    match primitive.name() {
        // handset: S60 §8.1, §8.2
        "SendMessage-Request" => {
            if let Some(info) = child_of(primitive, "MessageInfo") {
                info.children_mut()
                    .retain(|child| child.name() != "ContentType" || child.text() != "text/plain");
            }
            replace(primitive, &|it| {
                (it.name() == "ContentData").then(|| escaped_markup(it.text()))
            });
        }
        // handset: S60 §10
        name if PRESENCE_AND_LISTS.contains(&name) => replace(primitive, &|it| {
            let is_address = matches!(it.name(), "UserID" | "ContactList");
            is_address.then(|| escaped_address(it.text()))
        }),
        _ => {}
    }
}

/// Primitives whose addresses the presence engine of S60 escapes.
const PRESENCE_AND_LISTS: [&str; 12] = [
    "CreateAttributeList-Request",
    "CreateList-Request",
    "DeleteAttributeList-Request",
    "DeleteList-Request",
    "GetAttributeList-Request",
    "GetPresence-Request",
    "ListManage-Request",
    "PresenceAuth-User",
    "CancelAuth-Request",
    "SubscribePresence-Request",
    "UnsubscribePresence-Request",
    "GetWatcherList-Request",
];

/// handset: Android §3, §5
fn speak_android(primitive: &mut Element) {
    match primitive.name() {
        "Login-Request" => {
            let is_proof =
                |it: &Element| matches!(it.name(), "Password" | "DigestSchema" | "DigestBytes");
            primitive.children_mut().sort_by_key(is_proof);
        }
        "ListManage-Request" => {
            let rank = |it: &Element| !matches!(it.name(), "ContactList" | "ReceiveList");
            primitive.children_mut().sort_by_key(rank);
        }
        "SubscribePresence-Request" => {
            primitive.children_mut().sort_by_key(|it| it.name() != "PresenceSubList");
        }
        "CreateList-Request" => {
            for nick_name in
                child_of(primitive, "NickList").into_iter().flat_map(Element::children_mut)
            {
                for child in nick_name.children_mut() {
                    if child.name() == "UserID" {
                        *child = Element::new("User").child_element(child.clone());
                    }
                }
            }
        }
        _ => {}
    }
}

/// Replaces the text of every leaf for which a new one is given.
fn replace(element: &mut Element, new_text: &dyn Fn(&Element) -> Option<CompactString>) {
    if let Some(text) = new_text(element) {
        *element = Element::with_text(element.name(), text);
    }
    for child in element.children_mut() {
        replace(child, new_text);
    }
}

fn escaped_markup(text: &str) -> CompactString {
    let mut out = CompactString::default();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

fn escaped_address(address: &str) -> CompactString {
    let (scheme, rest) = address.split_at(if address.starts_with("wv:") { 3 } else { 0 });
    let mut out = CompactString::from(scheme);
    for letter in rest.chars() {
        match letter {
            ':' | ';' | '?' | '&' | '=' | '+' | '$' | ',' => {
                out.push_str(&format!("%{:02X}", u32::from(letter)));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{document::Document, document::Spelling, xml};

    fn spoken(handset: Handset, primitive: &str) -> String {
        let text = format!(
            "<WV-CSP-Message><Session><Transaction><TransactionContent>{primitive}\
             </TransactionContent></Transaction></Session></WV-CSP-Message>"
        );
        let mut document = Document::read(Spelling::Xml, text.as_bytes()).unwrap();
        speak(handset, &mut document.root);
        let text = String::from_utf8(xml::write::write(&document)).unwrap();
        let (_, rest) = text.split_once("<TransactionContent").unwrap();
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split_once("</TransactionContent>").unwrap().0.to_owned()
    }

    #[test]
    fn s60_escapes_text_twice_and_names_no_plain_type() {
        let said = spoken(
            Handset::S60,
            "<SendMessage-Request><MessageInfo><ContentType>text/plain</ContentType>\
             <Recipient><User><UserID>wv:+35</UserID></User></Recipient></MessageInfo>\
             <ContentData>a &lt; b</ContentData></SendMessage-Request>",
        );
        assert_eq!(
            said,
            "<SendMessage-Request><MessageInfo><Recipient><User><UserID>wv:+35</UserID></User>\
             </Recipient></MessageInfo><ContentData>a &amp;lt; b</ContentData>\
             </SendMessage-Request>"
        );
    }

    #[test]
    fn s60_10_presence_and_lists_escape_addresses() {
        let said = spoken(
            Handset::S60,
            "<ListManage-Request><ContactList>wv:kim/a:b@x</ContactList><RemoveNickList>\
             <UserID>wv:+35</UserID></RemoveNickList></ListManage-Request>",
        );
        assert!(said.contains("<ContactList>wv:kim/a%3Ab@x</ContactList>"), "{said}");
        assert!(said.contains("<UserID>wv:%2B35</UserID>"), "{said}");
    }

    #[test]
    fn android_g30_misorders_children() {
        let said = spoken(
            Handset::Android,
            "<Login-Request><UserID>kim</UserID><Password>x</Password>\
             <TimeToLive>7205</TimeToLive></Login-Request>",
        );
        assert!(said.ends_with("</TimeToLive><Password>x</Password></Login-Request>"), "{said}");
        let said = spoken(
            Handset::Android,
            "<ListManage-Request><ContactList>l</ContactList><AddNickList/>\
             <ReceiveList>F</ReceiveList></ListManage-Request>",
        );
        assert!(said.contains("<ReceiveList>F</ReceiveList><AddNickList/>"), "{said}");
        let said = spoken(
            Handset::Android,
            "<CreateList-Request><NickList><NickName><Name>Lee</Name><UserID>lee</UserID>\
             </NickName></NickList></CreateList-Request>",
        );
        assert!(said.contains("<User><UserID>lee</UserID></User>"), "{said}");
    }
}
