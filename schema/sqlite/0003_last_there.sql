-- When the account's last phone was last heard of, for contacts who ask while none is there.
ALTER TABLE accounts ADD COLUMN last_there INTEGER;
