//! Questions of ours to the network: asked, awaited for a while, given up.
//!
//! Nothing of them is kept: whoever asked asks again, or does without.

use std::time::Duration;

use compact_str::CompactString;
use tokio::{sync::oneshot, time::timeout};

use crate::{
    bridge,
    domain::address::{Address, Device},
    services::{context::Services, questions::Waiting},
    xmpp::{
        condition::Condition,
        iq::{Iq, IqKind, Query},
        payload::Payload,
    },
};

/// An answer that takes longer is given up; the first connection to a server takes its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Characters of an id: not to be guessed by who is not asked.
const ID_CHARS: usize = 24;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was not asked: no link, too many questions, or not an address.
    NotAsked,
    /// None came in time.
    Late,
    /// It was refused, and why.
    Refused(Condition),
}

impl Unanswered {
    /// Returns whether there may be an answer another time: somebody on the way did not do its part.
    pub fn is_for_now(self) -> bool {
        match self {
            Self::NotAsked | Self::Late => true,
            Self::Refused(condition) => matches!(
                condition,
                Condition::RemoteServerNotFound
                    | Condition::RemoteServerTimeout
                    | Condition::ResourceConstraint
                    | Condition::InternalServerError
                    | Condition::PolicyViolation
            ),
        }
    }
}

impl Services {
    /// Asks somebody elsewhere on behalf of an account, and waits for the answer.
    ///
    /// Never called while a person is held, nor in a row of the link, which has to read it.
    pub(super) async fn inquire(
        &self,
        by: &Address,
        of: &Device,
        query: Query,
    ) -> Result<Option<Payload>, Unanswered> {
        let ends = bridge::address::to_jid(by).zip(bridge::address::device_to_jid(of));
        let (from, to) = ends.ok_or(Unanswered::NotAsked)?;
        if !self.is_linked() {
            return Err(Unanswered::NotAsked);
        }
        let id = CompactString::from(self.ids.text(ID_CHARS));
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { of: of.clone(), by: by.clone(), answer };
        let _place = self.questions.put(&id, waiting).ok_or(Unanswered::NotAsked)?;
        self.say(&Iq::get(from, to, &id, query).into());
        match timeout(PATIENCE, answered).await {
            Ok(Ok(IqKind::Result(payload))) => Ok(payload),
            Ok(Ok(IqKind::Error(error))) => Err(Unanswered::Refused(error.condition)),
            Ok(Ok(IqKind::Get(_) | IqKind::Set(_)) | Err(_)) | Err(_) => Err(Unanswered::Late),
        }
    }
}
