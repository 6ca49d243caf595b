-- Drafts that wait for a second person stand in that person's queue, which every page asks about.

ALTER TABLE flow_drafts ADD COLUMN is_asked INTEGER NOT NULL DEFAULT 0;
UPDATE flow_drafts SET is_asked = 1 WHERE json_extract(doc, '$.request') IS NOT NULL;

CREATE INDEX flow_drafts_asked ON flow_drafts (merchant_id, key) WHERE is_asked = 1;
