-- Invitations: who was asked to work at a merchant, and what became of it.
--
-- The link in an invitation is worth a place, so only its hash is kept. One row per link: sending an
-- invitation again makes a new one, and the old link can still say that it was replaced.

CREATE TABLE invitations (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    token_hash  BYTEA  NOT NULL,
    email       TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

-- The link is what says whose invitation it is.
CREATE UNIQUE INDEX invitations_by_token ON invitations (token_hash);
-- One open invitation for an address.
CREATE UNIQUE INDEX invitations_open_by_email ON invitations (merchant_id, email) WHERE state = 'open';
