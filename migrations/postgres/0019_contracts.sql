-- Contracts on the drawing board: at most one draft of each export type, with what was said of it when somebody
-- else was asked to publish it.

CREATE TABLE contract_drafts (
    merchant_id UUID    NOT NULL,
    export_type TEXT    NOT NULL,
    edited_at   BIGINT  NOT NULL,
    rev         BIGINT  NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, export_type)
);

-- Contracts that are on their way out, or out of use. Without a row a contract is in force.

CREATE TABLE contract_standings (
    merchant_id UUID    NOT NULL,
    export_type TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, export_type)
);

SELECT meshline_guard('contract_drafts');
SELECT meshline_guard('contract_standings');
