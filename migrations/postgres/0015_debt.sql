-- What an hour of people's time costs a merchant: what hand-offs made by hand are reckoned with.

CREATE TABLE hourly_costs (
    merchant_id UUID   NOT NULL PRIMARY KEY,
    minor       BIGINT NOT NULL,
    currency    TEXT   NOT NULL
);

SELECT meshline_guard('hourly_costs');
