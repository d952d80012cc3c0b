-- People who sign in to the console by name and password.
CREATE TABLE users (
    name       TEXT NOT NULL PRIMARY KEY,
    role       TEXT NOT NULL,
    password   TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

-- Who is signed in, to the console or as a customer. What the cookie says itself is nowhere.
CREATE TABLE sessions (
    hash       BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    holder     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX sessions_holder ON sessions (holder);

-- Links that were mailed to customers, each good for one visit.
CREATE TABLE links (
    hash       BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    email      TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX links_email ON links (email, created_at);
