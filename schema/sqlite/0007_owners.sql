-- Who registered an account from elsewhere on the network, and may change and remove it.
ALTER TABLE accounts ADD COLUMN owner TEXT;
CREATE INDEX accounts_by_owner ON accounts (owner, address) WHERE owner IS NOT NULL;
