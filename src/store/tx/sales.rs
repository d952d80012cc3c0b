//! Sales: what ties to them, the notices that tell of them, and their customers.

use chrono::{DateTime, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::rows::{CustomerRow, NewNotice, NoticeRow, RefRow, SaleRow};
use crate::store::{pg, sqlite};

functions! {
    /// Which of these references name a sale.
    refs_find(account: &str, live: bool, references: &[String]) -> Vec<RefRow>;
    /// Ties references to a sale, and returns those that belong to another one: the caller
    /// merges the two.
    refs_tie(account: &str, live: bool, references: &[String], sale_id: i64) -> Vec<RefRow>;
    /// The references of a sale, in their order.
    refs_of_sale(sale_id: i64) -> Vec<String>;
    /// A new sale, without references yet.
    sale_new(account: &str, live: bool, customer_id: Option<&str>, now: DateTime<Utc>) -> SaleRow;
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
}
