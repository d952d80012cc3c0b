//! Which kinds of settled events there are, and the newest of a kind.
//!
//! A list by type, reason or status could be had from one index for each; two of them at once
//! (a common type, a common status, hardly ever both) would still be read by the hundred thousand.
//! So an index holds the combinations, of which a service has dozens: they are stepped through
//! from one to the next, and of each that fits the newest few are taken.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::super::{Conn, along, behind};
use super::Result;
use crate::store::error::Of;
use crate::store::prepared::Prepare as _;
use crate::store::types::{At, EventStatus, Moment};

/// More combinations than any provider's types make. Where a vendor's own events carry something
/// else in their type, the rest is found as the database sees fit.
const FACETS_MAX: usize = 1_000;

/// After everything: PostgreSQL does not take chrono's own last moment.
pub(super) const END: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(end) => end,
    None => DateTime::<Utc>::MAX_UTC,
};

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

impl Span {
    /// Are times asked for, beside ids?
    fn is_timed(&self) -> bool {
        self.since > DateTime::UNIX_EPOCH || self.until < END
    }
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
    // Five words at most, so few texts.
    let status = status.filter(|_| lead == Lead::Reason);
    let mut ids = Vec::new();
    let mut before = span.before;
    // Rounded, so that texts are few.
    let few = limit.next_power_of_two();
    while ids.len() < limit {
        let steps = steps(conn, (lead, facet), status, &Span { before, ..*span }, few)?;
        let inside = steps.iter().take_while(|step| step.inside);
        ids.extend(inside.filter(|step| step.wanted).map(|step| step.id));
        match steps.last() {
            Some(last) if last.inside && steps.len() == few => before = last.id,
            Some(_) | None => break,
        }
    }
    Ok(ids)
}

/// One event along the index.
#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = BigInt)]
    id: i64,
    /// Of the combination, and above the lowest id that is asked for.
    #[diesel(sql_type = Bool)]
    inside: bool,
    #[diesel(sql_type = Bool)]
    wanted: bool,
}

/// The next few along the index, whatever they are: each step is one that counts, so there is no
/// walk through what is not asked for.
fn steps(
    conn: &mut Conn,
    (lead, facet): (Lead, &Facet),
    status: Option<EventStatus>,
    span: &Span,
    few: usize,
) -> Result<Vec<Step>> {
    let columns = [lead.column(), "account", "type"];
    let condition = lead.condition("events");
    let (along, order) = along(&columns);
    // Nothing is read but the index, where nothing else is asked for.
    let (more, of_status) = match status {
        Some(status) => (", status", format!("status = '{status}'")),
        None => ("", "TRUE".to_owned()),
    };
    let (time, in_time) = if span.is_timed() {
        (", received_at", "received_at >= $6 AND received_at < $7")
    } else {
        ("", "$6 < $7")
    };
    // SQLite numbers its parameters as it meets them.
    diesel::sql_query(format!(
        "WITH few AS (
             SELECT id, {lead}, account, type{more}{time} FROM events
             WHERE {along} AND {condition} ORDER BY {order} LIMIT {few}
         )
         SELECT id, {lead} = $1 AND account = $2 AND type = $3 AND id > $5 AS inside,
             {of_status} AND {in_time} AS wanted
         FROM few ORDER BY {order}",
        lead = lead.column(),
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
    .of("events")
}
