//! The octets of WBXML as a real phone writes them, which our own writer never does.

use onesoup::csp::document::{Document, Spelling};
use onesoup::csp::wbxml::write::WriteOptions;

/// Writes WBXML as an S60 does: every text in a string table, the beginning of a web address as a
/// token, an empty transaction id with an empty text (handset: S60 §2.1).
pub(crate) fn as_s60_writes(xml: &str) -> Vec<u8> {
    let document = Document::read(Spelling::Xml, xml.as_bytes()).expect("the test writes XML");
    let inline = document.write(Spelling::Wbxml, WriteOptions::default());
    let (mut table, mut out) = (Vec::new(), Vec::new());
    let mut rest = &inline[4..];
    let mut page = 0;
    while let [first, tail @ ..] = rest {
        let taken = match first {
            0x00 => {
                page = tail[0];
                out.extend(&rest[..2]);
                2
            }
            0x80 => {
                out.extend(&rest[..2]);
                2
            }
            0xC3 => {
                let length = 2 + usize::from(tail[0]);
                out.extend(&rest[..length]);
                length
            }
            0x03 => {
                let end = tail.iter().position(|octet| *octet == 0).unwrap();
                refer(&tail[..end], &mut table, &mut out);
                end + 2
            }
            // TransactionID without content.
            0x35 if page == 0 => {
                out.push(0x75);
                refer(b"", &mut table, &mut out);
                out.push(0x01);
                1
            }
            other => {
                out.push(*other);
                1
            }
        };
        rest = &rest[taken..];
    }
    let mut body = inline[..3].to_vec();
    number(table.len(), &mut body);
    [body, table, out].concat()
}

fn refer(text: &[u8], table: &mut Vec<u8>, out: &mut Vec<u8>) {
    let text = match text {
        [b'h', b't', b't', b'p', b':', b'/', b'/', rest @ ..] => {
            out.extend([0x80, 0x0E]);
            rest
        }
        other => other,
    };
    out.push(0x83);
    number(table.len(), out);
    table.extend_from_slice(text);
    table.push(0);
}

/// Writes a number in groups of seven bits.
fn number(number: usize, out: &mut Vec<u8>) {
    let groups = (0..5).rev().map(|group| (number >> (7 * group)) as u8 & 0x7F);
    let mut groups: Vec<u8> = groups.skip_while(|group| *group == 0).collect();
    let last = groups.pop().unwrap_or_default();
    out.extend(groups.into_iter().map(|group| 0x80 | group));
    out.push(last);
}
