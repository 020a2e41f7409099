-- Pictures, by the SHA-1 of what was published; those of contacts are kept drawn small.
CREATE TABLE pictures (
    hash TEXT NOT NULL,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    octets BLOB NOT NULL,
    -- When it was last needed, to a day.
    used INTEGER NOT NULL,
    CONSTRAINT pictures_pk PRIMARY KEY (hash)
) STRICT;
CREATE INDEX pictures_by_use ON pictures (used);

-- What programs of contacts can do, by a hash that proves it (XEP-0115).
CREATE TABLE programs (
    hash TEXT NOT NULL,
    program TEXT NOT NULL,
    used INTEGER NOT NULL,
    CONSTRAINT programs_pk PRIMARY KEY (hash)
) STRICT, WITHOUT ROWID;

-- What the user showed last, whichever device told it: JSON, for nothing is searched by it.
ALTER TABLE accounts ADD COLUMN personal TEXT;
