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

ALTER TABLE users ADD COLUMN mail_notices INTEGER NOT NULL DEFAULT 1;
