//! What operators do from elsewhere on the network: by the same use cases as the commands of the
//! program, each act a line in the log.

use crate::{
    base::secret::Secret,
    domain::{account::AccountState, address::Address},
    services::{
        accounts::AccountError, context::Services, export, operators::Act, overview::Overview,
        refused,
    },
    store::error::StoreError,
    xmpp::{
        command::{Flaw, Stage, Tone},
        data_form::{DataForm, Field},
        delay::write_date,
        ns,
        payload::Payload,
        portable::roster_payload,
    },
};

/// Accounts that one command may be for.
const MAX_NAMED: usize = 100;

/// Accounts that a list has at most.
const MAX_LISTED: u32 = 1000;

/// Characters of what an operator wrote that come back.
const MAX_ECHOED: usize = 100;

impl Services {
    /// Carries out a command with the form that was filled in.
    ///
    /// # Errors
    ///
    /// The form is not the one asked for, or lacks something.
    pub(super) async fn operate(
        &self,
        operator: &Address,
        act: Act,
        form: &DataForm,
    ) -> Result<Stage, Flaw> {
        let is_empty = |var| form.values(var).iter().all(|value| value.trim().is_empty());
        if act.fields().iter().any(|field| field.is_required && is_empty(field.var)) {
            return Err(Flaw::BadPayload);
        }
        match act {
            Act::AddUser
            | Act::ChangeUserPassword
            | Act::DeleteUser
            | Act::DisableUser
            | Act::ReenableUser
            | Act::EndUserSession => return Ok(self.change_each(operator, act, form).await),
            Act::Announce => {
                return Ok(self.announce_to_all(operator, form.values("announcement")).await);
            }
            _ => {}
        }
        tracing::info!(%operator, command = act.end(), account = form.text("accountjids"),
            "an operator looks");
        let told = match act {
            Act::GetUserRoster => self.roster_told(form).await,
            Act::GetUserLastLogin => self.last_login_told(form).await,
            Act::UserStats => self.stats_told(form).await,
            _ => self.accounts_told(act, form).await,
        };
        Ok(match told {
            Ok(result) => Stage::Done { notes: Vec::new(), result: Some(result) },
            Err(fault) => Stage::Done { notes: vec![(Tone::Error, fault)], result: None },
        })
    }

    async fn change_each(&self, operator: &Address, act: Act, form: &DataForm) -> Stage {
        let named = match named(form) {
            Ok(named) => named,
            Err(fault) => return Stage::Done { notes: vec![(Tone::Error, fault)], result: None },
        };
        let mut notes = Vec::new();
        for account in named {
            let done = self.change_one(act, account, form).await;
            let account: String = account.chars().take(MAX_ECHOED).collect();
            match &done {
                Ok(_) => {
                    tracing::info!(%operator, command = act.end(), account, "an operator acts")
                }
                Err(fault) => {
                    tracing::info!(%operator, command = act.end(), account, fault, "an operator acts in vain");
                }
            }
            notes.push(match done {
                Ok(what) => (Tone::Info, format!("{account} {what}")),
                Err(fault) => (Tone::Error, format!("{account}: {fault}")),
            });
        }
        Stage::Done { notes, result: None }
    }

    /// Changes one account; returns what became of it.
    async fn change_one(&self, act: Act, account: &str, form: &DataForm) -> Result<String, String> {
        let (account, resource) = match account.split_once('/') {
            Some((account, resource)) if act == Act::EndUserSession => (account, Some(resource)),
            _ => (account, None),
        };
        let address = self.own_address(account).map_err(in_words)?;
        let password = || Secret::new(form.text("password").unwrap_or_default());
        let done = match act {
            Act::AddUser => {
                let again = form.values("password-verify").first();
                if again.is_some_and(|again| again != password().expose()) {
                    return Err("the two passwords differ".to_owned());
                }
                self.create(&address, &password()).await.map(|()| "is ready")
            }
            Act::ChangeUserPassword => {
                let changed = self.set_password_and_end(&address, &password()).await;
                changed.map(|()| "has a new password, and its sessions have ended")
            }
            Act::DeleteUser => self.remove(&address).await.map(|()| "is removed"),
            Act::DisableUser => {
                self.set_state(&address, AccountState::Suspended).await.map(|()| "is suspended")
            }
            Act::ReenableUser => {
                self.set_state(&address, AccountState::Active).await.map(|()| "may be used")
            }
            _ => {
                let ended = self.end_sessions_of(&address, resource).await.map_err(in_words)?;
                return Ok(format!("has lost its sessions: {ended}"));
            }
        };
        done.map(str::to_owned).map_err(in_words)
    }

