//! How messages reach a phone: pushed or announced, fetched, confirmed, reported.

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    csp::{
        address::GroupAddress,
        field::{Build, FieldError, Fields, Shape},
        message::{DeliveryMethod, Letter, MessageInfo, Recipient},
        outcome::StatusResult,
        status::Code,
    },
};

/// `NewMessage`: a message, pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// The message; `MessageID` and `Sender` must be there (handset: S60 §8.3).
    pub letter: Letter,
}

impl Shape for NewMessage {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { letter: Letter::read(from)? })
    }

    fn write(&self, to: Build) -> Build {
        self.letter.write(to)
    }
}

/// `MessageDelivered`: the phone has the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageDelivered {
    /// The message.
    pub message_id: CompactString,
}

impl Shape for MessageDelivered {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { message_id: from.required("MessageID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("MessageID", &self.message_id)
    }
}

/// `MessageNotification`: a message waits. Neither known phone fetches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageNotification {
    /// All but the content.
    pub info: MessageInfo,
}

impl Shape for MessageNotification {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { info: from.required("MessageInfo")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("MessageInfo", &self.info)
    }
}

/// `DeliveryReport-Request`: what became of a message that the phone sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReportRequest {
    /// The outcome.
    pub result: StatusResult,
    /// When it was delivered.
    pub delivery_time: Option<Millis>,
    /// Which message, and for whom.
    pub info: MessageInfo,
}

impl Shape for DeliveryReportRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            result: from.required("Result")?,
            delivery_time: from.hint("DeliveryTime"),
            info: from.required("MessageInfo")?,
        })
    }

    /// S60 reads memory that it never wrote where the description is absent (handset: S60 §8.4).
    fn write(&self, to: Build) -> Build {
        let mut result = self.result.clone();
        let is_delivered = result.code == Code::OK;
        let description = if is_delivered { "Delivered" } else { "Not delivered" };
        result.description.get_or_insert_with(|| description.into());
        to.put("Result", &result)
            .maybe("DeliveryTime", self.delivery_time.as_ref())
            .put("MessageInfo", &self.info)
    }
}

/// `SetDeliveryMethod-Request`: push or announce from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDeliveryMethodRequest {
    /// The choice.
    pub method: DeliveryMethod,
    /// The longest content that is pushed.
    pub accepted_content_length: Option<u32>,
    /// The group it is for; without one, for all that is not of a group.
    pub group: Option<GroupAddress>,
}

impl Shape for SetDeliveryMethodRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            method: from.required("DeliveryMethod")?,
            accepted_content_length: from.hint("AcceptedContentLength"),
            group: from.optional("GroupID")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.put("DeliveryMethod", &self.method)
            .maybe("AcceptedContentLength", self.accepted_content_length.as_ref())
            .maybe("GroupID", self.group.as_ref())
    }
}

/// `GetMessageList-Request`: which messages wait?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetMessageListRequest {
    /// Those of a group; without one, those of no group.
    pub group: Option<GroupAddress>,
    /// At most so many.
    pub count: Option<u32>,
}

impl Shape for GetMessageListRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { group: from.optional("GroupID")?, count: from.hint("MessageCount") })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("GroupID", self.group.as_ref()).maybe("MessageCount", self.count.as_ref())
    }
}

/// `GetMessageList-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetMessageListResponse {
    /// The waiting messages, without their content.
    pub infos: Vec<MessageInfo>,
}

impl Shape for GetMessageListResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut infos: Vec<MessageInfo> = from.repeated("MessageInfo")?;
        if let Some(nested) = from.inside("MessageInfoList") {
            infos.extend(nested.repeated("MessageInfo")?);
        }
        Ok(Self { infos })
    }

    fn write(&self, to: Build) -> Build {
        to.each("MessageInfo", &self.infos)
    }
}

/// `GetMessage-Request`: fetch a waiting message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetMessageRequest {
    /// The message.
    pub message_id: CompactString,
}

impl Shape for GetMessageRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { message_id: from.required("MessageID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("MessageID", &self.message_id)
    }
}

/// `GetMessage-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetMessageResponse {
    /// The message.
    pub letter: Letter,
}

impl Shape for GetMessageResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { letter: Letter::read(from)? })
    }

    fn write(&self, to: Build) -> Build {
        self.letter.write(to)
    }
}

/// `RejectMessage-Request`: the user does not want these waiting messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectMessageRequest {
    /// The messages.
    pub message_ids: Vec<CompactString>,
}

impl Shape for RejectMessageRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { message_ids: from.repeated("MessageID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("MessageID", &self.message_ids)
    }
}

