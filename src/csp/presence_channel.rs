//! The presence attributes that tell how to reach a user.

use compact_str::CompactString;

use crate::csp::{
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
};

/// `Cap` and `PrefC`: a way to reach a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Instant messages.
    Im,
    /// Calls.
    Call,
    /// Short messages.
    Sms,
    /// Multimedia messages.
    Mms,
    /// Mail.
    Email,
    /// Another word.
    Other(CompactString),
}

impl Word for Channel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("IM", Self::Im),
        ("CALL", Self::Call),
        ("SMS", Self::Sms),
        ("MMS", Self::Mms),
        ("EMAIL", Self::Email),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// `Status` and `Cstatus`: whether a channel works at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelStatus {
    /// It does.
    Open,
    /// It does not.
    Closed,
    /// Another word.
    Other(CompactString),
}

impl Word for ChannelStatus {
    const WORDS: &'static [(&'static str, Self)] =
        &[("OPEN", Self::Open), ("CLOSED", Self::Closed)];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// `CommCap`: the channels of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommCap {
    /// In the order of the message.
    pub channels: Vec<CommC>,
}

impl Shape for CommCap {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { channels: from.repeated("CommC")? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("CommC", &self.channels)
    }
}

/// `CommC`: one channel of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommC {
    /// Its kind.
    pub channel: Option<Channel>,
    /// Whether it works.
    pub status: Option<ChannelStatus>,
    /// The address to use on it.
    pub contact: Option<CompactString>,
    /// A text for people.
    pub note: Option<CompactString>,
}

impl Shape for CommC {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            channel: from.hint("Cap"),
            status: from.hint("Status"),
            contact: from.optional("Contact")?,
            note: from.optional("Note")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("Cap", self.channel.as_ref())
            .maybe("Status", self.status.as_ref())
            .maybe("Contact", self.contact.as_ref())
            .maybe("Note", self.note.as_ref())
    }
}

/// `PreferredContacts`: how the user wishes to be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferredContacts {
    /// In the order of the message.
    pub addresses: Vec<AddrPref>,
}

impl Shape for PreferredContacts {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { addresses: from.repeated("AddrPref")? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("AddrPref", &self.addresses)
    }
}

/// `AddrPref`: one address and how much it is preferred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddrPref {
    /// The kind of channel.
    pub channel: Option<Channel>,
    /// The address on it.
    pub address: Option<CompactString>,
    /// Whether it works.
    pub status: Option<ChannelStatus>,
    /// What the user calls it.
    pub name: Option<CompactString>,
    /// Its rank.
    pub priority: Option<u32>,
}

impl Shape for AddrPref {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            channel: from.hint("PrefC"),
            address: from.optional("Caddr")?,
            status: from.hint("Cstatus"),
            name: from.optional("Cname")?,
            priority: from.hint("Cpriority"),
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("PrefC", self.channel.as_ref())
            .maybe("Caddr", self.address.as_ref())
            .maybe("Cstatus", self.status.as_ref())
            .maybe("Cname", self.name.as_ref())
            .maybe("Cpriority", self.priority.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, read},
        version::Version::V1_1,
    };

    #[test]
    fn channels_survive() {
        assert_round_trip::<CommCap>(
            "<C><CommC><Cap>CALL</Cap><Status>OPEN</Status><Contact>+358</Contact>\
             <Note>office</Note></CommC><CommC><Cap>FAX</Cap><Status>BUSY</Status></CommC></C>",
            V1_1,
        );
        assert_round_trip::<PreferredContacts>(
            "<P><AddrPref><PrefC>IM</PrefC><Caddr>ari@im.com</Caddr><Cstatus>CLOSED</Cstatus>\
             <Cname>Private</Cname><Cpriority>30</Cpriority></AddrPref></P>",
            V1_1,
        );
    }

    #[test]
    fn s60_2_1_open_and_closed_are_read_in_any_case() {
        let literal = "<C><CommC><Cap>IM</Cap><Status>Open</Status><Note/></CommC></C>";
        let channels = read::<CommCap>(literal, V1_1).unwrap().channels;
        assert_eq!(channels[0].status, Some(ChannelStatus::Open));
        assert_eq!(channels[0].channel, Some(Channel::Im));
    }
}
