//! To register with a service (XEP-0077).

use crate::xmpp::{
    condition::Condition,
    data_form::{BlankField, BlankForm, DataForm},
    ns,
    payload::{Node, Payload},
};

/// What somebody wants to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To be registered no more.
    // spec: XEP-0077 §3.2
    Remove,
    /// A new account, or a new password for the one there is.
    // spec: XEP-0077 §3.1, §3.3
    Put {
        /// The name.
        username: Option<String>,
        /// The password.
        password: Option<String>,
    },
}

impl Change {
    /// Reads a request for a change: its form where it has one, else its plain fields.
    ///
    /// # Errors
    ///
    /// What it asks for is not clear.
    pub fn read(query: Node<'_>) -> Result<Self, Condition> {
        // spec: XEP-0077 §3.2: together with anything else it is refused.
        if query.child("remove", ns::REGISTER).is_some() {
            let is_alone = query.children().count() == 1;
            return if is_alone { Ok(Self::Remove) } else { Err(Condition::BadRequest) };
        }
        let Some(form) = query.child("x", ns::DATA) else {
            let text = |name: &str| query.child(name, ns::REGISTER).map(Node::text);
            return Ok(Self::put(text("username"), text("password")));
        };
        let form = DataForm::submitted(form).ok_or(Condition::BadRequest)?;
        if form.form_type.as_deref() != Some(ns::REGISTER) {
            return Err(Condition::BadRequest);
        }
        let text = |var: &str| form.text(var).map(str::to_owned);
        Ok(Self::put(text("username"), text("password")))
    }

    fn put(username: Option<String>, password: Option<String>) -> Self {
        let full = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self::Put { username: full(username), password: full(password) }
    }
}

/// What is needed to register, in both spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// What to do, for a person.
    pub instructions: String,
    /// The name of who is registered already.
    pub username: Option<String>,
}

impl Needed {
    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        let element = |name: &str, text: &str| Payload::new(name, ns::REGISTER).with_text(text);
        let form = BlankForm {
            form_type: ns::REGISTER.to_owned(),
            title: "An account for a phone".to_owned(),
            instructions: Some(self.instructions.clone()),
            fields: vec![
                BlankField {
                    value: self.username.clone(),
                    ..BlankField::required("username", "text-single", "Name")
                },
                BlankField::required("password", "text-private", "Password"),
            ],
        };
        Payload::new("query", ns::REGISTER)
            .with_all(self.username.as_ref().map(|_| element("registered", "")))
            .with(element("instructions", &self.instructions))
            .with(element("username", self.username.as_deref().unwrap_or_default()))
            .with(element("password", ""))
            .with(form.to_payload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Result<Change, Condition> {
        let text = format!("<query xmlns='jabber:iq:register'>{inside}</query>");
        Change::read(Payload::parse(&text).unwrap().node())
    }

    fn put(username: Option<&str>, password: Option<&str>) -> Result<Change, Condition> {
        Ok(Change::put(username.map(str::to_owned), password.map(str::to_owned)))
    }

    #[test]
    fn a_change_is_read_in_either_spelling() {
        let form = |fields: &str| format!("<x xmlns='jabber:x:data' type='submit'>{fields}</x>");
        let field =
            |var: &str, value: &str| format!("<field var='{var}'><value>{value}</value></field>");
        let kind = field("FORM_TYPE", "jabber:iq:register");
        let both = form(&(kind.clone() + &field("username", "kim") + &field("password", "p")));
        let table = [
            ("<username>kim</username><password>p</password>", put(Some("kim"), Some("p"))),
            ("<username>kim</username><password/>", put(Some("kim"), None)),
            ("", put(None, None)),
            (&both, put(Some("kim"), Some("p"))),
            (&form(&kind), put(None, None)),
            ("<remove/>", Ok(Change::Remove)),
            ("<remove/><username>kim</username>", Err(Condition::BadRequest)),
            (&form(&field("username", "kim")), Err(Condition::BadRequest)),
            (&form(&field("FORM_TYPE", "jabber:iq:search")), Err(Condition::BadRequest)),
            ("<x xmlns='jabber:x:data' type='cancel'/>", Err(Condition::BadRequest)),
        ];
        for (inside, change) in table {
            assert_eq!(read(inside), change, "{inside}");
        }
    }

    #[test]
    fn who_is_registered_is_told_the_name_and_never_the_password() {
        let instructions = "Choose.".to_owned();
        let new = Needed { instructions: instructions.clone(), username: None }.to_payload();
        assert!(new.node().child("registered", ns::REGISTER).is_none());
        let known = Needed { instructions, username: Some("kim".into()) }.to_payload();
        assert!(known.node().child("registered", ns::REGISTER).is_some());
        assert_eq!(known.node().child_text("username", ns::REGISTER).as_deref(), Some("kim"));
        assert_eq!(known.node().child_text("password", ns::REGISTER), None);
    }
}
