-- What proves a trail to somebody outside: the keys that sign, the tree over the entries, the checkpoints that
-- were signed, and who is sent them. Who looked at the trail, and when.

-- Of a key that was replaced, only the public half stays.
CREATE TABLE audit_keys (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    public_key  BLOB    NOT NULL,
    sealed_seed BLOB,
    created_at  INTEGER NOT NULL,
    retired_at  INTEGER,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX audit_keys_in_use ON audit_keys (merchant_id) WHERE retired_at IS NULL;

-- The right edge of the tree, as far as it was carried.
CREATE TABLE audit_trees (
    merchant_id BLOB    NOT NULL PRIMARY KEY,
    size        INTEGER NOT NULL,
    peaks       BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_checkpoints (
    merchant_id BLOB    NOT NULL,
    size        INTEGER NOT NULL,
    key_id      BLOB    NOT NULL,
    made_at     INTEGER NOT NULL,
    note        TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_witnesses (
    merchant_id   BLOB    NOT NULL,
    id            BLOB    NOT NULL,
    rev           INTEGER NOT NULL,
    doc           TEXT    NOT NULL,
    sealed_secret BLOB,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

-- When somebody last looked at the trail with this question; looking again soon is not noted again.
CREATE TABLE audit_views (
    merchant_id BLOB    NOT NULL,
    viewer      TEXT    NOT NULL,
    asked       TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, viewer, asked)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_views_by_age ON audit_views (merchant_id, at);

-- The trail is searched by time, by what was done, and by the person who did it. What programs do is nearly
-- everything, and is found without an index of its own.
CREATE INDEX audit_entries_by_time ON audit_entries (merchant_id, at, seq);
CREATE INDEX audit_entries_by_action ON audit_entries (merchant_id, action, seq);
CREATE INDEX audit_entries_by_user ON audit_entries (merchant_id, actor, seq) WHERE substr(actor, 1, 5) = 'user:';

-- The first checkpoint of who is here already; a new merchant's is armed with it.
INSERT INTO jobs (merchant_id, id, kind, subject_id, arg, run_at, due_at)
SELECT id, randomblob(16), 'audit_checkpoint', id, 0, 0, 0 FROM merchants;
