-- When the account's last phone was last heard of, for contacts who ask while none is there;
-- which it was and what it showed, so that it shows the same when it comes back.
ALTER TABLE accounts ADD COLUMN last_there INTEGER;
ALTER TABLE accounts ADD COLUMN last_resource TEXT;
ALTER TABLE accounts ADD COLUMN last_presence TEXT;

-- Devices that went while the link was away: contacts elsewhere still see them. One row each,
-- not one for each contact, for a link may be away for long.
CREATE TABLE departures (
    account TEXT NOT NULL,
    resource TEXT NOT NULL,
    CONSTRAINT departures_pk PRIMARY KEY (account, resource),
    CONSTRAINT departures_account FOREIGN KEY (account) REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
