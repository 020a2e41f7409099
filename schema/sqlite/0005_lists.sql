-- What contact lists need beyond the first schema.

-- Short names for addresses that a phone cannot hold. Never dropped while the account lives: a
-- phone may have written one into its memory.
CREATE TABLE aliases (
    account TEXT NOT NULL,
    alias TEXT NOT NULL,
    address TEXT NOT NULL,
    CONSTRAINT aliases_pk PRIMARY KEY (account, alias),
    CONSTRAINT aliases_address UNIQUE (account, address),
    CONSTRAINT aliases_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Who changed since a number is told from the index alone, without reading what they show.
DROP INDEX contact_presences_by_change;
CREATE INDEX contact_presences_by_change ON contact_presences (owner, change, contact);

-- The place behind the last member is found at once, also on a long list.
CREATE INDEX members_by_position ON members (account, list_key, position);
