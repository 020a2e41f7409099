//! Just enough WBXML to read what the server sends to a load generator.

/// What is of interest in a body; empty for an empty body.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// The session that was opened.
    pub session: Option<String>,
    /// The first status code.
    pub code: u32,
    /// More waits: poll at once.
    pub poll: bool,
    /// What the server pushed.
    pub pushes: Vec<Push>,
}

/// A request of the server.
#[derive(Debug, Default, PartialEq)]
pub struct Push {
    pub transaction: String,
    /// The message, if it is one.
    pub message: Option<String>,
    pub text: String,
}

/// A tag of code page 0 that is read, content bit off.
const CODE: u8 = 0x0B;
const CONTENT_DATA: u8 = 0x0D;
const MESSAGE_ID: u8 = 0x1B;
const POLL: u8 = 0x21;
const SESSION_ID: u8 = 0x2F;
const TRANSACTION: u8 = 0x32;
const TRANSACTION_ID: u8 = 0x35;
const TRANSACTION_MODE: u8 = 0x36;

/// The value token of "Request" and of "T".
const REQUEST: u8 = 0x20;
const TRUE: u8 = 0x2C;

impl Answer {
    /// Reads a body; none if it is not what our server writes.
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        if body.is_empty() {
            return Some(answer);
        }
        let mut at = 4;
        let (mut page, mut tag, mut is_request) = (0, 0, false);
        let mut push = Push::default();
        while let Some(&octet) = body.get(at) {
            at += 1;
            match octet {
                0x00 => {
                    page = *body.get(at)?;
                    at += 1;
                }
                0x01 => {}
                0x03 => {
                    let len = body.get(at..)?.iter().position(|&octet| octet == 0)?;
                    let text = str::from_utf8(&body[at..at + len]).ok()?;
                    at += len + 1;
                    if page == 0 {
                        answer.text(tag, text, &mut push);
                    }
                }
                0x80 => {
                    let word = *body.get(at)?;
                    at += 1;
                    match (page, tag) {
                        (0, TRANSACTION_MODE) => is_request = word == REQUEST,
                        (0, POLL) => answer.poll = word == TRUE,
                        _ => {}
                    }
                }
                0xC3 => {
                    let len = usize::from(*body.get(at)?);
                    let octets = body.get(at + 1..at + 1 + len)?;
                    at += 1 + len;
                    if (page, tag) == (0, CODE) && answer.code == 0 {
                        let number =
                            octets.iter().fold(0, |all, &octet| all << 8 | u32::from(octet));
                        answer.code = number;
                    }
                }
                _ => {
                    if octet & 0x80 != 0 {
                        // The name space: one attribute.
                        at += body.get(at..)?.iter().position(|&octet| octet == 0)? + 2;
                    }
                    tag = octet & 0x3F;
                    if (page, tag) == (0, TRANSACTION) {
                        answer.keep(&mut push, is_request);
                    }
                }
            }
        }
        answer.keep(&mut push, is_request);
        Some(answer)
    }

    fn text(&mut self, tag: u8, text: &str, push: &mut Push) {
        match tag {
            SESSION_ID => self.session = Some(text.to_owned()),
            TRANSACTION_ID => push.transaction = text.to_owned(),
            MESSAGE_ID => push.message = Some(text.to_owned()),
            CONTENT_DATA => push.text = text.to_owned(),
            _ => {}
        }
    }

    fn keep(&mut self, push: &mut Push, is_request: bool) {
        let push = std::mem::take(push);
        if is_request && !push.transaction.is_empty() {
            self.pushes.push(push);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/csp/");
        std::fs::read(format!("{folder}{name}.wbxml")).unwrap()
    }

    #[test]
    fn a_pushed_message_is_read() {
        let answer = Answer::read(&vector("1.1/new-message")).unwrap();
        assert!(answer.poll);
        assert_eq!(answer.session.as_deref(), Some("s-7Kq"));
        let message = Some("m-0001".to_owned());
        assert_eq!(
            answer.pushes,
            [Push { transaction: "srv-13".into(), message, text: "IM".into() }]
        );
    }

    #[test]
    fn a_refused_login_is_read() {
        let answer = Answer::read(&vector("1.1/login-response")).unwrap();
        assert_eq!((answer.code, answer.pushes.len(), answer.session), (401, 0, None));
    }

    #[test]
    fn no_body_says_nothing() {
        assert_eq!(Answer::read(b""), Some(Answer::default()));
    }
}
