-- The mail of a link by which somebody chooses another password says whom it is about, so that the admin who made
-- the link sees what became of it.

ALTER TABLE mails ADD COLUMN user_id UUID;
