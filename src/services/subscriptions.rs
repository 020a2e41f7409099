//! Subscriptions: what happens between two is carried out for both.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    bridge,
    domain::{
        address::{Address, Device},
        contact::{Contact, Relation, Scope},
        lists::Lists,
        refusal::Refusal,
        session::Session,
        subscription::{Event, Step, advance},
        view::{Attribute, View},
    },
    services::{
        context::Services,
        people::{Cell, Held},
        refused,
        showing::{Change, Seer},
        unit::Unit,
    },
    store::write::Write,
    xmpp::presence::{Presence, PresenceKind},
};

/// Contacts of one account at most.
pub(super) const MAX_CONTACTS: usize = 2000;

/// Requests to see one account that may wait for its answer: strangers send them.
const MAX_ASKING: u64 = 100;

/// The side of a pair to which the first event happens, and the other.
const OWNER: usize = 0;
const CONTACT: usize = 1;

/// Two between whom something happens; those of them that are ours are held.
struct Pair<'a> {
    sides: [Side<'a>; 2],
    /// The name that the contact goes by where it is elsewhere, if it told.
    nick: Option<String>,
    unit: Unit,
}

/// One of the two, and what becomes of it.
struct Side<'a> {
    address: Address,
    is_ours: bool,
    /// None if there is no such account of ours.
    person: Option<Held<'a>>,
    /// What the other is to it.
    before: Contact,
    now: Contact,
    /// What the other sees of it from now on, where that changes.
    sight: Option<Sight>,
    /// Its lists, where the other is on one of them from now on.
    lists: Option<Lists>,
    /// Whether the grant of just the other goes.
    drops_grant: bool,
    /// Whether its user is to be asked something new.
    is_asked: bool,
    /// Whether its phones are to be told of the other.
    has_news: bool,
    /// Whether the other is no contact of it any more.
    has_parted: bool,
}

/// What one sees of another from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// All that there is.
    Shown,
    /// Nothing.
    Hidden,
}

/// Something that happens to one of two.
type Happening = (usize, Event);

impl Services {
    /// Carries out what happens between an account and a contact, with all that follows from it on
    /// both sides, in one commit.
    pub(super) async fn happen(
        &self,
        owner: &Address,
        contact: &Address,
        event: Event,
    ) -> Result<(), Refusal> {
        self.happen_to_named(owner, (contact, None), event).await
    }

    /// The same with a contact elsewhere that told by what name it goes.
    pub(super) async fn happen_to_named(
        &self,
        owner: &Address,
        (contact, nick): (&Address, Option<String>),
        event: Event,
    ) -> Result<(), Refusal> {
        if owner == contact {
            return Ok(());
        }
        let cells = self.cells([owner, contact]);
        let mut pair = self.pair(&cells, owner, contact).await?;
        pair.nick = nick;
        self.run_through(&mut pair, (OWNER, event)).await?;
        self.conclude(pair).await
    }

    /// Ends all that is between an account and a contact, who is no contact any more.
    // spec: RFC6121 §2.5.2
    pub(super) async fn part(&self, owner: &Address, contact: &Address) -> Result<(), Refusal> {
        let cells = self.cells([owner, contact]);
        let mut pair = self.pair(&cells, owner, contact).await?;
        let Relation { to, pending_out, from, pending_in, is_approved } =
            pair.sides[OWNER].before.relation;
        if to || pending_out {
            self.run_through(&mut pair, (OWNER, Event::LeaveOut)).await?;
        }
        if from || pending_in || is_approved {
            self.run_through(&mut pair, (OWNER, Event::DenyOut)).await?;
        }
        pair.sides[OWNER].has_parted = true;
        self.conclude(pair).await
    }

    /// Lets a contact see what the user answers it, and all that he grants to many.
    pub(super) async fn accept(
        &self,
        owner: &Address,
        contact: &Address,
        accepted: View,
    ) -> Result<(), Refusal> {
        let cells = self.cells([owner, contact]);
        let mut pair = self.pair(&cells, owner, contact).await?;
        let side = &mut pair.sides[OWNER];
        let Some(person) = &mut side.person else { return Ok(()) };
        if self.access(person).await?.denies(contact) {
            // What he says now is the opposite of what he said before.
            let scope = Scope::Contact(contact.clone());
            pair.unit.write(Write::DropGrant { account: owner.clone(), scope });
            side.drops_grant = true;
        }
        side.now.accepted = Some(accepted);
        if side.before.relation.from {
            side.sight = Some(Sight::Shown);
        }
        self.run_through(&mut pair, (OWNER, Event::AllowOut)).await?;
        self.conclude(pair).await
    }

