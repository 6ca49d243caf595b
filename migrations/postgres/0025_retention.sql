-- How long content is kept, what holds it, and what stays of content that was removed: its hash and its size.

CREATE TABLE retention (
    merchant_id UUID    NOT NULL,
    rev         BIGINT  NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id)
);

-- Without an order it holds everything of the merchant.
CREATE TABLE legal_holds (
    merchant_id UUID    NOT NULL,
    id          UUID    NOT NULL,
    order_id    UUID,
    placed_at   BIGINT  NOT NULL,
    lifted_at   BIGINT,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE removals (
    merchant_id UUID    NOT NULL,
    noun        TEXT    NOT NULL,
    subject_id  UUID    NOT NULL,
    at          BIGINT  NOT NULL,
    days        BIGINT  NOT NULL,
    bytes       BIGINT  NOT NULL,
    sha256      TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, noun, subject_id)
);

SELECT meshline_guard('retention');
SELECT meshline_guard('legal_holds');
SELECT meshline_guard('removals');

-- The first run of who is here already; a new merchant's is armed with it.
INSERT INTO jobs (merchant_id, id, kind, subject_id, arg, run_at, due_at)
SELECT id, gen_random_uuid(), 'retention', id, 0, 0, 0 FROM merchants;
