//! The text of a business card in `ContainedvCard`, as phones keep it: vCard 2.1, read also as 3.0.

/// Lines that are read.
const MAX_LINES: usize = 200;

/// Lines that hold octets, of which nothing is read.
const BINARY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// One line of a card: what it is, of which kinds, and its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// As in `TEL`, in capitals.
    pub name: String,
    /// As in `CELL`, in capitals.
    pub kinds: Vec<String>,
    /// What stands between semicolons; most lines have one part.
    pub parts: Vec<String>,
}

impl Line {
    /// Returns a line of one part.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), kinds: Vec::new(), parts: vec![text.to_owned()] }
    }

    /// Returns the text of a line that should have one part.
    pub fn text(&self) -> Option<String> {
        let text = self.parts.join(";").trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// Returns the text of a part, counted from zero.
    pub fn part(&self, place: usize) -> Option<String> {
        let text = self.parts.get(place)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn read(line: &str) -> Option<Self> {
        let (head, value) = line.split_once(':')?;
        let mut words = head.split(';').map(str::trim);
        // A group of lines may have a name: `item1.TEL`.
        let name = words.next()?.rsplit('.').next()?.to_ascii_uppercase();
        if name.is_empty() || BINARY.contains(&name.as_str()) {
            return None;
        }
        let (mut kinds, mut is_quoted, mut is_latin) = (Vec::new(), false, false);
        for word in words {
            let (key, values) = word.split_once('=').unwrap_or(("TYPE", word));
            match key.to_ascii_uppercase().as_str() {
                "ENCODING" => is_quoted |= values.eq_ignore_ascii_case(QUOTED),
                "CHARSET" => is_latin = values.eq_ignore_ascii_case("ISO-8859-1"),
                "TYPE" => {
                    let each = values.trim_matches('"').split(',');
                    let each = each.map(|value| value.trim().to_ascii_uppercase());
                    for kind in each {
                        // Version 2.1 names an encoding like a kind.
                        if kind == QUOTED { is_quoted = true } else { kinds.push(kind) }
                    }
                }
                _ => {}
            }
        }
        let value = if is_quoted { unquoted(value, is_latin) } else { value.to_owned() };
        Some(Self { name, kinds, parts: split(&value) })
    }

    fn write(&self) -> String {
        let escaped = |part: &String| part.replace('\\', "\\\\").replace(';', "\\;");
        let parts: Vec<String> = self.parts.iter().map(escaped).collect();
        let value = parts.join(";");
        let kinds: String = self.kinds.iter().map(|kind| format!(";{kind}")).collect();
        let is_plain = value.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        match is_plain {
            true => format!("{}{kinds}:{value}\r\n", self.name),
            false => {
                let value = quoted(&value);
                format!("{}{kinds};CHARSET=UTF-8;ENCODING={QUOTED}:{value}\r\n", self.name)
            }
        }
    }
}

/// Reads a card; none if it is none.
pub fn read(text: &str) -> Option<Vec<Line>> {
    let lines = unfolded(text);
    let mut lines = lines.iter().map(String::as_str);
    lines.find(|line| line.trim().eq_ignore_ascii_case("BEGIN:VCARD"))?;
    let is_end = |line: &&str| !line.trim().eq_ignore_ascii_case("END:VCARD");
    Some(lines.take_while(is_end).filter_map(Line::read).collect())
}

/// Writes a card.
pub fn write(lines: &[Line]) -> String {
    let lines: String = lines.iter().map(Line::write).collect();
    format!("BEGIN:VCARD\r\nVERSION:2.1\r\n{lines}END:VCARD\r\n")
}

/// Joins the lines that were broken.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(last) = lines.last_mut() {
            let is_quoted = last.to_ascii_uppercase().contains(QUOTED);
            if is_quoted && last.ends_with('=') {
                last.pop();
                last.push_str(line);
                continue;
            }
            if let Some(rest) = line.strip_prefix([' ', '\t']) {
                last.push_str(rest);
                continue;
            }
        }
        if lines.len() >= MAX_LINES {
            break;
        }
        lines.push(line.to_owned());
    }
    lines
}

/// Splits a value at its semicolons, and takes the escapes away.
fn split(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        let last = parts.last_mut().expect("there is one from the beginning");
        match letter {
            ';' => parts.push(String::new()),
            '\\' => match letters.next() {
                Some('n' | 'N') => last.push('\n'),
                Some(other) => last.push(other),
                None => {}
            },
            other => last.push(other),
        }
    }
    parts
}

