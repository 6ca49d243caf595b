-- Contracts on the drawing board: at most one draft of each export type, with what was said of it when somebody
-- else was asked to publish it.

CREATE TABLE contract_drafts (
    merchant_id BLOB    NOT NULL,
    export_type TEXT    NOT NULL,
    edited_at   INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, export_type)
) STRICT;

-- Contracts that are on their way out, or out of use. Without a row a contract is in force.

CREATE TABLE contract_standings (
    merchant_id BLOB    NOT NULL,
    export_type TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, export_type)
) STRICT;
