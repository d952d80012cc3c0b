-- Lists, whatever is asked for. Each ends with what the list is in the order of, so that the
-- newest few are found without reading the others. An event comes into the first two only when it
-- is settled: keeping it costs nothing more than before.
CREATE INDEX events_settled ON events (status, account, type, id) WHERE status <> 'pending';
CREATE INDEX events_reason ON events (reason, account, type, id) WHERE reason IS NOT NULL;
CREATE INDEX licenses_state ON licenses (state, product, created_at, id) WHERE state <> 'active';
CREATE INDEX licenses_ends ON licenses (product, valid_until, id) WHERE state = 'active' AND merged_into IS NULL;
CREATE INDEX outbox_settled ON outbox (status, id) WHERE status <> 'queued';
CREATE INDEX outbox_recipient ON outbox (recipient, id) WHERE recipient IS NOT NULL;

-- What became of licenses day by day, and what people did. The history only grows.
CREATE INDEX history_lives ON history (at, action) WHERE action IN ('issued', 'renewed', 'revoked', 'withdrawn');
CREATE INDEX history_actors ON history (id) WHERE actor IS NOT NULL;
