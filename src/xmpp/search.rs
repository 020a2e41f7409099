//! Search for people (XEP-0055).

use crate::xmpp::{
    condition::Condition,
    data_form::{BlankField, BlankForm, DataForm, Table},
    ns,
    payload::{Node, Payload},
};

/// What people are looked for by, and told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// First name.
    First,
    /// Last name.
    Last,
    /// What they want to be called.
    Nick,
    /// Where they live.
    City,
    /// The country of that.
    Country,
    /// By a word or letter.
    Gender,
    /// Years; of whom is looked for, at least.
    Age,
    /// Years at most.
    AgeTo,
    /// What they like.
    Interests,
}

/// Each detail: its name in forms, and for people. Names that are not registered begin with `x-`.
// spec: XEP-0055 §3
const DETAILS: [(Detail, &str, &str); 9] = [
    (Detail::First, "first", "First name"),
    (Detail::Last, "last", "Last name"),
    (Detail::Nick, "nick", "Name among friends"),
    (Detail::City, "x-city", "City"),
    (Detail::Country, "x-country", "Country"),
    (Detail::Gender, "x-gender", "Gender"),
    (Detail::Age, "x-age", "Age, at least"),
    (Detail::AgeTo, "x-age-to", "Age, at most"),
    (Detail::Interests, "x-interests", "Interests"),
];

/// Those that have elements of their own, for programs that know no forms.
const PLAIN: usize = 3;

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The details, of which all must hold.
    pub sought: Vec<(Detail, String)>,
    /// Whether it was asked by a form, and is to be answered by one.
    pub is_form: bool,
}

impl Search {
    /// Reads what is looked for.
    ///
    /// # Errors
    ///
    /// The form is another one.
    pub fn read(query: Node<'_>) -> Result<Self, Condition> {
        let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let Some(form) = query.child("x", ns::DATA) else {
            let plain = DETAILS[..PLAIN].iter();
            let sought = plain.filter_map(|(detail, name, _)| {
                Some((*detail, text(query.child(name, ns::SEARCH)?.text())?))
            });
            return Ok(Self { sought: sought.collect(), is_form: false });
        };
        let form = DataForm::submitted(form).ok_or(Condition::BadRequest)?;
        if form.form_type.as_deref() != Some(ns::SEARCH) {
            return Err(Condition::BadRequest);
        }
        let sought = DETAILS
            .iter()
            .filter_map(|(detail, var, _)| Some((*detail, text(form.text(var)?.to_owned())?)));
        Ok(Self { sought: sought.collect(), is_form: true })
    }

    /// Returns what can be looked for, in both spellings.
    // spec: XEP-0055 §2.1, §3
    pub fn needed() -> Payload {
        let instructions = "Fill in what you know: people are found who made it public.";
        let field = |(_, var, label): &(Detail, &'static str, &'static str)| BlankField {
            is_required: false,
            ..BlankField::required(var, "text-single", label)
        };
        let form = BlankForm {
            form_type: ns::SEARCH.to_owned(),
            title: "Search for people".to_owned(),
            instructions: Some(instructions.to_owned()),
            fields: DETAILS.iter().map(field).collect(),
        };
        let plain = DETAILS[..PLAIN].iter().map(|(_, name, _)| Payload::new(name, ns::SEARCH));
        Payload::new("query", ns::SEARCH)
            .with_leaf("instructions", instructions)
            .with_all(plain)
            .with(form.to_payload())
    }
}

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who.
    pub jid: String,
    /// What is known.
    pub details: Vec<(Detail, String)>,
}

impl Finding {
    fn text(&self, wanted: Detail) -> String {
        let known = self.details.iter().find(|(detail, _)| *detail == wanted);
        known.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    fn to_payload(&self) -> Payload {
        let plain = DETAILS[..PLAIN].iter();
        let details = plain.map(|(detail, name, _)| (*name, self.text(*detail)));
        // What nobody makes public has its place there, too.
        let details = details.chain([("email", String::new())]);
        let leaves = details.map(|(name, text)| Payload::new(name, ns::SEARCH).with_text(&text));
        Payload::new("item", ns::SEARCH).with_attr("jid", &self.jid).with_all(leaves)
    }
}

/// Those who were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// They, as many as are told at once.
    pub found: Vec<Finding>,
    /// Whether there are more.
    pub are_more: bool,
    /// Whether they go into a form.
    pub is_form: bool,
}

