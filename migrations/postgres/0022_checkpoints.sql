-- What proves a trail to somebody outside: the keys that sign, the tree over the entries, the checkpoints that
-- were signed, and who is sent them. Who looked at the trail, and when.

-- Of a key that was replaced, only the public half stays.
CREATE TABLE audit_keys (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    public_key  BYTEA  NOT NULL,
    sealed_seed BYTEA,
    created_at  BIGINT NOT NULL,
    retired_at  BIGINT,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX audit_keys_in_use ON audit_keys (merchant_id) WHERE retired_at IS NULL;

-- The right edge of the tree, as far as it was carried.
CREATE TABLE audit_trees (
    merchant_id UUID   NOT NULL PRIMARY KEY,
    size        BIGINT NOT NULL,
    peaks       BYTEA  NOT NULL
);

CREATE TABLE audit_checkpoints (
    merchant_id UUID   NOT NULL,
    size        BIGINT NOT NULL,
    key_id      UUID   NOT NULL,
    made_at     BIGINT NOT NULL,
    note        TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, size)
);

CREATE TABLE audit_witnesses (
    merchant_id   UUID   NOT NULL,
    id            UUID   NOT NULL,
    rev           BIGINT NOT NULL,
    doc           TEXT   NOT NULL,
    sealed_secret BYTEA,
    PRIMARY KEY (merchant_id, id)
);

-- When somebody last looked at the trail with this question; looking again soon is not noted again.
CREATE TABLE audit_views (
    merchant_id UUID   NOT NULL,
    viewer      TEXT   NOT NULL,
    asked       TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, viewer, asked)
);

CREATE INDEX audit_views_by_age ON audit_views (merchant_id, at);

-- The trail is searched by time, by what was done, and by the person who did it. What programs do is nearly
-- everything, and is found without an index of its own.
CREATE INDEX audit_entries_by_time ON audit_entries (merchant_id, at, seq);
CREATE INDEX audit_entries_by_action ON audit_entries (merchant_id, action, seq);
CREATE INDEX audit_entries_by_user ON audit_entries (merchant_id, actor, seq) WHERE substr(actor, 1, 5) = 'user:';

SELECT meshline_guard('audit_keys');
SELECT meshline_guard('audit_trees');
SELECT meshline_guard('audit_checkpoints');
SELECT meshline_guard('audit_witnesses');
SELECT meshline_guard('audit_views');

-- The first checkpoint of who is here already; a new merchant's is armed with it.
INSERT INTO jobs (merchant_id, id, kind, subject_id, arg, run_at, due_at)
SELECT id, gen_random_uuid(), 'audit_checkpoint', id, 0, 0, 0 FROM merchants;
