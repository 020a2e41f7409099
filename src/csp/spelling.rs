//! Documents in any of their spellings.

use crate::csp::{
    document::{Document, Spelling},
    error::ReadError,
    wbxml::{self, write::WriteOptions},
    xml,
};

impl Document {
    /// Reads a body.
    pub fn read(spelling: Spelling, body: &[u8]) -> Result<Self, ReadError> {
        match spelling {
            Spelling::Xml => xml::read::read(body),
            Spelling::Wbxml => wbxml::read::read(body),
        }
    }

    /// Writes a body.
    pub fn write(&self, spelling: Spelling, options: WriteOptions) -> Vec<u8> {
        match spelling {
            Spelling::Xml => xml::write::write(self),
            Spelling::Wbxml => wbxml::write::write(self, options),
        }
    }
}