fn quoted(text: &str) -> String {
    let quoted = |octet: u8| match octet {
        b' '..=b'<' | b'>'..=b'~' => char::from(octet).to_string(),
        other => format!("={other:02X}"),
    };
    text.bytes().map(quoted).collect()
}

fn unquoted(text: &str, is_latin: bool) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        let hexadecimal = others.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let octet = hexadecimal.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (first, octet) {
            (b'=', Some(octet)) => {
                octets.push(octet);
                rest = &others[2..];
            }
            (other, _) => octets.push(*other),
        }
    }
    let latin = |octets: Vec<u8>| octets.into_iter().map(char::from).collect();
    if is_latin {
        return latin(octets);
    }
    // Phones leave the name of the charset away, whichever it is.
    String::from_utf8(octets).unwrap_or_else(|error| latin(error.into_bytes()))
}

const QUOTED: &str = "QUOTED-PRINTABLE";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(line: &str) -> Line {
        let text = format!("BEGIN:VCARD\nVERSION:2.1\n{line}\nEND:VCARD\nX:after");
        let mut lines = read(&text).unwrap();
        assert_eq!(lines.len(), 2, "{lines:?}");
        lines.remove(1)
    }

    #[test]
    fn the_lines_of_phones_are_read() {
        let line = |name: &str, kinds: &[&str], parts: &[&str]| Line {
            name: name.into(),
            kinds: kinds.iter().map(|&kind| kind.into()).collect(),
            parts: parts.iter().map(|&part| part.into()).collect(),
        };
        let quoted = "CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE";
        for (text, expected) in [
            ("N:Hopper;Grace", line("N", &[], &["Hopper", "Grace"])),
            ("tel;cell;Voice:+1 2", line("TEL", &["CELL", "VOICE"], &["+1 2"])),
            ("TEL;TYPE=\"home,work\":1", line("TEL", &["HOME", "WORK"], &["1"])),
            ("item1.EMAIL;TYPE=INTERNET:a@b", line("EMAIL", &["INTERNET"], &["a@b"])),
            ("URL:http://x/a\\;b:c", line("URL", &[], &["http://x/a;b:c"])),
            ("NOTE:one\\ntwo\\, \\\\", line("NOTE", &[], &["one\ntwo, \\"])),
            (&format!("FN;{quoted}:Zo=C3=AB=3B =\n=C3=84"), line("FN", &[], &["Zoë", " Ä"])),
            ("FN;QUOTED-PRINTABLE:Zo=EB", line("FN", &[], &["Zoë"])),
            ("FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=C3=AB", line("FN", &[], &["Ã«"])),
            ("NOTE:folded\n  here", line("NOTE", &[], &["folded here"])),
        ] {
            assert_eq!(one(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_card_is_none_and_octets_are_passed_over() {
        for odd in ["", "hello", "BEGIN:VCALENDAR"] {
            assert_eq!(read(odd), None, "{odd}");
        }
        let card = "BEGIN:VCARD\nPHOTO;ENCODING=BASE64:iVBO\n Rw==\n\nno line\n:x\nFN:x\n";
        assert_eq!(read(card), Some(vec![Line::new("FN", "x")]));
        let endless = format!("BEGIN:VCARD\n{}", "FN:x\n".repeat(10_000));
        assert!(read(&endless).unwrap().len() < MAX_LINES);
    }

    #[test]
    fn a_card_is_written_so_that_the_oldest_phones_read_it() {
        let tel = Line { kinds: vec!["CELL".into()], ..Line::new("TEL", "+1") };
        let name = Line { parts: vec!["Hö;p".into(), "=".into()], ..Line::new("N", "") };
        let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nTEL;CELL:+1\r\n\
                    N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:H=C3=B6\\;p;=3D\r\nEND:VCARD\r\n";
        assert_eq!(write(&[tel, name]), text);
    }

    proptest! {
        #[test]
        fn every_card_is_read_as_it_was_written(parts in prop::collection::vec("\\PC{0,20}", 1..4)) {
            let line = Line { parts, ..Line::new("X-ANY", "") };
            let read = read(&write(std::slice::from_ref(&line))).unwrap();
            prop_assert_eq!(&read[1..], &[line]);
        }

        #[test]
        fn no_text_panics(text in "(BEGIN:VCARD\n)?([A-Z;:=\\\\\n ]|QUOTED-PRINTABLE|\\PC){0,60}") {
            read(&text);
        }
    }
}
