-- An IN in an index's condition is not understood by SQLite: what is failed was looked for in the
-- whole table there.
DROP INDEX events_open;
CREATE INDEX events_open ON events (status, id) WHERE status = 'failed' OR status = 'waiting';

-- What is wrong, by account and reason, without a look at the events themselves.
CREATE INDEX events_trouble ON events (status, account, reason, id, received_at)
    WHERE status = 'failed' OR status = 'waiting';

-- A mail that failed because its cause was gone needs nobody.
ALTER TABLE outbox ADD COLUMN canceled BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE outbox SET canceled = TRUE WHERE status = 'failed' AND error LIKE 'not sent: %';
CREATE INDEX outbox_idle ON outbox (status, id) WHERE status = 'failed' OR status = 'held';
CREATE INDEX outbox_given_up ON outbox (created_at) WHERE status = 'failed' AND NOT canceled;
CREATE INDEX outbox_unaddressed ON outbox (created_at, sale_id)
    WHERE status = 'queued' AND recipient IS NULL;

CREATE INDEX hooks_outbox_failed ON hooks_outbox (hook, dated_at) WHERE status = 'failed';
