//! Commands that are carried out step by step (XEP-0050).

use crate::xmpp::{
    condition::{Condition, StanzaError},
    data_form::{BlankForm, DataForm},
    ns,
    payload::{Node, Payload},
};

/// What is wrong with a request, in the protocol's own words.
// spec: XEP-0050 §4.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The action is none that there is.
    MalformedAction,
    /// The action is none of those now offered.
    BadAction,
    /// The form is not the one asked for, or lacks something.
    BadPayload,
    /// There is no such session.
    BadSession,
    /// There was one, too long ago.
    SessionExpired,
}

impl From<Flaw> for StanzaError {
    fn from(flaw: Flaw) -> Self {
        let (condition, name) = match flaw {
            Flaw::MalformedAction => (Condition::BadRequest, "malformed-action"),
            Flaw::BadAction => (Condition::BadRequest, "bad-action"),
            Flaw::BadPayload => (Condition::BadRequest, "bad-payload"),
            Flaw::BadSession => (Condition::BadRequest, "bad-sessionid"),
            Flaw::SessionExpired => (Condition::NotAllowed, "session-expired"),
        };
        Self { specific: Some((name, ns::COMMANDS)), ..condition.into() }
    }
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Begin; within a session, what is done by default.
    Execute,
    /// Do it with what was filled in.
    Complete,
    /// Go to the next form.
    Next,
    /// Go back to the form before.
    Previous,
    /// Give it up.
    Cancel,
}

/// A step of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which command.
    pub node: String,
    /// The session; none at the beginning.
    pub session: Option<String>,
    /// What to do.
    pub action: Action,
    /// The form that was filled in, if there is one.
    pub form: Option<DataForm>,
}

impl Request {
    /// Reads a step.
    ///
    /// # Errors
    ///
    /// There is no such action.
    pub fn read(command: Node<'_>) -> Result<Self, Flaw> {
        let action = match command.attr("action") {
            None | Some("execute") => Action::Execute,
            Some("complete") => Action::Complete,
            Some("next") => Action::Next,
            Some("prev") => Action::Previous,
            Some("cancel") => Action::Cancel,
            Some(_) => return Err(Flaw::MalformedAction),
        };
        Ok(Self {
            node: command.attr("node").unwrap_or_default().to_owned(),
            session: command.attr("sessionid").map(str::to_owned),
            action,
            form: command.child("x", ns::DATA).and_then(DataForm::submitted),
        })
    }
}

/// How serious a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Info,
    /// Something was not done.
    Error,
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A form is to be filled in.
    Asks(BlankForm),
    /// It was done, or could not be.
    Done {
        /// What came of it, in sentences.
        notes: Vec<(Tone, String)>,
        /// What was asked for.
        result: Option<Payload>,
    },
    /// It was given up.
    Canceled,
}

/// The answer to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which command.
    pub node: String,
    /// The session.
    pub session: String,
    /// How far it is.
    pub stage: Stage,
}

impl Answer {
    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        let command = |status: &str| {
            Payload::new("command", ns::COMMANDS)
                .with_attr("node", &self.node)
                .with_attr("sessionid", &self.session)
                .with_attr("status", status)
        };
        let element = |name: &str| Payload::new(name, ns::COMMANDS);
        match &self.stage {
            Stage::Asks(form) => {
                // spec: XEP-0050 §3.4: every command here has one form.
                let actions = element("actions").with_attr("execute", "complete");
                command("executing").with(actions.with(element("complete"))).with(form.to_payload())
            }
            Stage::Done { notes, result } => {
                let note = |(tone, text): &(Tone, String)| {
                    let kind = match tone {
                        Tone::Info => "info",
                        Tone::Error => "error",
                    };
                    element("note").with_attr("type", kind).with_text(text)
                };
                command("completed").with_all(notes.iter().map(note)).with_all(result.clone())
            }
            Stage::Canceled => command("canceled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &str) -> Result<Request, Flaw> {
        let text = format!("<command xmlns='http://jabber.org/protocol/commands' {attributes}/>");
        Request::read(Payload::parse(&text).unwrap().node())
    }

    #[test]
    fn a_step_is_read() {
        let table = [
            ("", Action::Execute),
            ("action='execute'", Action::Execute),
            ("action='complete'", Action::Complete),
            ("action='next'", Action::Next),
            ("action='prev'", Action::Previous),
            ("action='cancel'", Action::Cancel),
        ];
        for (attributes, action) in table {
            assert_eq!(read(attributes).map(|step| step.action), Ok(action), "{attributes}");
        }
        assert_eq!(read("action='explode'"), Err(Flaw::MalformedAction));
        let step = read("node='n' sessionid='s'").unwrap();
        assert_eq!((step.node.as_str(), step.session.as_deref()), ("n", Some("s")));
    }

    #[test]
    fn a_flaw_is_told_in_the_words_of_stanzas_and_of_commands() {
        let payload = StanzaError::from(Flaw::SessionExpired).to_payload();
        assert!(payload.node().child("not-allowed", ns::STANZA_ERRORS).is_some());
        assert!(payload.node().child("session-expired", ns::COMMANDS).is_some());
    }

    #[test]
    fn each_stage_has_its_status() {
        let stages = [
            (Stage::Asks(BlankForm::default()), "executing"),
            (Stage::Done { notes: vec![(Tone::Error, "no".into())], result: None }, "completed"),
            (Stage::Canceled, "canceled"),
        ];
        for (stage, status) in stages {
            let answer = Answer { node: "n".into(), session: "s".into(), stage };
            assert_eq!(answer.to_payload().node().attr("status"), Some(status));
        }
    }
}
