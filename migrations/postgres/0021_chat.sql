-- Asking people where they are: a merchant's workspace in a chat, who is asked in which channel, who is who
-- there, the messages, what was pressed on them, and the links in them and in mails.

CREATE TABLE chat_workspaces (
    merchant_id    UUID   NOT NULL,
    id             UUID   NOT NULL,
    rev            BIGINT NOT NULL,
    doc            TEXT   NOT NULL,
    sealed_token   BYTEA  NOT NULL,
    sealed_signing BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX chat_workspaces_one ON chat_workspaces (merchant_id);

CREATE TABLE chat_routes (
    merchant_id UUID NOT NULL,
    owner       TEXT NOT NULL,
    place       TEXT NOT NULL,
    PRIMARY KEY (merchant_id, owner)
);

CREATE TABLE chat_people (
    merchant_id UUID   NOT NULL,
    chat_user   TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    user_id     UUID   NOT NULL,
    linked_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, chat_user)
);

-- By which somebody says once who they are in the chat.
CREATE TABLE chat_links (
    merchant_id UUID   NOT NULL,
    token_hash  BYTEA  NOT NULL,
    chat_user   TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT,
    PRIMARY KEY (merchant_id, token_hash)
);

CREATE TABLE chat_posts (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    approval_id UUID   NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE INDEX chat_posts_by_approval ON chat_posts (merchant_id, approval_id);

-- The same bytes once more are the same click.
CREATE TABLE chat_clicks (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    digest      BYTEA  NOT NULL,
    doc         TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX chat_clicks_once ON chat_clicks (merchant_id, digest);
CREATE INDEX chat_clicks_by_time ON chat_clicks (merchant_id, received_at);

-- To a decision; in a mail they are one person's.
CREATE TABLE decision_links (
    merchant_id UUID   NOT NULL,
    token_hash  BYTEA  NOT NULL,
    approval_id UUID   NOT NULL,
    user_id     UUID,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, token_hash)
);

CREATE INDEX decision_links_by_approval ON decision_links (merchant_id, approval_id);
CREATE INDEX decision_links_by_end ON decision_links (merchant_id, expires_at);

SELECT meshline_guard('chat_workspaces');
SELECT meshline_guard('chat_routes');
SELECT meshline_guard('chat_people');
SELECT meshline_guard('chat_links');
SELECT meshline_guard('chat_posts');
SELECT meshline_guard('chat_clicks');
SELECT meshline_guard('decision_links');
