//! Elements as text.

use minidom::{Element, Node};

use crate::xmpp::ns;

/// Appends an element to `text`, without its namespace where that is `outer`.
///
/// Characters that XML cannot carry are left out. Calls itself for children: what was read is
/// bounded in depth, what we build is shallow.
pub(in crate::xmpp) fn write(element: &Element, outer: &str, text: &mut String) {
    let ns = element.ns();
    text.push('<');
    text.push_str(element.name());
    if ns != outer {
        attribute("xmlns", &ns, text);
    }
    for (number, ((prefix_of, name), value)) in element.attrs().iter().enumerate() {
        match prefix_of.as_str() {
            "" => attribute(name.as_str(), value, text),
            ns::XML => attribute(&format!("xml:{name}"), value, text),
            prefixed => {
                attribute(&format!("xmlns:n{number}"), prefixed, text);
                attribute(&format!("n{number}:{name}"), value, text);
            }
        }
    }
    if element.nodes().next().is_none() {
        return text.push_str("/>");
    }
    text.push('>');
    for node in element.nodes() {
        match node {
            Node::Element(child) => write(child, &ns, text),
            Node::Text(plain) => escape(plain, text),
        }
    }
    text.push_str("</");
    text.push_str(element.name());
    text.push('>');
}

/// Appends ` name='value'`.
pub(in crate::xmpp) fn attribute(name: &str, value: &str, text: &mut String) {
    text.push(' ');
    text.push_str(name);
    text.push_str("='");
    escape(value, text);
    text.push('\'');
}

/// Appends a text so that it is read back as it was, but for what XML cannot carry.
fn escape(plain: &str, text: &mut String) {
    text.reserve(plain.len());
    let mut rest = plain;
    while let Some((at, special)) = rest.char_indices().find(|(_, letter)| is_special(*letter)) {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        match special {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '\'' => text.push_str("&apos;"),
            '"' => text.push_str("&quot;"),
            // Bare, these turn into spaces in an attribute, and a return into a line feed.
            '\t' => text.push_str("&#9;"),
            '\n' => text.push_str("&#10;"),
            '\r' => text.push_str("&#13;"),
            _ => {}
        }
        rest = after.strip_prefix(special).unwrap_or_default();
    }
    text.push_str(rest);
}

fn is_special(letter: char) -> bool {
    // spec: XML-1.0 §2.2
    matches!(letter, '<' | '>' | '&' | '\'' | '"' | '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}
