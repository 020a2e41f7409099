//! When something was really said (XEP-0203, and XEP-0091 before it), and dates (XEP-0082).

use jiff::{Timestamp, civil::DateTime};

use crate::{
    base::clock::Millis,
    xmpp::{
        ns,
        payload::{Node, Payload},
    },
};

/// A notice that a stanza was kept somewhere before it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// When it was sent.
    pub stamp: Millis,
    /// Who kept it.
    pub from: Option<String>,
}

impl Delay {
    /// Reads a notice in either spelling; one without a date that can be read is none.
    pub(in crate::xmpp) fn read(node: Node<'_>) -> Option<Self> {
        let stamp = read_date(node.attr("stamp")?)?;
        Some(Self { stamp, from: node.attr("from").map(str::to_owned) })
    }

    pub(in crate::xmpp) fn to_payload(&self) -> Payload {
        // spec: XEP-0203 §2
        Payload::new("delay", ns::DELAY)
            .with_attr_if("from", self.from.as_deref())
            .with_attr("stamp", &write_date(self.stamp))
    }

    /// Keeps the older of two: the first that kept a stanza knows best when it was sent.
    pub(in crate::xmpp) fn older(kept: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (kept, other) {
            (Some(kept), Some(other)) if other.stamp < kept.stamp => Some(other),
            (None, other) => other,
            (kept, _) => kept,
        }
    }
}

/// Reads a date; without a zone it is UTC, as servers that forget it mean.
pub fn read_date(text: &str) -> Option<Millis> {
    let text = text.trim();
    // spec: XEP-0082 §3.2
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(Millis(stamp.as_millisecond()));
    }
    // spec: XEP-0091 §3
    let civil = DateTime::strptime("%Y%m%dT%H:%M:%S", text.trim_end_matches('Z'))
        .or_else(|_| text.parse::<DateTime>())
        .ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Millis(zoned.timestamp().as_millisecond()))
}

/// Writes a date in UTC with as many decimals as it needs; a moment out of the calendar is 1970.
pub fn write_date(moment: Millis) -> String {
    Timestamp::from_millisecond(moment.0).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_in_all_the_spellings_that_servers_use() {
        let moment = Some(Millis(1_031_699_305_000));
        for text in [
            "2002-09-10T23:08:25Z",
            " 2002-09-10T23:08:25.000Z ",
            "2002-09-11T01:08:25+02:00",
            "20020910T23:08:25",
            "2002-09-10T23:08:25",
        ] {
            assert_eq!(read_date(text), moment, "{text}");
        }
        for bad in ["", "yesterday", "2002-13-10T23:08:25Z", "2002-09-10 at noon", "99999999999T"] {
            assert_eq!(read_date(bad), None, "{bad}");
        }
        assert_eq!(write_date(Millis(1_031_699_305_000)), "2002-09-10T23:08:25Z");
        assert_eq!(write_date(Millis(i64::MAX)), "1970-01-01T00:00:00Z");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9TZ:+.-]{0,30}") {
            let _ = read_date(&text);
        }
    }
}
