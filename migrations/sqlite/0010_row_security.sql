-- On Postgres this step shuts every merchant's rows away from the others. SQLite has nothing like it: there
-- the tests read every statement and compare it with whose rows were asked for.
SELECT 1;
