-- What ends soon is found by its end, however many licenses there are: the paid time for
-- reminders, the validity for the vendor's hooks.
CREATE INDEX licenses_expiry ON licenses (expires_at, id)
    WHERE state = 'active' AND merged_into IS NULL;
CREATE INDEX licenses_end ON licenses (valid_until, id)
    WHERE state = 'active' AND merged_into IS NULL;

-- What the vendor's hooks are to be told. Without a hook: not addressed yet.
CREATE TABLE hooks_outbox (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key           TEXT NOT NULL CONSTRAINT hooks_outbox_key UNIQUE,
    hook          TEXT,
    type          TEXT NOT NULL,
    license_id    TEXT NOT NULL,
    status        TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    next_at       TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    fence         BIGINT NOT NULL,
    error         TEXT,
    message_id    TEXT NOT NULL,
    dated_at      TIMESTAMPTZ NOT NULL,
    sent_at       TIMESTAMPTZ,
    message       BYTEA
);
CREATE INDEX hooks_outbox_queued ON hooks_outbox (next_at, id) WHERE status = 'queued';
CREATE INDEX hooks_outbox_new ON hooks_outbox (next_at, id)
    WHERE status = 'queued' AND hook IS NULL;
