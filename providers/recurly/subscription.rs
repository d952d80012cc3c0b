//! How a subscription stands. What it cost, its invoice tells.

use chrono::{DateTime, Utc};

use super::payload::{Subscription, add_on_line, plan_line};
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{self, Reading, Unread, filled};

/// # Errors
/// [`Unread`] for a plan without a code and times that are none.
pub(super) fn told(at: DateTime<Utc>, verb: &str, subscription: &Subscription) -> Reading {
    Ok(match verb {
        "created" => trial(at, subscription)?.into_iter().collect(),
        "updated" => {
            let changed = changed(at, subscription)?;
            trial(at, subscription)?.into_iter().chain([changed]).collect()
        }
        "canceled" => {
            let end = time("expires_at", subscription.expires_at.as_deref())?;
            let term =
                time("current_period_ends_at", subscription.current_period_ends_at.as_deref());
            each_line(at, subscription, &Kind::Canceled { at: end.or(term?) })?
        }
        "reactivated" => each_line(at, subscription, &Kind::Uncanceled)?,
        "expired" => {
            let over = subscription.state.as_deref() == Some("expired");
            let since = subscription.expires_at.as_deref().filter(|_| over);
            let since = time("expires_at", since)?.unwrap_or(at);
            each_line(at, subscription, &Kind::Ended { at: since })?
        }
        "paused" => each_line(at, subscription, &Kind::Paused)?,
        "resumed" => each_line(at, subscription, &Kind::Resumed)?,
        _ => Vec::new(),
    })
}

/// A trial is not invoiced.
fn trial(at: DateTime<Utc>, subscription: &Subscription) -> Result<Option<Notice>, Unread> {
    let until = time("trial_ends_at", subscription.trial_ends_at.as_deref())?;
    let Some(until) = until.filter(|until| *until > at) else {
        return Ok(None);
    };
    let kind = Kind::Trial { until, lines: lines(subscription)? };
    Ok(Some(notice(at, subscription, None, kind)))
}

/// As it stood when it was asked for, which may be after the event: its own time counts.
fn changed(at: DateTime<Utc>, subscription: &Subscription) -> Result<Notice, Unread> {
    let at = time("updated_at", subscription.updated_at.as_deref())?.unwrap_or(at);
    Ok(notice(at, subscription, None, Kind::Changed { lines: lines(subscription)?, whole: true }))
}

fn lines(subscription: &Subscription) -> Result<Vec<Line>, Unread> {
    let plan = filled(Some(&subscription.plan.code))
        .ok_or_else(|| Unread::value("subscription.plan.code", "a plan has a code"))?;
    let mut lines = vec![line(plan_line(&subscription.id), plan, subscription.quantity)];
    for add_on in subscription.add_ons.iter().flatten() {
        let Some(code) = filled(Some(&add_on.add_on.code)) else { continue };
        let name = add_on_line(&subscription.id, &code);
        if lines.iter().all(|known| known.line != name) {
            lines.push(line(name, code, add_on.quantity));
        }
    }
    Ok(lines)
}

fn line(line: String, code: String, quantity: Option<u32>) -> Line {
    let quantity = quantity.unwrap_or(1);
    Line { line, alias: Vec::new(), item: vec![code], quantity, period: None }
}

/// One notice for each line: what else was bought with the subscription is not concerned.
fn each_line(at: DateTime<Utc>, subscription: &Subscription, kind: &Kind) -> Reading {
    let lines = lines(subscription)?.into_iter();
    Ok(lines.map(|line| notice(at, subscription, Some(line.line), kind.clone())).collect())
}

fn notice(
    at: DateTime<Utc>,
    subscription: &Subscription,
    line: Option<String>,
    kind: Kind,
) -> Notice {
    Notice {
        refs: vec![Ref::subscription(subscription.id.as_str())],
        occurred_at: at,
        line,
        kind,
        customer: subscription.account.as_ref().map(|account| account.customer()),
    }
}

fn time(field: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Unread> {
    text.map(|text| read::rfc3339(&format!("subscription.{field}"), text)).transpose()
}
