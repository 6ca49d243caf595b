-- What the overview of all merchants counts and lists: clocks that run, who has a task, when things ended.

-- The clock that runs now, until the export has left for good.
ALTER TABLE exports ADD COLUMN deadline INTEGER;
ALTER TABLE runs ADD COLUMN wait_until INTEGER;
-- Whoever took it, otherwise its owner.
ALTER TABLE tasks ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN ended_at INTEGER;
ALTER TABLE approvals ADD COLUMN asked_at INTEGER;
-- Set by a decision only; an approval that ended otherwise has none.
ALTER TABLE approvals ADD COLUMN decided_at INTEGER;

UPDATE exports SET deadline = CASE
    WHEN state IN ('ready', 'delivering', 'paused') THEN CAST(strftime('%s', json_extract(doc, '$.accept_by')) AS INTEGER) * 1000 + CAST(substr(json_extract(doc, '$.accept_by'), 21, 3) AS INTEGER)
    WHEN state IN ('awaiting_approval', 'quarantined') THEN CAST(strftime('%s', json_extract(doc, '$.resolve_by')) AS INTEGER) * 1000 + CAST(substr(json_extract(doc, '$.resolve_by'), 21, 3) AS INTEGER)
END;
UPDATE runs SET wait_until = CAST(strftime('%s', json_extract(doc, '$.wait_until')) AS INTEGER) * 1000 + CAST(substr(json_extract(doc, '$.wait_until'), 21, 3) AS INTEGER) WHERE state = 'running';
UPDATE tasks SET holder = COALESCE('user:' || json_extract(doc, '$.assignee'), json_extract(doc, '$.owner'));
UPDATE tasks SET ended_at = CAST(strftime('%s', json_extract(doc, '$.resolved_at')) AS INTEGER) * 1000 + CAST(substr(json_extract(doc, '$.resolved_at'), 21, 3) AS INTEGER);
UPDATE approvals SET asked_at = CAST(strftime('%s', json_extract(doc, '$.asked_at')) AS INTEGER) * 1000 + CAST(substr(json_extract(doc, '$.asked_at'), 21, 3) AS INTEGER);
UPDATE approvals SET decided_at = CAST(strftime('%s', json_extract(doc, '$.decided_at')) AS INTEGER) * 1000 + CAST(substr(json_extract(doc, '$.decided_at'), 21, 3) AS INTEGER) WHERE state IN ('approved', 'declined');

CREATE INDEX exports_by_deadline ON exports (merchant_id, deadline, id) WHERE deadline IS NOT NULL;
CREATE INDEX runs_by_wait ON runs (merchant_id, wait_until, subject_id) WHERE wait_until IS NOT NULL;
CREATE INDEX tasks_by_end ON tasks (merchant_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX approvals_by_decision ON approvals (merchant_id, decided_at, asked_at) WHERE decided_at IS NOT NULL;
