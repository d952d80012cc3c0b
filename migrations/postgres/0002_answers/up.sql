-- What the provider's API said when it was asked about an event, kept so that reading the event
-- stays a function of what is stored.
ALTER TABLE events ADD COLUMN answers BYTEA;
ALTER TABLE events ALTER COLUMN answers SET STORAGE EXTERNAL;
