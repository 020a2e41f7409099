//! The rules about HTTP.

use crate::phone::{
    error::Fault,
    handset::Handset,
    http::Reply,
    strict::{Purpose, Question, hold},
};

/// Octets of the longest body that S60 takes (handset: S60 §1).
const S60_MAX_BYTES: usize = 309_248;

/// Checks all but the body's own form.
pub(super) fn check(question: &Question<'_>, reply: &Reply) -> Result<(), Fault> {
    match question.handset {
        Handset::S60 => s60(reply),
        Handset::Android => android(question, reply),
        Handset::Plain => Ok(()),
    }
}

fn s60(reply: &Reply) -> Result<(), Fault> {
    let status = reply.status;
    hold(status == 200, "handset: S60 §1", || format!("HTTP {status} instead of 200"))?;
    hold(reply.encoding.is_none(), "handset: S60 §11.16", || "a compressed body".into())?;
    let octets = reply.body.len();
    hold(octets <= S60_MAX_BYTES, "handset: S60 §1", || format!("a body of {octets} octets"))
}

fn android(question: &Question<'_>, reply: &Reply) -> Result<(), Fault> {
    let status = reply.status;
    let crashes = matches!(status, 204 | 205 | 304);
    hold(!crashes, "handset: Android G1", || format!("HTTP {status}, which ends its process"))?;
    hold(status == 200, "handset: Android §1", || format!("HTTP {status} instead of 200"))?;
    hold(reply.encoding.is_none(), "handset: Android G36", || "a compressed body".into())?;
    if !reply.body.is_empty() {
        return Ok(());
    }
    match question.purpose {
        Purpose::Request { name, .. } => {
            Err(Fault::new("handset: Android G7", format!("an empty answer to {name}")))
        }
        Purpose::Poll | Purpose::Acknowledgement { .. } => {
            hold(reply.length == Some(0), "handset: Android §1", || {
                "an empty body without Content-Length: 0".into()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{document::Spelling, version::Version};

    fn rule(handset: Handset, purpose: Purpose<'_>, change: impl FnOnce(&mut Reply)) -> &str {
        let (version, spelling) = (Version::V1_2, Spelling::Wbxml);
        let question =
            Question { handset, version, spelling, purpose, session_id: None, offered: &[] };
        let body = "x".into();
        let mut reply = Reply { status: 200, length: Some(1), encoding: None, body };
        change(&mut reply);
        check(&question, &reply).map_or_else(|fault| fault.rule, |()| "")
    }

    const REQUEST: Purpose<'_> = Purpose::Request { name: "GetList-Request", id: "1" };

    #[test]
    fn s60_1_only_200_is_read() {
        assert_eq!(rule(Handset::S60, REQUEST, |_| {}), "");
        assert_eq!(rule(Handset::S60, REQUEST, |it| it.status = 202), "handset: S60 §1");
        assert_eq!(rule(Handset::S60, Purpose::Poll, |it| it.body = "".into()), "");
        let long = |it: &mut Reply| it.body = vec![0; S60_MAX_BYTES + 1].into();
        assert_eq!(rule(Handset::S60, REQUEST, long), "handset: S60 §1");
        let zipped = |it: &mut Reply| it.encoding = Some("gzip".into());
        assert_eq!(rule(Handset::S60, REQUEST, zipped), "handset: S60 §11.16");
    }

    #[test]
    fn android_1_empty_bodies_are_for_polls_and_have_a_length() {
        let rule = |purpose, status: u16, length| {
            rule(Handset::Android, purpose, |it| {
                *it = Reply { status, length, encoding: None, body: "".into() };
            })
        };
        assert_eq!(rule(Purpose::Poll, 200, Some(0)), "");
        assert_eq!(rule(Purpose::Acknowledgement { id: "s1" }, 200, Some(0)), "");
        assert_eq!(rule(Purpose::Poll, 200, None), "handset: Android §1");
        assert_eq!(rule(REQUEST, 200, Some(0)), "handset: Android G7");
        assert_eq!(rule(Purpose::Poll, 204, Some(0)), "handset: Android G1");
        assert_eq!(rule(Purpose::Poll, 500, Some(0)), "handset: Android §1");
        let zipped = |it: &mut Reply| it.encoding = Some("gzip".into());
        assert_eq!(super::tests::rule(Handset::Android, REQUEST, zipped), "handset: Android G36");
    }

    #[test]
    fn a_plain_phone_reads_on() {
        assert_eq!(rule(Handset::Plain, REQUEST, |it| it.status = 500), "");
    }
}
