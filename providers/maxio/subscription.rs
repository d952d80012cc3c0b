//! The subscription that nearly every event carries: its period, and its one line.
//!
//! A period is paid once. So the payment of a period is named by it, as `SUBSCRIPTION@END`: a
//! sign-up without money has no transaction, and the recovery of a late payment does not name
//! its. Where the transaction is known, both names are told as one payment.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::payload::Payload;
use super::{API_KEY, API_URL, NO_HOST, QUANTITY_COMPONENT};
use crate::notice::{Customer, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Event, Id, Scalar, Unread, filled};
use crate::{Ask, Auth};

const COMPONENTS: &str = "components";
const PRODUCT: &str = "subscription";

pub(super) struct Subscription<'a> {
    pub(super) id: Id,
    pub(super) payload: &'a Payload,
    event: &'a Event<'a>,
    customer: Option<Customer>,
}

#[derive(Deserialize)]
struct OfComponent {
    component: Component,
}

#[derive(Deserialize)]
struct Component {
    component_id: Option<Id>,
    component_handle: Option<String>,
    allocated_quantity: Option<Scalar>,
}

#[derive(Deserialize)]
struct Fetched {
    subscription: OfProduct,
}

#[derive(Deserialize)]
struct OfProduct {
    product: Product,
}

#[derive(Deserialize)]
struct Product {
    id: Option<Id>,
    handle: Option<String>,
}

impl<'a> Subscription<'a> {
    /// # Errors
    /// [`Unread`] where the event does not name it.
    pub(super) fn of(event: &'a Event<'a>, payload: &'a Payload) -> Result<Self, Unread> {
        let id = payload.need_id(&["[subscription][id]", "[subscription_id]"])?;
        let customer = payload.customer("[subscription][customer]")?;
        Ok(Self { id, payload, event, customer })
    }

    pub(super) fn state(&self) -> Result<String, Unread> {
        Ok(self.payload.text("[subscription][state]")?.unwrap_or_default())
    }

    pub(super) fn name(&self) -> Ref {
        Ref::subscription(self.id.as_str())
    }

    fn line_name(&self) -> String {
        Line::at(&self.name(), 0)
    }

    /// What stands on its line, with the period that is paid where one is given.
    ///
    /// # Errors
    /// [`Unread`] for a subscription without a product.
    pub(super) fn line(&self, period: Option<Period>) -> Result<Line, Unread> {
        let item = self.items()?;
        if item.is_empty() {
            let message = "the event does not name the product".to_owned();
            let path = "payload[subscription][product][handle]".to_owned();
            return Err(Unread::Content { path, message });
        }
        let quantity = self.quantity()?;
        Ok(Line { line: self.line_name(), alias: Vec::new(), item, quantity, period })
    }

    /// The handle, and the id, which a product without a handle is known by.
    fn items(&self) -> Result<Vec<String>, Unread> {
        let names = |field: &str| {
            [format!("[subscription][product][{field}]"), format!("[product][{field}]")]
        };
        let mut items = Vec::new();
        for [of_subscription, of_event] in [names("handle"), names("id")] {
            items.extend(self.payload.first(&[&of_subscription, &of_event])?);
        }
        let answer: Option<Fetched> = read::answered(self.event.answers, PRODUCT)?;
        if let Some(Product { id, handle }) = answer.map(|answer| answer.subscription.product) {
            items = filled(handle.as_deref()).into_iter().chain(id.map(String::from)).collect();
        }
        Ok(items)
    }

