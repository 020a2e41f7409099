//! The ways to reach a user, as phones publish and show them.

use compact_str::CompactString;

use crate::{
    bridge::bounded::{self, LISTED},
    csp::{
        leaf::Word as _,
        presence_channel::{
            AddrPref, Channel as Kind, ChannelStatus, CommC, CommCap, PreferredContacts,
        },
    },
    domain::personal::Channel,
};

/// Returns how somebody can be reached: as they publish it while they are there, else not.
pub fn to_comm_cap(channels: &[Channel], is_there: bool) -> CommCap {
    let status = if is_there { ChannelStatus::Open } else { ChannelStatus::Closed };
    let messages = CommC { channel: Some(Kind::Im), status: Some(status), ..CommC::default() };
    if channels.is_empty() || !is_there {
        return CommCap { channels: vec![messages] };
    }
    let one = |channel: &Channel| CommC {
        channel: channel.kind.as_deref().and_then(Kind::from_word),
        status: channel.status.as_deref().and_then(ChannelStatus::from_word),
        contact: text(&channel.address),
        note: text(&channel.note),
    };
    CommCap { channels: channels.iter().map(one).collect() }
}

/// Returns how a phone says that its user can be reached.
pub fn of_comm_cap(channels: &CommCap) -> Vec<Channel> {
    let one = |channel: &CommC| Channel {
        kind: channel.channel.as_ref().and_then(|kind| kept(kind.word())),
        status: channel.status.as_ref().and_then(|status| kept(status.word())),
        address: channel.contact.as_deref().and_then(kept),
        note: channel.note.as_deref().and_then(kept),
        priority: None,
    };
    channels.channels.iter().take(LISTED).map(one).collect()
}

/// Returns how somebody wishes to be reached.
pub fn to_preferred_contacts(channels: &[Channel]) -> PreferredContacts {
    let one = |channel: &Channel| AddrPref {
        channel: channel.kind.as_deref().and_then(Kind::from_word),
        address: text(&channel.address),
        status: channel.status.as_deref().and_then(ChannelStatus::from_word),
        name: text(&channel.note),
        priority: channel.priority,
    };
    PreferredContacts { addresses: channels.iter().map(one).collect() }
}

/// Returns how a phone says that its user wishes to be reached.
pub fn of_preferred_contacts(contacts: &PreferredContacts) -> Vec<Channel> {
    let one = |contact: &AddrPref| Channel {
        kind: contact.channel.as_ref().and_then(|kind| kept(kind.word())),
        status: contact.status.as_ref().and_then(|status| kept(status.word())),
        address: contact.address.as_deref().and_then(kept),
        note: contact.name.as_deref().and_then(kept),
        priority: contact.priority,
    };
    contacts.addresses.iter().take(LISTED).map(one).collect()
}

fn text(text: &Option<String>) -> Option<CompactString> {
    text.as_deref().map(CompactString::from)
}

fn kept(text: &str) -> Option<String> {
    bounded::some(Some(text), bounded::NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_reachable_and_says_nothing_of_it_is_open_to_messages() {
        let status = |list: CommCap| list.channels[0].status.clone();
        assert_eq!(status(to_comm_cap(&[], true)), Some(ChannelStatus::Open));
        assert_eq!(status(to_comm_cap(&[], false)), Some(ChannelStatus::Closed));
        let call = Channel { kind: Some("CALL".into()), ..Channel::default() };
        let shown = to_comm_cap(std::slice::from_ref(&call), true);
        assert_eq!(shown.channels[0].channel, Some(Kind::Call));
        assert_eq!(status(to_comm_cap(&[call], false)), Some(ChannelStatus::Closed));
    }

    #[test]
    fn channels_without_end_are_cut_off() {
        let many = CommCap { channels: vec![CommC::default(); 1000] };
        assert_eq!(of_comm_cap(&many).len(), LISTED);
        let many = PreferredContacts { addresses: vec![AddrPref::default(); 1000] };
        assert_eq!(of_preferred_contacts(&many).len(), LISTED);
    }
}
