//! Messages that waited on another server wait here.

use crate::{
    bridge,
    domain::mailbox::{Content, Letter},
    services::{
        export::OwnLetter,
        import::Import,
        mailbox::{KEPT, MAX_BYTES, MAX_LETTERS},
    },
    store::write::Write,
    xmpp::portable::PortableUser,
};

impl Import<'_> {
    pub(super) fn letters(&mut self, user: &PortableUser) {
        let mut all: Vec<Letter> = Vec::new();
        for waiting in &user.messages {
            let stanza = &waiting.message;
            let now = self.services.clock.now();
            let sender = bridge::address::device_of_jid(&stanza.from);
            let message = sender.and_then(|it| bridge::message::of_stanza(stanza, it, now));
            let Some(mut message) = message else {
                self.remark("a message without text is left out");
                continue;
            };
            let own = waiting.own.as_deref().and_then(|own| serde_json::from_str(own).ok());
            let own: OwnLetter = own.unwrap_or(OwnLetter {
                received: message.sent,
                expires: Some(now.after(KEPT)),
                resource: None,
                media_type: None,
                report: None,
            });
            message.media_type = own.media_type.clone();
            all.push(self.letter(own, Content::Message(message)));
        }
        let rows = user.own.iter().flat_map(|own| &own.rows).filter(|row| row.kind == "report");
        for own in rows.filter_map(|row| serde_json::from_str::<OwnLetter>(&row.is).ok()) {
            if let Some(report) = own.report.clone() {
                all.push(self.letter(own, Content::Report(report)));
            }
        }
        all.sort_by_key(|letter| letter.received);
        let mut bytes = 0;
        for letter in all {
            bytes += letter.size_bytes();
            if self.messages >= MAX_LETTERS || bytes > MAX_BYTES {
                self.remark("the mailbox is full: newer messages are left out");
                return;
            }
            self.messages += 1;
            let letter = Letter { id: self.services.ids.next_number(), ..letter };
            self.writes.push(Write::PutLetter(letter));
        }
    }

    fn letter(&self, own: OwnLetter, content: Content) -> Letter {
        let OwnLetter { received, expires, resource, .. } = own;
        Letter { id: 0, account: self.address.clone(), resource, received, expires, content }
    }
}
