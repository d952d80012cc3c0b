//! Events: kept, claimed, settled, looked at and counted.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountCount, AccountWord, Cursor, DayCount, EventCounts, EventFilter, EventRow, HourCount,
    Kept, Known, NewEvent, Settled,
};
use crate::store::types::Dedupe;
use crate::store::{pg, sqlite};

functions! {
    /// Keeps events as they came, all of them, in the order given. Alone in its transaction it
    /// is [`crate::store::Store::keep`].
    event_keep(events: &[NewEvent]) -> Vec<Kept>;
    /// Claims up to `limit` pending events that were never tried, fair between accounts, until
    /// `lease` is over (by the database's clock on PostgreSQL). Each counts as an attempt, which
    /// is why the caller commits before he begins.
    event_claim(limit: usize, lease: TimeDelta, now: DateTime<Utc>) -> Vec<EventRow>;
    /// Claims one pending event that was tried before and is due, or whose claim ran out: alone,
    /// so that one that kills the process takes no other with it. Accounts take turns: the next
    /// in the order of names after `after` (the account of the last one, or "").
    event_claim_again(after: &str, lease: TimeDelta, now: DateTime<Utc>) -> Option<EventRow>;
    /// At the start of the one process that serves from an SQLite file: every claim is that of a
    /// dead process and void; the events are due again soon, later the more often they were
    /// tried. Says how many. On PostgreSQL it does nothing: other nodes live.
    event_reclaim_all(now: DateTime<Utc>) -> usize;
    /// Ends the attempt. [`StoreError::Conflict`]: it was taken over meanwhile.
    event_settle(id: i64, fence: i64, settled: &Settled) -> ();
    /// Keeps what the provider's API answered. [`StoreError::Conflict`] as above.
    event_answers(id: i64, fence: i64, answers: &[u8]) -> ();
    /// Back to pending, not before `next_at`. [`StoreError::Conflict`] as above.
    event_again(id: i64, fence: i64, next_at: DateTime<Utc>, message: Option<&str>) -> ();
    /// The same where it was not even tried: the attempt does not count, but that there was one does.
    event_give_back(id: i64, fence: i64, next_at: DateTime<Utc>, message: &str) -> ();
    /// One event, with its body.
    event_by_id(id: i64) -> Option<EventRow>;
    /// Those of the names that are here.
    events_known(names: &[Dedupe]) -> Vec<Known>;
    /// The event of that name, with its body.
    event_by_name(name: Dedupe) -> Option<EventRow>;
    /// Events, newest first, without their bodies.
    event_list(filter: &EventFilter, cursor: Cursor, limit: usize) -> Vec<EventRow>;
    /// The types that settled events have, by account. Of a vendor who puts something else into
    /// the type, the first thousand combinations with account and status count.
    event_types() -> Vec<AccountWord>;
    /// The reasons for which events failed, wait or were ignored, by account. As above.
    event_reasons() -> Vec<AccountWord>;
    /// Pending again, as if just received. Whoever works on it now cannot settle it any more.
    /// [`StoreError::Conflict`]: there is no such event.
    event_replay(id: i64, now: DateTime<Utc>) -> ();
    /// The same for the newest `limit` that match, below the cursor; says how many, and where the
    /// next page begins. `None`: there is none.
    event_replay_where(
        filter: &EventFilter,
        cursor: Cursor,
        limit: usize,
        now: DateTime<Utc>,
    ) -> (usize, Cursor);
    /// Set aside by support.
    event_ignore(id: i64, message: &str) -> ();
    /// The events of a sale, oldest first, without their bodies.
    events_of_sale(sale_id: i64) -> Vec<EventRow>;
    /// What waited for this sale has come: `waiting` turns into `applied`; says how many.
    events_release(sale_id: i64) -> usize;
    /// What stands open.
    event_counts() -> EventCounts;
    /// When the newest event was received.
    event_newest_received() -> Option<DateTime<Utc>>;
    /// What a clock that ran ahead has written, as if it came now, and no more waiting for a time that
    /// only that clock knew. Says how many events there were.
    clock_trust(now: DateTime<Utc>) -> usize;
    /// How many events came in each hour that begins in this time, by account and by how they stand
    /// now. Hours in which nothing came are left out.
    events_by_hour(since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<HourCount>;
    /// How many licenses the history calls issued, renewed, revoked or withdrawn, on each day.
    licenses_by_day(since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DayCount>;
    /// How many licenses came to their end, with buffer and grace, on each day, and were neither
    /// renewed since nor revoked.
    licenses_expired_by_day(since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DayCount>;
    /// When something came last from each of these accounts, and how much of late.
    account_counts(accounts: &[String], now: DateTime<Utc>) -> Vec<AccountCount>;
}
