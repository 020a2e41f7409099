//! End to end: real servers, real sockets, and clients that share no code with ours.

/// Contacts whose address a phone cannot hold.
mod aliases;
/// What is answered to whoever asks.
mod answers;

/// Every attribute of presence, from contacts elsewhere and to them.
mod attributes;

/// The same from phone to phone.
mod attributes_phones;

/// What users grant beforehand, as their phones manage it.
mod attribute_lists;

/// A phone and a contact elsewhere, or two phones, chat.
mod chat;

/// The commands, as an operator uses them.
mod commands;

/// Two domains in one process.
mod domains;

/// What was answered 200 arrives, once, whatever is killed.
mod durability;

/// What users do every day.
mod everyday;

/// Two servers, one network: what every other test here takes for granted.
mod federation;

/// What a phone and a contact on Prosody see of each other, rule by rule.
mod crossings;

/// The gotchas of the Android handset: HTTP, login, session.
mod gotchas_android;

/// The same: lists, presence, messages.
mod gotchas_android_messages;

/// The gotchas of the S60 handset: HTTP, login, session.
mod gotchas_s60;

/// The same: contact lists, presence, blocking.
mod gotchas_s60_lists;

/// The same: messages.
mod gotchas_s60_messages;

/// The gotchas of waking both.
mod gotchas_wake;

/// Nothing that the network sends harms anybody but its sender.
mod hostile;

/// The same of what a contact's server sends.
mod hostile_contacts;

/// The same of pictures and profiles.
mod hostile_pictures;

/// The lab itself: it ends with its owner, and comes back where it was.
mod lab;

/// A contact elsewhere sees one presence after whatever happens, and never a ghost.
mod life_cycle;

/// How long a message takes: a measurement, left out of `make test`.
mod latency;

/// Contact lists in every form.
mod lists;

/// What a phone does not watch, or would draw as before.
mod noticing;

/// Pictures, moods, places and profiles, both ways.
mod personal;

/// Cards, programs and clocks, of contacts and for them.
mod contact_facts;

/// What users tell everybody of themselves.
mod public_profile;

/// Whom a user lets see becomes a contact.
mod mutual_add;

/// Accounts move between servers.
mod moving;

/// The operator looks at accounts and changes contacts.
mod operator;

/// Operators look after accounts from their own XMPP clients.
mod operator_commands;

/// Who may see what of a user.
mod presence_access;

/// Requests about presence, each in all its forms.
mod presence_requests;

/// People elsewhere register accounts for phones.
mod registration;

/// People elsewhere search for those who chose to be found.
mod search;

/// Logins and the sequences that follow them.
mod start_up;

/// Lists of a thousand contacts.
mod thousand;

/// Who sees whom: asked, granted, denied, taken back.
mod subscriptions;

/// Who watches a user.
mod watchers;

#[path = "../support/mod.rs"]
mod support;
