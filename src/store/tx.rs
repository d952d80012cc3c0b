//! The list of everything that can be done in a transaction.
//!
//! Each function stands once in `queries/` and is compiled for both databases; here it is handed
//! on to the one in use. Nothing in a closure that gets a [`Tx`] may leave the database: it may
//! be run twice.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::StoreError;
use super::history::HistoryFault;
use super::hold::Hold;
use super::rows::{
    AccountCount, AccountWord, ActivationRow, Cursor, CustomerKey, CustomerRow, DayCount, During,
    Ending, EventCounts, EventFilter, EventRow, EventTrouble, HistoryFilter, HistoryRow,
    HookFilter, HookRow, HookTrouble, HourCount, IdempotencyRow, Kept, Known, LicenseCount,
    LicenseFilter, LicenseRow, LinkRow, MailCounts, MailFilter, MailRow, NewEvent, NewHistory,
    NewHook, NewMail, NewNotice, NoticeRow, RefKey, RefRow, SaleRow, SessionRow, Settled, Tally,
    TokenRow, UserRow,
};
use super::types::{Dedupe, Digest, EventStatus};
use super::{pg, sqlite};

/// An open transaction.
///
/// A statement that failed spoils it, on both databases: whatever the closure returns then, all
/// is taken back. A [`StoreError::Conflict`] is an answer and spoils nothing.
pub struct Tx<'a> {
    link: Link<'a>,
    spoiled: Option<StoreError>,
}

enum Link<'a> {
    Sqlite(&'a mut sqlite::Conn),
    Pg(&'a mut pg::Conn),
}

impl<'a> Tx<'a> {
    pub(super) fn on_sqlite(conn: &'a mut sqlite::Conn) -> Self {
        Self { link: Link::Sqlite(conn), spoiled: None }
    }

    pub(super) fn on_pg(conn: &'a mut pg::Conn) -> Self {
        Self { link: Link::Pg(conn), spoiled: None }
    }

    /// The first failure of a statement, for which nothing of this can be committed.
    pub(super) fn spoiled(&self) -> Option<StoreError> {
        self.spoiled.clone()
    }

    fn noted<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result
            && !matches!(error, StoreError::Conflict { .. })
            && self.spoiled.is_none()
        {
            self.spoiled = Some(error.clone());
        }
        result
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("spoiled", &self.spoiled).finish_non_exhaustive()
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)+) => {
        impl Tx<'_> {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// [`StoreError`], as the module says.
                pub fn $name(&mut self, $($argument: $type),*) -> Result<$result, StoreError> {
                    let result = match &mut self.link {
                        Link::Sqlite(conn) => sqlite::queries::$name(conn, $($argument),*),
                        Link::Pg(conn) => pg::queries::$name(conn, $($argument),*),
                    };
                    self.noted(result)
                }
            )+
        }
    };
}

