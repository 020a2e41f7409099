-- What users tell everybody of themselves, as JSON. A row makes its account findable.
CREATE TABLE public_profiles (
    account TEXT NOT NULL,
    profile TEXT NOT NULL,
    CONSTRAINT public_profiles_pk PRIMARY KEY (account),
    CONSTRAINT public_profiles_account FOREIGN KEY (account)
        REFERENCES accounts (address) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- By which texts such an account is found: in small letters, and derived from its profile and its
-- card when either changes.
CREATE TABLE entries (
    account TEXT NOT NULL,
    fact TEXT NOT NULL,
    text TEXT NOT NULL,
    -- Only who knows the whole text finds by it: it is not public.
    is_whole INTEGER NOT NULL,
    CONSTRAINT entries_pk PRIMARY KEY (account, fact, text),
    CONSTRAINT entries_account FOREIGN KEY (account)
        REFERENCES public_profiles (account) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_fact ON entries (fact, text, is_whole, account);
