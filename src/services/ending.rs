//! A session ends: whichever way, its end and what others see of it are one commit.

use std::sync::Arc;

use crate::{
    domain::{refusal::Refusal, session::Session},
    services::{
        call::Call,
        context::Services,
        people::Cell,
        person::Person,
        showing::{Change, News},
        unit::Unit,
    },
    store::write::Write,
};

impl Services {
    /// Ends the sessions of an account whose gate is held: all of them, or that of one device.
    /// Returns how many. Another process that keeps the link ends them itself.
    pub(super) async fn end_sessions_at(
        &self,
        cell: &Arc<Cell>,
        resource: Option<&str>,
    ) -> Result<usize, Refusal> {
        if self.is_apart() {
            return Ok(0);
        }
        let Some(mut person) = self.people.hold(&self.store, cell).await? else { return Ok(0) };
        let sessions = person.sessions.iter().map(|live| &live.session);
        let meant = sessions.filter(|it| resource.is_none_or(|resource| it.resource == resource));
        let ended: Vec<Session> = meant.cloned().collect();
        if ended.is_empty() {
            return Ok(0);
        }
        let news = self.end_sessions(&mut person, &ended).await?;
        drop(person);
        self.tell(news).await;
        Ok(ended.len())
    }

    /// Ends sessions of somebody who is held, and hides them from all that saw them.
    pub(super) async fn end_sessions(
        &self,
        person: &mut Person,
        ended: &[Session],
    ) -> Result<News, Refusal> {
        let mut unit = Unit::default();
        let contacts = self.contacts(&person.account.address).await?;
        let changes: Vec<Change> = ended.iter().cloned().map(Change::gone).collect();
        let news = self.show(person, &contacts, &changes, &mut unit).await?;
        if let Some(last) = ended.iter().max_by_key(|session| session.last_heard()) {
            let (account, last) = (last.account.clone(), Box::new(last.last_there()));
            unit.write(Write::SetLastThere { account, last });
        }
        self.end(person, ended, unit).await?;
        Ok(news)
    }

    /// Ends sessions of somebody who is held, with all else that the unit does.
    pub(super) async fn end(
        &self,
        person: &mut Person,
        ended: &[Session],
        mut unit: Unit,
    ) -> Result<(), Refusal> {
        for session in ended {
            unit.write(Write::DropSession(session.id.clone()));
        }
        self.carry_out(unit).await?;
        person.sessions.retain(|live| ended.iter().all(|old| old.id != live.session.id));
        for session in ended {
            self.people.forget_session(&session.id);
            self.settled(&session.id);
        }
        Ok(())
    }

    /// Stops waking the phone of a session that has ended.
    pub(super) fn settled(&self, id: &str) {
        self.call(Call::Ended(id.into()));
    }
}
