-- What an event said, beside what became of it: the one is large and written once, the other small
-- and written again when it is claimed and when it is settled; and whoever counts events or lists
-- them reads an eighth of the pages. (There is no release before this one, so no program runs beside
-- it that knows only the columns.) Nothing refers to the event: both are written in one transaction,
-- and no event is ever deleted.
CREATE TABLE payloads (
    event_id BIGINT PRIMARY KEY NOT NULL,
    body     BYTEA NOT NULL,
    answers  BYTEA
);
-- Bodies are compressed while somebody waits: by what takes a fifth of the time, where the server
-- was built with it.
DO $$
BEGIN
    ALTER TABLE payloads ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
INSERT INTO payloads (event_id, body, answers)
    SELECT id, body, answers FROM events WHERE body IS NOT NULL;
ALTER TABLE events DROP COLUMN body;
ALTER TABLE events DROP COLUMN answers;

-- How much mail is owed, and since when, is counted in the index of what is owed alone.
DROP INDEX outbox_queued;
CREATE INDEX outbox_queued ON outbox (next_at, id, created_at) WHERE status = 'queued';

-- What ends on a day is counted in an index alone: with the columns of its own condition, which
-- SQLite looks at again.
DROP INDEX licenses_end;
CREATE INDEX licenses_end ON licenses (valid_until, id, state, merged_into)
    WHERE state = 'active' AND merged_into IS NULL;
