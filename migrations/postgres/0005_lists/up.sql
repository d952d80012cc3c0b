-- What became of licenses day by day. The history only grows, so this grows at its end.
CREATE INDEX history_lives ON history (at, action)
    WHERE action IN ('issued', 'renewed', 'revoked', 'withdrawn');
