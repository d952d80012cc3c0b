-- JSON rather than JSONB: it keeps what was written, letter by letter (a hash chain stands on it),
-- takes "\u0000" in a name, and nothing here is searched inside of it.

CREATE TABLE events (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account           TEXT NOT NULL,
    kind              TEXT NOT NULL,
    provider_event_id TEXT,
    dedupe            BYTEA NOT NULL CONSTRAINT events_dedupe UNIQUE CHECK (octet_length(dedupe) = 16),
    content_digest    BYTEA NOT NULL CHECK (octet_length(content_digest) = 32),
    type              TEXT NOT NULL,
    status            TEXT NOT NULL,
    reason            TEXT,
    message           TEXT,
    received_at       TIMESTAMPTZ NOT NULL,
    occurred_at       TIMESTAMPTZ NOT NULL,
    live              BOOLEAN,
    attempts          INTEGER NOT NULL,
    next_at           TIMESTAMPTZ NOT NULL,
    claimed_until     TIMESTAMPTZ,
    fence             BIGINT NOT NULL,
    sale_id           BIGINT,
    headers           JSON NOT NULL,
    body              BYTEA
);
-- Grows at the end of each account: cheap to keep, and it lists the accounts there are.
CREATE INDEX events_account ON events (account, id);
CREATE INDEX events_fresh ON events (account, id) WHERE status = 'pending' AND attempts = 0;
CREATE INDEX events_again ON events (account, next_at, id) WHERE status = 'pending' AND attempts > 0;
CREATE INDEX events_open ON events (status, id) WHERE status IN ('failed', 'waiting');
CREATE INDEX events_sale ON events (sale_id, id) WHERE sale_id IS NOT NULL;

-- Bodies are not worth the time that compressing them takes before every answer.
ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE sales (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     TEXT NOT NULL,
    live        BOOLEAN NOT NULL,
    customer_id TEXT,
    merged_into BIGINT REFERENCES sales (id),
    created_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX sales_customer ON sales (account, customer_id) WHERE customer_id IS NOT NULL;

-- The reference leads, so that support finds a sale by it without naming the account.
CREATE TABLE refs (
    account TEXT NOT NULL,
    live    BOOLEAN NOT NULL,
    ref     TEXT NOT NULL,
    sale_id BIGINT NOT NULL REFERENCES sales (id),
    PRIMARY KEY (ref, account, live)
);
CREATE INDEX refs_sale ON refs (sale_id);

CREATE TABLE notices (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    BIGINT NOT NULL REFERENCES events (id),
    position    INTEGER NOT NULL,
    sale_id     BIGINT REFERENCES sales (id),
    digest      BYTEA NOT NULL CHECK (octet_length(digest) = 32),
    occurred_at TIMESTAMPTZ NOT NULL,
    body        JSON NOT NULL,
    CONSTRAINT notices_position UNIQUE (event_id, position)
);
CREATE INDEX notices_sale ON notices (sale_id) WHERE sale_id IS NOT NULL;

CREATE TABLE customers (
    account     TEXT NOT NULL,
    live        BOOLEAN NOT NULL,
    provider_id TEXT NOT NULL,
    details     JSON NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account, live, provider_id)
);

CREATE TABLE licenses (
    id               TEXT NOT NULL PRIMARY KEY,
    sale_id          BIGINT NOT NULL REFERENCES sales (id),
    slot             TEXT NOT NULL,
    account          TEXT NOT NULL,
    live             BOOLEAN NOT NULL,
    key              TEXT NOT NULL CONSTRAINT licenses_key UNIQUE,
    product          TEXT NOT NULL,
    state            TEXT NOT NULL,
    starts_at        TIMESTAMPTZ NOT NULL,
    expires_at       TIMESTAMPTZ,
    valid_until      TIMESTAMPTZ,
    max_activations  INTEGER NOT NULL,
    quantity         INTEGER NOT NULL,
    features         JSON NOT NULL,
    flags            JSON NOT NULL,
    email            TEXT,
    customer         JSON NOT NULL,
    order_ref        TEXT,
    subscription_ref TEXT,
    merged_into      TEXT REFERENCES licenses (id),
    sequence         BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL,
    CONSTRAINT licenses_slot UNIQUE (sale_id, slot)
);
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
    first_at    TIMESTAMPTZ NOT NULL,
    last_at     TIMESTAMPTZ NOT NULL,
    released_at TIMESTAMPTZ,
    sequence    BIGINT NOT NULL,
    CONSTRAINT activations_machine UNIQUE (license_id, fingerprint)
);

CREATE TABLE history (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject     TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    action      TEXT NOT NULL,
    cause_event BIGINT REFERENCES events (id),
    actor       TEXT,
    detail      JSON NOT NULL,
    prev_hash   BYTEA NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash        BYTEA NOT NULL CHECK (octet_length(hash) = 32),
    CONSTRAINT history_seq UNIQUE (subject, seq)
);

CREATE TABLE outbox (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key           TEXT NOT NULL CONSTRAINT outbox_key UNIQUE,
    template      TEXT NOT NULL,
    license_id    TEXT REFERENCES licenses (id),
    sale_id       BIGINT REFERENCES sales (id),
    recipient     TEXT,
    locale        TEXT,
    status        TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    next_at       TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    fence         BIGINT NOT NULL,
    error         TEXT,
    in_doubt      BOOLEAN NOT NULL,
    message_id    TEXT NOT NULL,
    dated_at      TIMESTAMPTZ NOT NULL,
    data          JSON NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    sent_at       TIMESTAMPTZ,
    message       BYTEA
);
CREATE INDEX outbox_queued ON outbox (next_at, id) WHERE status = 'queued';
CREATE INDEX outbox_license ON outbox (license_id) WHERE license_id IS NOT NULL;
CREATE INDEX outbox_sale ON outbox (sale_id) WHERE sale_id IS NOT NULL;

CREATE TABLE tokens (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    hash       BYTEA NOT NULL CONSTRAINT tokens_hash UNIQUE CHECK (octet_length(hash) = 32),
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE TABLE idempotency (
    key        TEXT NOT NULL PRIMARY KEY,
    digest     BYTEA NOT NULL CHECK (octet_length(digest) = 32),
    status     INTEGER NOT NULL,
    body       JSON NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
