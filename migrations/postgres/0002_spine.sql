-- Everything that one piece of work passes through, from the receipt to the task.
--
-- `merchant_id` stands first in every key and index of a merchant's rows. `doc` is the noun as JSON;
-- beside it stand the columns that are looked up, filtered and sorted by, and those are what counts.
-- `search` is the text that a list is searched in, in lower case. Times are milliseconds.

-- People and their places. These are not a merchant's own rows.

CREATE TABLE operators (
    id   UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE merchants (
    id          UUID NOT NULL PRIMARY KEY,
    operator_id UUID NOT NULL,
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL
);

CREATE UNIQUE INDEX merchants_by_slug ON merchants (slug);
CREATE INDEX merchants_by_operator ON merchants (operator_id);

CREATE TABLE users (
    id              UUID   NOT NULL PRIMARY KEY,
    email           TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    active          BIGINT NOT NULL,
    password_hash   TEXT   NOT NULL,
    failed_attempts BIGINT NOT NULL DEFAULT 0,
    locked_until    BIGINT
);

CREATE UNIQUE INDEX users_by_email ON users (email);

CREATE TABLE memberships (
    merchant_id      UUID NOT NULL,
    user_id          UUID NOT NULL,
    access           TEXT NOT NULL,
    party            TEXT NOT NULL,
    functional_roles TEXT NOT NULL,
    PRIMARY KEY (merchant_id, user_id)
);

-- A person's places, over all merchants: signing in starts there.
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE api_tokens (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    name        TEXT   NOT NULL,
    access      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    hash        BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

-- The token is what says whose call it is.
CREATE UNIQUE INDEX api_tokens_by_hash ON api_tokens (hash);

CREATE TABLE sessions (
    id_hash    BYTEA  NOT NULL PRIMARY KEY,
    user_id    UUID,
    data       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE idempotency_keys (
    merchant_id  UUID   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash TEXT   NOT NULL,
    status       BIGINT,
    body         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Connections. The secrets are sealed.

CREATE TABLE sources (
    merchant_id     UUID   NOT NULL,
    id              UUID   NOT NULL,
    path            TEXT   NOT NULL,
    rev             BIGINT NOT NULL,
    doc             TEXT   NOT NULL,
    sealed_secret   BYTEA  NOT NULL,
    sealed_previous BYTEA,
    PRIMARY KEY (merchant_id, id)
);

-- The path is what says whose delivery it is.
CREATE UNIQUE INDEX sources_by_path ON sources (path);

CREATE TABLE destinations (
    merchant_id   UUID   NOT NULL,
    id            UUID   NOT NULL,
    key           TEXT   NOT NULL,
    rev           BIGINT NOT NULL,
    doc           TEXT   NOT NULL,
    sealed_secret BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX destinations_by_key ON destinations (merchant_id, key);

-- Rules. A published version never changes.

CREATE TABLE contracts (
    merchant_id  UUID   NOT NULL,
    id           UUID   NOT NULL,
    export_type  TEXT   NOT NULL,
    major        BIGINT NOT NULL,
    minor        BIGINT NOT NULL,
    doc          TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX contracts_by_version ON contracts (merchant_id, export_type, major, minor);

CREATE TABLE flows (
    merchant_id  UUID   NOT NULL,
    id           UUID   NOT NULL,
    key          TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    doc          TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX flows_by_version ON flows (merchant_id, key, version);

-- Intake. The body stands last: a list does not read it.

CREATE TABLE receipts (
    merchant_id  UUID   NOT NULL,
    id           UUID   NOT NULL,
    source_id    UUID   NOT NULL,
    topic        TEXT   NOT NULL,
    dedup_key    TEXT   NOT NULL,
    received_at  BIGINT NOT NULL,
    triggered_at BIGINT,
    status       TEXT   NOT NULL,
    order_ref    TEXT,
    order_id     UUID,
    repeats      BIGINT NOT NULL,
    trace_id     TEXT   NOT NULL,
    headers      TEXT   NOT NULL,
    faults       TEXT   NOT NULL,
    search       TEXT   NOT NULL,
    body_bytes   BIGINT NOT NULL,
    body_sha256  TEXT   NOT NULL,
    body         BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX receipts_by_dedup_key ON receipts (merchant_id, source_id, dedup_key);
CREATE INDEX receipts_by_time ON receipts (merchant_id, received_at, id);
CREATE INDEX receipts_by_order ON receipts (merchant_id, order_id, received_at, id)
    WHERE order_id IS NOT NULL;
CREATE INDEX receipts_unmatched ON receipts (merchant_id, source_id, order_ref) WHERE status = 'unmatched';
-- The few that did not go through, among very many that did.
CREATE INDEX receipts_set_aside ON receipts (merchant_id, status, received_at, id)
    WHERE status IN ('ignored', 'quarantined', 'unmatched');

CREATE TABLE order_facts (
    merchant_id UUID   NOT NULL,
    source_id   UUID   NOT NULL,
    order_ref   TEXT   NOT NULL,
    receipt_id  UUID   NOT NULL,
    n           BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, source_id, order_ref, receipt_id, n)
);

CREATE TABLE events (
    merchant_id  UUID   NOT NULL,
    id           UUID   NOT NULL,
    kind         TEXT   NOT NULL,
    subject_kind TEXT   NOT NULL,
    subject_id   UUID   NOT NULL,
    receipt_id   UUID,
    occurred_at  BIGINT NOT NULL,
    data         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE INDEX events_by_subject ON events (merchant_id, subject_id, occurred_at, id);

-- Orders, runs, campaigns.

CREATE TABLE orders (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    source_id   UUID   NOT NULL,
    order_ref   TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    trace_id    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    search      TEXT   NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX orders_by_ref ON orders (merchant_id, source_id, order_ref);
CREATE INDEX orders_by_time ON orders (merchant_id, updated_at, id);
CREATE INDEX orders_by_state ON orders (merchant_id, state, updated_at, id);

CREATE TABLE runs (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    flow_key    TEXT   NOT NULL,
    subject_id  UUID   NOT NULL,
    state       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

-- One run of a flow for one subject, and the runs of a subject.
CREATE UNIQUE INDEX runs_by_subject ON runs (merchant_id, subject_id, flow_key);
CREATE INDEX runs_by_flow ON runs (merchant_id, flow_key, started_at, id);

CREATE TABLE campaigns (
    merchant_id UUID NOT NULL,
    id          UUID NOT NULL,
    campaign_id TEXT NOT NULL,
    doc         TEXT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX campaigns_by_campaign_id ON campaigns (merchant_id, campaign_id);

-- Exports. `content` and `wire` are written once; `doc` is the rest.

CREATE TABLE exports (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    export_type TEXT   NOT NULL,
    run_id      UUID   NOT NULL,
    subject_id  UUID   NOT NULL,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    search      TEXT   NOT NULL,
    doc         TEXT   NOT NULL,
    content     TEXT   NOT NULL,
    wire        BYTEA,
    PRIMARY KEY (merchant_id, id)
);

-- A destination that answers later knows the export only; its signature says that it may.
CREATE UNIQUE INDEX exports_by_id ON exports (id);
CREATE INDEX exports_by_time ON exports (merchant_id, created_at, id);
CREATE INDEX exports_by_state ON exports (merchant_id, state, created_at, id);
CREATE INDEX exports_by_run ON exports (merchant_id, run_id, created_at, id);
CREATE INDEX exports_by_subject ON exports (merchant_id, subject_id, created_at, id);

CREATE TABLE attempts (
    merchant_id UUID   NOT NULL,
    export_id   UUID   NOT NULL,
    n           BIGINT NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, export_id, n)
);

CREATE TABLE approvals (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    export_id   UUID   NOT NULL,
    step        BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    accept_by   BIGINT,
    rev         BIGINT NOT NULL,
    search      TEXT   NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE INDEX approvals_by_export ON approvals (merchant_id, export_id, step);
CREATE INDEX approvals_by_deadline ON approvals (merchant_id, state, accept_by);

-- Tasks. The same trouble opens one task, not two.

CREATE TABLE tasks (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    dedup_key   TEXT   NOT NULL,
    code        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    deadline    BIGINT NOT NULL,
    receipt_id  UUID,
    order_id    UUID,
    run_id      UUID,
    export_id   UUID,
    created_at  BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    search      TEXT   NOT NULL,
    doc         TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX tasks_live_by_dedup_key ON tasks (merchant_id, dedup_key)
    WHERE state NOT IN ('resolved', 'cancelled');
CREATE INDEX tasks_live_by_deadline ON tasks (merchant_id, deadline, id)
    WHERE state NOT IN ('resolved', 'cancelled');
CREATE INDEX tasks_by_time ON tasks (merchant_id, created_at, id);
CREATE INDEX tasks_by_receipt ON tasks (merchant_id, receipt_id, created_at, id) WHERE receipt_id IS NOT NULL;
CREATE INDEX tasks_by_order ON tasks (merchant_id, order_id, created_at, id) WHERE order_id IS NOT NULL;
CREATE INDEX tasks_by_run ON tasks (merchant_id, run_id, created_at, id) WHERE run_id IS NOT NULL;
CREATE INDEX tasks_by_export ON tasks (merchant_id, export_id, created_at, id) WHERE export_id IS NOT NULL;

-- Jobs. `due_at` is when a job may be claimed: its `run_at`, or the end of the lease somebody has on it.

CREATE TABLE jobs (
    merchant_id UUID   NOT NULL,
    id          UUID   NOT NULL,
    kind        TEXT   NOT NULL,
    subject_id  UUID   NOT NULL,
    arg         BIGINT NOT NULL,
    run_at      BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    fence       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (merchant_id, id)
);

-- Workers take what is due, whoever it belongs to.
CREATE INDEX jobs_by_due ON jobs (due_at);
