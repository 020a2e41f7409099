//! The commands that operators may give from elsewhere on the network (XEP-0133).

use crate::xmpp::{
    data_form::{BlankField, BlankForm},
    disco::{DiscoInfo, Identity},
    ns,
};

/// What an operator may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Makes an account.
    AddUser,
    /// Removes accounts.
    DeleteUser,
    /// Suspends accounts.
    DisableUser,
    /// Lets suspended accounts be used again.
    ReenableUser,
    /// Ends sessions of phones.
    EndUserSession,
    /// Changes a password.
    ChangeUserPassword,
    /// Shows contacts.
    GetUserRoster,
    /// Tells when accounts were last there.
    GetUserLastLogin,
    /// Tells what there is of an account.
    UserStats,
    /// Counts the accounts.
    GetRegisteredUsersNum,
    /// Counts those that are suspended.
    GetDisabledUsersNum,
    /// Counts those whose phones are logged in.
    GetOnlineUsersNum,
    /// Lists the accounts.
    GetRegisteredUsersList,
    /// Lists those that are suspended.
    GetDisabledUsersList,
    /// Lists those whose phones are logged in.
    GetOnlineUsersList,
    /// Sends a message to those whose phones are logged in.
    Announce,
}

/// Each command: the end of its node, and its name for people.
// spec: XEP-0133 §4
const COMMANDS: [(Act, &str, &str); 16] = [
    (Act::AddUser, "add-user", "Make an account"),
    (Act::DeleteUser, "delete-user", "Remove accounts"),
    (Act::DisableUser, "disable-user", "Suspend accounts"),
    (Act::ReenableUser, "reenable-user", "Let suspended accounts be used again"),
    (Act::EndUserSession, "end-user-session", "End sessions of phones"),
    (Act::ChangeUserPassword, "change-user-password", "Change a password"),
    (Act::GetUserRoster, "get-user-roster", "Show the contacts of an account"),
    (Act::GetUserLastLogin, "get-user-lastlogin", "Tell when accounts were last there"),
    (Act::UserStats, "user-stats", "Tell what there is of an account"),
    (Act::GetRegisteredUsersNum, "get-registered-users-num", "Count the accounts"),
    (Act::GetDisabledUsersNum, "get-disabled-users-num", "Count the suspended accounts"),
    (Act::GetOnlineUsersNum, "get-online-users-num", "Count who is logged in"),
    (Act::GetRegisteredUsersList, "get-registered-users-list", "List the accounts"),
    (Act::GetDisabledUsersList, "get-disabled-users-list", "List the suspended accounts"),
    (Act::GetOnlineUsersList, "get-online-users-list", "List who is logged in"),
    (Act::Announce, "announce", "Send a message to who is logged in"),
];

/// How many accounts a list may be asked to have.
// spec: XEP-0133 §4.20
const LENGTHS: &[&str] = &["25", "50", "75", "100", "150", "200", "none"];

impl Act {
    /// Returns all of them, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Self> {
        COMMANDS.iter().map(|(act, ..)| *act)
    }

    /// Returns what is done at a node.
    pub fn at(node: &str) -> Option<Self> {
        let end = node.strip_prefix(ns::ADMIN)?.strip_prefix('#')?;
        COMMANDS.iter().find(|(_, known, _)| *known == end).map(|(act, ..)| *act)
    }

    /// Returns its node.
    pub fn node(self) -> String {
        format!("{}#{}", ns::ADMIN, self.end())
    }

    /// Returns its name for people.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Returns its name in the log: the end of its node.
    pub fn end(self) -> &'static str {
        self.row().1
    }

    /// Returns what a program asks it to be.
    pub fn info(self) -> DiscoInfo {
        DiscoInfo {
            node: Some(self.node()),
            // spec: XEP-0050 §2.2
            identities: vec![Identity::new("automation", "command-node", self.name())],
            features: vec![ns::COMMANDS.to_owned(), ns::DATA.to_owned()],
            ..DiscoInfo::default()
        }
    }

    /// Returns the form that is to be filled in first, if there is one.
    pub fn form(self) -> Option<BlankForm> {
        let fields = self.fields();
        (!fields.is_empty()).then(|| BlankForm {
            form_type: ns::ADMIN.to_owned(),
            title: self.name().to_owned(),
            instructions: None,
            fields,
        })
    }

    /// Returns what it asks for.
    pub fn fields(self) -> Vec<BlankField> {
        let one = || BlankField::required("accountjid", "jid-single", "Account");
        let some = || BlankField::required("accountjids", "jid-multi", "Accounts");
        let password = || BlankField::required("password", "text-private", "Password");
        match self {
            Self::AddUser => {
                let again = BlankField {
                    is_required: false,
                    ..BlankField::required("password-verify", "text-private", "The same again")
                };
                vec![one(), password(), again]
            }
            Self::ChangeUserPassword => vec![one(), password()],
            Self::DeleteUser
            | Self::DisableUser
            | Self::ReenableUser
            | Self::EndUserSession
            | Self::GetUserRoster
            | Self::GetUserLastLogin
            | Self::UserStats => vec![some()],
            Self::GetRegisteredUsersNum | Self::GetDisabledUsersNum | Self::GetOnlineUsersNum => {
                Vec::new()
            }
            Self::GetRegisteredUsersList
            | Self::GetDisabledUsersList
            | Self::GetOnlineUsersList => vec![BlankField {
                is_required: false,
                value: Some("100".to_owned()),
                options: LENGTHS,
                ..BlankField::required("max_items", "list-single", "How many at most")
            }],
            Self::Announce => {
                vec![BlankField::required("announcement", "text-multi", "The message")]
            }
        }
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        COMMANDS.iter().find(|(act, ..)| *act == self).expect("every act has its row")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_found_by_its_node_and_asks_for_what_it_needs() {
        assert_eq!(Act::all().count(), COMMANDS.len());
        for act in Act::all() {
            assert_eq!(Act::at(&act.node()), Some(act));
            let fields = act.fields();
            let is_count = act.end().ends_with("-num");
            assert_eq!(fields.is_empty(), is_count, "{act:?}");
        }
        for none in ["", "add-user", "http://jabber.org/protocol/admin#get-user-password"] {
            assert_eq!(Act::at(none), None, "{none}");
        }
    }
}
