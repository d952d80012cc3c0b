-- People who sign in to the console by name and password.
CREATE TABLE users (
    name       TEXT NOT NULL PRIMARY KEY,
    role       TEXT NOT NULL,
    password   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- Who is signed in, to the console or as a customer. What the cookie says itself is nowhere.
CREATE TABLE sessions (
    hash       BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    holder     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_holder ON sessions (holder);

-- Links that were mailed to customers, each good for one visit.
CREATE TABLE links (
    hash       BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    email      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX links_email ON links (email, created_at);
