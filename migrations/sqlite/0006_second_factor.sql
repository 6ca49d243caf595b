-- The second factor, what a person sees of their sessions, and how guessing is slowed.

-- Half signed in: the password was right, and the second factor is still owed.
ALTER TABLE sessions ADD COLUMN is_half INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';

-- The seed is sealed. Not confirmed: it was shown, and no code of it was seen yet.
CREATE TABLE second_factors (
    user_id      BLOB   NOT NULL PRIMARY KEY,
    sealed_seed  BLOB   NOT NULL,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_step    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Hashes; each is good once.
CREATE TABLE recovery_codes (
    user_id   BLOB   NOT NULL,
    code_hash BLOB   NOT NULL,
    used_at   INTEGER,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Browsers and addresses from which a person signed in: strangers cannot lock them out there.
CREATE TABLE known_places (
    user_id      BLOB   NOT NULL,
    place_hash   BLOB   NOT NULL,
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, place_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_places_by_age ON known_places (last_seen_at);

-- How far ahead of its pace somebody is who guesses: by account, by address.
CREATE TABLE guesses (
    key_hash     BLOB   NOT NULL PRIMARY KEY,
    booked_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX guesses_by_age ON guesses (booked_until);
