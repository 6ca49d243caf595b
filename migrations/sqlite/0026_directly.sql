-- What a person wants told to them directly in a chat. Nothing here: all of it.

ALTER TABLE users ADD COLUMN told_directly TEXT;
