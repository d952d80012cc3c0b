//! Subscriptions: <https://docs.stripe.com/api/subscriptions/object>
//!
//! No event of a subscription says that money came, so none of them covers time, a trial
//! excepted. That is told by `invoice.paid`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{self, List, Metadata, Other, Previous, Price, Snapshot};
use crate::notice::{Customer, Kind, Line, Period, Ref};
use crate::read::{self, Event, Id, Reading, Unread};

/// `customer.subscription.created`: tells of a trial, or that it will end by itself.
pub(super) fn created(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Subscription>(event.body)?;
    let mut kinds = Vec::new();
    if object.status == "trialing" {
        kinds.extend(object.trial()?);
    }
    if object.will_end() {
        kinds.push(object.canceled()?);
    }
    Ok(object.notices(occurred_at, kinds))
}

/// `customer.subscription.updated`: many things in one; what changed is named beside it.
pub(super) fn updated(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, previous } = payload::snapshot::<Subscription>(event.body)?;
    let mut kinds = Vec::new();
    if previous.items || previous.plan || previous.quantity {
        kinds.push(Kind::Changed { lines: object.lines()?, whole: true });
    }
    if previous.trial_end || (previous.status && object.status == "trialing") {
        kinds.extend(object.trial()?);
    }
    if previous.cancel_at || previous.cancel_at_period_end {
        kinds.push(if object.will_end() { object.canceled()? } else { Kind::Uncanceled });
    }
    if previous.pause_collection {
        let paused = object.pause_collection.is_some();
        kinds.push(if paused { Kind::Paused } else { Kind::Resumed });
    }
    kinds.extend(object.by_status(&previous, occurred_at)?);
    Ok(object.notices(occurred_at, kinds))
}

/// `customer.subscription.deleted`: it is over.
pub(super) fn deleted(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Subscription>(event.body)?;
    let ended = object.ended(occurred_at)?;
    Ok(object.notices(occurred_at, vec![ended]))
}

/// `customer.subscription.paused`: a trial ended without a card to charge.
pub(super) fn paused(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Subscription>(event.body)?;
    Ok(object.notices(occurred_at, vec![Kind::Paused]))
}

/// `customer.subscription.resumed`
pub(super) fn resumed(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Subscription>(event.body)?;
    Ok(object.notices(occurred_at, vec![Kind::Resumed]))
}

#[derive(Debug, Deserialize)]
struct Subscription {
    id: Id,
    customer: Option<Other>,
    status: String,
    items: List<Item>,
    metadata: Option<Metadata>,
    trial_end: Option<i64>,
    #[serde(default)]
    cancel_at_period_end: bool,
    cancel_at: Option<i64>,
    ended_at: Option<i64>,
    pause_collection: Option<IgnoredAny>,
    /// Before basil; since then each item has its own.
    current_period_end: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: Id,
    quantity: Option<i64>,
    price: Option<Price>,
    /// Before there were prices.
    plan: Option<Price>,
    current_period_end: Option<i64>,
}

impl Subscription {
    fn by_status(&self, previous: &Previous, at: DateTime<Utc>) -> Result<Option<Kind>, Unread> {
        if !previous.status {
            return Ok(None);
        }
        Ok(match self.status.as_str() {
            "past_due" | "unpaid" => Some(Kind::PaymentFailed),
            // `incomplete_expired`: the first payment never came.
            "canceled" | "incomplete_expired" => Some(self.ended(at)?),
            _ => None,
        })
    }

    /// The lines as they stand. Their periods begin before they are paid, so they cover nothing.
    fn lines(&self) -> Result<Vec<Line>, Unread> {
        if self.items.has_more {
            return Err(Unread::Format(CUT.to_owned()));
        }
        self.items.data.iter().enumerate().map(|(at, item)| item.line(at, &self.metadata)).collect()
    }

    fn trial(&self) -> Result<Option<Kind>, Unread> {
        let Some(end) = self.trial_end else {
            return Ok(None);
        };
        let until = read::unix("data.object.trial_end", end)?;
        Ok(Some(Kind::Trial { until, lines: self.lines()? }))
    }

    fn will_end(&self) -> bool {
        self.cancel_at_period_end || self.cancel_at.is_some()
    }

    /// Each item may have a period of its own; the subscription ends with the last of them.
    fn canceled(&self) -> Result<Kind, Unread> {
        let (path, end) = match self.cancel_at {
            Some(at) => ("data.object.cancel_at", Some(at)),
            None => (
                "data.object.items.data.current_period_end",
                self.items.data.iter().filter_map(|item| item.current_period_end).max(),
            ),
        };
        let end = end.or(self.current_period_end);
        Ok(Kind::Canceled { at: end.map(|end| read::unix(path, end)).transpose()? })
    }

    fn ended(&self, told_at: DateTime<Utc>) -> Result<Kind, Unread> {
        let ended_at =
            self.ended_at.map(|at| read::unix("data.object.ended_at", at)).transpose()?;
        Ok(Kind::Ended { at: ended_at.unwrap_or(told_at) })
    }

    fn notices(&self, at: DateTime<Utc>, kinds: Vec<Kind>) -> Vec<crate::Notice> {
        let customer = Customer {
            provider_id: self.customer.as_ref().map(String::from),
            ..Customer::default()
        };
        kinds
            .into_iter()
            .map(|kind| {
                let refs = vec![Ref::subscription(&self.id)];
                payload::notice(refs, at, kind, Some(customer.clone()))
            })
            .collect()
    }
}

impl Item {
    fn line(&self, index: usize, metadata: &Option<Metadata>) -> Result<Line, Unread> {
        let path = |field: &str| format!("data.object.items.data[{index}].{field}");
        let price = self.price.as_ref().or(self.plan.as_ref()).ok_or_else(|| Unread::Content {
            path: path("price"),
            message: "there is no price".to_owned(),
        })?;
        let ids = [Some(String::from(&price.id)), price.product.as_ref().map(String::from)];
        let written = metadata.iter().flat_map(Metadata::items);
        let end = self.current_period_end;
        let end = end.map(|end| read::unix(&path("current_period_end"), end));
        let period = end.map(|end| end.map(|end| Period { start: None, end }));
        Ok(Line {
            alias: Vec::new(),
            line: String::from(&self.id),
            item: payload::items(ids.into_iter().flatten().chain(written)),
            quantity: payload::quantity(|| path("quantity"), self.quantity)?,
            period: period.transpose()?,
        })
    }
}

const CUT: &str = "the subscription has more items than the event carries; look it up in the \
                   Dashboard and change its licenses by hand";
