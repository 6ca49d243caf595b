-- Flows on the drawing board: at most one draft of each flow, with what was said of it when somebody else was
-- asked to publish it.

CREATE TABLE flow_drafts (
    merchant_id BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    edited_at   INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, key)
) STRICT;

-- How a merchant publishes: whether a second person has to agree.

CREATE TABLE publishing (
    merchant_id BLOB    NOT NULL PRIMARY KEY,
    by_two      INTEGER NOT NULL
) STRICT;

-- Flows that start nothing any more. What runs on them goes on.

CREATE TABLE retired_flows (
    merchant_id BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    retired_at  INTEGER NOT NULL,
    retired_by  BLOB,
    PRIMARY KEY (merchant_id, key)
) STRICT;

-- Runs that a person moves to another version of their flow, batch by batch.

CREATE TABLE run_moves (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    flow_key    TEXT    NOT NULL,
    begun_at    INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE INDEX run_moves_by_flow ON run_moves (merchant_id, flow_key, begun_at);

-- Which version each run is on; how many are under way on each is asked on every page of a flow.

ALTER TABLE runs ADD COLUMN flow_id BLOB;
UPDATE runs SET flow_id = unhex(replace(json_extract(doc, '$.flow_id'), '-', ''));

CREATE INDEX runs_by_version ON runs (merchant_id, flow_key, flow_id)
    WHERE state IN ('running', 'paused', 'undoing');
