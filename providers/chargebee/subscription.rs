//! How a subscription stands, and the names of its lines.
//!
//! An item of a subscription has no id. The plan is the line `subscription:ID#0`, whatever plan
//! that is, so that the key stays when it changes; an addon is known by its price.

use chrono::{DateTime, Utc};

use super::payload::{Content, Subscription};
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{self, Id, Unread, filled};

pub(super) fn plan_line(subscription: &Id) -> String {
    Line::at(&Ref::subscription(subscription.as_str()), 0)
}

pub(super) fn addon_line(subscription: &Id, addon: &str) -> String {
    format!("{}/{addon}", Ref::subscription(subscription.as_str()))
}

/// The recurring lines. Charges are sold once, with their invoice.
pub(super) fn lines(subscription: &Subscription) -> Vec<Line> {
    let id = &subscription.id;
    let old_plan = subscription.plan_id.iter();
    let old_plan = old_plan.map(|plan| (true, plan, subscription.plan_quantity));
    let old_addons = subscription.addons.iter().map(|addon| (false, &addon.id, addon.quantity));
    let items = subscription.subscription_items.iter().filter(|item| item.item_type != "charge");
    let items = items.map(|item| (item.item_type == "plan", &item.item_price_id, item.quantity));
    let mut lines: Vec<Line> = Vec::new();
    for (is_plan, price, quantity) in items.chain(old_plan).chain(old_addons) {
        let Some(price) = filled(Some(price)) else { continue };
        let line = if is_plan { plan_line(id) } else { addon_line(id, &price) };
        if lines.iter().all(|known| known.line != line) {
            let (alias, item) = (Vec::new(), vec![price]);
            lines.push(Line { line, alias, item, quantity: quantity.unwrap_or(1), period: None });
        }
    }
    lines
}

/// A trial that begins, until its end.
///
/// # Errors
/// [`Unread`] for a trial without an end.
pub(super) fn trial(subscription: &Subscription) -> Result<Option<Kind>, Unread> {
    let lines = lines(subscription);
    if subscription.status.as_deref() != Some("in_trial") || lines.is_empty() {
        return Ok(None);
    }
    let end = subscription.trial_end;
    let end = end.ok_or_else(|| Unread::value("content.subscription.trial_end", "is missing"))?;
    let until = read::unix("content.subscription.trial_end", end)?;
    Ok(Some(Kind::Trial { until, lines }))
}

/// How it stands now. Snapshots of one second are told apart by the resource's own version, which
/// is the time of its change in milliseconds.
///
/// # Errors
/// [`Unread`] for a time that cannot be.
pub(super) fn changed(at: DateTime<Utc>, content: &Content) -> Result<Vec<Notice>, Unread> {
    let subscription = need(content)?;
    let version = subscription.resource_version;
    let version = version.map(|ms| read::unix_ms("content.subscription.resource_version", ms));
    let lines = lines(subscription);
    Ok(match lines.is_empty() {
        true => Vec::new(),
        false => vec![Notice {
            refs: vec![Ref::subscription(subscription.id.as_str())],
            occurred_at: version.transpose()?.unwrap_or(at),
            line: None,
            kind: Kind::Changed { lines, whole: true },
            customer: content.buyer(),
        }],
    })
}

/// Since when it is over, or will be.
///
/// # Errors
/// [`Unread`] for a time that cannot be.
pub(super) fn canceled_at(subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
    let at = subscription.cancelled_at;
    at.map(|at| read::unix("content.subscription.cancelled_at", at)).transpose()
}

/// The end of the term that is paid.
///
/// # Errors
/// [`Unread`] for a time that cannot be.
pub(super) fn term_end(subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
    let end = subscription.current_term_end;
    end.map(|end| read::unix("content.subscription.current_term_end", end)).transpose()
}

/// One notice for each line of the subscription: what else one invoice sold is not concerned.
///
/// # Errors
/// [`Unread`] where the event names no subscription.
pub(super) fn befalls(
    at: DateTime<Utc>,
    content: &Content,
    kind: &Kind,
) -> Result<Vec<Notice>, Unread> {
    let subscription = need(content)?;
    let mut names: Vec<String> = lines(subscription).into_iter().map(|line| line.line).collect();
    if names.is_empty() {
        names.push(plan_line(&subscription.id));
    }
    let notice = |line| Notice {
        refs: vec![Ref::subscription(subscription.id.as_str())],
        occurred_at: at,
        line: Some(line),
        kind: kind.clone(),
        customer: content.buyer(),
    };
    Ok(names.into_iter().map(notice).collect())
}

pub(super) fn need(content: &Content) -> Result<&Subscription, Unread> {
    content.subscription.as_ref().ok_or_else(|| Unread::Content {
        path: "content.subscription".to_owned(),
        message: "the event does not name its subscription".to_owned(),
    })
}
