//! A message in any spelling, made readable for people.

use crate::{
    csp::{
        document::{Document, Spelling},
        error::ReadError,
        xml,
    },
    phone::trace::name_of,
};

/// Why octets cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is nothing.
    #[error("there are no octets")]
    Empty,
    /// The first octet starts neither spelling.
    #[error("neither XML nor WBXML: octet 0 is {0:02X}")]
    Unknown(u8),
    /// The spelling is known, the message cannot be read.
    #[error("{error} ({spelling} of {octets} octets)")]
    Unreadable {
        /// What is wrong, and where.
        error: ReadError,
        /// The spelling.
        spelling: &'static str,
        /// How long the message is.
        octets: usize,
    },
    /// A character is no hexadecimal digit.
    #[error("{letter:?} at character {at} is no hexadecimal digit")]
    NotHex {
        /// The character.
        letter: char,
        /// Its place.
        at: usize,
    },
    /// A digit lacks its partner.
    #[error("an odd number of hexadecimal digits")]
    HalfOctet,
}

/// Returns a head line and the message as indented XML.
pub fn decode(body: &[u8]) -> Result<String, DecodeError> {
    let first = body.first().ok_or(DecodeError::Empty)?;
    let spelling = Spelling::sniff(body).ok_or(DecodeError::Unknown(*first))?;
    let (name, octets) = (name_of(spelling), body.len());
    let document = Document::read(spelling, body).map_err(|error| DecodeError::Unreadable {
        error,
        spelling: name,
        octets,
    })?;
    let digits = document.version.digits();
    let xml = xml::write::pretty(&document);
    Ok(format!("{name}, CSP {digits}, {octets} octets\n{}\n", xml.trim_end()))
}

/// Reads hexadecimal digits; blanks, line ends, colons, commas and `0x` between them do not
/// matter.
pub fn from_hex(text: &str) -> Result<Vec<u8>, DecodeError> {
    let text = text.replace("0x", "  ").replace("\\x", "  ");
    let is_filler = |letter: &char| letter.is_whitespace() || matches!(letter, ':' | ',' | '-');
    let digits = text.chars().enumerate().filter(|(_, letter)| !is_filler(letter));
    let digits = digits
        .map(|(at, letter)| letter.to_digit(16).ok_or(DecodeError::NotHex { letter, at }))
        .collect::<Result<Vec<u32>, _>>()?;
    let octet = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high << 4 | low).map_err(|_| DecodeError::HalfOctet),
        _ => Err(DecodeError::HalfOctet),
    };
    digits.chunks(2).map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A poll (handset: Android §2).
    const POLL: &str = "03116a00c90803312e3200016d6e708011016f036162632e373700010172747680200101\
        f30a03312e3200010001620101010101";

    #[test]
    fn wbxml_is_shown_as_xml() {
        let text = decode(&from_hex(POLL).unwrap()).unwrap();
        assert!(text.starts_with("WBXML, CSP 1.2, 52 octets\n<WV-CSP-Message"), "{text}");
        assert!(text.contains("        <Polling-Request/>\n"), "{text}");
        let xml = text.split_once('\n').unwrap().1;
        assert!(decode(xml.as_bytes()).unwrap().starts_with("XML, CSP 1.2"));
    }

    #[test]
    fn hex_may_be_written_as_people_do() {
        let expected = Ok(vec![0x03, 0x11, 0x6A]);
        for text in ["03116a", "03 11\n6A", "0x03, 0x11, 0x6a", "03:11:6a", "\\x03\\x11\\x6a"] {
            assert_eq!(from_hex(text), expected, "{text}");
        }
        assert_eq!(from_hex("03 1"), Err(DecodeError::HalfOctet));
        assert_eq!(from_hex("03 zz"), Err(DecodeError::NotHex { letter: 'z', at: 3 }));
    }

    #[test]
    fn an_error_says_where() {
        assert_eq!(decode(b""), Err(DecodeError::Empty));
        assert_eq!(
            decode(b"GIF89a").unwrap_err().to_string(),
            "neither XML nor WBXML: octet 0 is 47"
        );
        let cut = from_hex(&POLL[..60]).unwrap();
        let error = decode(&cut).unwrap_err().to_string();
        assert_eq!(error, "the message ends too early (WBXML of 30 octets)");
        let odd = decode(b"\x03\x10\x6a\x00\x01").unwrap_err().to_string();
        assert!(odd.contains("at octet 4"), "{odd}");
    }
}
