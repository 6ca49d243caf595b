-- What an hour of people's time costs a merchant: what hand-offs made by hand are reckoned with.

CREATE TABLE hourly_costs (
    merchant_id BLOB    NOT NULL PRIMARY KEY,
    minor       INTEGER NOT NULL,
    currency    TEXT    NOT NULL
) STRICT;
