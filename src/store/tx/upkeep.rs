//! The whole store walked through: exports, what needs a person, what is erased or old.

use chrono::{DateTime, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::rows::{
    CustomerKey, CustomerRow, During, EventRow, EventTrouble, HookRow, HookTrouble, IdempotencyRow,
    LicenseRow, MailRow, NoticeRow, PaidInVain, RefKey, Tally,
};
use crate::store::types::EventStatus;
use crate::store::{pg, sqlite};

functions! {
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
    /// Licenses that a person suspended or revoked, that payments have moved on since, and that
    /// would last beyond `now`; the longest paid first, `limit` at most.
    licenses_paid_in_vain(now: DateTime<Utc>, limit: usize) -> Vec<PaidInVain>;
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
}
