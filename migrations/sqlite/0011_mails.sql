-- Mail that waits to be sent, and what became of what was. Who it goes to and what it says is sealed, and
-- gone once it is over: there is a link in it that opens something.

CREATE TABLE mails (
    id            BLOB    NOT NULL PRIMARY KEY,
    sealed_body   BLOB,
    state         TEXT    NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,
    fence         INTEGER NOT NULL DEFAULT 0,
    why           TEXT    NOT NULL DEFAULT '',
    noted_in      BLOB,
    invitation_id BLOB,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX mails_by_due ON mails (due_at);
CREATE INDEX mails_by_place ON mails (noted_in, invitation_id);
CREATE INDEX mails_by_age ON mails (ended_at);
