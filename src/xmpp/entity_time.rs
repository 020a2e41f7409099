//! What time it is where somebody is (XEP-0202).

use crate::{
    base::clock::Millis,
    xmpp::{
        delay::{read_date, write_date},
        ns,
        payload::{Node, Payload},
    },
};

/// The time at an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTime {
    /// The moment.
    pub now: Millis,
    /// Minutes that its clock is ahead of UTC.
    pub offset_minutes: i32,
}

impl EntityTime {
    /// Reads an answer.
    pub fn read(time: Node<'_>) -> Option<Self> {
        let now = read_date(&time.child_text("utc", ns::TIME)?)?;
        let offset_minutes = read_offset(&time.child_text("tzo", ns::TIME)?)?;
        Some(Self { now, offset_minutes })
    }

    /// Returns the answer.
    pub fn to_payload(self) -> Payload {
        // spec: XEP-0202 §3
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        let offset = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        Payload::new("time", ns::TIME)
            .with_leaf("tzo", &offset)
            .with_leaf("utc", &write_date(self.now))
    }
}

/// Reads `Z` or `+hh:mm`.
// spec: XEP-0082 §4
fn read_offset(text: &str) -> Option<i32> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let minutes = hours.parse::<u8>().ok()? as i32 * 60 + minutes.parse::<u8>().ok()? as i32;
    match text.get(..1)? {
        "+" => Some(minutes),
        "-" => Some(-minutes),
        _ => None,
    }
}
