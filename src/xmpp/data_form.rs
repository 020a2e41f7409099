//! Forms of names and values (XEP-0004): to be filled in, filled in, and as answers carry them.

use crate::xmpp::{
    message::attr,
    ns,
    payload::{Node, Payload},
};

/// The field that says what the other fields mean.
// spec: XEP-0068 §3
const FORM_TYPE: &str = "FORM_TYPE";

/// A form that was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataForm {
    /// What its fields mean, if it says so.
    pub form_type: Option<String>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A form that somebody is to fill in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlankForm {
    /// What its fields mean.
    pub form_type: String,
    /// What it is for.
    pub title: String,
    /// How to fill it in, in a sentence or two.
    pub instructions: Option<String>,
    /// What is asked for.
    pub fields: Vec<BlankField>,
}

/// One thing that a form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlankField {
    /// Its name.
    pub var: &'static str,
    /// How it is asked for: `text-single`, `jid-multi`.
    pub kind: &'static str,
    /// What a person is shown.
    pub label: &'static str,
    /// Whether the form is of no use without it.
    pub is_required: bool,
    /// What is filled in already.
    pub value: Option<String>,
    /// What there is to choose from.
    pub options: &'static [&'static str],
}

/// An answer of many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What its columns mean.
    pub form_type: &'static str,
    /// What it is.
    pub title: String,
    /// Name, kind and label of each column.
    pub columns: Vec<(&'static str, &'static str, &'static str)>,
    /// The rows, each with a text for each column.
    pub rows: Vec<Vec<String>>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub var: String,
    /// How it would be asked for: `text-single`, `list-multi`; answers need not say so.
    pub kind: Option<String>,
    /// What was filled in.
    pub values: Vec<String>,
}

impl Field {
    /// Returns a field of one line.
    pub fn text(var: &str, value: &str) -> Self {
        Self { var: var.to_owned(), kind: None, values: vec![value.to_owned()] }
    }

    /// Returns a field of any number of values.
    pub fn list(var: &str, values: &[String]) -> Self {
        let kind = Some("list-multi".to_owned());
        Self { var: var.to_owned(), kind, values: values.to_vec() }
    }
}

impl DataForm {
    /// Returns an answer of this type.
    pub fn result(form_type: &str, fields: Vec<Field>) -> Self {
        Self { form_type: Some(form_type.to_owned()), fields }
    }

    /// Reads a form that somebody has filled in; none if it is given up, or no such form.
    // spec: XEP-0004 §3.1
    pub fn submitted(form: Node<'_>) -> Option<Self> {
        if form.attr("type") != Some("submit") {
            return None;
        }
        let mut read = Self::read(form);
        // spec: XEP-0068 §3.2: in what is submitted, its kind need not be said.
        if read.form_type.is_none() {
            read.form_type = read.text(FORM_TYPE).map(str::to_owned);
        }
        Some(read)
    }

    /// Returns what was filled in under a name; of several values the first, and none if empty.
    pub fn text(&self, var: &str) -> Option<&str> {
        let value = self.values(var).first().map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns all values under a name.
    pub fn values(&self, var: &str) -> &[String] {
        let field = self.fields.iter().find(|field| field.var == var);
        field.map_or(&[], |field| &field.values)
    }

    /// Reads a form; a field without a name is passed over.
    pub fn read(form: Node<'_>) -> Self {
        let mut read = Self::default();
        for field in form.children().filter(|child| child.is("field", ns::DATA)) {
            let Some(var) = attr(field, "var") else { continue };
            let kind = attr(field, "type");
            let values = field.children().filter(|child| child.is("value", ns::DATA));
            let values: Vec<String> = values.map(|value| value.text()).collect();
            // spec: XEP-0115 §5.4: a type that is not hidden is a field like others.
            if var == FORM_TYPE && kind.as_deref() == Some("hidden") {
                // Of two types neither counts: such a form proves nothing.
                read.form_type = values
                    .into_iter()
                    .reduce(|one, other| if one == other { one } else { String::new() });
            } else {
                read.fields.push(Field { var, kind, values });
            }
        }
        read
    }

    /// Returns the form as an answer carries it.
    pub fn to_payload(&self) -> Payload {
        let field = |var: &str, kind: Option<&str>, values: &[String]| {
            let value = |text: &String| Payload::new("value", ns::DATA).with_text(text);
            Payload::new("field", ns::DATA)
                .with_attr("var", var)
                .with_attr_if("type", kind)
                .with_all(values.iter().map(value))
        };
        let kind = self.form_type.as_ref();
        let kind = kind.map(|it| field(FORM_TYPE, Some("hidden"), std::slice::from_ref(it)));
        let fields = self.fields.iter();
        Payload::new("x", ns::DATA)
            .with_attr("type", "result")
            .with_all(kind)
            .with_all(fields.map(|it| field(&it.var, it.kind.as_deref(), &it.values)))
    }
}

impl BlankField {
    /// Returns a field that must be filled in.
    pub fn required(var: &'static str, kind: &'static str, label: &'static str) -> Self {
        Self { var, kind, label, is_required: true, value: None, options: &[] }
    }

