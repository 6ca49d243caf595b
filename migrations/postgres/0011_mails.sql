-- Mail that waits to be sent, and what became of what was. Who it goes to and what it says is sealed, and
-- gone once it is over: there is a link in it that opens something.

CREATE TABLE mails (
    id            UUID   NOT NULL PRIMARY KEY,
    sealed_body   BYTEA,
    state         TEXT   NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    due_at        BIGINT,
    fence         BIGINT NOT NULL DEFAULT 0,
    why           TEXT   NOT NULL DEFAULT '',
    noted_in      UUID,
    invitation_id UUID,
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT
);

CREATE INDEX mails_by_due ON mails (due_at);
CREATE INDEX mails_by_place ON mails (noted_in, invitation_id);
CREATE INDEX mails_by_age ON mails (ended_at);
