-- The mail of a link by which somebody chooses another password says whom it is about, so that the admin who made
-- the link sees what became of it.

ALTER TABLE mails ADD COLUMN user_id UUID;

-- Somebody is told a week before a token expires, or at half of its term where that is shorter: also of those that
-- were made before anybody was.

INSERT INTO jobs (merchant_id, id, kind, subject_id, arg, run_at, due_at)
SELECT merchant_id, gen_random_uuid(), 'token_expiring', id, warned_at, warned_at, warned_at
FROM (SELECT merchant_id, id, expires_at - LEAST(604800000, (expires_at - issued_at) / 2) AS warned_at
      FROM api_tokens WHERE expires_at IS NOT NULL AND revoked_at IS NULL) warned;
