-- People of an operator, and what an operator asks of them.
--
-- A member of the operator reaches every merchant of it with this access, unless they have a place of
-- their own at that merchant. `slug` is the operator's path; rows from before it are given theirs when
-- the program starts.

ALTER TABLE operators ADD COLUMN slug TEXT;
ALTER TABLE operators ADD COLUMN require_second_factor INTEGER NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX operators_by_slug ON operators (slug);

CREATE TABLE operator_members (
    operator_id BLOB    NOT NULL,
    user_id     BLOB    NOT NULL,
    access      TEXT    NOT NULL,
    PRIMARY KEY (operator_id, user_id)
) STRICT, WITHOUT ROWID;

-- A person's places, over all operators: signing in starts there.
CREATE INDEX operator_members_by_user ON operator_members (user_id);
