//! From prefixes to namespaces (Namespaces in XML 1.0), for the few elements that are kept.
//!
//! The resolver of the parser walks through all open elements for each new one, so that one
//! deeply nested stanza would cost seconds. Here only kept elements have a scope.

use minidom::Element;
use rxml::{Namespace, NcName, RawQName};

use crate::xmpp::{
    bounds::{MAX_DEPTH, MAX_OCTETS},
    ns,
    why::Why,
};

/// The most prefixes that may be declared at once, as each is compared with each that is used;
/// besides, each level may have a default.
const MAX_PREFIXES: usize = 64;

/// The longest namespace: it is copied for each element that is looked at.
const MAX_NAMESPACE_OCTETS: usize = 1024;

/// The start tag of an element.
pub(in crate::xmpp) struct Head {
    name: RawQName,
    attributes: Vec<(RawQName, String)>,
    octets: usize,
}

impl Head {
    /// Starts with the name.
    pub(in crate::xmpp) fn new(name: RawQName, octets: usize) -> Self {
        Self { name, attributes: Vec::new(), octets }
    }

    /// Adds an attribute; of a head beyond the bound only what is needed for an answer.
    pub(in crate::xmpp) fn push(&mut self, name: RawQName, value: String, octets: usize) {
        self.octets = self.octets.saturating_add(octets);
        let is_needed = |name: &RawQName| matches!(name.1.as_str(), "from" | "to" | "id" | "type");
        if self.octets <= MAX_OCTETS {
            self.attributes.push((name, value));
        } else {
            self.attributes.retain(|(name, _)| is_needed(name));
            if is_needed(&name) && value.len() <= MAX_OCTETS {
                self.attributes.push((name, value));
            }
        }
    }

    /// Returns the name without its prefix.
    pub(in crate::xmpp) fn local_name(&self) -> &str {
        self.name.1.as_str()
    }

    /// Returns how many octets it took.
    pub(in crate::xmpp) fn octets(&self) -> usize {
        self.octets
    }
}

/// What the prefixes mean, the stream's root first.
#[derive(Default)]
pub(in crate::xmpp) struct Scopes(Vec<Scope>);

#[derive(Default)]
struct Scope {
    /// How many prefixes this scope and those around it declare.
    total: usize,
    default: Option<Namespace<'static>>,
    prefixes: Vec<(NcName, Namespace<'static>)>,
}

impl Scopes {
    /// Makes an element of its head and enters it; a failed one is entered too.
    ///
    /// # Errors
    ///
    /// A prefix that nobody declared, an attribute that is there twice, or namespaces beyond the
    /// bounds.
    pub(in crate::xmpp) fn enter(&mut self, head: Head) -> Result<Element, Why> {
        let (declared, plain): (Vec<_>, Vec<_>) =
            head.attributes.into_iter().partition(|(name, _)| is_declaration(name));
        let total = self.0.last().map_or(0, |outer| outer.total) + declared.len();
        let is_long = |(_, ns): &(_, String)| ns.len() > MAX_NAMESPACE_OCTETS;
        let is_beyond = total > MAX_PREFIXES + MAX_DEPTH || declared.iter().any(is_long);
        let mut scope = Scope { total, ..Scope::default() };
        for ((prefix, name), value) in declared {
            match prefix {
                None => scope.default = Some(Namespace::from(value)),
                Some(_) => scope.prefixes.push((name, Namespace::from(value))),
            }
        }
        self.0.push(scope);
        if is_beyond {
            return Err(Why::TooBig);
        }
        let (prefix, name) = head.name;
        let ns = self.resolve(prefix.as_ref().map(NcName::as_str))?;
        // The stream's stanzas have one namespace of the two that they come in.
        // spec: XEP-0114 §3
        let ns = if ns == ns::COMPONENT { Namespace::from(ns::CLIENT) } else { ns };
        let mut element = Element::bare(name, ns);
        for ((prefix, name), value) in plain {
            let ns = match prefix {
                Some(prefix) => self.resolve(Some(&prefix))?,
                None => Namespace::NONE,
            };
            if element.attrs_mut().insert(ns, name, value).is_some() {
                return Err(Why::Malformed);
            }
        }
        Ok(element)
    }

    /// Leaves elements until `kept` are open.
    pub(in crate::xmpp) fn leave_to(&mut self, kept: usize) {
        self.0.truncate(kept);
    }

    fn resolve(&self, prefix: Option<&str>) -> Result<Namespace<'static>, Why> {
        let inner_first = self.0.iter().rev();
        match prefix {
            None => {
                let declared = inner_first.filter_map(|scope| scope.default.as_ref()).next();
                Ok(declared.cloned().unwrap_or(Namespace::NONE))
            }
            Some("xml") => Ok(Namespace::XML),
            Some(prefix) => inner_first
                .flat_map(|scope| &scope.prefixes)
                .find(|(known, _)| known.as_str() == prefix)
                .map(|(_, ns)| ns.clone())
                .ok_or(Why::Malformed),
        }
    }
}

fn is_declaration((prefix, name): &RawQName) -> bool {
    match prefix {
        None => name.as_str() == "xmlns",
        Some(prefix) => prefix.as_str() == "xmlns",
    }
}
