//! The closed sum of primitives: what a transaction can hold.

use crate::csp::{
    access::{
        Disconnect, KeepAliveRequest, KeepAliveResponse, LoginRequest, LoginResponse,
        ServiceRequest, ServiceResponse,
    },
    blocking::{BlockEntityRequest, GetBlockedListResponse},
    capability::{ClientCapabilityRequest, ClientCapabilityResponse},
    contact_list::{
        CreateListRequest, CreateListResponse, DeleteListRequest, GetListResponse,
        ListManageRequest, ListManageResponse,
    },
    delivery::{
        DeliveryReportRequest, ForwardMessageRequest, GetMessageListRequest,
        GetMessageListResponse, GetMessageRequest, GetMessageResponse, MessageDelivered,
        MessageNotification, NewMessage, RejectMessageRequest, SetDeliveryMethodRequest,
    },
    element::Element,
    field::{Build, FieldError, Fields, Shape, our_spelling},
    message::{SendMessageRequest, SendMessageResponse},
    outcome::Status,
    presence::{
        GetPresenceRequest, GetPresenceResponse, GetWatcherListRequest, GetWatcherListResponse,
        PresenceNotificationRequest, SubscribePresenceRequest, UnsubscribePresenceRequest,
        UpdatePresenceRequest,
    },
    presence_access::{
        CancelAuthRequest, CreateAttributeListRequest, DeleteAttributeListRequest,
        GetAttributeListRequest, GetAttributeListResponse, GetReactiveAuthStatusRequest,
        GetReactiveAuthStatusResponse, PresenceAuthRequest, PresenceAuthUser,
    },
    provider::{
        GetSpInfoRequest, GetSpInfoResponse, VersionDiscoveryRequest, VersionDiscoveryResponse,
    },
    public_profile::{
        GetPublicProfileRequest, GetPublicProfileResponse, UpdatePublicProfileRequest,
    },
    search::{SearchRequest, SearchResponse, StopSearchRequest},
    version::Version,
};

/// Builds the sum, and the three matches over it, from one table of variants and names.
///
/// A type cannot be made by a function, and four lists of sixty names would drift apart.
macro_rules! primitives {
    (
        empty { $($empty:ident = $empty_name:literal,)* }
        shaped { $($shaped:ident($shape:ty) = $shaped_name:literal,)* }
    ) => {
        /// A primitive; which are typed follows what the project's services treat.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Primitive {
            $(#[doc = concat!("`", $empty_name, "`, which has no content.")] $empty,)*
            $(#[doc = concat!("`", $shaped_name, "`.")] $shaped($shape),)*
            /// Any other primitive, as it came.
            Other(Element),
        }

        impl Primitive {
            /// Returns the name of the element.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$empty => $empty_name,)*
                    $(Self::$shaped(_) => $shaped_name,)*
                    Self::Other(element) => element.name(),
                }
            }

            fn read_named(name: &str, from: Fields<'_>) -> Result<Self, FieldError> {
                match name {
                    $($empty_name => Ok(Self::$empty),)*
                    $($shaped_name => Shape::read(from).map(Self::$shaped),)*
                    _ => Ok(Self::Other(from.element().clone())),
                }
            }

            fn write_content(&self, to: Build) -> Build {
                match self {
                    $(Self::$empty => to,)*
                    $(Self::$shaped(shape) => shape.write(to),)*
                    Self::Other(_) => to,
                }
            }

            /// The names of all typed primitives.
            pub const NAMES: &'static [&'static str] = &[$($empty_name,)* $($shaped_name,)*];
        }
    };
}

