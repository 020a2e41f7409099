//! The subscription machine of RFC 6121, as a table with every cell of appendix A.

use crate::{
    base::clock::Millis,
    domain::contact::{Contact, Relation},
};

/// Something that happens to the subscription between an account and a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The account asks to see the contact.
    AskOut,
    /// The account no longer wants to see the contact.
    LeaveOut,
    /// The account lets the contact see it.
    AllowOut,
    /// The account no longer lets the contact see it.
    DenyOut,
    /// The contact asks to see the account.
    AskIn,
    /// The contact no longer wants to see the account.
    LeaveIn,
    /// The contact lets the account see it.
    AllowIn,
    /// The contact no longer lets the account see it.
    DenyIn,
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state afterwards.
    pub relation: Relation,
    /// Whether the event goes on: an outbound one to the contact, an inbound one to the account.
    pub is_passed_on: bool,
    /// Whether the contact is told at once that it may see the account, without asking anybody.
    pub is_answered: bool,
}

/// Applies one event to one subscription.
pub fn apply(before: Relation, event: Event) -> Step {
    let mut relation = before;
    let (is_passed_on, is_answered) = match event {
        Event::AskOut => ask_out(&mut relation),
        Event::LeaveOut => leave_out(&mut relation),
        Event::AllowOut => allow_out(&mut relation),
        Event::DenyOut => deny_out(&mut relation),
        Event::AskIn => ask_in(&mut relation),
        Event::LeaveIn => leave_in(&mut relation),
        Event::AllowIn => allow_in(&mut relation),
        Event::DenyIn => deny_in(&mut relation),
    };
    Step { relation, is_passed_on, is_answered }
}

/// Applies one event to a contact at a moment: what the user has answered goes with what it let
/// happen.
pub fn advance(contact: &mut Contact, event: Event, at: Millis) -> Step {
    let step = apply(contact.relation, event);
    if contact.relation.from && !step.relation.from {
        contact.watched_until = Some(at);
    }
    contact.relation = step.relation;
    if matches!(event, Event::DenyOut | Event::LeaveIn) {
        contact.accepted = None;
    }
    step
}

// spec: RFC6121 appendix A.2.1: routed always, for the contact's server may have forgotten.
fn ask_out(relation: &mut Relation) -> (bool, bool) {
    relation.pending_out |= !relation.to;
    (true, false)
}

// spec: RFC6121 appendix A.2.2
fn leave_out(relation: &mut Relation) -> (bool, bool) {
    relation.to = false;
    relation.pending_out = false;
    (true, false)
}

// spec: RFC6121 appendix A.2.3: without a request it is a pre-approval, which stays here (§3.4).
fn allow_out(relation: &mut Relation) -> (bool, bool) {
    if relation.pending_in {
        relation.pending_in = false;
        relation.from = true;
        return (true, false);
    }
    relation.is_approved |= !relation.from;
    (false, false)
}

// spec: RFC6121 appendix A.2.4
fn deny_out(relation: &mut Relation) -> (bool, bool) {
    let was_known = relation.from || relation.pending_in;
    relation.from = false;
    relation.pending_in = false;
    relation.is_approved = false;
    (was_known, false)
}

// spec: RFC6121 appendix A.3.1
fn ask_in(relation: &mut Relation) -> (bool, bool) {
    if relation.from {
        return (false, true);
    }
    if relation.is_approved {
        relation.is_approved = false;
        relation.pending_in = false;
        relation.from = true;
        return (false, true);
    }
    let is_new = !relation.pending_in;
    relation.pending_in = true;
    (is_new, false)
}

// spec: RFC6121 appendix A.3.2
fn leave_in(relation: &mut Relation) -> (bool, bool) {
    let was_known = relation.from || relation.pending_in;
    relation.from = false;
    relation.pending_in = false;
    (was_known, false)
}

