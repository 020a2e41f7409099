//! What a phone's user does with contacts: add, remove, let watch.

use crate::{
    csp::{
        address::{ListAddress, UserAddress},
        contact_list::{
            ContactListProperties, CreateListRequest, ListManageRequest, NickList, NickName,
        },
        presence::{SubscribePresenceRequest, UnsubscribePresenceRequest},
        presence_access::PresenceAuthUser,
        presence_name::AttributeSet,
        primitive::Primitive,
        status::Code,
    },
    phone::{
        answers::{accepted, unexpected},
        book::{Contact, List},
        error::PhoneError,
        handset::Handset,
        session::Phone,
        start_up::watched,
    },
};

impl Phone {
    /// Returns everybody in the contact lists, with the presence that was told.
    pub fn contacts(&self) -> Vec<Contact> {
        self.book.contacts()
    }

    /// Returns the contact lists.
    pub fn lists(&self) -> &[List] {
        self.book.lists()
    }

    /// Adds a contact to the default list as the handset does, or renames one.
    ///
    /// Makes a list first where there is none.
    pub async fn add_contact(&mut self, user: &str, name: &str) -> Result<(), PhoneError> {
        let list = match self.book.default_list() {
            Some(list) => list.address.clone(),
            None => self.create_list("Friends").await?,
        };
        // handset: Android §5: what is typed is folded.
        let folded = match self.settings.habits.handset {
            Handset::Android => user.to_lowercase(),
            Handset::S60 | Handset::Plain => user.to_owned(),
        };
        let user = self.book.spelled(&folded);
        let name = if name.is_empty() { user.user() } else { name };
        let member = NickName { name: Some(name.into()), user: user.clone() };
        let change =
            ListManageRequest { add: NickList { members: vec![member] }, ..self.change_of(&list) };
        if !self.manage(&list, change).await? {
            self.book.put(&list, &user, name);
        }
        match self.settings.habits.handset {
            Handset::Android => self.subscribe_list(&list).await,
            Handset::S60 | Handset::Plain if self.is_version_1_1() => {
                self.subscribe_new(&list, &user).await
            }
            Handset::S60 | Handset::Plain => Ok(()),
        }
    }

    /// Removes a contact from all lists as the handset does.
    pub async fn remove_contact(&mut self, user: &str) -> Result<(), PhoneError> {
        let user = self.book.spelled(user);
        let lists = self.book.lists_with(&user);
        if lists.is_empty() {
            return Err(PhoneError::NoSuchContact(user.as_written().into()));
        }
        let is_android = self.settings.habits.handset == Handset::Android;
        if self.is_version_1_1() && !is_android {
            let request =
                UnsubscribePresenceRequest { lists: Vec::new(), users: vec![user.clone()] };
            let answer = self.request(Primitive::UnsubscribePresenceRequest(request)).await?;
            accepted("UnsubscribePresence-Request", answer, &[])?;
        }
        for list in lists {
            self.take_off(&list, &user).await?;
        }
        Ok(())
    }

    /// Answers somebody who wants to see the user's presence (handset: S60 §7.7).
    pub async fn answer(&mut self, user: &str, is_accepted: bool) -> Result<(), PhoneError> {
        let attributes = match self.settings.habits.handset {
            Handset::Android => AttributeSet::default(),
            Handset::S60 | Handset::Plain => self.inbox.asked_of(user).unwrap_or_else(watched),
        };
        let user = self.book.spelled(user);
        let request = PresenceAuthUser { user, is_accepted, attributes };
        let answer = self.request(Primitive::PresenceAuthUser(request)).await?;
        accepted("PresenceAuth-User", answer, &[]).map(drop)
    }

    /// Makes a contact list, the default one if it is the first.
    pub async fn create_list(&mut self, name: &str) -> Result<ListAddress, PhoneError> {
        let own = self.own_address();
        let list = ListAddress::new(Some(own.user()), &name.to_lowercase(), own.domain());
        let is_default = self.book.lists().is_empty();
        let properties = ContactListProperties {
            display_name: Some(name.into()),
            is_default: Some(is_default),
            others: Vec::new(),
        };
        let members = NickList::default();
        let request =
            CreateListRequest { list: list.clone(), members, properties: properties.clone() };
        let answer = self.request(Primitive::CreateListRequest(request)).await?;
        accepted("CreateList-Request", answer, &[])?;
        self.book.add_list(list.clone(), is_default);
        self.book.set_list(&list, None, Some(properties));
        self.subscribe_list(&list).await?;
        Ok(list)
    }

    /// handset: S60 §6.4: what is not subscribed is taken off the list again.
    async fn subscribe_new(
        &mut self,
        list: &ListAddress,
        user: &UserAddress,
    ) -> Result<(), PhoneError> {
        let request = SubscribePresenceRequest {
            lists: Vec::new(),
            users: vec![user.clone()],
            attributes: Some(watched()),
            auto_subscribe: None,
        };
        let answer = self.request(Primitive::SubscribePresenceRequest(request)).await?;
        match accepted("SubscribePresence-Request", answer, &[]) {
            Err(error) if error.code().is_some() => {
                self.take_off(list, user).await?;
                Err(error)
            }
            other => other.map(drop),
        }
    }

    async fn take_off(&mut self, list: &ListAddress, user: &UserAddress) -> Result<(), PhoneError> {
        let change = ListManageRequest { remove: vec![user.clone()], ..self.change_of(list) };
        if !self.manage(list, change).await? {
            self.book.take_out(list, user);
        }
        Ok(())
    }

    fn change_of(&self, list: &ListAddress) -> ListManageRequest {
        ListManageRequest {
            list: self.list_as_sent(list),
            receive_list: Some(self.settings.habits.handset != Handset::Android),
            add: NickList::default(),
            remove: Vec::new(),
            properties: None,
        }
    }

    /// Changes a list; returns whether the answer told what it holds now.
    async fn manage(
        &mut self,
        list: &ListAddress,
        change: ListManageRequest,
    ) -> Result<bool, PhoneError> {
        let answer = self.request(Primitive::ListManageRequest(change)).await?;
        match accepted("ListManage-Request", answer, &[])? {
            Primitive::ListManageResponse(response) => {
                // handset: S60 §6.4: a list in the answer is the whole list.
                let is_told = response.members.is_some();
                self.book.set_list(list, response.members, response.properties);
                Ok(is_told)
            }
            Primitive::Status(status) if status.result.code == Code::OK => Ok(false),
            other => Err(unexpected("ListManage-Request", &other)),
        }
    }
}
