-- How long content is kept, what holds it, and what stays of content that was removed: its hash and its size.

CREATE TABLE retention (
    merchant_id BLOB    NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id)
) STRICT, WITHOUT ROWID;

-- Without an order it holds everything of the merchant.
CREATE TABLE legal_holds (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    order_id    BLOB,
    placed_at   INTEGER NOT NULL,
    lifted_at   INTEGER,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE removals (
    merchant_id BLOB    NOT NULL,
    noun        TEXT    NOT NULL,
    subject_id  BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    days        INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    sha256      TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, noun, subject_id)
) STRICT, WITHOUT ROWID;

-- The first run of who is here already; a new merchant's is armed with it.
INSERT INTO jobs (merchant_id, id, kind, subject_id, arg, run_at, due_at)
SELECT id, randomblob(16), 'retention', id, 0, 0, 0 FROM merchants;