impl Findings {
    /// Returns the answer.
    pub fn to_payload(&self) -> Payload {
        let query = Payload::new("query", ns::SEARCH);
        if !self.is_form {
            return query.with_all(self.found.iter().map(Finding::to_payload));
        }
        let told = || DETAILS.iter().filter(|(detail, ..)| *detail != Detail::AgeTo);
        let label = |detail: Detail, label| if detail == Detail::Age { "Age" } else { label };
        let columns =
            told().map(|(detail, var, text)| (*var, "text-single", label(*detail, *text)));
        let row = |one: &Finding| {
            let details = told().map(|(detail, ..)| one.text(*detail));
            [one.jid.clone()].into_iter().chain(details).collect()
        };
        let title = match self.are_more {
            true => format!("The first {}: say more to find others", self.found.len()),
            false => format!("Found: {}", self.found.len()),
        };
        let table = Table {
            form_type: ns::SEARCH,
            title,
            columns: [("jid", "jid-single", "Address")].into_iter().chain(columns).collect(),
            rows: self.found.iter().map(row).collect(),
        };
        query.with(table.to_payload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Result<Search, Condition> {
        let text = format!("<query xmlns='jabber:iq:search'>{inside}</query>");
        Search::read(Payload::parse(&text).unwrap().node())
    }

    fn form(kind: &str, var: &str, value: &str) -> String {
        format!(
            "<x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>{kind}</value></field>\
             <field var='{var}'><value>{value}</value></field></x>"
        )
    }

    #[test]
    fn what_is_looked_for_is_read_in_either_spelling() {
        let sought = |detail, text: &str, is_form| {
            Ok(Search { sought: vec![(detail, text.to_owned())], is_form })
        };
        let search = "jabber:iq:search";
        let table = [
            ("<first> Grace </first><last/>".to_owned(), sought(Detail::First, "Grace", false)),
            ("<email>a@b</email><nick>g</nick>".into(), sought(Detail::Nick, "g", false)),
            (form(search, "x-city", "Abo"), sought(Detail::City, "Abo", true)),
            (form(search, "x-age-to", "99"), sought(Detail::AgeTo, "99", true)),
            (form(search, "x-shoe", "9"), Ok(Search { sought: Vec::new(), is_form: true })),
            (String::new(), Ok(Search { sought: Vec::new(), is_form: false })),
            (form("jabber:iq:register", "first", "Grace"), Err(Condition::BadRequest)),
            ("<x xmlns='jabber:x:data' type='cancel'/>".into(), Err(Condition::BadRequest)),
        ];
        for (inside, search) in table {
            assert_eq!(read(&inside), search, "{inside}");
        }
    }

    #[test]
    fn who_was_found_is_told_in_the_spelling_of_the_question() {
        let details = vec![(Detail::First, "Grace".to_owned()), (Detail::Age, "85".to_owned())];
        let found = vec![Finding { jid: "grace@onesoup.test".into(), details }];
        let plain = Findings { found: found.clone(), are_more: false, is_form: false };
        let plain = plain.to_payload();
        let item = plain.node().child("item", ns::SEARCH).unwrap();
        assert_eq!(item.attr("jid"), Some("grace@onesoup.test"));
        assert_eq!(item.child_text("first", ns::SEARCH).as_deref(), Some("Grace"));
        assert_eq!(item.children().count(), 4);
        let table = Findings { found, are_more: true, is_form: true }.to_payload();
        let table = table.node().child("x", ns::DATA).unwrap();
        let columns = table.child("reported", ns::DATA).unwrap().children().count();
        let item = table.child("item", ns::DATA).unwrap();
        assert_eq!((columns, item.children().count()), (9, 9));
        assert_eq!(item.children().next().unwrap().attr("var"), Some("jid"));
    }
}
