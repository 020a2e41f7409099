-- Whether who is let see the account becomes its contact, too.
ALTER TABLE accounts ADD COLUMN adds_mutually INTEGER NOT NULL DEFAULT 0;
-- The name that the contact went by when it asked to see the account.
ALTER TABLE contacts ADD COLUMN nick TEXT;
