-- What is known of the goods, which the rules of contracts compare with; and campaign briefs with their versions.

CREATE TABLE skus (
    merchant_id UUID    NOT NULL,
    sku         TEXT    NOT NULL,
    id          UUID    NOT NULL,
    item_ref    TEXT,
    updated_at  BIGINT  NOT NULL,
    rev         BIGINT  NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, sku)
);

-- A stock level names the sender's item, not the SKU.
CREATE INDEX skus_by_item ON skus (merchant_id, item_ref);

CREATE TABLE briefs (
    merchant_id UUID    NOT NULL,
    id          UUID    NOT NULL,
    campaign_id TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    updated_at  BIGINT  NOT NULL,
    rev         BIGINT  NOT NULL,
    search      TEXT    NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE UNIQUE INDEX briefs_by_campaign ON briefs (merchant_id, campaign_id);
CREATE INDEX briefs_by_time ON briefs (merchant_id, updated_at, id);

-- Never changed: what was approved stays readable.
CREATE TABLE brief_versions (
    merchant_id UUID    NOT NULL,
    brief_id    UUID    NOT NULL,
    version     BIGINT  NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, brief_id, version)
);

SELECT meshline_guard('skus');
SELECT meshline_guard('briefs');
SELECT meshline_guard('brief_versions');
