//! A place in a body, and the parts of WBXML that are read there.

use crate::csp::error::ReadError;

/// What is left of a body.
pub(super) struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    /// Reads one octet.
    pub(super) fn octet(&mut self) -> Result<u8, ReadError> {
        let octet = self.peek().ok_or(ReadError::Truncated)?;
        self.at += 1;
        Ok(octet)
    }

    /// Returns the octet that comes next.
    pub(super) fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    /// Reads so many octets.
    pub(super) fn octets(&mut self, count: u32) -> Result<&'a [u8], ReadError> {
        let count = usize::try_from(count).map_err(|_| ReadError::Truncated)?;
        let octets = self.rest().get(..count).ok_or(ReadError::Truncated)?;
        self.at += count;
        Ok(octets)
    }

    /// Reads a number of one to five octets with seven bits each (`mb_u_int32`).
    pub(super) fn number(&mut self) -> Result<u32, ReadError> {
        let mut number: u32 = 0;
        loop {
            let octet = self.octet()?;
            if number > u32::MAX >> 7 {
                return Err(self.malformed("a number above 32 bits"));
            }
            number = number << 7 | u32::from(octet & 0x7F);
            if octet & 0x80 == 0 {
                return Ok(number);
            }
        }
    }

    /// Reads a string up to its zero.
    pub(super) fn string(&mut self) -> Result<&'a [u8], ReadError> {
        // Most strings are short: a plain loop is done before a search in blocks has begun.
        let rest = self.rest();
        let length = rest.iter().position(|octet| *octet == 0).ok_or(ReadError::Truncated)?;
        self.at += length + 1;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Returns an error about the octet that was just read.
    pub(super) fn malformed(&self, what: &'static str) -> ReadError {
        ReadError::Malformed { spelling: "WBXML", at: self.at.saturating_sub(1), what }
    }

    fn rest(&self) -> &'a [u8] {
        self.body.get(self.at..).unwrap_or_default()
    }
}
