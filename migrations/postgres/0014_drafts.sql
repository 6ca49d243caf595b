-- Flows on the drawing board: at most one draft of each flow, with what was said of it when somebody else was
-- asked to publish it.

CREATE TABLE flow_drafts (
    merchant_id UUID   NOT NULL,
    key         TEXT   NOT NULL,
    edited_at   BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, key)
);

-- How a merchant publishes: whether a second person has to agree.

CREATE TABLE publishing (
    merchant_id UUID   NOT NULL PRIMARY KEY,
    by_two      BIGINT NOT NULL
);

-- Flows that start nothing any more. What runs on them goes on.

CREATE TABLE retired_flows (
    merchant_id UUID   NOT NULL,
    key         TEXT   NOT NULL,
    retired_at  BIGINT NOT NULL,
    retired_by  UUID,
    PRIMARY KEY (merchant_id, key)
);

-- Runs that a person moves to another version of their flow, batch by batch.

CREATE TABLE run_moves (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    flow_key    TEXT   NOT NULL,
    begun_at    BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE INDEX run_moves_by_flow ON run_moves (merchant_id, flow_key, begun_at);

-- Which version each run is on; how many are under way on each is asked on every page of a flow.

ALTER TABLE runs ADD COLUMN flow_id UUID;
UPDATE runs SET flow_id = (doc::json ->> 'flow_id')::uuid;

CREATE INDEX runs_by_version ON runs (merchant_id, flow_key, flow_id)
    WHERE state IN ('running', 'paused', 'undoing');

SELECT meshline_guard('flow_drafts');
SELECT meshline_guard('publishing');
SELECT meshline_guard('retired_flows');
SELECT meshline_guard('run_moves');