    /// Takes back what the user answered a contact, which sees from now on what he grants to many.
    pub(super) async fn take_back(
        &self,
        owner: &Address,
        contact: &Address,
    ) -> Result<(), Refusal> {
        let cells = self.cells([owner, contact]);
        let mut pair = self.pair(&cells, owner, contact).await?;
        let side = &mut pair.sides[OWNER];
        let Some(person) = &mut side.person else { return Ok(()) };
        side.now.accepted = None;
        let view = self.access(person).await?.view(&side.now);
        if view.is_nothing() {
            self.run_through(&mut pair, (OWNER, Event::DenyOut)).await?;
        } else if view.may_see(Attribute::OnlineStatus) {
            side.sight = Some(Sight::Shown);
        } else {
            side.sight = Some(Sight::Hidden);
        }
        self.conclude(pair).await
    }

    /// Returns two as they are now.
    async fn pair<'a>(
        &self,
        cells: &'a [Arc<Cell>],
        owner: &Address,
        contact: &Address,
    ) -> Result<Pair<'a>, Refusal> {
        let mut held = self.hold_all(cells).await?;
        let mut side = async |address: &Address, other: &Address| {
            let place = held.iter().position(|person| person.account.address == *address);
            let person = place.map(|at| held.remove(at));
            let contact = match person {
                Some(_) => self.contact(address, other).await?,
                None => Contact::stranger(other.clone()),
            };
            Ok(Side {
                address: address.clone(),
                is_ours: self.is_ours(address),
                person,
                before: contact.clone(),
                now: contact,
                sight: None,
                lists: None,
                drops_grant: false,
                is_asked: false,
                has_news: false,
                has_parted: false,
            })
        };
        let sides = [side(owner, contact).await?, side(contact, owner).await?];
        Ok(Pair { sides, nick: None, unit: Unit::default() })
    }

    /// Applies an event, and what follows from it, until nothing follows any more.
    async fn run_through(&self, pair: &mut Pair<'_>, first: Happening) -> Result<(), Refusal> {
        let mut happenings = VecDeque::from([first]);
        while let Some((at, event)) = happenings.pop_front() {
            if pair.sides[at].person.is_some() {
                happenings.extend(self.step(pair, at, event).await?);
            } else if event == Event::AskIn {
                // spec: RFC6121 §3.1.3: who is not there does not let anybody see.
                happenings.extend(self.to_other(pair, at, Event::DenyOut)?);
            }
        }
        Ok(())
    }

    /// Applies one event to one side; returns what follows.
    async fn step(
        &self,
        pair: &mut Pair<'_>,
        at: usize,
        event: Event,
    ) -> Result<Vec<Happening>, Refusal> {
        let nick = match &pair.sides[1 - at].person {
            Some(other) => other.nick(),
            None => pair.nick.clone(),
        };
        let side = &mut pair.sides[at];
        let mut now = side.now.clone();
        let step = advance(&mut now, event, self.clock.now());
        let before = side.now.relation;
        if event == Event::AskIn && step.relation != before {
            now.nick = nick;
        }
        let is_new = before == Relation::default() && step.relation != before;
        if is_new && !self.has_place(&side.address, event).await? {
            return match event {
                Event::AskIn => Ok(self.to_other(pair, at, Event::DenyOut)?.into_iter().collect()),
                _ => Err(Refusal::TooManyContacts),
            };
        }
        side.now = now;
        side.sight = sight(event, step).or(side.sight);
        // What is said once more is no news.
        let is_answer = matches!(event, Event::DenyIn | Event::AllowIn);
        side.has_news |= is_answer && step.relation != before;
        let mut is_added = false;
        if step.relation.from
            && !before.from
            && let Some(person) = &mut side.person
        {
            side.lists = self.with_mutual(person, &side.now, &mut pair.unit).await?;
            is_added = side.lists.is_some() && !step.relation.to && !step.relation.pending_out;
        }
        let mut next = Vec::new();
        if is_outbound(event) && step.is_passed_on {
            next.extend(self.to_other(pair, at, event)?);
        }
        if step.is_answered {
            next.extend(self.to_other(pair, at, Event::AllowOut)?);
        }
        let side = &mut pair.sides[at];
        if event == Event::AskIn
            && step.relation.pending_in
            && let Some(person) = &mut side.person
        {
            if !self.access(person).await?.permitted(&side.now).is_nothing() {
                next.push((at, Event::AllowOut));
            } else {
                side.is_asked |= step.is_passed_on;
            }
        }
        next.extend(is_added.then_some((at, Event::AskOut)));
        Ok(next)
    }

    /// Tells the other side: by a stanza, or as the next happening where it is ours.
    fn to_other(
        &self,
        pair: &mut Pair<'_>,
        at: usize,
        event: Event,
    ) -> Result<Option<Happening>, Refusal> {
        let (own, other) = (&pair.sides[at], &pair.sides[1 - at]);
        if other.is_ours {
            return Ok(mirror(event).map(|event| (1 - at, event)));
        }
        let nick = own.person.as_ref().and_then(|person| person.nick());
        let stanza = telling(&own.address, &other.address, event, nick);
        let stanza = stanza.ok_or(Refusal::NoSuchUser)?.into();
        if own.now == own.before && event != Event::AskOut {
            // Nothing changed here: what the other side did not hear the first time it hears now.
            pair.unit.say(self, &stanza);
        } else {
            match event {
                Event::AskOut => pair.unit.send(self, &stanza)?,
                _ => pair.unit.send_owed(self, &stanza)?,
            }
        }
        Ok(None)
    }

    /// Makes all of it durable, and tells whom it concerns.
    async fn conclude(&self, mut pair: Pair<'_>) -> Result<(), Refusal> {
        for at in [OWNER, CONTACT] {
            self.keep_relation(&mut pair, at).await?;
            self.keep_sight(&mut pair, at).await?;
        }
        self.carry_out(pair.unit).await?;
        let [owner, contact] = pair.sides;
        let addresses = [contact.address.clone(), owner.address.clone()];
        for (side, other) in [owner, contact].into_iter().zip(addresses) {
            let Some(mut person) = side.person else { continue };
            if let Some(lists) = side.lists {
                person.lists = Some(Box::new(lists));
            }
            if side.before.relation.pending_in != side.now.relation.pending_in {
                person.sessions.iter_mut().for_each(|live| live.forget_question(&other));
            }
            if side.is_asked && side.now.relation.pending_in {
                for live in &mut person.sessions {
                    live.may_be_asked = true;
                    self.wake(live);
                }
            }
            if side.has_news {
                self.has_news(&mut person, &other).await?;
            }
        }
        Ok(())
    }

    async fn keep_relation(&self, pair: &mut Pair<'_>, at: usize) -> Result<(), Refusal> {
        let (side, other) = (&pair.sides[at], &pair.sides[1 - at].address);
        let (account, address) = (side.address.clone(), other.clone());
        if side.has_parted {
            pair.unit.write(Write::DropContact { account, address });
        } else if side.now != side.before {
            pair.unit.write(Write::PutContact { account, contact: side.now.clone() });
            if side.before.relation.to && !side.now.relation.to {
                // Nothing is known of the other any more.
                let rows = self.store.contact_presences(&side.address, other).await;
                for row in rows.map_err(refused)? {
                    let device = Device { account: other.clone(), resource: Some(row.resource) };
                    self.gone_device(&side.address, &device, None, &mut pair.unit);
                }
            }
        }
        Ok(())
    }

    /// Has the other side see what it sees from now on.
    async fn keep_sight(&self, pair: &mut Pair<'_>, at: usize) -> Result<(), Refusal> {
        let [owner, contact] = &mut pair.sides;
        let (side, other) = if at == OWNER { (owner, contact) } else { (contact, owner) };
        let (Some(person), Some(sight)) = (&mut side.person, side.sight) else { return Ok(()) };
        let is_admitted = person.admits(&other.address);
        if sight == Sight::Shown && !is_admitted {
            return Ok(());
        }
        let before = self.access(person).await?;
        let after = match &side.lists {
            Some(lists) => before.on(lists),
            None => before.clone(),
        };
        let after = if side.drops_grant { after.without(&other.address) } else { after };
        let (change, view): (fn(Session) -> Change, View) = match sight {
            Sight::Shown => (Change::shown, after.view(&side.now)),
            Sight::Hidden => (Change::gone, before.view(&side.before)),
        };
        let seer = Seer { contact: &other.address, view };
        let sessions = person.sessions.iter().map(|live| live.session.clone());
        let changes: Vec<Change> = sessions.map(change).collect();
        if !other.is_ours {
            if is_admitted {
                let both = [(side.before.clone(), side.now.clone())];
                self.tell_views(person, &both, [&before, &after], &mut pair.unit);
            }
            return self.show_elsewhere(&changes, &seer, &mut pair.unit);
        }
        // Who does not see any more has just been told of that.
        if other.person.is_some() && other.now.relation.to {
            let known = self.store.contact_presences(&other.address, &side.address).await;
            let known = known.map_err(refused)?;
            let shown = self.show_to_ours(&changes, &seer, &known, &mut pair.unit);
            other.has_news |= shown.is_some();
        }
        Ok(())
    }

    /// Returns whether an account may have one more contact.
    pub(super) async fn has_place(&self, owner: &Address, event: Event) -> Result<bool, Refusal> {
        let (all, asking) = self.store.contact_count(owner).await.map_err(refused)?;
        Ok(all < MAX_CONTACTS as u64 && (event != Event::AskIn || asking < MAX_ASKING))
    }

    /// Returns what an account and somebody are to each other.
    pub(super) async fn contact(
        &self,
        account: &Address,
        contact: &Address,
    ) -> Result<Contact, Refusal> {
        let known = self.store.contact(account, contact).await.map_err(refused)?;
        Ok(known.unwrap_or_else(|| Contact::stranger(contact.clone())))
    }
}

