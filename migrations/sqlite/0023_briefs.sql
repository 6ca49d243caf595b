-- What is known of the goods, which the rules of contracts compare with; and campaign briefs with their versions.

CREATE TABLE skus (
    merchant_id BLOB    NOT NULL,
    sku         TEXT    NOT NULL,
    id          BLOB    NOT NULL,
    item_ref    TEXT,
    updated_at  INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, sku)
) STRICT;

-- A stock level names the sender's item, not the SKU.
CREATE INDEX skus_by_item ON skus (merchant_id, item_ref);

CREATE TABLE briefs (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    campaign_id TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    search      TEXT    NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE UNIQUE INDEX briefs_by_campaign ON briefs (merchant_id, campaign_id);
CREATE INDEX briefs_by_time ON briefs (merchant_id, updated_at, id);

-- Never changed: what was approved stays readable.
CREATE TABLE brief_versions (
    merchant_id BLOB    NOT NULL,
    brief_id    BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, brief_id, version)
) STRICT;
