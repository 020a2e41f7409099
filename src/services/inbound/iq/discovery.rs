//! What somebody is and holds (XEP-0030).

use crate::{
    bridge,
    domain::{address::Device, personal::Personal, presence::Presence},
    services::{
        context::Services,
        identity,
        inbound::iq::{Asked, profile::facts_seen},
    },
    xmpp::{
        condition::Condition,
        disco::{DiscoInfo, DiscoItem, DiscoItems},
        jid::Jid,
    },
};

impl Services {
    /// Returns what somebody is, at a node where one is named.
    pub(super) fn info(&self, asked: &Asked, node: Option<&str>) -> Result<DiscoInfo, Condition> {
        let info = match asked {
            Asked::Domain => identity::domain(&self.rules),
            Asked::Account(..) => identity::account(),
            Asked::Device(session) => match node {
                None => identity::device(&session.presence),
                Some(node) => at_node(&session.presence, node)?,
            },
            Asked::NoAccount(_) | Asked::NoDevice => return Err(Condition::ServiceUnavailable),
        };
        match (node, &info.node) {
            (Some(_), None) => Err(Condition::ItemNotFound),
            _ => Ok(info),
        }
    }
}

/// Returns what is behind the node that a phone's presence names. A phone tells its model a
/// moment after it logs in: what it showed before that is asked for when it has told.
fn at_node(presence: &Presence, node: &str) -> Result<DiscoInfo, Condition> {
    let before = Presence { client: None, ..Presence::default() };
    let mut states = [presence, &before].into_iter();
    let state = states.find(|state| identity::caps(state).disco_node() == node);
    let state = state.ok_or(Condition::ItemNotFound)?;
    Ok(DiscoInfo { node: Some(node.to_owned()), ..identity::device(state) })
}

/// Returns what somebody holds: an account its devices and the nodes at which it tells something,
/// for those who see them.
// spec: XEP-0030 §8, XEP-0060 §5.2
pub(super) fn items(asked: &Asked, node: Option<&str>) -> Result<DiscoItems, Condition> {
    let items = match (asked, node) {
        (Asked::NoDevice, _) => return Err(Condition::ServiceUnavailable),
        (Asked::NoAccount(_), _) | (Asked::Domain | Asked::Device(_), None) => Vec::new(),
        (Asked::Account(person, view), None) => {
            let sessions = person.sessions.iter().map(|live| &live.session);
            let visible = sessions.filter(|session| session.presence.is_visible());
            let devices = visible.map(|session| Device {
                account: session.account.clone(),
                resource: Some(session.resource.clone()),
            });
            let jids = devices.filter_map(|device| bridge::address::device_to_jid(&device));
            let device =
                |jid: Jid| DiscoItem { jid: jid.as_str().to_owned(), node: None, name: None };
            let (nothing, facts) = (Personal::default(), facts_seen(person, view));
            let owner = bridge::address::to_jid(&person.account.address);
            let nodes = owner.iter().flat_map(|owner| {
                bridge::pep::changed(&nothing, &facts)
                    .map(|node| DiscoItem { node: Some(node.to_owned()), ..device(owner.clone()) })
            });
            jids.map(device).chain(nodes).collect()
        }
        (Asked::Domain | Asked::Account(..) | Asked::Device(_), Some(_)) => {
            return Err(Condition::ItemNotFound);
        }
    };
    Ok(DiscoItems { node: node.map(str::to_owned), items })
}
