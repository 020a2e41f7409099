//! The writes that units of work are made of.

use compact_str::CompactString;

use crate::{
    base::clock::Millis,
    domain::{
        account::{AccountState, StoredPassword},
        address::Address,
        contact::{Contact, ContactList, Grant, Member, Scope, Watch},
        mailbox::Letter,
        personal::Personal,
        presence::Presence,
        program::Program,
        public_profile::{Entry, PublicProfile},
        session::{LastThere, Session},
    },
    store::{answers::Answer, entities::EntityKind, pictures::StoredPicture},
};

/// One write. A put replaces what has the same key; a drop of what is not there does nothing.
///
/// The first block is *hot*: such writes of many units become one statement.
#[derive(Clone, Debug)]
pub enum Write {
    /// Puts a letter into the mailbox of its account.
    PutLetter(Letter),
    /// Takes letters out of whichever mailbox.
    DropLetters {
        /// Their ids.
        ids: Vec<i64>,
    },
    /// Remembers an answer.
    PutAnswer(Answer),
    /// Adds a stanza for the XMPP server.
    PutOutbox {
        /// Grows with time.
        id: i64,
        /// The stanza as it goes out.
        wire: String,
        /// When.
        at: Millis,
    },
    /// Drops stanzas that the XMPP server has read.
    DropOutbox {
        /// Their ids.
        ids: Vec<i64>,
    },
    /// Notes what a device of a contact shows.
    PutContactPresence {
        /// The account that sees it.
        owner: Address,
        /// Whose device it is.
        contact: Address,
        /// The device; empty where the contact has none.
        resource: CompactString,
        /// What it shows.
        presence: Presence,
        /// The number of the change, greater than any before.
        change: i64,
    },
    /// Forgets what a device of a contact showed, or all of its devices.
    DropContactPresence {
        /// The account that saw it.
        owner: Address,
        /// Whose device it is.
        contact: Address,
        /// The device; none for all.
        resource: Option<CompactString>,
    },
    /// Lets a session last until later.
    TouchSession {
        /// Which.
        id: CompactString,
        /// When it ends.
        expires: Millis,
    },
    /// Notes which changes a watch has been told.
    SetTold {
        /// The session of the watch.
        session: CompactString,
        /// The scope of the watch.
        scope: Scope,
        /// All changes up to this number.
        told: i64,
    },

