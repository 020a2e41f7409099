//! What operators command the domain (XEP-0050).

use crate::{
    bridge,
    domain::address::Device,
    services::{context::Services, inbound::iq::person, operators::Act},
    xmpp::{
        command::{Action, Answer, Flaw, Request, Stage},
        condition::{Condition, StanzaError},
        data_form::DataForm,
        disco::{DiscoInfo, DiscoItem, DiscoItems, Identity},
        iq::Iq,
        ns,
        payload::Payload,
    },
};

/// Letters of a session's id.
const SESSION_CHARS: usize = 16;

impl Services {
    /// Carries out a step of a command.
    pub(super) async fn command(&self, iq: &Iq, step: &Payload) -> Result<Payload, StanzaError> {
        if !self.has_operators() {
            return Err(Condition::ServiceUnavailable.into());
        }
        if !self.may_command(iq) {
            return Err(Condition::Forbidden.into());
        }
        let step = Request::read(step.node())?;
        let act = Act::at(&step.node).ok_or(Condition::ItemNotFound)?;
        let by = bridge::address::device_of_jid(&iq.from).ok_or(Condition::JidMalformed)?;
        let (session, stage) = match step.session {
            None => self.begin(by, act, step.action).await?,
            Some(session) => {
                self.operator_sessions.goes_on(&session, &by, act, self.clock.now())?;
                let stage = self.go_on(&by, act, step.action, step.form.as_ref()).await?;
                // Until then it can be tried again with a better form.
                self.operator_sessions.end(&session);
                (session, stage)
            }
        };
        Ok(Answer { node: step.node, session, stage }.to_payload())
    }

    async fn begin(
        &self,
        by: Device,
        act: Act,
        action: Action,
    ) -> Result<(String, Stage), StanzaError> {
        if action != Action::Execute {
            // spec: XEP-0050 §3.4: whatever else there is belongs to a session.
            return Err(Flaw::BadSession.into());
        }
        let session = self.ids.text(SESSION_CHARS);
        let stage = match act.form() {
            Some(form) => {
                let id = session.as_str().into();
                self.operator_sessions.begin(id, by, act, self.clock.now());
                Stage::Asks(form)
            }
            None => self.operate(&by.account, act, &DataForm::default()).await?,
        };
        Ok((session, stage))
    }

    async fn go_on(
        &self,
        by: &Device,
        act: Act,
        action: Action,
        form: Option<&DataForm>,
    ) -> Result<Stage, StanzaError> {
        match action {
            Action::Execute | Action::Complete => {
                let form = form.filter(|form| form.form_type.as_deref() == Some(ns::ADMIN));
                Ok(self.operate(&by.account, act, form.ok_or(Flaw::BadPayload)?).await?)
            }
            Action::Cancel => Ok(Stage::Canceled),
            // There is one form only.
            Action::Next | Action::Previous => Err(Flaw::BadAction.into()),
        }
    }

    /// Returns what a node of the domain is, as far as the asker may know.
    pub(super) fn command_info(&self, iq: &Iq, node: &str) -> Result<DiscoInfo, Condition> {
        match Act::at(node) {
            Some(act) if self.may_command(iq) => Ok(act.info()),
            None if node == ns::COMMANDS && self.has_operators() => Ok(DiscoInfo {
                node: Some(node.to_owned()),
                identities: vec![Identity::new("automation", "command-list", "Commands")],
                features: vec![ns::COMMANDS.to_owned()],
                ..DiscoInfo::default()
            }),
            _ => Err(Condition::ItemNotFound),
        }
    }

    /// Returns what a node of the domain holds: the commands that the asker may give.
    // spec: XEP-0050 §2.3
    pub(super) fn command_items(&self, iq: &Iq, node: &str) -> Result<DiscoItems, Condition> {
        let may_command = self.may_command(iq);
        let items = match Act::at(node) {
            Some(_) if may_command => Vec::new(),
            None if node == ns::COMMANDS && self.has_operators() => {
                let item = |act: Act| DiscoItem {
                    jid: self.rules.domain.clone(),
                    node: Some(act.node()),
                    name: Some(act.name().to_owned()),
                };
                Act::all().filter(|_| may_command).map(item).collect()
            }
            _ => return Err(Condition::ItemNotFound),
        };
        Ok(DiscoItems { node: Some(node.to_owned()), items })
    }

    fn may_command(&self, iq: &Iq) -> bool {
        person(iq).is_ok_and(|asker| self.rules.operators.contains(&asker))
    }

    fn has_operators(&self) -> bool {
        !self.rules.operators.is_empty()
    }
}
