-- What OneSoup keeps. Times are milliseconds since 1970 UTC, truth values 0 or 1, addresses
-- canonical text. A released migration is never edited: a change is a new file.
--
-- Two habits keep a commit cheap. Tables that every message touches take rows in the order of
-- time, so that a group of rows fills a few pages at the end instead of soiling one page each;
-- and they refer to no other table, because a phone is answered even while its account goes.

-- One row, written to learn whether the store takes writes.
CREATE TABLE health (
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT health_pk PRIMARY KEY (id)
) STRICT;

CREATE TABLE accounts (
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Exactly one of the two: what digest logins need, or the hash that serves plain logins.
    sealed BLOB,
    hashed TEXT,
    block_list_in_use INTEGER NOT NULL,
    grant_list_in_use INTEGER NOT NULL,
    created INTEGER NOT NULL,
    CONSTRAINT accounts_pk PRIMARY KEY (address),
    CONSTRAINT accounts_state CHECK (state IN ('active', 'suspended')),
    CONSTRAINT accounts_password CHECK ((sealed IS NULL) <> (hashed IS NULL))
) STRICT, WITHOUT ROWID;

-- A table with row numbers although it has a key: a row may carry a picture, and expiry is
-- written often.
CREATE TABLE sessions (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    client_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    cookie TEXT NOT NULL,
    keep_alive INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    -- JSON: grows with what is learnt of phones, and nothing is ever searched by it.
    terms TEXT NOT NULL,
    presence TEXT NOT NULL,
    CONSTRAINT sessions_pk PRIMARY KEY (id),
    CONSTRAINT sessions_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account, opened, id);
CREATE INDEX sessions_by_expiry ON sessions (expires, id);

-- Answers already given, for phones that ask again. Nothing makes (session, transaction)
-- unique: the row with the greatest id counts, so that adding one never reads.
CREATE TABLE answers (
    id INTEGER NOT NULL,
    session TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    -- Hash of what was asked, where the same under a new transaction is a repetition.
    content BLOB,
    body BLOB NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT answers_pk PRIMARY KEY (id)
) STRICT;
-- Also holds the hash, so that looking for one reads only this index.
CREATE INDEX answers_by_transaction ON answers (session, transaction_id, content);

-- What waits for phones; the id grows with time.
CREATE TABLE letters (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    resource TEXT,
    received INTEGER NOT NULL,
    expires INTEGER,
    -- The room it takes against the limit of the mailbox.
    bytes INTEGER NOT NULL,
    content TEXT NOT NULL,
    CONSTRAINT letters_pk PRIMARY KEY (id)
) STRICT;
-- Also holds the size, so that measuring a mailbox reads no letter.
CREATE INDEX letters_by_account ON letters (account, id, bytes);
CREATE INDEX letters_by_expiry ON letters (expires) WHERE expires IS NOT NULL;

-- Stanzas that the XMPP server is not yet known to have read.
CREATE TABLE outbox (
    id INTEGER NOT NULL,
    wire TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT outbox_pk PRIMARY KEY (id)
) STRICT;

CREATE TABLE contacts (
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    -- The five facts of a subscription (RFC 6121 appendix A.1).
    sees INTEGER NOT NULL,
    is_seen INTEGER NOT NULL,
    pending_out INTEGER NOT NULL,
    pending_in INTEGER NOT NULL,
    is_approved INTEGER NOT NULL,
    CONSTRAINT contacts_pk PRIMARY KEY (account, address),
    CONSTRAINT contacts_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What the devices of contacts showed last. A row may carry a picture.
CREATE TABLE contact_presences (
    owner TEXT NOT NULL,
    contact TEXT NOT NULL,
    resource TEXT NOT NULL,
    -- Grows with each change anywhere, so that a session asks for what it was not told.
    change INTEGER NOT NULL,
    presence TEXT NOT NULL,
    CONSTRAINT contact_presences_pk PRIMARY KEY (owner, contact, resource)
) STRICT;
CREATE INDEX contact_presences_by_change ON contact_presences (owner, change);

CREATE TABLE lists (
    account TEXT NOT NULL,
    list_key TEXT NOT NULL,
    spelling TEXT NOT NULL,
    display_name TEXT NOT NULL,
    is_default INTEGER NOT NULL,
    -- Lists and members are shown in the order in which they came.
    position INTEGER NOT NULL,
    CONSTRAINT lists_pk PRIMARY KEY (account, list_key),
    CONSTRAINT lists_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    account TEXT NOT NULL,
    list_key TEXT NOT NULL,
    address TEXT NOT NULL,
    spelling TEXT NOT NULL,
    nickname TEXT NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT members_pk PRIMARY KEY (account, list_key, address),
    CONSTRAINT members_list FOREIGN KEY (account, list_key)
        REFERENCES lists (account, list_key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A scope is spelt 'd' for all, 'l:' and a list's key, or 'c:' and an address.
CREATE TABLE watches (
    session TEXT NOT NULL,
    scope TEXT NOT NULL,
    attributes TEXT NOT NULL,
    told INTEGER NOT NULL,
    CONSTRAINT watches_pk PRIMARY KEY (session, scope),
    CONSTRAINT watches_session FOREIGN KEY (session) REFERENCES sessions (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    account TEXT NOT NULL,
    scope TEXT NOT NULL,
    attributes TEXT NOT NULL,
    CONSTRAINT grants_pk PRIMARY KEY (account, scope),
    CONSTRAINT grants_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Who is on the block list or the grant list of an account.
CREATE TABLE entities (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    spelling TEXT NOT NULL,
    CONSTRAINT entities_pk PRIMARY KEY (account, kind, entity),
    CONSTRAINT entities_kind CHECK (kind IN ('block', 'grant')),
    CONSTRAINT entities_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