functions! {
    /// Keeps events as they came, all of them, in the order given. Alone in its transaction it
    /// is [`super::Store::keep`].
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
    /// The same for all that match; says how many.
    event_replay_where(filter: &EventFilter, now: DateTime<Utc>) -> usize;
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

    /// Which of these references name a sale.
    refs_find(account: &str, live: bool, references: &[String]) -> Vec<RefRow>;
    /// Ties references to a sale, and returns those that belong to another one: the caller
    /// merges the two.
    refs_tie(account: &str, live: bool, references: &[String], sale_id: i64) -> Vec<RefRow>;
    /// The references of a sale, in their order.
    refs_of_sale(sale_id: i64) -> Vec<String>;
    /// A new sale, without references yet.
    sale_new(account: &str, live: bool, now: DateTime<Utc>) -> SaleRow;
    /// Locks sales until the transaction ends, in the order of their ids whatever order is given.
    sale_lock(ids: &[i64]) -> Vec<SaleRow>;
    /// One sale.
    sale_by_id(id: i64) -> Option<SaleRow>;
    /// All that is `from`'s becomes `into`'s: references, notices, events, licenses, mail, and
    /// the sales merged into it earlier. The caller has locked both and renamed the slots that
    /// clash.
    sale_merge(from: i64, into: i64) -> ();
    /// The provider's id of the customer, told or corrected.
    sale_customer(sale_id: i64, provider_id: &str) -> ();
    /// The sales of a customer, without those merged away.
    sales_of_customer(account: &str, live: bool, provider_id: &str) -> Vec<SaleRow>;

    /// The notices of an event, in place of those read out of it before.
    notices_replace(event_id: i64, sale_id: Option<i64>, notices: &[NewNotice]) -> ();
    /// All notices of a sale, by event and position.
    notices_of_sale(sale_id: i64) -> Vec<NoticeRow>;
    /// The notices of an event, by position.
    notices_of_event(event_id: i64) -> Vec<NoticeRow>;
    /// The notices of several events, by event and position.
    notices_of_events(event_ids: &[i64]) -> Vec<NoticeRow>;

    /// What is known of a customer.
    customer_find(account: &str, live: bool, provider_id: &str) -> Option<CustomerRow>;
    /// A customer, locked until the transaction ends; made without details where there is none.
    customer_lock(account: &str, live: bool, provider_id: &str, now: DateTime<Utc>) -> CustomerRow;
    /// What is known of a customer now.
    customer_put(customer: &CustomerRow) -> ();

    /// A new license.
    license_insert(license: &LicenseRow) -> ();
    /// Replaces a license whose version is still `expected`; its version becomes one more,
    /// whatever the row says. [`StoreError::Conflict`]: it is not.
    license_update(license: &LicenseRow, expected: i64) -> ();
    /// A license, locked until the transaction ends.
    license_lock(id: &str) -> Option<LicenseRow>;
    /// The licenses of a sale, by slot.
    licenses_of_sale(sale_id: i64) -> Vec<LicenseRow>;
    /// The ids of those licenses of a sale for which another one stands now.
    licenses_merged(sale_id: i64, into: &str) -> Vec<String>;
    /// One license.
    license_by_id(id: &str) -> Option<LicenseRow>;
    /// The license that has this key.
    license_by_key(key: &str) -> Option<LicenseRow>;
    /// Licenses, newest first, but those that expired by their end, the latest first; the cursor
    /// is the id of the last one seen.
    license_list(
        filter: &LicenseFilter,
        now: DateTime<Utc>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Vec<LicenseRow>;
    /// How many there are of each product in each status, without those that were active and
    /// another stands for now.
    license_counts(now: DateTime<Utc>) -> Vec<LicenseCount>;

    /// Active licenses whose end comes after `after` and not after `until`, by it and the id. A
    /// further page goes on behind the license `last`, which ends at `after`.
    licenses_ending(
        ending: Ending,
        after: DateTime<Utc>,
        last: Option<&str>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Vec<LicenseRow>;

    /// The activations of a license, oldest first, released ones too.
    activations_of_license(license_id: &str) -> Vec<ActivationRow>;
    /// How many seats of each of these licenses are held; those with none are left out.
    activations_held_by(license_ids: &[String]) -> Vec<(String, i64)>;
    /// A new activation. The caller holds the license's lock and has counted.
    activation_insert(activation: &ActivationRow) -> ();
    /// Replaces an activation.
    activation_update(activation: &ActivationRow) -> ();
    /// The activation of a machine, released or not.
    activation_find(license_id: &str, fingerprint: &str) -> Option<ActivationRow>;
    /// How many seats of a license are held. The caller holds its lock.
    activations_held(license_id: &str) -> i64;
    /// The machine was heard of now; nothing happens where its seat was freed meanwhile.
    activation_seen(id: &str, now: DateTime<Utc>) -> ();
    /// The number of the next machine license of a license: one more, and no less than the seconds
    /// since 1970, so that a database put back from a backup does not go back. Its version stays:
    /// nothing that people see has changed. The caller holds the lock of its sale, as everyone who
    /// writes licenses. [`StoreError::Conflict`]: there is no such license.
    license_sequence(id: &str, now: DateTime<Utc>) -> i64;
    /// The machines of `from` are `into`'s from now on, and its machine licenses go on from the
    /// higher number of the two. The caller has locked the sales of both.
    license_succeed(from: &str, into: &str) -> ();
    /// Frees its seat. False: there is no such activation of this license, or it was free.
    activation_release(license_id: &str, activation_id: &str, now: DateTime<Utc>) -> bool;

    /// Adds an entry to the chain of its subject. What it tells the vendor's hooks is owed with it.
    history_append(entry: &NewHistory) -> HistoryRow;
    /// The history of a subject, oldest first.
    history_of(subject: &str) -> Vec<HistoryRow>;
    /// The histories of all these subjects, by subject, each oldest first.
    history_of_all(subjects: &[String]) -> Vec<HistoryRow>;
    /// Of the histories of all these subjects only what this event caused.
    history_caused(subjects: &[String], event_id: i64) -> Vec<HistoryRow>;
    /// When this actor did this to a subject, since then, oldest first.
    history_times(
        subject: &str,
        action: &str,
        actor: &str,
        since: DateTime<Utc>,
    ) -> Vec<DateTime<Utc>>;
    /// The first entry that is not what was written, of one subject or of all.
    history_verify(subject: Option<&str>) -> Option<HistoryFault>;
    /// Entries in the order of subjects and numbers, behind this one: the next part of what
    /// [`super::history::Chain`] follows.
    history_walk(after: (&str, i32), limit: usize) -> Vec<HistoryRow>;
    /// Entries, newest first: by their time, then by their id. The cursor is an id.
    history_list(filter: &HistoryFilter, cursor: Cursor, limit: usize) -> Vec<HistoryRow>;
    /// The largest id of an entry from before that moment.
    history_newest(before: DateTime<Utc>) -> Option<i64>;
    /// The ids and hashes of entries behind `after` up to `upto`, in the order of ids.
    history_hashes(after: i64, upto: i64, limit: usize) -> Vec<(i64, Digest)>;

    /// Licenses that stand, oldest first, behind the one of this time and id.
    license_export(
        during: During,
        after: Option<(DateTime<Utc>, &str)>,
        limit: usize,
    ) -> Vec<LicenseRow>;
    /// Events, oldest first, behind the one of this id (0: from the first), without their bodies.
    event_export(during: During, after: i64, limit: usize) -> Vec<EventRow>;
    /// Mails, oldest first, behind the one of this id (0: from the first), without their bytes.
    outbox_export(during: During, after: i64, limit: usize) -> Vec<MailRow>;

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

    /// Events that are `failed` (or `waiting`) and were received at or before `until`, by account
    /// and reason.
    event_troubles(status: EventStatus, until: DateTime<Utc>) -> Vec<EventTrouble>;
    /// When the account was last heard of: its provider, not support.
    event_last_heard(account: &str) -> Option<DateTime<Utc>>;
    /// The newest event received before this moment; 0: there is none.
    event_id_before(at: DateTime<Utc>) -> i64;
    /// Has the account an event after each of these ids, up to the next of them?
    event_heard_between(account: &str, borders: &[i64]) -> Vec<bool>;
    /// Mails that were given up.
    outbox_given_up() -> Tally;
    /// Sales whose mail waited for an address since `until` or longer.
    sales_without_address(until: DateTime<Utc>) -> Tally;
    /// Messages that were given up, by hook.
    hook_troubles() -> Vec<HookTrouble>;

    /// The sales with licenses of this address (in lower case).
    sales_of_email(email: &str) -> Vec<i64>;
    /// Events behind this one, oldest first, with all that they hold; so in the next three.
    events_after(after: i64, limit: usize) -> Vec<EventRow>;
    /// Notices.
    notices_after(after: i64, limit: usize) -> Vec<NoticeRow>;
    /// Mails.
    outbox_after(after: i64, limit: usize) -> Vec<MailRow>;
    /// Messages to hooks.
    hooks_after(after: i64, limit: usize) -> Vec<HookRow>;
    /// Customers behind this one, in the order of their names.
    customers_after(after: &CustomerKey, limit: usize) -> Vec<CustomerRow>;
    /// Answers that are remembered, in the order of their keys.
    idempotency_after(after: &str, limit: usize) -> Vec<IdempotencyRow>;
    /// The references of stacked purchases, each with its sale; behind this one.
    stacks_after(after: Option<&RefKey>, limit: usize) -> Vec<(RefKey, i64)>;
    /// Takes out what was sent, of those that are not pending. One that failed is ignored from
    /// now on. Says how many held something.
    event_erase(ids: &[i64]) -> usize;
    /// Another body for a notice; what it is known by stays.
    notice_put(id: i64, body: &serde_json::Value) -> ();
    /// The mails of a sale.
    outbox_of_sale(sale_id: i64) -> Vec<i64>;
    /// Takes out whom they went to and what they said. What was not sent is not to be. Says how
    /// many there were.
    outbox_erase(ids: &[i64]) -> usize;
    /// Takes out the bodies; whoever tells one of these again writes a new one. Says how many.
    hook_forget(ids: &[i64]) -> usize;
    /// Another body for an answer that is remembered.
    idempotency_redact(key: &str, body: &serde_json::Value) -> ();
    /// Gives up the links that were mailed to an address.
    links_drop(email: &str) -> ();
    /// Gives up a reference.
    ref_drop(name: &RefKey) -> ();
    /// The sale's customer has no id any more.
    sale_forget_customer(sale_id: i64) -> ();
    /// Gives up what is known of a customer.
    customer_drop(name: &CustomerKey) -> ();

    /// Settled events behind this one that were received before `until` and hold something still;
    /// the four that follow in the same way.
    events_old(after: i64, until: DateTime<Utc>, limit: usize) -> Vec<i64>;
    /// Mails that went out, or will not, with their text.
    outbox_old(after: i64, until: DateTime<Utc>, limit: usize) -> Vec<i64>;
    /// Messages that hooks took.
    hooks_old(after: i64, until: DateTime<Utc>, limit: usize) -> Vec<i64>;
    /// Activations that were released.
    activations_old(after: &str, until: DateTime<Utc>, limit: usize) -> Vec<String>;
    /// Answers that are remembered, by their keys.
    idempotency_old(after: &str, until: DateTime<Utc>, limit: usize) -> Vec<String>;
    /// Clears body, headers and answers of these events where they are still old and settled; says
    /// how many there were; so the four that follow.
    event_purge(ids: &[i64], until: DateTime<Utc>) -> usize;
    /// Clears the text of mails.
    outbox_purge(ids: &[i64], until: DateTime<Utc>) -> usize;
    /// Deletes messages that hooks took.
    hook_delete(ids: &[i64], until: DateTime<Utc>) -> usize;
    /// Deletes activations that were released.
    activation_delete(ids: &[String], until: DateTime<Utc>) -> usize;
    /// Deletes answers that are remembered.
    idempotency_delete(keys: &[String], until: DateTime<Utc>) -> usize;

    /// A new token.
    token_insert(token: &TokenRow) -> ();
    /// All tokens, revoked ones too, oldest first.
    token_list() -> Vec<TokenRow>;
    /// Revokes a token. False: there is none of this id, or it was revoked before.
    token_revoke(id: &str, now: DateTime<Utc>) -> bool;
    /// The token of this hash, revoked or not.
    token_by_hash(hash: &Digest) -> Option<TokenRow>;
    /// A new user, or another password, role or end for one that there is.
    user_put(user: &UserRow) -> ();
    /// All users, revoked ones too, by name.
    user_list() -> Vec<UserRow>;
    /// The user of this name, revoked or not.
    user_by_name(name: &str) -> Option<UserRow>;
    /// Somebody signed in.
    session_insert(session: &SessionRow) -> ();
    /// The session of this hash, over or not.
    session_by_hash(hash: &Digest) -> Option<SessionRow>;
    /// The session was used now.
    session_seen(hash: &Digest, now: DateTime<Utc>) -> ();
    /// Somebody signed out.
    session_end(hash: &Digest) -> ();
    /// All sessions of one holder end; says how many.
    sessions_end(holder: &str) -> usize;
    /// Forgets sessions that were last used, or begun, before these times; says how many.
    sessions_sweep(seen_before: DateTime<Utc>, created_before: DateTime<Utc>) -> usize;
    /// A link that is mailed to a customer.
    link_insert(link: &LinkRow) -> ();
    /// Whose link this is, once: of two who use it at the same time one gets the answer. `None`:
    /// there is none, it was used, or it is older than `created_after`.
    link_use(hash: &Digest, created_after: DateTime<Utc>, now: DateTime<Utc>) -> Option<String>;
    /// How many links went to this address since then.
    links_since(email: &str, since: DateTime<Utc>) -> i64;
    /// Forgets links made before then; says how many.
    links_sweep(created_before: DateTime<Utc>) -> usize;
    /// The answer given under this key.
    idempotency_find(key: &str) -> Option<IdempotencyRow>;
    /// Remembers an answer. False: another request was first; its answer counts.
    idempotency_put(row: &IdempotencyRow) -> bool;
    /// A value by name.
    meta_get(key: &str) -> Option<String>;
    /// Sets a value by name.
    meta_put(key: &str, value: &str) -> ();
    /// Gives a value up.
    meta_drop(key: &str) -> ();
}
