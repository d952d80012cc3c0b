//! What a request tells, from its signature to its notices, as it stands in a snapshot.

use chrono::{DateTime, Utc};
use keywright_providers::notice::{Kind, Thing};
use keywright_providers::sample::answers_to;
use keywright_providers::{Answers, Ask, Envelope, Event, Notice, Provider, Unread, Verified};
use serde::Serialize;

use crate::fixture::Fixture;

/// Where a request came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// The signature was not accepted, for this reason.
    Refused(&'static str),
    /// Authentic, but not even the frame can be read.
    Unreadable(Fault),
    Events(Vec<ToldEvent>),
}

/// One event of a delivery.
#[derive(Debug, Serialize)]
pub(crate) struct ToldEvent {
    pub(crate) id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) occurred_at: Option<DateTime<Utc>>,
    pub(crate) live: Option<bool>,
    /// Does the envelope name a part of the body that stays equal over deliveries?
    pub(crate) content_apart: bool,
    /// What had to be asked of the provider's API, answered or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) asked: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) recurs: bool,
    #[serde(flatten)]
    pub(crate) reading: Reading,
    #[serde(skip)]
    pub(crate) body: Vec<u8>,
    /// What makes it known again where it has no id.
    #[serde(skip)]
    pub(crate) content: Vec<u8>,
}

/// What an event was read as.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reading {
    Notices(Vec<Notice>),
    Unread(Fault),
}

/// Why something authentic was not understood.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    code: &'static str,
    message: String,
}

impl ToldEvent {
    pub(crate) fn notices(&self) -> &[Notice] {
        match &self.reading {
            Reading::Notices(notices) => notices,
            Reading::Unread(_) => &[],
        }
    }

    pub(crate) fn unread(&self) -> Option<&Fault> {
        match &self.reading {
            Reading::Notices(_) => None,
            Reading::Unread(fault) => Some(fault),
        }
    }
}

/// Verify, take apart, read: the whole way of a fixture.
pub(crate) fn tell(provider: &dyn Provider, fixture: &Fixture) -> Told {
    match provider.verify(&fixture.request(), &fixture.credentials, fixture.now) {
        Err(reject) => Told::Refused(reject.code()),
        Ok(delivery) => read(provider, &delivery, fixture),
    }
}

fn read(provider: &dyn Provider, delivery: &Verified<'_>, fixture: &Fixture) -> Told {
    match provider.envelopes(&fixture.request(), delivery) {
        Err(unread) => Told::Unreadable(unread.into()),
        Ok(envelopes) => Told::Events(
            envelopes.into_iter().map(|e| read_one(provider, e, delivery, fixture)).collect(),
        ),
    }
}

fn read_one(
    provider: &dyn Provider,
    envelope: Envelope,
    delivery: &Verified<'_>,
    fixture: &Fixture,
) -> ToldEvent {
    let received_at = delivery.signed_at().unwrap_or(fixture.now);
    let occurred_at = envelope.occurred_at.unwrap_or(received_at);
    let (mut answers, mut asked) = (Answers::new(), Vec::new());
    let reading = loop {
        let event = Event {
            event_type: &envelope.event_type,
            occurred_at,
            body: &envelope.body,
            settings: &fixture.credentials.settings,
            answers: &answers,
        };
        let fresh = provider.asks(&event).map(|asks| unasked(asks, &asked));
        match fresh {
            Ok(asks) if asks.is_empty() => {
                break provider
                    .read(&event)
                    .map_or_else(|u| Reading::Unread(u.into()), Reading::Notices);
            }
            Ok(asks) => {
                for Ask { name, path, body, .. } in asks {
                    let question = body.map_or_else(Vec::new, |(_, body)| body);
                    let known = &fixture.answers;
                    let by_path = || known.iter().find(|(of, _)| answers_to(of, &path, &question));
                    let answer =
                        known.get(&name).or_else(|| by_path().map(|(_, answer)| answer)).cloned();
                    answers.extend(answer.map(|answer| (name.clone(), answer)));
                    asked.push(name);
                }
            }
            Err(unread) => break Reading::Unread(unread.into()),
        }
    };
    ToldEvent {
        id: envelope.id,
        event_type: envelope.event_type,
        occurred_at: envelope.occurred_at,
        live: envelope.live,
        asked,
        recurs: envelope.recurs,
        content_apart: envelope.content.is_some(),
        reading,
        content: envelope.content.unwrap_or_else(|| envelope.body.clone()),
        body: envelope.body,
    }
}

fn unasked(asks: Vec<Ask>, asked: &[String]) -> Vec<Ask> {
    asks.into_iter().filter(|ask| !asked.contains(&ask.name)).collect()
}

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Self {
        Self { code: unread.code(), message: unread.to_string() }
    }
}

/// What every notice keeps to, whatever the provider; the faults of this one.
pub(crate) fn faults(notice: &Notice) -> Vec<String> {
    let mut faults = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{what}: {notice:?}"));
        }
    };
    let is_customer = matches!(notice.kind, Kind::Customer);
    let named = notice.customer.as_ref().is_some_and(|customer| customer.provider_id.is_some());
    demand(is_customer == notice.refs.is_empty(), "only a customer notice has no refs");
    demand(!is_customer || named, "a customer notice has the provider's customer id");
    demand(notice.refs.iter().all(|r| !r.id.is_empty()), "a ref without an id ties strangers");
    demand((0..253_402_300_800).contains(&notice.occurred_at.timestamp()), "years 1970 to 9999");
    let (lines, amounts) = match &notice.kind {
        Kind::Paid { amount, lines, .. } => {
            // A proration or a fee is of a subscription, and some money.
            let fee = amount.as_ref().is_some_and(|amount| amount.minor > 0)
                && notice.refs.iter().any(|name| name.thing == Thing::Subscription);
            demand(!lines.is_empty() || fee, "a payment is for something");
            (lines.as_slice(), vec![amount.as_ref()])
        }
        Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => (lines.as_slice(), Vec::new()),
        Kind::Refunded { refund, amount, total, full, lines, .. } => {
            demand(!refund.is_empty(), "a refund has an id");
            let says = amount.is_some() || total.is_some() || *full || !lines.is_empty();
            demand(says, "a refund says how much");
            (&[][..], vec![amount.as_ref(), total.as_ref()])
        }
        Kind::Adjusted { .. } => {
            demand(false, "only support adjusts");
            (&[][..], Vec::new())
        }
        Kind::RefundUndone { .. }
        | Kind::Disputed { .. }
        | Kind::Canceled { .. }
        | Kind::Uncanceled
        | Kind::Ended { .. }
        | Kind::PaymentFailed
        | Kind::Paused
        | Kind::Resumed
        | Kind::Linked
        | Kind::Customer => (&[][..], Vec::new()),
    };
    for (position, line) in lines.iter().enumerate() {
        demand(!line.line.is_empty(), "a line has a name");
        demand(lines[..position].iter().all(|other| other.line != line.line), "one name a line");
        demand(line.item.iter().all(|item| !item.is_empty()), "an item has a name");
        demand(line.alias.iter().all(|name| !name.is_empty()), "an alias is a name");
    }
    for money in amounts.into_iter().flatten() {
        let upper = money.currency.len() == 3
            && money.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        demand(upper, "a currency is three upper-case letters");
    }
    faults
}
