//! Forms of names and values (XEP-0004), as far as answers carry them.

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
