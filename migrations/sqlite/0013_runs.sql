-- Runs of flows with branches: several runs of one flow for one subject, each with its occasion; and what a form
-- starts.

ALTER TABLE runs ADD COLUMN occasion TEXT NOT NULL DEFAULT '';

DROP INDEX runs_by_subject;
CREATE UNIQUE INDEX runs_by_subject ON runs (merchant_id, subject_id, flow_key, occasion);

CREATE TABLE cases (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    noun        TEXT    NOT NULL,
    reference   TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

-- A handle names one thing of its kind.
CREATE UNIQUE INDEX cases_by_reference ON cases (merchant_id, noun, reference);
