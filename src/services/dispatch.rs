//! Which use case a request is for.

use crate::{
    csp::primitive::Primitive,
    domain::refusal::Refusal,
    services::{context::Services, transaction::Asker},
};

impl Services {
    /// Has a request of a session carried out.
    pub(super) async fn dispatch(
        &self,
        asker: &Asker,
        primitive: Primitive,
    ) -> Result<Primitive, Refusal> {
        use Primitive as P;
        match primitive {
            P::LogoutRequest => self.logout(asker).await,
            P::KeepAliveRequest(request) => self.keep_alive(asker, request).await,
            P::GetSpInfoRequest(_) => Ok(self.provider()),
            P::VersionDiscoveryRequest(request) => Ok(self.versions(&request)),
            P::ClientCapabilityRequest(request) => self.capabilities(asker, request).await,
            P::ServiceRequest(request) => self.agree_services(asker, request).await,
            P::GetListRequest => self.get_lists(asker).await,
            P::CreateListRequest(request) => self.create_list(asker, request).await,
            P::DeleteListRequest(request) => self.delete_list(asker, request).await,
            P::ListManageRequest(request) => self.manage_list(asker, request).await,
            P::SubscribePresenceRequest(request) => self.subscribe_presence(asker, request).await,
            P::UnsubscribePresenceRequest(request) => {
                self.unsubscribe_presence(asker, request).await
            }
            P::GetPresenceRequest(request) => self.read_presence(asker, request).await,
            P::UpdatePresenceRequest(request) => self.update_presence(asker, request).await,
            P::GetWatcherListRequest(request) => self.watchers(asker, request).await,
            P::PresenceAuthUser(request) => self.presence_answered(asker, request).await,
            P::CancelAuthRequest(request) => self.cancel_auth(asker, request).await,
            P::GetReactiveAuthStatusRequest(request) => self.auth_states(asker, request).await,
            P::CreateAttributeListRequest(request) => {
                self.create_attribute_list(asker, request).await
            }
            P::DeleteAttributeListRequest(request) => {
                self.delete_attribute_list(asker, request).await
            }
            P::GetAttributeListRequest(request) => self.attribute_lists(asker, request).await,
            P::SendMessageRequest(request) => self.send_message(asker, request).await,
            P::GetBlockedListRequest => self.blocked(asker).await,
            P::BlockEntityRequest(request) => self.block(asker, request).await,
            P::SearchRequest(request) => self.search(asker, request).await,
            P::GetPublicProfileRequest(request) => self.public_profiles(asker, request).await,
            P::UpdatePublicProfileRequest(request) => {
                self.update_public_profile(asker, request).await
            }
            P::StopSearchRequest(request) => Ok(self.stop_search(asker, request)),
            // Sent as a request by a phone that should have answered (handset: Nokia and corpus
            // differ): what it says counts all the same.
            P::MessageDelivered(delivered) => {
                self.confirmed(asker, None, P::MessageDelivered(delivered)).await;
                Ok(super::transaction::done())
            }
            _ => Err(Refusal::NotImplemented),
        }
    }
}