    /// Keeps a session.
    PutSession(Box<Session>),
    /// Ends a session: its answers and its watches go with it.
    DropSession(CompactString),
    /// Drops answers older than a moment, [`crate::store::answers::PRUNE_LIMIT`] at most.
    PruneAnswers {
        /// The moment.
        before: Millis,
    },
    /// Changes whether an account may be used.
    SetAccountState {
        /// Which.
        account: Address,
        /// The new state.
        state: AccountState,
    },
    /// Notes who registered an account from elsewhere.
    SetOwner {
        /// Which.
        account: Address,
        /// Who.
        owner: Address,
    },
    /// Notes when and how an account was last there, unless it was there later.
    SetLastThere {
        /// Which.
        account: Address,
        /// When and how.
        last: Box<LastThere>,
    },
    /// Changes a password.
    SetPassword {
        /// Whose.
        account: Address,
        /// The new one.
        password: StoredPassword,
    },
    /// Changes which of the two lists of entities count.
    SetBlocking {
        /// Whose.
        account: Address,
        /// Whether the block list counts.
        block_list_in_use: bool,
        /// Whether only those on the grant list get through.
        grant_list_in_use: bool,
    },
    /// Changes whether who is let see an account becomes its contact, too.
    SetMutualAdd {
        /// Whose.
        account: Address,
        /// Whether it does.
        is_on: bool,
    },
    /// Notes what the user of an account shows, whichever device told it.
    SetPersonal {
        /// Whose.
        account: Address,
        /// All of it, if anything.
        personal: Option<Box<Personal>>,
    },
    /// Notes what the user of an account makes public; the account is found by the entries.
    SetPublicProfile {
        /// Whose.
        account: Address,
        /// All of it; none, and nobody finds the account any more.
        profile: Option<Box<PublicProfile>>,
        /// By what it is found.
        entries: Vec<Entry>,
    },
    /// Keeps a picture.
    PutPicture(StoredPicture),
    /// Notes that a picture was needed.
    TouchPicture {
        /// Which.
        hash: String,
        /// When.
        used: Millis,
    },
    /// Drops pictures that nobody needed since a moment and no account of ours shows.
    PrunePictures {
        /// The moment.
        before: Millis,
    },
    /// Keeps what a program can do.
    PutProgram {
        /// The hash that proves it.
        hash: String,
        /// The program.
        program: Program,
        /// When it was seen.
        used: Millis,
    },
    /// Drops programs, those seen longest ago, where there are too many.
    PrunePrograms,
    /// Keeps a list's own properties; its members stay as they are, those given are not looked at.
    PutList {
        /// Whose.
        account: Address,
        /// The list.
        list: ContactList,
    },
    /// Drops a list with its members, watches and grants.
    DropList {
        /// Whose.
        account: Address,
        /// Which.
        key: CompactString,
    },
    /// Adds to a list, or changes a member in its place.
    PutMember {
        /// Whose list.
        account: Address,
        /// Which list; it must be there.
        key: CompactString,
        /// Who.
        member: Member,
    },
    /// Takes off a list.
    DropMember {
        /// Whose list.
        account: Address,
        /// Which list.
        key: CompactString,
        /// Who.
        address: Address,
    },
    /// Keeps a contact.
    PutContact {
        /// Whose.
        account: Address,
        /// Who.
        contact: Contact,
    },
    /// Keeps several contacts, in one statement.
    PutContacts {
        /// Whose.
        account: Address,
        /// Who.
        contacts: Vec<Contact>,
    },
    /// Drops a contact and what it showed.
    DropContact {
        /// Whose.
        account: Address,
        /// Who.
        address: Address,
    },
    /// Keeps that a device went while nobody elsewhere could be told.
    PutDeparture {
        /// Whose device.
        account: Address,
        /// Its name.
        resource: CompactString,
    },
    /// Forgets it: they were told.
    DropDeparture {
        /// Whose device.
        account: Address,
        /// Its name.
        resource: CompactString,
    },
    /// Has a contact told again; where nothing is known of it, that much.
    TouchContactPresence {
        /// The account that sees it.
        owner: Address,
        /// Who.
        contact: Address,
        /// The number of the change, greater than any before.
        change: i64,
    },
    /// Keeps a watch.
    PutWatch {
        /// Who watches; the session must be there.
        session: CompactString,
        /// What.
        watch: Watch,
    },
    /// Drops a watch.
    DropWatch {
        /// Who watched.
        session: CompactString,
        /// What.
        scope: Scope,
    },
    /// Keeps a grant.
    PutGrant {
        /// Who grants.
        account: Address,
        /// What to whom.
        grant: Grant,
    },
    /// Drops a grant.
    DropGrant {
        /// Who granted.
        account: Address,
        /// To whom.
        scope: Scope,
    },
    /// Puts somebody on the block list or the grant list.
    PutEntity {
        /// Whose list.
        account: Address,
        /// Which.
        kind: EntityKind,
        /// Who.
        entity: Address,
        /// The entity as the phone wrote it.
        spelling: CompactString,
    },
    /// Takes somebody off the block list or the grant list.
    DropEntity {
        /// Whose list.
        account: Address,
        /// Which.
        kind: EntityKind,
        /// Who.
        entity: Address,
    },
    /// Keeps a short name that an account's phones have for somebody; one that is there stays.
    PutAlias {
        /// Whose.
        account: Address,
        /// The name within our domain.
        alias: CompactString,
        /// Who is meant.
        address: Address,
    },
    /// Drops an account and all that is its own.
    DropAccount(Address),
}
