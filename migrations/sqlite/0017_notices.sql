-- What people are told: one row for each person, unread until they say otherwise. Whether a person's
-- notices go by mail as well is theirs to say.

CREATE TABLE notices (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    user_id     BLOB    NOT NULL,
    told_as     TEXT    NOT NULL,
    matter      TEXT    NOT NULL,
    about_kind  TEXT    NOT NULL,
    about_id    BLOB    NOT NULL,
    sentence    TEXT    NOT NULL,
    dedup_key   TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    read_at     INTEGER,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX notices_unread ON notices (merchant_id, user_id, dedup_key) WHERE read_at IS NULL;
CREATE INDEX notices_by_person ON notices (merchant_id, user_id, read_at, created_at);
CREATE INDEX notices_by_matter ON notices (merchant_id, matter, told_as, created_at);

-- Who acted here last: of what a person did, and not to their own account.
CREATE INDEX audit_entries_by_person ON audit_entries (merchant_id, actor, at)
    WHERE substr(actor, 1, 5) = 'user:' AND subject_kind <> 'person';

ALTER TABLE users ADD COLUMN mail_notices INTEGER NOT NULL DEFAULT 1;

-- Once a month an admin looks through who answers for what; a new merchant's first time is armed with it.
INSERT INTO jobs (merchant_id, id, kind, subject_id, arg, run_at, due_at)
SELECT id, randomblob(16), 'ownership_review', id, 0, 0, 0 FROM merchants;
