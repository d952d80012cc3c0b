-- Claims in a row that ran out without a word: an event that kills the process is known by them,
-- whatever was said of it before.
ALTER TABLE events ADD COLUMN lapsed INTEGER NOT NULL DEFAULT 0;
