//! What a word that support types may mean: an event's id, a reference, an address, a key.

use diesel::prelude::*;
use keywright_providers::notice::{Ref, Thing};

use super::super::Conn;
use super::Result;
use super::claims::accounts;
use crate::store::error::Of;
use crate::store::schema::{licenses, refs, sales};
use crate::store::types::{Bytes, Dedupe};

/// More than anybody would look through.
const SALES_MAX: i64 = 1_000;

/// Where a word was found.
pub(super) struct Found {
    /// The names of events that have it as the provider's id.
    pub(super) dedupes: Vec<Dedupe>,
    pub(super) sales: Vec<i64>,
}

/// Looks a word up by the indexes there are. An event's id has none of its own: the unique one
/// finds it, asked once for each account.
pub(super) fn find(conn: &mut Conn, word: Option<&str>) -> Result<Option<Found>> {
    let Some(word) = word.map(str::trim).filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    let accounts = accounts(conn, "true")?;
    let dedupes = accounts
        .iter()
        .map(|account| crate::store::dedupe(account, Some(word), &Bytes([0; 32])))
        .collect();
    let mut found = sales_by_ref(conn, word)?;
    found.extend(sales_by_license(conn, word)?);
    found.extend(sales_by_customer(conn, &accounts, word)?);
    found.sort_unstable();
    found.dedup();
    Ok(Some(Found { dedupes, sales: found }))
}

/// The sales that have this reference, written with or without what it names.
pub(super) fn sales_by_ref(conn: &mut Conn, word: &str) -> Result<Vec<i64>> {
    sales_by_refs(conn, &forms(word))
}

/// The sales that have one of these references.
pub(super) fn sales_by_refs(conn: &mut Conn, names: &[String]) -> Result<Vec<i64>> {
    refs::table
        .filter(refs::reference.eq_any(names))
        .select(refs::sale_id)
        .limit(SALES_MAX)
        .load(conn)
        .of("refs")
}

/// A list to look sales up by beside something else, never empty: of «or none of these» no index
/// knows anything, and SQLite would look through the whole table.
pub(super) fn or_none(mut sales: Vec<i64>) -> Vec<i64> {
    // No sale has this number.
    sales.push(0);
    sales
}

fn sales_by_license(conn: &mut Conn, word: &str) -> Result<Vec<i64>> {
    licenses::table
        .filter(
            licenses::email
                .eq(Some(word.to_lowercase()))
                .or(licenses::order_ref.eq_any(forms(word)))
                .or(licenses::subscription_ref.eq_any(forms(word)))
                .or(licenses::key.eq(word).nullable())
                .or(licenses::id.eq(word).nullable()),
        )
        .select(licenses::sale_id)
        .limit(SALES_MAX)
        .load(conn)
        .of("licenses")
}

fn sales_by_customer(conn: &mut Conn, accounts: &[String], word: &str) -> Result<Vec<i64>> {
    sales::table
        .filter(sales::account.eq_any(accounts))
        .filter(sales::customer_id.eq(Some(word)))
        .select(sales::id)
        .limit(SALES_MAX)
        .load(conn)
        .of("sales")
}

/// An order's reference as it is stored; a renewal's invoice or payment is an order to whoever asks.
pub(super) fn order_forms(word: &str) -> Vec<String> {
    let word = word.trim();
    let bare = word.strip_prefix("order:").unwrap_or(word);
    let things = [Thing::Order, Thing::Session, Thing::Invoice, Thing::Payment, Thing::Charge];
    let named = things.map(|thing| Ref::new(thing, bare).to_string());
    named.into_iter().chain(numbered(bare)).collect()
}

/// People write an order's number as `#1001`.
fn numbered(word: &str) -> Option<String> {
    Some(Ref::order(word.strip_prefix('#')?).to_string())
}

/// A reference as it is stored: `12-345` may be `order:12-345`, `invoice:12-345` ...
pub(super) fn forms(word: &str) -> Vec<String> {
    let things = [
        Thing::License,
        Thing::Stack,
        Thing::Subscription,
        Thing::Order,
        Thing::Session,
        Thing::Invoice,
        Thing::Payment,
        Thing::Charge,
    ];
    let named = things.map(|thing| Ref::new(thing, word).to_string());
    std::iter::once(word.to_owned()).chain(named).chain(numbered(word)).collect()
}
