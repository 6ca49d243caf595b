-- What the overview of all merchants counts and lists: clocks that run, who has a task, when things ended.

-- The clock that runs now, until the export has left for good.
ALTER TABLE exports ADD COLUMN deadline BIGINT;
ALTER TABLE runs ADD COLUMN wait_until BIGINT;
-- Whoever took it, otherwise its owner.
ALTER TABLE tasks ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN ended_at BIGINT;
ALTER TABLE approvals ADD COLUMN asked_at BIGINT;
-- Set by a decision only; an approval that ended otherwise has none.
ALTER TABLE approvals ADD COLUMN decided_at BIGINT;

UPDATE exports SET deadline = CASE
    WHEN state IN ('ready', 'delivering', 'paused') THEN CAST(EXTRACT(EPOCH FROM CAST(CAST(doc AS JSON) ->> 'accept_by' AS TIMESTAMPTZ)) * 1000 AS BIGINT)
    WHEN state IN ('awaiting_approval', 'quarantined') THEN CAST(EXTRACT(EPOCH FROM CAST(CAST(doc AS JSON) ->> 'resolve_by' AS TIMESTAMPTZ)) * 1000 AS BIGINT)
END;
UPDATE runs SET wait_until = CAST(EXTRACT(EPOCH FROM CAST(CAST(doc AS JSON) ->> 'wait_until' AS TIMESTAMPTZ)) * 1000 AS BIGINT) WHERE state = 'running';
UPDATE tasks SET holder = COALESCE('user:' || (CAST(doc AS JSON) ->> 'assignee'), (CAST(doc AS JSON) ->> 'owner'));
UPDATE tasks SET ended_at = CAST(EXTRACT(EPOCH FROM CAST(CAST(doc AS JSON) ->> 'resolved_at' AS TIMESTAMPTZ)) * 1000 AS BIGINT);
UPDATE approvals SET asked_at = CAST(EXTRACT(EPOCH FROM CAST(CAST(doc AS JSON) ->> 'asked_at' AS TIMESTAMPTZ)) * 1000 AS BIGINT);
UPDATE approvals SET decided_at = CAST(EXTRACT(EPOCH FROM CAST(CAST(doc AS JSON) ->> 'decided_at' AS TIMESTAMPTZ)) * 1000 AS BIGINT) WHERE state IN ('approved', 'declined');

CREATE INDEX exports_by_deadline ON exports (merchant_id, deadline, id) WHERE deadline IS NOT NULL;
CREATE INDEX runs_by_wait ON runs (merchant_id, wait_until, subject_id) WHERE wait_until IS NOT NULL;
CREATE INDEX tasks_by_end ON tasks (merchant_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX approvals_by_decision ON approvals (merchant_id, decided_at, asked_at) WHERE decided_at IS NOT NULL;
