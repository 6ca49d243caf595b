-- Who answers when: rotations, and working hours with holidays.

CREATE TABLE rotations (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE UNIQUE INDEX rotations_by_key ON rotations (merchant_id, key);

CREATE TABLE calendars (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE UNIQUE INDEX calendars_by_key ON calendars (merchant_id, key);

-- Who is in which rotation, in turn or standing in: follows from the rotations, and is asked with a person's place.

CREATE TABLE rotation_people (
    merchant_id BLOB    NOT NULL,
    user_id     BLOB    NOT NULL,
    rotation    TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, user_id, rotation)
) STRICT;

CREATE INDEX rotation_people_by_user ON rotation_people (user_id);
CREATE INDEX rotation_people_by_rotation ON rotation_people (merchant_id, rotation);

-- How a functional role of a party is answered; a role that has none is answered by everybody who holds it.

CREATE TABLE covers (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    owner       TEXT    NOT NULL,
    rev         INTEGER NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE UNIQUE INDEX covers_by_owner ON covers (merchant_id, owner);

-- Functional roles beside the standard ones.

CREATE TABLE own_roles (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE UNIQUE INDEX own_roles_by_key ON own_roles (merchant_id, key);

-- Every version of an escalation policy, written once.

CREATE TABLE escalation_policies (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    doc         TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id, version)
) STRICT;

CREATE UNIQUE INDEX escalation_policies_by_key ON escalation_policies (merchant_id, key, version);

-- Who was on call when. A turn that goes on has no end.

CREATE TABLE on_call_turns (
    merchant_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    owner       TEXT    NOT NULL,
    user_id     BLOB    NOT NULL,
    from_at     INTEGER NOT NULL,
    until_at    INTEGER,
    source      TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT;

CREATE INDEX on_call_turns_by_owner ON on_call_turns (merchant_id, owner, from_at);
CREATE INDEX on_call_turns_open ON on_call_turns (merchant_id, until_at);
