//! Rows of one kind on their way into one statement.

use serde::Serialize;

/// Rows as a JSON array of arrays, and a blob for what is long or not text.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rows: Vec<u8>,
    blob: Vec<u8>,
}

impl Sheet {
    /// Returns whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a bare number as a row.
    pub(super) fn add_number(&mut self, number: i64) {
        self.rows.push(if self.rows.is_empty() { b'[' } else { b',' });
        self.append(&number);
    }

    /// Begins a row of columns, which `fill` adds.
    pub(super) fn add_row(&mut self, fill: impl FnOnce(&mut Columns<'_>)) {
        self.rows.extend(if self.rows.is_empty() { b"[[" } else { b",[" });
        let mut columns = Columns { sheet: self, is_first: true };
        fill(&mut columns);
        self.rows.push(b']');
    }

    /// Returns the rows and the blob, and is empty again.
    pub(super) fn take(&mut self) -> (String, Vec<u8>) {
        self.rows.push(b']');
        let rows = String::from_utf8(std::mem::take(&mut self.rows)).expect("JSON is UTF-8");
        let mut blob = std::mem::take(&mut self.blob);
        if blob.is_empty() {
            // Of an empty blob SQL takes no empty part, but nothing.
            blob.push(0);
        }
        (rows, blob)
    }

    fn append(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut self.rows, value).expect("plain data always has a spelling");
    }
}

/// The columns of a row under way.
pub(super) struct Columns<'a> {
    sheet: &'a mut Sheet,
    is_first: bool,
}

impl Columns<'_> {
    /// Adds a number, a short text, or nothing.
    pub(super) fn small(&mut self, value: &impl Serialize) {
        self.comma();
        self.sheet.append(value);
    }

    /// Adds octets, or nothing; takes two columns: place and length.
    pub(super) fn octets(&mut self, octets: Option<&[u8]>) {
        let start = self.sheet.blob.len();
        self.sheet.blob.extend_from_slice(octets.unwrap_or_default());
        self.place(octets.map(|_| start));
    }

    /// Adds a value in its JSON spelling; takes two columns: place and length.
    pub(super) fn json(&mut self, value: &impl Serialize) {
        let start = self.sheet.blob.len();
        serde_json::to_writer(&mut self.sheet.blob, value)
            .expect("plain data always has a spelling");
        self.place(Some(start));
    }

    /// SQL counts from one.
    fn place(&mut self, start: Option<usize>) {
        let len = start.map(|start| self.sheet.blob.len() - start);
        self.small(&start.map(|start| start + 1));
        self.small(&len);
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.sheet.rows.push(b',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_their_places_in_the_blob() {
        let mut sheet = Sheet::default();
        for (text, octets) in [("a\"\0", Some(&b"xyz"[..])), ("b", None), ("c", Some(b""))] {
            sheet.add_row(|row| {
                row.small(&text);
                row.octets(octets);
            });
        }
        assert!(!sheet.is_empty());
        let (rows, blob) = sheet.take();
        assert_eq!(rows, r#"[["a\"\u0000",1,3],["b",null,null],["c",4,0]]"#);
        assert_eq!(blob, b"xyz");
        assert!(sheet.is_empty());
        sheet.add_number(7);
        sheet.add_number(-8);
        assert_eq!(sheet.take().0, "[7,-8]");
    }
}
