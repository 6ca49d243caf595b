-- The audit trail: one hash chain per merchant, and where each chain ends.

CREATE TABLE audit_entries (
    merchant_id  UUID   NOT NULL,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    action       TEXT   NOT NULL,
    subject_kind TEXT   NOT NULL,
    subject_id   TEXT   NOT NULL,
    detail       TEXT   NOT NULL,
    trace_id     TEXT,
    prev_hash    BYTEA  NOT NULL,
    hash         BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, seq)
);

CREATE INDEX audit_entries_by_subject ON audit_entries (merchant_id, subject_kind, subject_id, seq);

CREATE TABLE audit_heads (
    merchant_id UUID   NOT NULL PRIMARY KEY,
    seq         BIGINT NOT NULL,
    hash        BYTEA  NOT NULL
);