/// `ForwardMessage-Request`: send a waiting message on, unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardMessageRequest {
    /// The message.
    pub message_id: CompactString,
    /// To whom.
    pub recipient: Recipient,
}

impl Shape for ForwardMessageRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { message_id: from.required("MessageID")?, recipient: from.required("Recipient")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("MessageID", &self.message_id).put("Recipient", &self.recipient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        address::UserAddress,
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_1, V1_2, V1_3},
    };

    #[test]
    fn android_7_a_pushed_message_is_written_as_the_phone_needs_it() {
        let pushed: NewMessage = assert_round_trip(
            "<NewMessage><MessageInfo><MessageID>m81</MessageID><ContentType>text/plain\
             </ContentType><ContentSize>5</ContentSize><Recipient><User><UserID>wv:kim@x</UserID>\
             </User></Recipient><Sender><User><UserID>wv:lee@x</UserID></User></Sender>\
             <DateTime>20100330T101500Z</DateTime></MessageInfo><ContentData>hello</ContentData>\
             </NewMessage>",
            V1_2,
        );
        let recipient = Recipient::user(UserAddress::parse("wv:kim@x"));
        assert_eq!(pushed.letter.info.recipient, Some(recipient));
        assert_round_trip::<MessageDelivered>("<M><MessageID>m81</MessageID></M>", V1_2);
    }

    #[test]
    fn s60_gotcha_17_a_report_has_a_description() {
        let info = MessageInfo { message_id: Some("m1".into()), ..MessageInfo::default() };
        let report = |code: Code| DeliveryReportRequest {
            result: code.into(),
            delivery_time: None,
            info: info.clone(),
        };
        let literal = "<R><Result><Code>200</Code><Description>Delivered</Description></Result>\
            <MessageInfo><MessageID>m1</MessageID><ContentType>text/plain</ContentType>\
            </MessageInfo></R>";
        assert_writes(&report(Code::OK), literal, V1_1);
        let failed = report(Code::EXPIRED).write(Build::new("R", V1_1)).finish();
        let result = failed.child("Result").unwrap();
        assert_eq!(result.text_of("Description"), Some("Not delivered"));
        assert_round_trip::<DeliveryReportRequest>(
            "<R><Result><Code>410</Code><Description>gone</Description></Result>\
             <DeliveryTime>20010925T134100Z</DeliveryTime><MessageInfo><MessageID>m1</MessageID>\
             <ContentType>text/plain</ContentType></MessageInfo></R>",
            V1_1,
        );
    }

    #[test]
    fn waiting_messages_are_listed_fetched_rejected_and_forwarded() {
        let info = "<MessageInfo><MessageID>m1</MessageID><ContentType>text/plain</ContentType>\
            </MessageInfo>";
        assert_round_trip::<GetMessageListRequest>(
            "<R><GroupID>wv:kim/g@x</GroupID><MessageCount>5</MessageCount></R>",
            V1_1,
        );
        let listed: GetMessageListResponse =
            assert_round_trip(&format!("<R>{info}{info}</R>"), V1_1);
        assert_eq!(listed.infos.len(), 2);
        let nested = format!("<R><MessageInfoList>{info}{info}</MessageInfoList></R>");
        assert_eq!(read(&nested, V1_3), Ok(listed));
        assert_round_trip::<MessageNotification>(&format!("<R>{info}</R>"), V1_1);
        assert_round_trip::<GetMessageRequest>("<R><MessageID>m1</MessageID></R>", V1_1);
        let fetched = format!("<R>{info}<ContentData>hi</ContentData></R>");
        assert_round_trip::<GetMessageResponse>(&fetched, V1_1);
        let rejected = "<R><MessageID>m1</MessageID><MessageID>m2</MessageID></R>";
        assert_round_trip::<RejectMessageRequest>(rejected, V1_1);
        assert_round_trip::<ForwardMessageRequest>(
            "<R><MessageID>m1</MessageID><Recipient><User><UserID>wv:lee</UserID></User>\
             </Recipient></R>",
            V1_1,
        );
    }

    #[test]
    fn the_way_of_delivery_is_push_or_notify() {
        let request: SetDeliveryMethodRequest = assert_round_trip(
            "<R><DeliveryMethod>N</DeliveryMethod>\
             <AcceptedContentLength>2048</AcceptedContentLength>\
             <GroupID>wv:/chat@x</GroupID></R>",
            V1_1,
        );
        assert_eq!(request.method, DeliveryMethod::Notify);
        let odd = "<R><DeliveryMethod>X</DeliveryMethod></R>";
        assert!(read::<SetDeliveryMethodRequest>(odd, V1_1).is_err());
    }
}
