//! Each exchange with the server, for people to look at.

use std::{fmt, sync::Arc};

use crate::csp::{
    document::{Document, Spelling},
    element::Element,
    xml,
};

/// Which way a body went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the phone to the server.
    Out,
    /// From the server to the phone, with this HTTP status.
    In(u16),
}

/// One body on its way.
#[derive(Clone, Copy, Debug)]
pub struct Trip<'a> {
    /// Which way it went.
    pub way: Way,
    /// The body.
    pub body: &'a [u8],
}

/// Prints a head line, and below it the body as indented XML.
impl fmt::Display for Trip<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.body.len();
        match self.way {
            Way::Out => write!(formatter, "--> POST, {octets} octets")?,
            Way::In(status) => write!(formatter, "<-- HTTP {status}, {octets} octets")?,
        }
        let Some(spelling) = Spelling::sniff(self.body) else {
            let text = String::from_utf8_lossy(self.body);
            return write!(formatter, "\n{}", text.trim_end());
        };
        match Document::read(spelling, self.body) {
            Ok(mut document) => {
                hide_passwords(&mut document.root);
                let digits = document.version.digits();
                writeln!(formatter, ", {}, CSP {digits}", name_of(spelling))?;
                formatter.write_str(xml::write::pretty(&document).trim_end())
            }
            Err(error) => write!(formatter, ", unreadable: {error}"),
        }
    }
}

/// Traces are shown to others.
fn hide_passwords(element: &mut Element) {
    if element.name() == "Password" {
        *element = Element::with_text("Password", "…");
    }
    element.children_mut().iter_mut().for_each(hide_passwords);
}

/// Returns what people call a spelling.
pub fn name_of(spelling: Spelling) -> &'static str {
    match spelling {
        Spelling::Xml => "XML",
        Spelling::Wbxml => "WBXML",
    }
}

/// Who sees each body.
#[derive(Clone)]
pub struct Trace(Arc<dyn Fn(&Trip<'_>) + Send + Sync>);

impl Trace {
    /// Hands each body to a function.
    pub fn new(sink: impl Fn(&Trip<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Shows a body.
    pub fn show(&self, trip: &Trip<'_>) {
        (self.0)(trip);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Trace(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_in_any_spelling_or_as_it_is() {
        let body = b"<WV-CSP-Message xmlns=\"http://www.wireless-village.org/CSP1.1\"/>";
        let shown = Trip { way: Way::In(200), body }.to_string();
        assert!(shown.starts_with("<-- HTTP 200, "), "{shown}");
        assert!(shown.contains(" octets, XML, CSP 1.1\n<WV-CSP-Message"), "{shown}");
        assert_eq!(Trip { way: Way::Out, body: b"" }.to_string().trim(), "--> POST, 0 octets");
        let shown = Trip { way: Way::In(404), body: b"not here\n" }.to_string();
        assert_eq!(shown, "<-- HTTP 404, 9 octets\nnot here");
        let body = b"<WV-CSP-Message><Password>my2</Password></WV-CSP-Message>";
        let shown = Trip { way: Way::Out, body }.to_string();
        assert!(shown.contains("<Password>…</Password>") && !shown.contains("my2"), "{shown}");
        assert!(Trip { way: Way::Out, body: b"<" }.to_string().contains("unreadable"));
    }
}