    fn quantity(&self) -> Result<u32, Unread> {
        let Some(wanted) = counted(self.event) else { return Ok(1) };
        if let Some(allocated) = self.payload.text("[new_allocation]")? {
            return whole("payload[new_allocation]", &allocated);
        }
        if !self.event.answers.contains_key(COMPONENTS) {
            return Err(Unread::value(COMPONENTS, "the site was not asked for its components"));
        }
        let answer: Option<Vec<OfComponent>> = read::answered(self.event.answers, COMPONENTS)?;
        let components = answer.unwrap_or_default().into_iter().map(|one| one.component);
        let counted = components.into_iter().find(|one| {
            one.component_handle.as_deref() == Some(wanted)
                || one.component_id.as_ref().is_some_and(|id| id.as_str() == wanted)
        });
        let allocated = counted.and_then(|component| component.allocated_quantity);
        allocated.map_or(Ok(1), |number| whole("allocated_quantity", number.as_str()))
    }

    /// The period that it is in.
    ///
    /// # Errors
    /// [`Unread`] without an end.
    pub(super) fn period(&self) -> Result<Period, Unread> {
        let end = self.payload.time("[subscription][current_period_ends_at]")?;
        let path = "payload[subscription][current_period_ends_at]";
        let end = end.ok_or_else(|| Unread::value(path, "a period must have an end"))?;
        let start = self.payload.time("[subscription][current_period_started_at]")?;
        Ok(Period { start, end })
    }

    /// Money came for its period.
    ///
    /// # Errors
    /// [`Unread`] where product or period are missing.
    pub(super) fn paid(
        &self,
        transaction: Option<Id>,
        amount: Option<Money>,
    ) -> Result<Notice, Unread> {
        let period = self.period()?;
        let payment = Ref::invoice(format!("{}@{}", self.id, period.end.timestamp()));
        let lines = vec![self.line(Some(period))?];
        let mut notice = self.notice(Kind::Paid { payment: payment.clone(), amount, lines });
        notice.refs.push(payment);
        notice.refs.extend(transaction.map(|id| Ref::payment(id.as_str())));
        Ok(notice)
    }

    /// About the whole sale.
    pub(super) fn notice(&self, kind: Kind) -> Notice {
        Notice {
            refs: vec![self.name()],
            occurred_at: self.event.occurred_at,
            line: None,
            kind,
            customer: self.customer.clone(),
        }
    }

    pub(super) fn at(&self) -> DateTime<Utc> {
        self.event.occurred_at
    }

    /// The number of the component that counts is not in the events, nor is the product in those
    /// of a component.
    ///
    /// # Errors
    /// [`Unread`] where it must be asked for, and the account does not say where.
    pub(super) fn asks(&self) -> Result<Vec<Ask>, Unread> {
        if counted(self.event).is_none() {
            return Ok(Vec::new());
        }
        if !self.event.settings.contains_key(API_URL) {
            return Err(Unread::Format(format!(
                "{QUANTITY_COMPONENT} needs {API_URL} and {API_KEY}: add both to the account"
            )));
        }
        let id = self.id.segment("id").ok();
        let id = id.ok_or_else(|| Unread::value("payload[subscription][id]", "is no number"))?;
        let of_component = self.payload.text("[new_allocation]")?.is_some();
        let (name, path) = match of_component {
            true if self.payload.first(&["[product][handle]"])?.is_some() => return Ok(Vec::new()),
            true => (PRODUCT, format!("/subscriptions/{id}.json")),
            false => (COMPONENTS, format!("/subscriptions/{id}/components.json")),
        };
        if self.event.answers.contains_key(name) {
            return Ok(Vec::new());
        }
        let auth = Auth::BasicUser { user: API_KEY, password: "x" };
        Ok(vec![Ask::get(name, NO_HOST, path, auth)])
    }
}

/// The component that counts what was bought, where the account names one.
pub(super) fn counted<'a>(event: &'a Event<'_>) -> Option<&'a str> {
    let name = event.settings.get(QUANTITY_COMPONENT).map(|name| name.trim());
    name.filter(|name| !name.is_empty())
}

/// `5`, also written as `5.0`.
fn whole(path: &str, text: &str) -> Result<u32, Unread> {
    let digits = text.split_once('.').map_or(text, |(whole, rest)| {
        if rest.bytes().all(|digit| digit == b'0') { whole } else { text }
    });
    read::quantity(path, digits)
}