    fn to_payload(&self) -> Payload {
        let value = |text: &str| Payload::new("value", ns::DATA).with_text(text);
        let option = |text: &&str| {
            Payload::new("option", ns::DATA).with_attr("label", text).with(value(text))
        };
        Payload::new("field", ns::DATA)
            .with_attr("var", self.var)
            .with_attr("type", self.kind)
            .with_attr("label", self.label)
            .with_all(self.is_required.then(|| Payload::new("required", ns::DATA)))
            .with_all(self.value.as_deref().map(value))
            .with_all(self.options.iter().map(option))
    }
}

impl BlankForm {
    /// Returns the form as it is put to somebody.
    pub fn to_payload(&self) -> Payload {
        let leaf = |name: &str, text: &str| Payload::new(name, ns::DATA).with_text(text);
        let kind = Payload::new("field", ns::DATA)
            .with_attr("var", FORM_TYPE)
            .with_attr("type", "hidden")
            .with_leaf("value", &self.form_type);
        Payload::new("x", ns::DATA)
            .with_attr("type", "form")
            .with(leaf("title", &self.title))
            .with_all(self.instructions.as_deref().map(|text| leaf("instructions", text)))
            .with(kind)
            .with_all(self.fields.iter().map(BlankField::to_payload))
    }
}

impl Table {
    /// Returns the answer.
    // spec: XEP-0004 §3.4
    pub fn to_payload(&self) -> Payload {
        let element = |name: &str| Payload::new(name, ns::DATA);
        let field = |var: &str| element("field").with_attr("var", var);
        let column = |(var, kind, label): &(&str, &str, &str)| {
            field(var).with_attr("type", kind).with_attr("label", label)
        };
        let row = |row: &Vec<String>| {
            let cells = self.columns.iter().zip(row);
            let cell = |((var, ..), text): (&(&str, &str, &str), &String)| {
                field(var).with_leaf("value", text)
            };
            element("item").with_all(cells.map(cell))
        };
        let kind = field(FORM_TYPE).with_attr("type", "hidden").with_leaf("value", self.form_type);
        element("x")
            .with_attr("type", "result")
            .with_leaf("title", &self.title)
            .with(kind)
            .with(element("reported").with_all(self.columns.iter().map(column)))
            .with_all(self.rows.iter().map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted(text: &str) -> Option<DataForm> {
        DataForm::submitted(Payload::parse(text).unwrap().node())
    }

    #[test]
    fn what_was_filled_in_is_found_by_its_name() {
        let form = submitted(
            "<x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>t</value></field>\
             <field var='a'><value>1</value><value>2</value></field><field var='b'/>\
             <field><value>3</value></field><field var='c'><value/></field></x>",
        );
        let form = form.unwrap();
        assert_eq!(form.form_type.as_deref(), Some("t"));
        assert_eq!((form.text("a"), form.values("a").len()), (Some("1"), 2));
        for empty in ["b", "c", "d"] {
            assert_eq!(form.text(empty), None, "{empty}");
        }
    }

    #[test]
    fn only_what_is_submitted_counts_as_filled_in() {
        for kind in ["type='cancel'", "type='form'", "type='result'", ""] {
            let text = format!("<x xmlns='jabber:x:data' {kind}/>");
            assert_eq!(submitted(&text), None, "{kind}");
        }
        let hidden = "<x xmlns='jabber:x:data' type='submit'>\
            <field var='FORM_TYPE' type='hidden'><value>t</value></field></x>";
        assert_eq!(submitted(hidden).unwrap().form_type.as_deref(), Some("t"));
    }

    #[test]
    fn a_blank_form_says_what_it_wants() {
        let options = ["25", "none"].as_slice();
        let field = BlankField { options, ..BlankField::required("n", "list-single", "How many") };
        let form = BlankForm { form_type: "t".into(), fields: vec![field], ..BlankForm::default() };
        let payload = form.to_payload();
        assert_eq!(payload.node().attr("type"), Some("form"));
        let fields: Vec<_> =
            payload.node().children().filter(|child| child.is("field", ns::DATA)).collect();
        assert_eq!(fields[0].attr("var"), Some(FORM_TYPE));
        assert!(fields[1].child("required", ns::DATA).is_some());
        assert_eq!(fields[1].children().filter(|it| it.is("option", ns::DATA)).count(), 2);
    }
}
