-- Runs of flows with branches: several runs of one flow for one subject, each with its occasion; and what a form
-- starts.

ALTER TABLE runs ADD COLUMN occasion TEXT NOT NULL DEFAULT '';

DROP INDEX runs_by_subject;
CREATE UNIQUE INDEX runs_by_subject ON runs (merchant_id, subject_id, flow_key, occasion);

CREATE TABLE cases (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    noun        TEXT   NOT NULL,
    reference   TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

-- A handle names one thing of its kind.
CREATE UNIQUE INDEX cases_by_reference ON cases (merchant_id, noun, reference);

SELECT meshline_guard('cases');
