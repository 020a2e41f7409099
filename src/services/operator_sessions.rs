//! Commands that operators have begun and not carried through.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use compact_str::CompactString;

use crate::{
    base::clock::Millis, domain::address::Device, services::operators::Act, xmpp::command::Flaw,
};

/// A form may lie on somebody's screen for so long.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// Forms that may lie there at once, of all operators together; beyond it the oldest go.
const MAX_OPEN: usize = 64;

/// All of them, the oldest first.
#[derive(Default)]
pub struct OperatorSessions(Mutex<VecDeque<Open>>);

struct Open {
    id: CompactString,
    /// The operator, at the device where it was begun.
    by: Device,
    act: Act,
    since: Millis,
}

impl OperatorSessions {
    /// Takes note that a command was begun.
    pub fn begin(&self, id: CompactString, by: Device, act: Act, now: Millis) {
        let mut open = self.0.lock().expect("no holder of this lock panics");
        if open.len() >= MAX_OPEN {
            open.pop_front();
        }
        open.push_back(Open { id, by, act, since: now });
    }

    /// Looks whether a session goes on.
    ///
    /// # Errors
    ///
    /// There is no such session of this operator and command, or it has been too long.
    // spec: XEP-0050 §4.4
    pub fn goes_on(&self, id: &str, by: &Device, act: Act, now: Millis) -> Result<(), Flaw> {
        let open = self.0.lock().expect("no holder of this lock panics");
        let is_it = |one: &&Open| one.id == id && one.by == *by && one.act == act;
        let found = open.iter().find(is_it).ok_or(Flaw::BadSession)?;
        if now.since(found.since) < LASTS { Ok(()) } else { Err(Flaw::SessionExpired) }
    }

    /// Forgets a session: it was carried through, or given up.
    pub fn end(&self, id: &str) {
        self.0.lock().expect("no holder of this lock panics").retain(|one| one.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::Address;

    fn boss(resource: &str) -> Device {
        let account = Address::of("boss", "far.test");
        Device { account, resource: Some(resource.into()) }
    }

    #[test]
    fn a_session_is_of_one_device_and_one_command_and_ends() {
        let (sessions, now) = (OperatorSessions::default(), Millis(1_000_000));
        sessions.begin("s".into(), boss("a"), Act::AddUser, now);
        let goes_on = |id, at: &str, act, now| sessions.goes_on(id, &boss(at), act, now);
        assert_eq!(goes_on("s", "a", Act::AddUser, now), Ok(()));
        assert_eq!(goes_on("s", "b", Act::AddUser, now), Err(Flaw::BadSession));
        assert_eq!(goes_on("s", "a", Act::DeleteUser, now), Err(Flaw::BadSession));
        assert_eq!(goes_on("t", "a", Act::AddUser, now), Err(Flaw::BadSession));
        let late = now.after(LASTS);
        assert_eq!(goes_on("s", "a", Act::AddUser, late), Err(Flaw::SessionExpired));
        sessions.end("s");
        assert_eq!(goes_on("s", "a", Act::AddUser, now), Err(Flaw::BadSession));
    }

    #[test]
    fn what_nobody_carries_through_fills_no_memory() {
        let (sessions, now) = (OperatorSessions::default(), Millis(1_000_000));
        for number in 0..MAX_OPEN + 1 {
            sessions.begin(format!("{number}").into(), boss("a"), Act::AddUser, now);
        }
        let goes_on = |id: &str| sessions.goes_on(id, &boss("a"), Act::AddUser, now);
        assert_eq!(goes_on("0"), Err(Flaw::BadSession));
        assert_eq!(goes_on("1"), Ok(()));
    }
}
