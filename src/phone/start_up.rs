//! What a phone does right after its login, in its own order.

use crate::{
    csp::{
        address::{ListAddress, UserAddress},
        blocking::{BlockEntityRequest, EntityList, ListChange},
        contact_list::{GetListResponse, ListManageRequest},
        presence::{GetPresenceRequest, SubscribePresenceRequest, UpdatePresenceRequest},
        presence_access::{DeleteAttributeListRequest, Watchers},
        presence_channel::{Channel, ChannelStatus, CommC, CommCap},
        presence_detail::{ClientInfo, ClientType},
        presence_name::{AttributeKind, AttributeSet},
        presence_value::{Attribute, Availability, PresenceSubList, Qualified},
        primitive::Primitive,
        search::{SearchElement, SearchPair, SearchRequest},
        service_tree::{Service, ServiceSet},
        status::Code,
        version::Version,
    },
    phone::{
        answers::{accepted, unexpected},
        book::with_scheme,
        error::PhoneError,
        handset::Handset,
        session::Phone,
    },
};

impl Phone {
    /// Does all that the handset does between its login and its first screen, in its order.
    ///
    /// # Errors
    ///
    /// Where the handset would give up or stay without its contacts.
    pub async fn start_up(&mut self) -> Result<(), PhoneError> {
        self.negotiate_capabilities().await?;
        let refused = self.negotiate_services().await?;
        match self.settings.habits.handset {
            Handset::S60 => self.start_s60(refused).await,
            Handset::Android => self.start_android().await,
            Handset::Plain => self.start_plain().await,
        }
    }

    /// handset: S60 §0
    async fn start_s60(&mut self, refused: ServiceSet) -> Result<(), PhoneError> {
        self.load_lists().await?;
        if !refused.contains(Service::DeleteAttributeList) {
            self.show_to_those_who_ask().await?;
        }
        self.update_presence(s60_presence()).await?;
        if !refused.contains(Service::GetBlocked) {
            self.set_blocks().await?;
        }
        if !refused.contains(Service::Search) {
            self.find_own_groups().await?;
        }
        Ok(())
    }

    /// handset: Android §0
    async fn start_android(&mut self) -> Result<(), PhoneError> {
        let request = GetPresenceRequest { users: vec![self.own_address()], ..Default::default() };
        let answer = self.request(Primitive::GetPresenceRequest(request)).await?;
        if let Primitive::GetPresenceResponse(_) = answer {
            let info = ClientInfo {
                client_type: Some(ClientType::MobilePhone),
                producer: Some("MOKIA".into()),
                version: Some("0.1".into()),
                ..ClientInfo::default()
            };
            let attributes = [Attribute::ClientInfo(Qualified::known(info))];
            let update = UpdatePresenceRequest { attributes: attributes.into_iter().collect() };
            self.request(Primitive::UpdatePresenceRequest(update)).await?;
        }
        self.request(Primitive::GetBlockedListRequest).await?;
        self.load_lists().await
    }

    async fn start_plain(&mut self) -> Result<(), PhoneError> {
        self.load_lists().await?;
        self.update_presence(s60_presence()).await
    }

    /// Reads all contact lists, and has their members' presence told.
    async fn load_lists(&mut self) -> Result<(), PhoneError> {
        let handset = self.settings.habits.handset;
        match self.request(Primitive::GetListRequest).await? {
            Primitive::GetListResponse(GetListResponse { lists, default }) => {
                lists.into_iter().for_each(|list| self.book.add_list(list, false));
                default.into_iter().for_each(|list| self.book.add_list(list, true));
            }
            // handset: Android §0
            other if handset == Handset::Android => {
                accepted("GetList-Request", other, &[])?;
            }
            other => return Err(unexpected("GetList-Request", &other)),
        }
        let mut lists: Vec<ListAddress> =
            self.book.lists().iter().map(|list| list.address.clone()).collect();
        // handset: Android §5
        let is_internal = |list: &ListAddress| {
            handset == Handset::Android && list.as_written().contains("/~pep1.0_")
        };
        lists.retain(|list| !is_internal(list));
        for list in lists {
            self.load_list(list).await?;
        }
        Ok(())
    }

    async fn load_list(&mut self, list: ListAddress) -> Result<(), PhoneError> {
        let asked = self.list_as_sent(&list);
        let request = Primitive::ListManageRequest(ListManageRequest::read_list(asked));
        let answer = accepted("ListManage-Request", self.request(request).await?, &[])?;
        match answer {
            Primitive::ListManageResponse(response) => {
                self.book.set_list(&list, response.members, response.properties);
            }
            other => return Err(unexpected("ListManage-Request", &other)),
        }
        self.subscribe_list(&list).await
    }