/// Returns the stanza by which an account tells a contact elsewhere of an event.
pub(super) fn telling(
    owner: &Address,
    contact: &Address,
    event: Event,
    nick: Option<String>,
) -> Option<Presence> {
    let kind = match event {
        Event::AskOut => PresenceKind::Subscribe,
        Event::LeaveOut => PresenceKind::Unsubscribe,
        Event::AllowOut => PresenceKind::Subscribed,
        Event::DenyOut => PresenceKind::Unsubscribed,
        Event::AskIn | Event::LeaveIn | Event::AllowIn | Event::DenyIn => return None,
    };
    let (from, to) = bridge::address::to_jid(owner).zip(bridge::address::to_jid(contact))?;
    // spec: XEP-0172 §4.2
    let nick = nick.filter(|_| event == Event::AskOut);
    Some(Presence { nick, ..Presence::new(from, to, kind) })
}

/// Returns what an outbound event is to the other side.
fn mirror(event: Event) -> Option<Event> {
    Some(match event {
        Event::AskOut => Event::AskIn,
        Event::LeaveOut => Event::LeaveIn,
        Event::AllowOut => Event::AllowIn,
        Event::DenyOut => Event::DenyIn,
        Event::AskIn | Event::LeaveIn | Event::AllowIn | Event::DenyIn => return None,
    })
}

fn is_outbound(event: Event) -> bool {
    mirror(event).is_some()
}

/// Returns what the contact sees of the owner after an event, where that changes.
fn sight(event: Event, step: Step) -> Option<Sight> {
    match event {
        // spec: RFC6121 §3.1.5: after `subscribed` goes the present presence.
        Event::AllowOut if step.is_passed_on => Some(Sight::Shown),
        Event::AskIn if step.is_answered => Some(Sight::Shown),
        // spec: RFC6121 §3.2.2 and §3.3.3: who may no longer see is told unavailable.
        Event::DenyOut | Event::LeaveIn if step.is_passed_on => Some(Sight::Hidden),
        _ => None,
    }
}
