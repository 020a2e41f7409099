-- What the user himself has answered that a contact may see, as JSON; none where the contact sees
-- the account by grants alone. Until now nobody wrote down who let a contact see: it was the user.
ALTER TABLE contacts ADD COLUMN accepted TEXT;
UPDATE contacts SET accepted = '"everything"' WHERE is_seen = 1 OR is_approved = 1;
-- When the contact last ceased to see the account.
ALTER TABLE contacts ADD COLUMN watched_until INTEGER;
