//! Finding people: those who chose to be found, by making a profile public.

use crate::{
    bridge,
    domain::{
        address::Address,
        personal::Personal,
        public_profile::{Criterion, Found, PublicProfile},
        refusal::Refusal,
    },
    services::{context::Services, refused},
    store::write::Write,
};

/// People that one search finds; who looks for more has to say more.
pub const MAX_FOUND: u32 = 200;

impl Services {
    /// Returns accounts of ours with a public profile to which all criteria apply: at most `most`,
    /// and [`MAX_FOUND`], in the order of their addresses.
    ///
    /// Those who block the asker are not there, and nobody is found by no criterion at all. No
    /// more of them is told than what they made public.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or too many search.
    pub async fn found(
        &self,
        asker: &Address,
        criteria: &[Criterion],
        most: u32,
    ) -> Result<Vec<Found>, Refusal> {
        if criteria.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.searches.turn().await.ok_or(Refusal::Unavailable)?;
        self.store.found(asker, criteria, most.min(MAX_FOUND)).await.map_err(refused)
    }
}

/// Returns what has an account show this profile to everybody, and be found by it.
pub(super) fn set_public_profile(
    account: &Address,
    profile: Option<Box<PublicProfile>>,
    personal: Option<&Personal>,
) -> Write {
    let entries = profile.as_deref().map(|profile| bridge::directory::entries(profile, personal));
    let entries = entries.unwrap_or_default();
    Write::SetPublicProfile { account: account.clone(), profile, entries }
}