// spec: RFC6121 appendix A.3.3
fn allow_in(relation: &mut Relation) -> (bool, bool) {
    let was_asked = relation.pending_out && !relation.to;
    if was_asked {
        relation.to = true;
        relation.pending_out = false;
    }
    (was_asked, false)
}

// spec: RFC6121 appendix A.3.4
fn deny_in(relation: &mut Relation) -> (bool, bool) {
    let was_known = relation.to || relation.pending_out;
    relation.to = false;
    relation.pending_out = false;
    (was_known, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{address::Address, view::View};

    /// The nine states of appendix A.1 by the letters used below.
    fn state(name: &str) -> Relation {
        let (subscription, pending) = name.split_once('+').unwrap_or((name, ""));
        Relation {
            to: matches!(subscription, "to" | "both"),
            from: matches!(subscription, "from" | "both"),
            pending_out: pending.contains('o'),
            pending_in: pending.contains('i'),
            is_approved: false,
        }
    }

    const STATES: [&str; 9] =
        ["none", "none+o", "none+i", "none+oi", "to", "to+i", "from", "from+o", "both"];

    /// Per event: whether it goes on, and the next state, for each of the nine in order.
    const TABLE: [(Event, [(bool, &str); 9]); 8] = [
        (
            Event::AskOut,
            [
                (true, "none+o"),
                (true, "none+o"),
                (true, "none+oi"),
                (true, "none+oi"),
                (true, "to"),
                (true, "to+i"),
                (true, "from+o"),
                (true, "from+o"),
                (true, "both"),
            ],
        ),
        (
            Event::LeaveOut,
            [
                (true, "none"),
                (true, "none"),
                (true, "none+i"),
                (true, "none+i"),
                (true, "none"),
                (true, "none+i"),
                (true, "from"),
                (true, "from"),
                (true, "from"),
            ],
        ),
        (
            Event::DenyOut,
            [
                (false, "none"),
                (false, "none+o"),
                (true, "none"),
                (true, "none+o"),
                (false, "to"),
                (true, "to"),
                (true, "none"),
                (true, "none+o"),
                (true, "to"),
            ],
        ),
        (
            Event::AskIn,
            [
                (true, "none+i"),
                (true, "none+oi"),
                (false, "none+i"),
                (false, "none+oi"),
                (true, "to+i"),
                (false, "to+i"),
                (false, "from"),
                (false, "from+o"),
                (false, "both"),
            ],
        ),
        (
            Event::LeaveIn,
            [
                (false, "none"),
                (false, "none+o"),
                (true, "none"),
                (true, "none+o"),
                (false, "to"),
                (true, "to"),
                (true, "none"),
                (true, "none+o"),
                (true, "to"),
            ],
        ),
        (
            Event::AllowIn,
            [
                (false, "none"),
                (true, "to"),
                (false, "none+i"),
                (true, "to+i"),
                (false, "to"),
                (false, "to+i"),
                (false, "from"),
                (true, "both"),
                (false, "both"),
            ],
        ),
        (
            Event::DenyIn,
            [
                (false, "none"),
                (true, "none"),
                (false, "none+i"),
                (true, "none+i"),
                (true, "none"),
                (true, "none+i"),
                (false, "from"),
                (true, "from"),
                (true, "from"),
            ],
        ),
        // The states with approval are in the test below.
        (
            Event::AllowOut,
            [
                (false, "none"),
                (false, "none+o"),
                (true, "from"),
                (true, "from+o"),
                (false, "to"),
                (true, "both"),
                (false, "from"),
                (false, "from+o"),
                (false, "both"),
            ],
        ),
    ];

    #[test]
    fn every_cell_of_appendix_a() {
        for (event, row) in TABLE {
            for (before, (is_passed_on, after)) in STATES.into_iter().zip(row) {
                let step = apply(state(before), event);
                let cell = format!("{event:?} in {before}");
                let plain = Relation { is_approved: false, ..step.relation };
                assert_eq!(plain, state(after), "{cell}");
                assert_eq!(step.is_passed_on, is_passed_on, "{cell}");
                let answers = event == Event::AskIn && state(before).from;
                assert_eq!(step.is_answered, answers, "{cell}");
            }
        }
    }

    type ApprovedCell = (bool, bool, &'static str);

    /// Of the states with a pre-approval (§3.4): per event whether it goes on, whether it is
    /// answered, and the next state, in which `!` is a pre-approval that stays.
    const APPROVED: [&str; 3] = ["none", "none+o", "to"];
    const APPROVED_TABLE: [(Event, [ApprovedCell; 3]); 8] = [
        (Event::AskOut, [(true, false, "none+o!"), (true, false, "none+o!"), (true, false, "to!")]),
        (Event::LeaveOut, [(true, false, "none!"), (true, false, "none!"), (true, false, "none!")]),
        (
            Event::AllowOut,
            [(false, false, "none!"), (false, false, "none+o!"), (false, false, "to!")],
        ),
        (Event::DenyOut, [(false, false, "none"), (false, false, "none+o"), (false, false, "to")]),
        (Event::AskIn, [(false, true, "from"), (false, true, "from+o"), (false, true, "both")]),
        (
            Event::LeaveIn,
            [(false, false, "none!"), (false, false, "none+o!"), (false, false, "to!")],
        ),
        (Event::AllowIn, [(false, false, "none!"), (true, false, "to!"), (false, false, "to!")]),
        (Event::DenyIn, [(false, false, "none!"), (true, false, "none!"), (true, false, "none!")]),
    ];

    #[test]
    fn every_cell_of_appendix_a_with_a_pre_approval() {
        for (event, row) in APPROVED_TABLE {
            for (before, (is_passed_on, is_answered, after)) in APPROVED.into_iter().zip(row) {
                let cell = format!("{event:?} in {before} with a pre-approval");
                let step = apply(Relation { is_approved: true, ..state(before) }, event);
                let is_approved = after.ends_with('!');
                let relation = Relation { is_approved, ..state(after.trim_end_matches('!')) };
                assert_eq!(step, Step { relation, is_passed_on, is_answered }, "{cell}");
            }
        }
    }

    #[test]
    fn what_the_user_answered_goes_when_it_is_taken_back_or_not_wanted_any_more() {
        for (event, is_kept) in [
            (Event::AskIn, true),
            (Event::AllowOut, true),
            (Event::DenyIn, true),
            (Event::DenyOut, false),
            (Event::LeaveIn, false),
        ] {
            let stranger = Contact::stranger(Address::of("lee", "onesoup.test"));
            let mut lee = Contact { accepted: Some(View::Everything), ..stranger };
            lee.relation.from = true;
            let step = advance(&mut lee, event, Millis(7));
            assert_eq!(lee.relation, step.relation);
            assert_eq!(lee.accepted.is_some(), is_kept, "{event:?}");
            assert_eq!(lee.watched_until, (!is_kept).then_some(Millis(7)), "{event:?}");
        }
    }

    #[test]
    fn only_where_nobody_asked_and_nobody_sees_is_consent_kept_for_later() {
        for before in STATES {
            let step = apply(state(before), Event::AllowOut);
            let is_kept = ["none", "none+o", "to"].contains(&before);
            assert_eq!(step.relation.is_approved, is_kept, "AllowOut in {before}");
        }
    }

    #[test]
    fn no_event_leads_out_of_the_states_that_there_are() {
        for before in STATES {
            for is_approved in [false, true] {
                for (event, _) in TABLE {
                    let after = apply(Relation { is_approved, ..state(before) }, event).relation;
                    let plain = Relation { is_approved: false, ..after };
                    let is_known = STATES.into_iter().any(|name| state(name) == plain);
                    assert!(is_known, "{event:?} in {before} leads to {after:?}");
                }
            }
        }
    }
}
