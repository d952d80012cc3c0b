//! The first page: what needs a person, and how the day goes.

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Console;
use super::guard::Visitor;
use crate::support::figures::{AccountHours, EventsOfHour, LicensesOfDay};
use crate::web::html::bars::{Column, chart};
use crate::web::problem::Problem;

/// Accounts that have a chart of their own; the others are drawn as one.
const CHARTS_MAX: usize = 6;

/// How far back the charts go.
const HOURS: TimeDelta = TimeDelta::hours(48);
const DAYS: TimeDelta = TimeDelta::days(30);

pub(super) async fn page(
    console: Data<Console>,
    visitor: Visitor,
) -> Result<HttpResponse, Problem> {
    let support = &console.support;
    let now = support.clock.now();
    let attention = support.attention().await?;
    // What happened at this very moment belongs to it.
    let until = now + TimeDelta::seconds(1);
    let hours = support.events_by_hour(until - HOURS, until).await?;
    let days = support.licenses_by_day(until - DAYS, until).await?;
    let mail = support.mail_counts().await?;
    let hold = support.outgoing_hold().await?;
    let facts = json!({
        "hold": hold.map(|hold| json!({ "since": hold.since, "why": hold.why })),
        "well": attention.is_empty(),
        "attention": attention,
        "accounts": by_account(hours),
        "licenses": {
            "issued": days.iter().map(|day| day.issued).sum::<i64>(),
            "renewed": days.iter().map(|day| day.renewed).sum::<i64>(),
            "lost": days.iter().map(|day| day.lost).sum::<i64>(),
            "chart": chart(&days.iter().map(of_day).collect::<Vec<_>>()),
            "days": days.iter().filter(|day| day.issued + day.renewed + day.lost > 0).rev()
                .collect::<Vec<_>>(),
        },
        "mail": { "queued": mail.queued, "oldest": mail.oldest_queued },
    });
    Ok(console.page(&visitor, "today", "console/today.html", facts))
}

/// The busiest accounts, each with its chart; silent ones have none.
fn by_account(mut accounts: Vec<AccountHours>) -> Vec<Value> {
    let received =
        |account: &AccountHours| -> i64 { account.hours.iter().map(|hour| hour.received).sum() };
    accounts.retain(|account| received(account) > 0);
    accounts.sort_by(|a, b| received(b).cmp(&received(a)).then(a.account.cmp(&b.account)));
    if accounts.len() > CHARTS_MAX {
        let others = accounts.split_off(CHARTS_MAX - 1);
        accounts.push(together(others));
    }
    let drawn = |account: &AccountHours| {
        let sum =
            |count: fn(&EventsOfHour) -> i64| -> i64 { account.hours.iter().map(count).sum() };
        json!({
            "account": account.account,
            "received": sum(|hour| hour.received),
            "applied": sum(|hour| hour.applied),
            "failed": sum(|hour| hour.failed),
            "chart": chart(&account.hours.iter().map(of_hour).collect::<Vec<_>>()),
        })
    };
    accounts.iter().map(drawn).collect()
}

/// Several accounts as one.
fn together(accounts: Vec<AccountHours>) -> AccountHours {
    let name = format!("{} others", accounts.len());
    let mut all = accounts.into_iter();
    let mut sum = all.next().map(|first| first.hours).unwrap_or_default();
    for account in all {
        for (sum, hour) in sum.iter_mut().zip(account.hours) {
            sum.received += hour.received;
            sum.pending += hour.pending;
            sum.applied += hour.applied;
            sum.ignored += hour.ignored;
            sum.waiting += hour.waiting;
            sum.failed += hour.failed;
        }
    }
    AccountHours { account: name, hours: sum }
}

fn of_hour(hour: &EventsOfHour) -> Column {
    let open = hour.waiting + hour.pending;
    Column {
        label: hour.at.format("%H:%M").to_string(),
        told: format!(
            "{}: {} received, {} applied, {} failed, {open} open, {} ignored",
            at(hour.at, "%Y-%m-%d %H:%M UTC"),
            hour.received,
            hour.applied,
            hour.failed,
            hour.ignored
        ),
        parts: vec![
            ("good", hour.applied),
            ("still", hour.ignored),
            ("wait", open),
            ("bad", hour.failed),
        ],
    }
}

fn of_day(day: &LicensesOfDay) -> Column {
    Column {
        label: day.at.format("%m-%d").to_string(),
        told: format!(
            "{}: {} issued, {} renewed, {} lost",
            at(day.at, "%Y-%m-%d"),
            day.issued,
            day.renewed,
            day.lost
        ),
        parts: vec![("good", day.issued), ("accent", day.renewed), ("bad", day.lost)],
    }
}

fn at(time: DateTime<Utc>, format: &str) -> String {
    time.format(format).to_string()
}
