//! The codec against vectors, handsets' facts, another implementation and chance.

#[path = "vectors/libwbxml.rs"]
mod libwbxml;
#[path = "vectors/messages.rs"]
mod messages;
#[path = "vectors/pieces.rs"]
mod pieces;
#[path = "vectors/properties.rs"]
mod properties;
#[path = "vectors/reading.rs"]
mod reading;
#[path = "vectors/writing.rs"]
mod writing;
#[path = "vectors/xml_text.rs"]
mod xml_text;
