-- Who may do and see what: what an API token may do, and the marks by which a party from outside sees an
-- export, an approval or a task (its own name, a person's, a destination's), as `|3pl|user:…|to:…|`.

ALTER TABLE api_tokens ADD COLUMN prefix TEXT    NOT NULL DEFAULT '';
ALTER TABLE api_tokens ADD COLUMN capabilities TEXT    NOT NULL DEFAULT '[]';
ALTER TABLE api_tokens ADD COLUMN created_by BLOB;
ALTER TABLE api_tokens ADD COLUMN issued_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_tokens ADD COLUMN no_expiry_reason TEXT;
ALTER TABLE api_tokens ADD COLUMN last_used_at INTEGER;
ALTER TABLE api_tokens ADD COLUMN previous_hash BLOB;
ALTER TABLE api_tokens ADD COLUMN previous_until INTEGER;
ALTER TABLE api_tokens ADD COLUMN revoked_at INTEGER;
ALTER TABLE api_tokens ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;

-- What a token's access role let it do, of what a token can do.
UPDATE api_tokens SET issued_at = created_at, capabilities = CASE access
        WHEN 'admin' THEN '["view_work","view_audit","view_settings","work_tasks","control","acknowledge"]'
        WHEN 'approver' THEN '["view_work","view_settings","work_tasks","control"]'
        WHEN 'operator' THEN '["view_work","view_settings","work_tasks","control"]'
        WHEN 'auditor' THEN '["view_work","view_audit","view_settings"]'
        ELSE '["view_work","view_settings"]'
    END;

ALTER TABLE api_tokens DROP COLUMN access;

-- A secret that was replaced is good for a while, and also says whose call it is.
CREATE UNIQUE INDEX api_tokens_by_previous_hash ON api_tokens (previous_hash) WHERE previous_hash IS NOT NULL;

ALTER TABLE approvals ADD COLUMN parties TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN parties TEXT NOT NULL DEFAULT '';
ALTER TABLE exports ADD COLUMN parties TEXT NOT NULL DEFAULT '';

-- The same as is written from now on with each row.
UPDATE approvals SET parties = coalesce((
    SELECT '|' || group_concat(mark, '|') || '|' FROM (
        SELECT CASE WHEN who LIKE 'user:%' THEN who WHEN who LIKE '3pl:%' THEN '3pl' WHEN who LIKE 'carrier:%' THEN 'carrier' END AS mark FROM (
            SELECT json_extract(approvals.doc, '$.owner') AS who UNION SELECT json_extract(approvals.doc, '$.backup')
        ) AS owners
    ) AS marks WHERE mark IS NOT NULL
), '');

UPDATE tasks SET parties = coalesce((
    SELECT '|' || group_concat(mark, '|') || '|' FROM (
        SELECT CASE WHEN who LIKE 'user:%' THEN who WHEN who LIKE '3pl:%' THEN '3pl' WHEN who LIKE 'carrier:%' THEN 'carrier' END AS mark FROM (
            SELECT json_extract(tasks.doc, '$.owner') AS who UNION SELECT json_extract(tasks.doc, '$.backup')
            UNION SELECT value FROM json_each(tasks.doc, '$.watchers')
        ) AS owners
        UNION SELECT 'user:' || (json_extract(tasks.doc, '$.assignee'))
    ) AS marks WHERE mark IS NOT NULL
), '');

UPDATE exports SET parties = coalesce((
    SELECT '|' || group_concat(mark, '|') || '|' FROM (
        SELECT 'to:' || (json_extract(exports.doc, '$.destination_id')) AS mark
        UNION SELECT CASE WHEN who LIKE 'user:%' THEN who WHEN who LIKE '3pl:%' THEN '3pl' WHEN who LIKE 'carrier:%' THEN 'carrier' END FROM (
            SELECT json_extract(exports.doc, '$.owner') AS who UNION SELECT json_extract(exports.doc, '$.backup')
            UNION SELECT value FROM json_each(exports.doc, '$.watchers')
        ) AS owners
    ) AS marks WHERE mark IS NOT NULL
), '');

-- Lists of somebody from outside: filtered within the index.
CREATE INDEX exports_by_party ON exports (merchant_id, created_at, id, parties);
CREATE INDEX tasks_by_party ON tasks (merchant_id, created_at, id, parties) WHERE parties <> '';
CREATE INDEX approvals_by_party ON approvals (merchant_id, id, parties) WHERE parties <> '';
