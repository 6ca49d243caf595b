-- Asking people where they are: a merchant's workspace in a chat, who is asked in which channel, who is who
-- there, the messages, what was pressed on them, and the links in them and in mails.

CREATE TABLE chat_workspaces (
    merchant_id    BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    rev            INTEGER NOT NULL,
    doc            TEXT    NOT NULL,
    sealed_token   BLOB    NOT NULL,
    sealed_signing BLOB    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX chat_workspaces_one ON chat_workspaces (merchant_id);

CREATE TABLE chat_routes (
    merchant_id BLOB NOT NULL,
    owner       TEXT NOT NULL,
    place       TEXT NOT NULL,
    PRIMARY KEY (merchant_id, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE chat_people (
    merchant_id BLOB    NOT NULL,
    chat_user   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    user_id     BLOB    NOT NULL,
    linked_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, chat_user)
) STRICT, WITHOUT ROWID;

-- By which somebody says once who they are in the chat.
CREATE TABLE chat_links (
    merchant_id BLOB    NOT NULL,
    token_hash  BLOB    NOT NULL,
    chat_user   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    PRIMARY KEY (merchant_id, token_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE chat_posts (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    approval_id BLOB    NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_posts_by_approval ON chat_posts (merchant_id, approval_id);

-- The same bytes once more are the same click.
CREATE TABLE chat_clicks (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    digest      BLOB    NOT NULL,
    doc         TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX chat_clicks_once ON chat_clicks (merchant_id, digest);
CREATE INDEX chat_clicks_by_time ON chat_clicks (merchant_id, received_at);

-- To a decision; in a mail they are one person's.
CREATE TABLE decision_links (
    merchant_id BLOB    NOT NULL,
    token_hash  BLOB    NOT NULL,
    approval_id BLOB    NOT NULL,
    user_id     BLOB,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, token_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_links_by_approval ON decision_links (merchant_id, approval_id);
CREATE INDEX decision_links_by_end ON decision_links (merchant_id, expires_at);
