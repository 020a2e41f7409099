//! What the imitated handset refuses to read, rule by rule.

mod android;
mod android_octets;
mod envelope;
mod node;
mod s60;
mod s60_octets;
mod transport;
mod walk;

use crate::{
    csp::{
        capability::CirMethod,
        document::{Document, Spelling},
        version::Version,
    },
    phone::{error::Fault, handset::Handset, http::Reply, strict::node::Node},
};

/// What a reply answers, and in which state of the phone.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The handset that reads.
    pub handset: Handset,
    /// The version that it speaks.
    pub version: Version,
    /// The spelling that it reads.
    pub spelling: Spelling,
    /// What it posted.
    pub purpose: Purpose<'a>,
    /// Its session.
    pub session_id: Option<&'a str>,
    /// The ways of waking that it named to the server.
    pub offered: &'a [CirMethod],
}

/// Why the phone posted something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// It wants an answer.
    Request {
        /// The name of the request.
        name: &'a str,
        /// The transaction.
        id: &'a str,
    },
    /// It wants to know what waits for it.
    Poll,
    /// It confirms something.
    Acknowledgement {
        /// The server's transaction.
        id: &'a str,
    },
}

/// Checks a reply against all rules of the handset.
///
/// # Errors
///
/// The first rule that the reply breaks.
pub fn check(question: &Question<'_>, reply: &Reply) -> Result<(), Fault> {
    transport::check(question, reply)?;
    let body = &reply.body[..];
    // What cannot be read at all is told by the phone itself.
    if body.is_empty() || Spelling::sniff(body) != Some(question.spelling) {
        return Ok(());
    }
    match (question.handset, question.spelling) {
        (Handset::Plain, _) => Ok(()),
        (Handset::S60, _) => {
            let (header, root) = walk::walk(body, question.version, s60_octets::HEADER)?;
            s60_octets::check(question.version, header, &root)?;
            s60::check(question, &root)
        }
        (Handset::Android, Spelling::Wbxml) => {
            let (header, root) = walk::walk(body, question.version, android_octets::ENCODING)?;
            android_octets::check(header, body.len(), &root)?;
            android::check(question, &root)
        }
        (Handset::Android, Spelling::Xml) => match Document::read(Spelling::Xml, body) {
            Ok(document) => android::check(question, &Node::of(&document.root)),
            Err(_) => Ok(()),
        },
    }
}

/// Returns the fault unless a condition holds.
fn hold(condition: bool, rule: &'static str, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if condition { Ok(()) } else { Err(Fault::new(rule, what())) }
}

#[cfg(test)]
mod tests;