primitives! {
    empty {
        LogoutRequest = "Logout-Request",
        PollingRequest = "Polling-Request",
        GetListRequest = "GetList-Request",
        GetBlockedListRequest = "GetBlockedList-Request",
    }
    shaped {
        Status(Status) = "Status",
        LoginRequest(LoginRequest) = "Login-Request",
        LoginResponse(LoginResponse) = "Login-Response",
        Disconnect(Disconnect) = "Disconnect",
        KeepAliveRequest(KeepAliveRequest) = "KeepAlive-Request",
        KeepAliveResponse(KeepAliveResponse) = "KeepAlive-Response",
        GetSpInfoRequest(GetSpInfoRequest) = "GetSPInfo-Request",
        GetSpInfoResponse(GetSpInfoResponse) = "GetSPInfo-Response",
        ServiceRequest(ServiceRequest) = "Service-Request",
        ServiceResponse(ServiceResponse) = "Service-Response",
        ClientCapabilityRequest(ClientCapabilityRequest) = "ClientCapability-Request",
        ClientCapabilityResponse(ClientCapabilityResponse) = "ClientCapability-Response",
        VersionDiscoveryRequest(VersionDiscoveryRequest) = "WV-CSP-VersionDiscovery-Request",
        VersionDiscoveryResponse(VersionDiscoveryResponse) = "WV-CSP-VersionDiscovery-Response",
        SearchRequest(SearchRequest) = "Search-Request",
        SearchResponse(SearchResponse) = "Search-Response",
        StopSearchRequest(StopSearchRequest) = "StopSearch-Request",
        GetPublicProfileRequest(GetPublicProfileRequest) = "GetPublicProfile-Request",
        GetPublicProfileResponse(GetPublicProfileResponse) = "GetPublicProfile-Response",
        UpdatePublicProfileRequest(UpdatePublicProfileRequest) = "UpdatePublicProfile-Request",
        GetListResponse(GetListResponse) = "GetList-Response",
        CreateListRequest(CreateListRequest) = "CreateList-Request",
        CreateListResponse(CreateListResponse) = "CreateList-Response",
        DeleteListRequest(DeleteListRequest) = "DeleteList-Request",
        ListManageRequest(ListManageRequest) = "ListManage-Request",
        ListManageResponse(ListManageResponse) = "ListManage-Response",
        CreateAttributeListRequest(CreateAttributeListRequest) = "CreateAttributeList-Request",
        DeleteAttributeListRequest(DeleteAttributeListRequest) = "DeleteAttributeList-Request",
        GetAttributeListRequest(GetAttributeListRequest) = "GetAttributeList-Request",
        GetAttributeListResponse(GetAttributeListResponse) = "GetAttributeList-Response",
        SubscribePresenceRequest(SubscribePresenceRequest) = "SubscribePresence-Request",
        UnsubscribePresenceRequest(UnsubscribePresenceRequest) = "UnsubscribePresence-Request",
        PresenceNotificationRequest(PresenceNotificationRequest) = "PresenceNotification-Request",
        GetPresenceRequest(GetPresenceRequest) = "GetPresence-Request",
        GetPresenceResponse(GetPresenceResponse) = "GetPresence-Response",
        UpdatePresenceRequest(UpdatePresenceRequest) = "UpdatePresence-Request",
        GetWatcherListRequest(GetWatcherListRequest) = "GetWatcherList-Request",
        GetWatcherListResponse(GetWatcherListResponse) = "GetWatcherList-Response",
        PresenceAuthRequest(PresenceAuthRequest) = "PresenceAuth-Request",
        PresenceAuthUser(PresenceAuthUser) = "PresenceAuth-User",
        CancelAuthRequest(CancelAuthRequest) = "CancelAuth-Request",
        GetReactiveAuthStatusRequest(GetReactiveAuthStatusRequest)
            = "GetReactiveAuthStatus-Request",
        GetReactiveAuthStatusResponse(GetReactiveAuthStatusResponse)
            = "GetReactiveAuthStatus-Response",
        SendMessageRequest(SendMessageRequest) = "SendMessage-Request",
        SendMessageResponse(SendMessageResponse) = "SendMessage-Response",
        NewMessage(NewMessage) = "NewMessage",
        MessageDelivered(MessageDelivered) = "MessageDelivered",
        DeliveryReportRequest(DeliveryReportRequest) = "DeliveryReport-Request",
        MessageNotification(MessageNotification) = "MessageNotification",
        SetDeliveryMethodRequest(SetDeliveryMethodRequest) = "SetDeliveryMethod-Request",
        GetMessageListRequest(GetMessageListRequest) = "GetMessageList-Request",
        GetMessageListResponse(GetMessageListResponse) = "GetMessageList-Response",
        GetMessageRequest(GetMessageRequest) = "GetMessage-Request",
        GetMessageResponse(GetMessageResponse) = "GetMessage-Response",
        RejectMessageRequest(RejectMessageRequest) = "RejectMessage-Request",
        ForwardMessageRequest(ForwardMessageRequest) = "ForwardMessage-Request",
        GetBlockedListResponse(GetBlockedListResponse) = "GetBlockedList-Response",
        BlockEntityRequest(BlockEntityRequest) = "BlockEntity-Request",
    }
}

impl Primitive {
    /// Reads a primitive; one that is not typed becomes [`Primitive::Other`].
    pub fn read(element: &Element, version: Version) -> Result<Self, FieldError> {
        let name = our_spelling(element.name());
        Self::read_named(name, Fields::of(element, version)).map_err(|error| error.within(name))
    }

    /// Writes the primitive in the shape of a version.
    pub fn write(&self, version: Version) -> Element {
        match self {
            Self::Other(element) => element.clone(),
            typed => typed.write_content(Build::new(typed.name(), version)).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::literal::tree;

    const TABLE: &str = include_str!("../../schema/csp/primitives.tsv");

    #[test]
    fn every_typed_name_is_in_the_table() {
        let known: Vec<&str> = TABLE.lines().filter_map(|row| row.split('\t').next()).collect();
        for name in Primitive::NAMES {
            assert!(known.contains(name), "{name}");
        }
    }

    #[test]
    fn every_primitive_of_the_table_is_typed_or_carried() {
        for name in TABLE.lines().skip(1).filter_map(|row| row.split('\t').next()) {
            let element = tree(&format!("<{name}><Poll>T</Poll></{name}>"));
            match Primitive::read(&element, Version::V1_3) {
                Ok(Primitive::Other(other)) => {
                    assert!(!Primitive::NAMES.contains(&name));
                    assert_eq!(Primitive::Other(other).write(Version::V1_3), element);
                }
                Ok(typed) => assert_eq!(typed.name(), name),
                Err(error) => assert!(error.path.starts_with(name), "{error}"),
            }
        }
    }

    #[test]
    fn s60_2_4_block_user_is_block_entity() {
        let element = tree("<BlockUser-Request/>");
        let primitive = Primitive::read(&element, Version::V1_1).unwrap();
        assert_eq!(primitive.write(Version::V1_1).name(), "BlockEntity-Request");
    }
}
