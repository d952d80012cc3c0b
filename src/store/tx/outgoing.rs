//! What goes out: mail and messages to the vendor's hooks, owed, claimed and sent.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::hold::Hold;
use crate::store::rows::{
    Cursor, HookFilter, HookRow, MailCounts, MailFilter, MailRow, NewHook, NewMail,
};
use crate::store::{pg, sqlite};

functions! {
    /// Whether everything that goes out is on hold, and why.
    outgoing_hold() -> Option<Hold>;
    /// From now on no mail and no message to a hook is claimed, on any node.
    outgoing_hold_put(hold: &Hold) -> ();
    /// What is owed goes out again.
    outgoing_release() -> ();
    /// Owes a mail, unless one for this purpose is owed already. True: it is new.
    outbox_owe(mail: &NewMail) -> bool;
    /// Fills in who gets the queued mails of a license that had nobody; says how many.
    outbox_recipient(license_id: &str, recipient: &str, locale: Option<&str>) -> usize;
    /// Claims up to `limit` queued mails that are due and addressed, unless everything is on hold.
    /// The attempt is counted by what follows, not here.
    outbox_claim(limit: usize, lease: TimeDelta, now: DateTime<Utc>) -> Vec<MailRow>;
    /// Prolongs claims (id, fence) that still hold to at least `lease` from now; says how many.
    outbox_renew(claims: &[(i64, i64)], lease: TimeDelta, now: DateTime<Utc>) -> usize;
    /// As [`Tx::event_reclaim_all`].
    outbox_reclaim_all(now: DateTime<Utc>) -> usize;
    /// Fixes the rendered bytes, and returns those that count: the first ones ever given.
    outbox_message(id: i64, fence: i64, message: &[u8]) -> Vec<u8>;
    /// From now on a copy may have arrived; or it is known now whether one has. The claim holds
    /// for `lease` from now. [`StoreError::Conflict`]: it was taken over meanwhile.
    outbox_doubt(
        id: i64,
        fence: i64,
        in_doubt: bool,
        lease: TimeDelta,
        now: DateTime<Utc>,
    ) -> ();
    /// It went out. [`StoreError::Conflict`]: it was taken over meanwhile (so in the next three).
    outbox_sent(id: i64, fence: i64, now: DateTime<Utc>, in_doubt: bool) -> ();
    /// Back to the queue, not before `next_at`.
    outbox_again(
        id: i64,
        fence: i64,
        next_at: DateTime<Utc>,
        error: &str,
        count_attempt: bool,
    ) -> ();
    /// It will not go out, unless somebody tries again.
    outbox_failed(id: i64, fence: i64, error: &str) -> ();
    /// It is not to go out any more: its cause is gone. `failed`, and no attempt is counted.
    outbox_cancel(id: i64, fence: i64, reason: &str) -> ();
    /// The newest mails of each of these licenses, by license, without their bytes.
    outbox_of_licenses(license_ids: &[String], each: usize) -> Vec<MailRow>;
    /// Mails, newest first, without their bytes.
    outbox_list(filter: &MailFilter, cursor: Cursor, limit: usize) -> Vec<MailRow>;
    /// One mail, with its bytes.
    outbox_by_id(id: i64) -> Option<MailRow>;
    /// Queued again, by support; the same identity and the same bytes. False: it is there, but
    /// was sent already. [`StoreError::Conflict`]: there is no such mail.
    outbox_retry(id: i64, now: DateTime<Utc>) -> bool;
    /// What stands open.
    outbox_counts() -> MailCounts;
    /// Queued mails without a recipient that were owed before `older_than`, oldest first.
    outbox_unaddressed(older_than: DateTime<Utc>, limit: usize) -> Vec<MailRow>;
    /// Notes something to tell to hooks, unless it is noted already. True: it is new.
    hook_owe(owed: &NewHook) -> bool;
    /// What was noted, and has no address yet; locked until the transaction ends.
    hook_unaddressed(limit: usize) -> Vec<HookRow>;
    /// Makes a message to each of these hooks out of what was noted; says how many are new.
    hook_address(owed: &HookRow, hooks: &[String], now: DateTime<Utc>) -> usize;
    /// No hook wants to know what was noted here: it goes.
    hook_unwanted(ids: &[i64]) -> ();
    /// Claims up to `limit` messages to hooks that are due. As [`Tx::outbox_claim`].
    hook_claim(limit: usize, lease: TimeDelta, now: DateTime<Utc>) -> Vec<HookRow>;
    /// As [`Tx::event_reclaim_all`].
    hook_reclaim_all(now: DateTime<Utc>) -> usize;
    /// Fixes the body, and returns the one that counts: the first ever given.
    hook_message(id: i64, fence: i64, message: &[u8]) -> Vec<u8>;
    /// It was taken; the body is not kept. [`StoreError::Conflict`]: another has taken it over (so
    /// in the next two).
    hook_sent(id: i64, fence: i64, now: DateTime<Utc>) -> ();
    /// Back to the queue, not before `next_at`.
    hook_again(
        id: i64,
        fence: i64,
        next_at: DateTime<Utc>,
        error: &str,
        count_attempt: bool,
    ) -> ();
    /// Given up, unless somebody tries again.
    hook_failed(id: i64, fence: i64, error: &str) -> ();
    /// Messages to hooks, newest first.
    hook_list(filter: &HookFilter, cursor: Cursor, limit: usize) -> Vec<HookRow>;
    /// One message to a hook.
    hook_by_id(id: i64) -> Option<HookRow>;
    /// Queued again, by support, taken or not; the same identity. [`StoreError::Conflict`]: there
    /// is no such message.
    hook_retry(id: i64, now: DateTime<Utc>) -> ();
}
