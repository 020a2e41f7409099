//! Which phones would show a change, so that only they are told of it.

use compact_str::CompactString;

use crate::{
    bridge,
    domain::{
        address::Address, handset::Handset, lists::Lists, presence::Presence, refusal::Refusal,
    },
    services::{
        context::Services,
        person::{Live, Person},
    },
};

impl Services {
    /// Returns the sessions that would show a contact otherwise than before: those that watch it,
    /// by the attributes that they asked for and what their phones draw of them.
    pub(super) async fn noticing(
        &self,
        person: &mut Person,
        contact: &Address,
        shown: &[Presence; 2],
    ) -> Result<Vec<CompactString>, Refusal> {
        let shown = self.drawable(shown).await?;
        let mut watching = self.watching(person, contact).await?;
        let Person { sessions, lists, .. } = person;
        let Some(lists) = lists.as_deref() else { return Ok(Vec::new()) };
        watching.retain(|id| {
            let live = sessions.iter().find(|live| live.session.id == *id);
            live.is_some_and(|live| notices(live, lists, contact, &shown))
        });
        Ok(watching)
    }

    /// Takes pictures that are not here for what is drawn instead of them: none, or the one before
    /// as long as the next is not here. When it is, phones are told of it; until then nobody knows
    /// whether it is one.
    async fn drawable(&self, shown: &[Presence; 2]) -> Result<[Presence; 2], Refusal> {
        let [mut before, mut after] = shown.clone();
        if picture(&before) == picture(&after) {
            return Ok([before, after]);
        }
        if let Some(hash) = picture(&before)
            && !self.has_octets(&hash).await?
        {
            before.personal.iter_mut().for_each(|facts| facts.picture = None);
        }
        if let Some(hash) = picture(&after)
            && !self.has_octets(&hash).await?
        {
            let last = before.personal.as_ref().and_then(|facts| facts.picture.clone());
            after.personal.iter_mut().for_each(|facts| facts.picture.clone_from(&last));
        }
        Ok([before, after])
    }
}

/// Returns whether a session, whose watches were read, would show a contact otherwise than before.
pub(super) fn notices(
    live: &Live,
    lists: &Lists,
    contact: &Address,
    [before, after]: &[Presence; 2],
) -> bool {
    let Some(watches) = live.watches.as_deref() else { return false };
    let names = lists.covering(watches, contact).next().map(|watch| &watch.attributes);
    let wanted = names.map(|names| bridge::presence::attribute_set(names)).unwrap_or_default();
    let handset = Handset::named(&live.session.terms.handset);
    let draws = live.session.terms.picture().is_some();
    let drawn = |shown| bridge::presence::to_phone(&pictured(shown, draws), handset, &wanted);
    drawn(before) != drawn(after)
}

fn picture(shown: &Presence) -> Option<String> {
    let facts = shown.personal.as_ref()?;
    facts.picture.as_ref().map(|picture| picture.hash.clone())
}

/// Has the hash of a picture stand for it where the phone draws any: the octets may be elsewhere,
/// and differ as it does.
fn pictured(shown: &Presence, draws: bool) -> Presence {
    let mut shown = shown.clone();
    let personal = shown.personal.as_mut().filter(|_| draws);
    if let Some(picture) = personal.and_then(|personal| personal.picture.as_mut()) {
        picture.base64.clone_from(&picture.hash);
    }
    shown
}
