//! Which kinds of settled events there are, and the newest of a kind.
//!
//! A list by type, reason or status could be had from one index for each; two of them at once
//! (a common type, a common status, hardly ever both) would still be read by the hundred thousand.
//! So an index holds the combinations, of which a service has dozens: they are stepped through
//! from one to the next, and of each that fits the newest few are taken.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::super::{Conn, behind, newest_of};
use super::Result;
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::types::{At, EventStatus, Moment};

/// More combinations than any provider's types make. Where a vendor's own events carry something
/// else in their type, the rest is found as the database sees fit.
const FACETS_MAX: usize = 1_000;

/// What comes first in a combination: one of the two indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Status,
    Reason,
}

/// Settled events of one account and type that have one status, or one reason.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(super) struct Facet {
    #[diesel(sql_type = Text)]
    pub(super) lead: String,
    #[diesel(sql_type = Text)]
    pub(super) account: String,
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "type")]
    pub(super) event_type: String,
}

/// Which part of the list: ids and times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Above this id.
    pub(super) after: i64,
    /// Below this one.
    pub(super) before: i64,
    /// Received at or after.
    pub(super) since: DateTime<Utc>,
    /// Received before.
    pub(super) until: DateTime<Utc>,
}

impl Lead {
    fn column(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Reason => "reason",
        }
    }

    /// Of its partial index; `{}` stands for the table.
    fn condition(self, table: &str) -> String {
        match self {
            Self::Status => format!("{table}.status <> 'pending'"),
            Self::Reason => format!("{table}.reason IS NOT NULL"),
        }
    }
}

/// All combinations, in order; false: there are more than these.
pub(super) fn facets(conn: &mut Conn, lead: Lead) -> Result<(Vec<Facet>, bool)> {
    let column = lead.column();
    let query = format!(
        "WITH RECURSIVE facets (id, number) AS (
             SELECT (SELECT events.id FROM events WHERE {first}
                     ORDER BY {column}, account, type LIMIT 1), 1
             UNION ALL
             SELECT (SELECT next.id FROM events AS next
                     WHERE {next} AND (next.{column}, next.account, next.type) {behind}
                     ORDER BY next.{column}, next.account, next.type LIMIT 1), number + 1
             FROM facets JOIN events AS this ON this.id = facets.id
             WHERE number <= {FACETS_MAX}
         )
         SELECT {column} AS lead, account, type
         FROM facets JOIN events ON events.id = facets.id ORDER BY number",
        first = lead.condition("events"),
        next = lead.condition("next"),
        behind = behind(&[&format!("this.{column}"), "this.account", "this.type"]),
    );
    let mut facets: Vec<Facet> = diesel::sql_query(query).prepared().load(conn).of("events")?;
    let complete = facets.len() <= FACETS_MAX;
    facets.truncate(FACETS_MAX);
    Ok((facets, complete))
}

/// The ids of the newest events of a combination, newest first, at least `limit` where there are so
/// many; of this status, where one is asked for beside a reason.
pub(super) fn newest(
    conn: &mut Conn,
    (lead, facet): (Lead, &Facet),
    status: Option<EventStatus>,
    span: &Span,
    limit: usize,
) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let condition = lead.condition("events");
    let (of_facet, order) = newest_of(&[lead.column(), "account", "type"]);
    // Five words at most, so few texts.
    let status = status.filter(|_| lead == Lead::Reason);
    let of_status = status.map(|status| format!("AND status = '{status}'")).unwrap_or_default();
    let ids: Vec<Id> = diesel::sql_query(format!(
        "SELECT id FROM events
         WHERE {of_facet} AND {condition} {of_status}
             AND received_at >= $6 AND received_at < $7
         ORDER BY {order} LIMIT {limit}",
        // Written out: of a number that it does not know PostgreSQL expects a tenth of the table, and
        // would rather sort all of a kind than walk along the index. Rounded, so that texts are few.
        limit = limit.next_power_of_two(),
    ))
    .bind::<Text, _>(&facet.lead)
    .bind::<Text, _>(&facet.account)
    .bind::<Text, _>(&facet.event_type)
    .bind::<BigInt, _>(span.before)
    .bind::<BigInt, _>(span.after)
    .bind::<Moment, _>(At(span.since))
    .bind::<Moment, _>(At(span.until))
    .prepared()
    .load(conn)
    .of("events")?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}
