-- Approvals: who decides for whom while they are away, which SKUs an export type was let go with before, and the
-- key that a person signs with.

CREATE TABLE delegations (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    user_id     UUID   NOT NULL,
    delegate_id UUID   NOT NULL,
    ends_at     BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE INDEX delegations_by_end ON delegations (merchant_id, ends_at);

CREATE TABLE known_skus (
    merchant_id UUID   NOT NULL,
    export_type TEXT   NOT NULL,
    sku         TEXT   NOT NULL,
    export_id   UUID   NOT NULL,
    since       BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, export_type, sku)
);

-- What they sign with is sealed; what it is checked with is anybody's to read.
CREATE TABLE person_keys (
    user_id        UUID   NOT NULL PRIMARY KEY,
    public_key     BYTEA  NOT NULL,
    sealed_private BYTEA  NOT NULL,
    created_at     BIGINT NOT NULL
);

SELECT meshline_guard('delegations');
SELECT meshline_guard('known_skus');
