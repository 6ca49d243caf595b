-- What an agency keeps for its merchants: templates of flows with their versions, which never change, and what
-- became of each push of one.

CREATE TABLE agency_templates (
    operator_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    flow_key    TEXT   NOT NULL,
    retired_at  BIGINT,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (operator_id, id)
);

CREATE UNIQUE INDEX agency_templates_by_flow ON agency_templates (operator_id, flow_key) WHERE retired_at IS NULL;

CREATE TABLE agency_editions (
    operator_id UUID   NOT NULL,
    template_id UUID   NOT NULL,
    version     BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (operator_id, template_id, version)
);

CREATE TABLE agency_pushes (
    operator_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    template_id UUID   NOT NULL,
    pushed_at   BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (operator_id, id)
);

CREATE INDEX agency_pushes_by_template ON agency_pushes (operator_id, template_id, pushed_at);

-- Which version of a template a merchant's flow comes from.

CREATE TABLE template_pins (
    merchant_id UUID   NOT NULL,
    flow_key    TEXT   NOT NULL,
    template_id UUID   NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, flow_key)
);

SELECT meshline_guard('template_pins');