    /// Has the presence of a list's members told, of later ones too where the version can.
    pub(super) async fn subscribe_list(&mut self, list: &ListAddress) -> Result<(), PhoneError> {
        let is_android = self.settings.habits.handset == Handset::Android;
        let request = SubscribePresenceRequest {
            lists: vec![self.list_as_sent(list)],
            users: Vec::new(),
            attributes: (!is_android).then(watched),
            auto_subscribe: Some(true),
        };
        let answer = self.request(Primitive::SubscribePresenceRequest(request)).await?;
        // handset: S60 §7.2, Android G4
        let also: &[Code] = if is_android { &[] } else { &[Code::PARTIAL] };
        accepted("SubscribePresence-Request", answer, also).map(drop)
    }

    /// handset: S60 §6.2: list addresses come back folded.
    pub(super) fn list_as_sent(&self, list: &ListAddress) -> ListAddress {
        match self.settings.habits.handset {
            Handset::S60 => ListAddress::parse(&list.as_written().to_lowercase()),
            Handset::Android | Handset::Plain => list.clone(),
        }
    }

    /// handset: S60 §7.6, the variant that asks the user.
    async fn show_to_those_who_ask(&mut self) -> Result<(), PhoneError> {
        let lists: Vec<_> =
            self.book.lists().iter().map(|list| self.list_as_sent(&list.address)).collect();
        let watchers = Watchers { users: Vec::new(), lists, is_default: true };
        let request =
            Primitive::DeleteAttributeListRequest(DeleteAttributeListRequest { watchers });
        let answer = self.request(request).await?;
        let also = [Code::PARTIAL, Code::UNKNOWN_USER, Code::NO_SUCH_LIST];
        accepted("DeleteAttributeList-Request", answer, &also).map(drop)
    }

    pub(super) async fn update_presence(
        &mut self,
        attributes: PresenceSubList,
    ) -> Result<(), PhoneError> {
        let request = Primitive::UpdatePresenceRequest(UpdatePresenceRequest { attributes });
        let answer = self.request(request).await?;
        accepted("UpdatePresence-Request", answer, &[]).map(drop)
    }

    /// handset: S60 §8.6: messages from everybody but those who are blocked.
    async fn set_blocks(&mut self) -> Result<(), PhoneError> {
        let answer = self.request(Primitive::GetBlockedListRequest).await?;
        let Primitive::GetBlockedListResponse(response) = answer else {
            // Blocking is then not to be had; nothing else suffers.
            return Ok(());
        };
        let blocked = EntityList { users: response.block.entities.users, ..Default::default() };
        let block = ListChange { in_use: Some(true), add: blocked, ..Default::default() };
        let grant = ListChange { in_use: Some(false), ..Default::default() };
        let request = Primitive::BlockEntityRequest(BlockEntityRequest { block, grant });
        let answer = self.request(request).await?;
        accepted("BlockEntity-Request", answer, &[]).map(drop)
    }

    /// handset: S60 §9.1
    async fn find_own_groups(&mut self) -> Result<(), PhoneError> {
        let own = UserAddress::parse(&self.settings.user);
        let pair = SearchPair { element: SearchElement::GroupOwner, text: own.as_written().into() };
        let request = SearchRequest::First { pairs: vec![pair], limit: Some(50) };
        let answer = self.request(Primitive::SearchRequest(request)).await?;
        match accepted("Search-Request", answer, &[])? {
            Primitive::SearchResponse(_) => Ok(()),
            other => Err(unexpected("Search-Request", &other)),
        }
    }

    /// Returns the user's address as the handset writes it (handset: S60 §10, Android §9).
    pub fn own_address(&self) -> UserAddress {
        match self.settings.habits.handset {
            Handset::S60 => UserAddress::parse(&self.settings.user),
            Handset::Android | Handset::Plain => {
                UserAddress::parse(&with_scheme(&self.settings.user))
            }
        }
    }

    pub(super) fn is_version_1_1(&self) -> bool {
        self.settings.version == Version::V1_1
    }
}

/// The attributes that a phone watches (handset: S60 §7.2).
pub(super) fn watched() -> AttributeSet {
    let kinds = vec![
        AttributeKind::OnlineStatus,
        AttributeKind::CommCap,
        AttributeKind::UserAvailability,
        AttributeKind::StatusText,
        AttributeKind::ClientInfo,
    ];
    AttributeSet { kinds }
}

/// What a phone publishes at its start (handset: S60 §7.6).
fn s60_presence() -> PresenceSubList {
    let info = ClientInfo {
        client_type: Some(ClientType::MobilePhone),
        producer: Some("OneSoup".into()),
        model: Some("phone".into()),
        version: Some(env!("CARGO_PKG_VERSION").into()),
        ..ClientInfo::default()
    };
    let im = CommC {
        channel: Some(Channel::Im),
        status: Some(ChannelStatus::Open),
        contact: None,
        note: None,
    };
    [
        Attribute::UserAvailability(Qualified::known(Availability::Available)),
        Attribute::CommCap(Qualified::known(CommCap { channels: vec![im] })),
        Attribute::ClientInfo(Qualified::known(info)),
        // The server alone knows whether it is so.
        Attribute::OnlineStatus(Qualified { qualifier: Some(true), value: None }),
        Attribute::StatusText(Qualified::known("".into())),
    ]
    .into_iter()
    .collect()
}
