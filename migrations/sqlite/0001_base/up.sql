-- Times are microseconds since 1970, UTC. The column that is large stands last, so that reading
-- the others does not touch its pages.

CREATE TABLE events (
    id                INTEGER PRIMARY KEY NOT NULL,
    account           TEXT NOT NULL,
    kind              TEXT NOT NULL,
    provider_event_id TEXT,
    dedupe            BLOB NOT NULL CONSTRAINT events_dedupe UNIQUE CHECK (length(dedupe) = 16),
    content_digest    BLOB NOT NULL CHECK (length(content_digest) = 32),
    type              TEXT NOT NULL,
    status            TEXT NOT NULL,
    reason            TEXT,
    message           TEXT,
    received_at       INTEGER NOT NULL,
    occurred_at       INTEGER NOT NULL,
    live              INTEGER,
    attempts          INTEGER NOT NULL,
    next_at           INTEGER NOT NULL,
    claimed_until     INTEGER,
    fence             INTEGER NOT NULL,
    sale_id           INTEGER,
    headers           TEXT NOT NULL,
    body              BLOB
) STRICT;
-- Grows at the end of each account: cheap to keep, and it lists the accounts there are.
CREATE INDEX events_account ON events (account, id);
CREATE INDEX events_fresh ON events (account, id) WHERE status = 'pending' AND attempts = 0;
CREATE INDEX events_again ON events (account, next_at, id) WHERE status = 'pending' AND attempts > 0;
CREATE INDEX events_open ON events (status, id) WHERE status IN ('failed', 'waiting');
CREATE INDEX events_sale ON events (sale_id, id) WHERE sale_id IS NOT NULL;

CREATE TABLE sales (
    id          INTEGER PRIMARY KEY NOT NULL,
    account     TEXT NOT NULL,
    live        INTEGER NOT NULL,
    customer_id TEXT,
    merged_into INTEGER REFERENCES sales (id),
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sales_customer ON sales (account, customer_id) WHERE customer_id IS NOT NULL;

-- The reference leads, so that support finds a sale by it without naming the account.
CREATE TABLE refs (
    account TEXT NOT NULL,
    live    INTEGER NOT NULL,
    ref     TEXT NOT NULL,
    sale_id INTEGER NOT NULL REFERENCES sales (id),
    PRIMARY KEY (ref, account, live)
) STRICT, WITHOUT ROWID;
CREATE INDEX refs_sale ON refs (sale_id);

CREATE TABLE notices (
    id          INTEGER PRIMARY KEY NOT NULL,
    event_id    INTEGER NOT NULL REFERENCES events (id),
    position    INTEGER NOT NULL,
    sale_id     INTEGER REFERENCES sales (id),
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    occurred_at INTEGER NOT NULL,
    body        TEXT NOT NULL,
    CONSTRAINT notices_position UNIQUE (event_id, position)
) STRICT;
CREATE INDEX notices_sale ON notices (sale_id) WHERE sale_id IS NOT NULL;

CREATE TABLE customers (
    account     TEXT NOT NULL,
    live        INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    details     TEXT NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (account, live, provider_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE licenses (
    id               TEXT NOT NULL PRIMARY KEY,
    sale_id          INTEGER NOT NULL REFERENCES sales (id),
    slot             TEXT NOT NULL,
    account          TEXT NOT NULL,
    live             INTEGER NOT NULL,
    key              TEXT NOT NULL CONSTRAINT licenses_key UNIQUE,
    product          TEXT NOT NULL,
    state            TEXT NOT NULL,
    starts_at        INTEGER NOT NULL,
    expires_at       INTEGER,
    valid_until      INTEGER,
    max_activations  INTEGER NOT NULL,
    quantity         INTEGER NOT NULL,
    features         TEXT NOT NULL,
    flags            TEXT NOT NULL,
    email            TEXT,
    customer         TEXT NOT NULL,
    order_ref        TEXT,
    subscription_ref TEXT,
    merged_into      TEXT REFERENCES licenses (id),
    sequence         INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    CONSTRAINT licenses_slot UNIQUE (sale_id, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX licenses_email ON licenses (email) WHERE email IS NOT NULL;
CREATE INDEX licenses_order ON licenses (order_ref) WHERE order_ref IS NOT NULL;
CREATE INDEX licenses_subscription ON licenses (subscription_ref) WHERE subscription_ref IS NOT NULL;
CREATE INDEX licenses_product ON licenses (product, created_at, id);
CREATE INDEX licenses_creation ON licenses (created_at, id);

CREATE TABLE activations (
    id          TEXT NOT NULL PRIMARY KEY,
    license_id  TEXT NOT NULL REFERENCES licenses (id),
    fingerprint TEXT NOT NULL,
    name        TEXT,
    platform    TEXT,
    version     TEXT,
    first_at    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    released_at INTEGER,
    sequence    INTEGER NOT NULL,
    CONSTRAINT activations_machine UNIQUE (license_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
    id          INTEGER PRIMARY KEY NOT NULL,
    subject     TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    action      TEXT NOT NULL,
    cause_event INTEGER REFERENCES events (id),
    actor       TEXT,
    detail      TEXT NOT NULL,
    prev_hash   BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT history_seq UNIQUE (subject, seq)
) STRICT;

CREATE TABLE outbox (
    id            INTEGER PRIMARY KEY NOT NULL,
    key           TEXT NOT NULL CONSTRAINT outbox_key UNIQUE,
    template      TEXT NOT NULL,
    license_id    TEXT REFERENCES licenses (id),
    sale_id       INTEGER REFERENCES sales (id),
    recipient     TEXT,
    locale        TEXT,
    status        TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    claimed_until INTEGER,
    fence         INTEGER NOT NULL,
    error         TEXT,
    in_doubt      INTEGER NOT NULL,
    message_id    TEXT NOT NULL,
    dated_at      INTEGER NOT NULL,
    data          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    sent_at       INTEGER,
    message       BLOB
) STRICT;
CREATE INDEX outbox_queued ON outbox (next_at, id) WHERE status = 'queued';
CREATE INDEX outbox_license ON outbox (license_id) WHERE license_id IS NOT NULL;
CREATE INDEX outbox_sale ON outbox (sale_id) WHERE sale_id IS NOT NULL;

CREATE TABLE tokens (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    hash       BLOB NOT NULL CONSTRAINT tokens_hash UNIQUE CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    key        TEXT NOT NULL PRIMARY KEY,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    status     INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
