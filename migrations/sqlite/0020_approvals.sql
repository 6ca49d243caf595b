-- Approvals: who decides for whom while they are away, which SKUs an export type was let go with before, and the
-- key that a person signs with.

CREATE TABLE delegations (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    user_id     BLOB    NOT NULL,
    delegate_id BLOB    NOT NULL,
    ends_at     INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX delegations_by_end ON delegations (merchant_id, ends_at);

CREATE TABLE known_skus (
    merchant_id BLOB    NOT NULL,
    export_type TEXT    NOT NULL,
    sku         TEXT    NOT NULL,
    export_id   BLOB    NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, export_type, sku)
) STRICT, WITHOUT ROWID;

-- What they sign with is sealed; what it is checked with is anybody's to read.
CREATE TABLE person_keys (
    user_id        BLOB    NOT NULL PRIMARY KEY,
    public_key     BLOB    NOT NULL,
    sealed_private BLOB    NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