    // spec: XEP-0133 §4.8
    async fn roster_told(&self, form: &DataForm) -> Result<Payload, String> {
        let overview = self.named_one(form).await?;
        let items: Vec<_> = overview.acquaintances().into_iter().filter_map(export::item).collect();
        let lines: Vec<String> = items.iter().map(|item| item.jid.clone()).collect();
        let fields = vec![
            jids("accountjids", [&overview.account.address]),
            Field { kind: Some("text-multi".to_owned()), ..Field::list("roster", &lines) },
        ];
        Ok(told(fields).with(roster_payload(&items)))
    }

    // spec: XEP-0133 §4.9
    async fn last_login_told(&self, form: &DataForm) -> Result<Payload, String> {
        let (mut accounts, mut moments) = (Vec::new(), Vec::new());
        for account in named(form)? {
            let overview = self.overview_of(account).await?;
            let opened = overview.sessions.iter().map(|session| session.opened).max();
            let last = opened.or(overview.last_there);
            moments.push(last.map_or_else(|| "never".to_owned(), write_date));
            accounts.push(overview.account.address);
        }
        let moments =
            Field { kind: Some("text-multi".into()), ..Field::list("lastlogin", &moments) };
        Ok(told(vec![jids("accountjids", &accounts), moments]))
    }

    // spec: XEP-0133 §4.10
    async fn stats_told(&self, form: &DataForm) -> Result<Payload, String> {
        let overview = self.named_one(form).await?;
        let sessions = || overview.sessions.iter();
        let remotes = sessions().filter_map(|it| it.terms.remote).map(|it| it.to_string());
        let remotes: Vec<String> = remotes.collect();
        let resources: Vec<String> = sessions().map(|it| it.resource.to_string()).collect();
        let contacts = overview.acquaintances().into_iter().filter_map(export::item).count();
        let lines = |var, values: &[String]| Field {
            kind: Some("text-multi".to_owned()),
            ..Field::list(var, values)
        };
        Ok(told(vec![
            jids("accountjids", [&overview.account.address]),
            lines("ipaddresses", &remotes),
            Field::text("rostersize", &contacts.to_string()),
            lines("onlineresources", &resources),
        ]))
    }

    // spec: XEP-0133 §4.11, §4.12, §4.14, §4.18, §4.19, §4.20
    async fn accounts_told(&self, act: Act, form: &DataForm) -> Result<Payload, String> {
        let most = form.text("max_items").and_then(|most| most.parse().ok());
        let most = most.unwrap_or(MAX_LISTED).min(MAX_LISTED);
        let store = &self.store;
        let failed = |error: StoreError| {
            refused(error);
            in_words(AccountError::Store)
        };
        let list = |var, accounts: Vec<Address>| jids(var, &accounts);
        let count = |var, count: u64| Field::text(var, &count.to_string());
        let field = match act {
            Act::GetRegisteredUsersList => {
                let accounts = store.accounts(None, most).await.map_err(failed)?;
                let accounts = accounts.into_iter().map(|account| account.address);
                list("registereduserjids", accounts.collect())
            }
            Act::GetDisabledUsersList => {
                let suspended = store.suspended_accounts(most).await.map_err(failed)?;
                list("disableduserjids", suspended)
            }
            Act::GetOnlineUsersList => {
                let online = store.live_accounts(None, most).await.map_err(failed)?;
                list("onlineuserjids", online)
            }
            _ => {
                let counts = store.account_counts().await.map_err(failed)?;
                match act {
                    Act::GetDisabledUsersNum => count("disabledusersnum", counts.suspended),
                    Act::GetOnlineUsersNum => count("onlineusersnum", counts.online),
                    _ => count("registeredusersnum", counts.all),
                }
            }
        };
        Ok(told(vec![field]))
    }

    async fn named_one(&self, form: &DataForm) -> Result<Overview, String> {
        match named(form)?.as_slice() {
            [one] => self.overview_of(one).await,
            _ => Err("one account at a time".to_owned()),
        }
    }

    async fn overview_of(&self, account: &str) -> Result<Overview, String> {
        let address = self.own_address(account).map_err(in_words)?;
        self.overview(&address).await.map_err(in_words)
    }
}

/// Returns the accounts that a form names, in whichever of the two fields.
fn named(form: &DataForm) -> Result<Vec<&str>, String> {
    let values = form.values("accountjids").iter().chain(form.values("accountjid"));
    let named: Vec<&str> = values.map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    if named.len() > MAX_NAMED {
        return Err(format!("more than {MAX_NAMED} accounts at once"));
    }
    Ok(named)
}

fn told(fields: Vec<Field>) -> Payload {
    DataForm::result(ns::ADMIN, fields).to_payload()
}

fn jids<'a>(var: &str, accounts: impl IntoIterator<Item = &'a Address>) -> Field {
    let values: Vec<String> = accounts.into_iter().map(ToString::to_string).collect();
    Field { kind: Some("jid-multi".to_owned()), ..Field::list(var, &values) }
}

fn in_words(error: AccountError) -> String {
    error.to_string()
}
