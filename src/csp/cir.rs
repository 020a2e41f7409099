//! The text of a wake-up, and the lines of the connection on which a phone waits for one.

use crate::csp::version::Version;

/// Octets of the longest line that is read: a word, two blanks, a version and a long cookie.
pub const MAX_LINE_BYTES: usize = 512;

/// The line with which the server answers `HELO` and `PING`.
pub const OK: &str = "OK\r\n";

/// The line with which a phone keeps the connection; the blank is Android's.
pub const PING: &str = "PING \r\n";

/// Returns the line with which a phone says whose connection it is.
pub fn hello(session_id: &str) -> String {
    format!("HELO {session_id}\r\n")
}

/// Returns the text that wakes a phone: `WVCI <version> <cookie>`, with a line's end.
///
/// It must begin a segment or a datagram, so it never shares one (handset: S60 §5.3).
pub fn wake_up(version: Version, cookie: &str) -> String {
    format!("WVCI {} {cookie}\r\n", version.digits())
}

/// A line of the connection, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// `HELO <SessionID>`: the phone says whose connection it is.
    Hello {
        /// The session.
        session_id: String,
    },
    /// `PING`, which Android follows with a blank: are you there?
    Ping,
    /// `OK`: the answer to both.
    Ok,
    /// `WVCI <version> <cookie>`: the server has something.
    WakeUp {
        /// The cookie of the login; no phone checks the version.
        cookie: String,
    },
    /// Anything else, to be passed over.
    Unknown,
}

impl Line {
    /// Understands a line without its end.
    pub fn parse(text: &str) -> Self {
        let mut words = text.split_ascii_whitespace();
        let first = words.next().unwrap_or_default().to_ascii_uppercase();
        match (first.as_str(), words.next(), words.next()) {
            ("HELO", Some(session_id), None) => Self::Hello { session_id: session_id.into() },
            ("PING", ..) => Self::Ping,
            ("OK", None, None) => Self::Ok,
            ("WVCI", _, cookie) => Self::WakeUp { cookie: cookie.unwrap_or_default().into() },
            _ => Self::Unknown,
        }
    }
}

/// The line is longer than any that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line longer than {MAX_LINE_BYTES} octets")]
pub struct LineTooLong;

/// Cuts the octets of a connection into lines that end with LF, CR or both.
#[derive(Clone, Debug, Default)]
pub struct LineReader {
    pending: Vec<u8>,
}

impl LineReader {
    /// Takes what has arrived.
    pub fn push(&mut self, octets: &[u8]) {
        self.pending.extend_from_slice(octets);
    }

    /// Returns the next whole line, or none until more arrives. Empty lines are passed over.
    ///
    /// # Errors
    ///
    /// If a line grows too long; the connection is then of no use.
    pub fn next_line(&mut self) -> Result<Option<Line>, LineTooLong> {
        loop {
            let end = self.pending.iter().position(|octet| matches!(octet, b'\r' | b'\n'));
            if end.unwrap_or(self.pending.len()) > MAX_LINE_BYTES {
                return Err(LineTooLong);
            }
            let Some(end) = end else { return Ok(None) };
            let line: Vec<u8> = self.pending.drain(..=end).take(end).collect();
            if !line.is_empty() {
                return Ok(Some(Line::parse(&String::from_utf8_lossy(&line))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(octets: &[u8]) -> Vec<Line> {
        let mut reader = LineReader::default();
        octets.chunks(3).for_each(|chunk| reader.push(chunk));
        std::iter::from_fn(|| reader.next_line().unwrap()).collect()
    }

    #[test]
    fn lines_of_both_phones_are_read_whatever_ends_them() {
        let hello = Line::Hello { session_id: "im-4711".into() };
        assert_eq!(lines(b"HELO im-4711\r\nPING \r\n"), [hello.clone(), Line::Ping]);
        assert_eq!(lines(b"HELO im-4711\rPING\n\nOK\r"), [hello, Line::Ping, Line::Ok]);
        assert_eq!(lines(b"OK is not OK\nHELO\nOK"), [Line::Unknown, Line::Unknown]);
    }

    #[test]
    fn what_is_written_is_read() {
        let woken = Line::WakeUp { cookie: "wv:nokia.12345".into() };
        let text = wake_up(Version::V1_1, "wv:nokia.12345");
        assert_eq!(text, "WVCI 1.1 wv:nokia.12345\r\n");
        let all = format!("{}{PING}{OK}{text}", hello("s1"));
        let session_id = "s1".into();
        assert_eq!(
            lines(all.as_bytes()),
            [Line::Hello { session_id }, Line::Ping, Line::Ok, woken]
        );
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut reader = LineReader::default();
        reader.push(&[b'x'; MAX_LINE_BYTES]);
        assert_eq!(reader.next_line(), Ok(None));
        reader.push(b"x");
        assert_eq!(reader.next_line(), Err(LineTooLong));
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_taken(octets in proptest::collection::vec(0..=u8::MAX, 0..64)) {
            let _ = lines(&octets);
        }
    }
}
