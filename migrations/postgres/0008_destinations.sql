-- A destination's secret before the last rotation, sealed: exports are signed with both for a day.

ALTER TABLE destinations ADD COLUMN sealed_previous BYTEA;
