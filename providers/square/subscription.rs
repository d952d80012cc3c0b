//! Subscriptions: <https://developer.squareup.com/reference/square/objects/Subscription>. One is
//! one plan, once: there is no quantity.

use chrono::{DateTime, Utc};

use super::ask::PLAN;
use super::payload::{Phase, PlanFetched, Subscription, SubscriptionTold, object};
use super::read::notice;
use crate::notice::{Customer, Kind, Line, Notice, Period};
use crate::read::{self, Event, Every, Reading, Unread};

/// `subscription.created`: a trial where the first phase of the plan costs nothing; else it waits
/// for its money.
pub(super) fn created(event: &Event<'_>) -> Reading {
    let subscription = object::<SubscriptionTold>(event.body)?.subscription;
    let plan = read::answered::<PlanFetched>(event.answers, PLAN)?;
    let plan = plan.and_then(|plan| plan.object.subscription_plan_variation_data);
    let Some(phase) = plan.as_ref().and_then(|plan| plan.phases.first()) else {
        return Ok(Vec::new());
    };
    let Some(until) = free_until(&subscription, phase)? else {
        return Ok(Vec::new());
    };
    let kind = Kind::Trial { until, lines: vec![line(&subscription, false)?] };
    Ok(vec![about(event.occurred_at, &subscription, kind)])
}

/// `subscription.updated`: how it stands now. A new `charged_through_date` is no payment.
pub(super) fn updated(event: &Event<'_>) -> Reading {
    let (at, subscription) =
        (event.occurred_at, object::<SubscriptionTold>(event.body)?.subscription);
    let mut kinds = Vec::new();
    match subscription.status.as_str() {
        "ACTIVE" => {
            kinds.push(match canceled_at(&subscription)? {
                Some(end) => Kind::Canceled { at: Some(end) },
                None => Kind::Uncanceled,
            });
            kinds.push(Kind::Resumed);
        }
        "PAUSED" => kinds.push(Kind::Paused),
        "CANCELED" => {
            // Canceled in the middle of a period, the paid time stays.
            let end = canceled_at(&subscription)?.max(charged_through(&subscription)?);
            kinds.push(Kind::Ended { at: end.unwrap_or(at) });
        }
        "DEACTIVATED" => kinds.push(Kind::Ended { at }),
        _ => return Ok(Vec::new()),
    }
    if matches!(subscription.status.as_str(), "ACTIVE" | "PAUSED") {
        kinds.push(Kind::Changed { lines: vec![line(&subscription, false)?], whole: false });
    }
    Ok(kinds.into_iter().map(|kind| about(at, &subscription, kind)).collect())
}

/// The one line of a subscription, where it is paid with the time that it is charged for.
pub(super) fn line(subscription: &Subscription, paid: bool) -> Result<Line, Unread> {
    let plan = subscription.plan().ok_or_else(|| Unread::Content {
        path: "subscription.plan_variation_id".to_owned(),
        message: "a subscription without a plan".to_owned(),
    })?;
    let end = if paid { charged_through(subscription)? } else { None };
    Ok(Line {
        line: Line::at(&subscription.reference(), 0),
        alias: Vec::new(),
        item: vec![String::from(plan)],
        quantity: 1,
        period: end.map(|end| Period { start: None, end }),
    })
}

fn about(at: DateTime<Utc>, subscription: &Subscription, kind: Kind) -> Notice {
    let customer = subscription
        .customer_id
        .as_ref()
        .map(|id| Customer { provider_id: Some(String::from(id)), ..Customer::default() });
    Notice { customer, ..notice(at, vec![subscription.reference()], kind) }
}

/// The last day that is charged is covered.
fn charged_through(subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
    let date = subscription.charged_through_date.as_deref();
    date.map(|date| read::day_end("subscription.charged_through_date", date)).transpose()
}

fn canceled_at(subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
    let date = subscription.canceled_date.as_deref();
    date.map(|date| read::day("subscription.canceled_date", date)).transpose()
}

/// When a phase that costs nothing is over; `None` for one that costs something or never ends.
fn free_until(subscription: &Subscription, phase: &Phase) -> Result<Option<DateTime<Utc>>, Unread> {
    let price = phase.pricing.as_ref().and_then(|pricing| pricing.price_money.as_ref());
    let (Some(0), Some(periods)) = (price.map(|price| price.amount), phase.periods) else {
        return Ok(None);
    };
    let Some(start) = subscription.start_date.as_deref() else {
        return Ok(None);
    };
    let path = "object.subscription_plan_variation_data.phases[0]";
    let start = read::day("data.object.subscription.start_date", start)?;
    let every = cadence(&phase.cadence)
        .ok_or_else(|| Unread::value(format!("{path}.cadence"), "not a cadence that is known"))?;
    let until = every.after(start, periods);
    let until = until.filter(|until| until.timestamp() < 253_402_300_800);
    until.map(Some).ok_or_else(|| Unread::value(format!("{path}.periods"), "too far away"))
}

/// <https://developer.squareup.com/reference/square/enums/SubscriptionCadence>
fn cadence(text: &str) -> Option<Every> {
    match text {
        "DAILY" => Every::days(1),
        "WEEKLY" => Every::days(7),
        "EVERY_TWO_WEEKS" => Every::days(14),
        "THIRTY_DAYS" => Every::days(30),
        "SIXTY_DAYS" => Every::days(60),
        "NINETY_DAYS" => Every::days(90),
        "MONTHLY" => Every::months(1),
        "EVERY_TWO_MONTHS" => Every::months(2),
        "QUARTERLY" => Every::months(3),
        "EVERY_FOUR_MONTHS" => Every::months(4),
        "EVERY_SIX_MONTHS" => Every::months(6),
        "ANNUAL" => Every::months(12),
        "EVERY_TWO_YEARS" => Every::months(24),
        _ => None,
    }
}
