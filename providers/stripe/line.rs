//! Lines of an invoice: <https://docs.stripe.com/api/invoice-line-item/object>

use serde::Deserialize;

use super::payload::{self, Metadata, Other, Price};
use crate::notice::{Line, Period, Ref};
use crate::read::{self, Id, Unread};

#[derive(Debug, Deserialize)]
pub(super) struct InvoiceLine {
    id: Id,
    /// Before discounts.
    amount: i64,
    quantity: Option<i64>,
    period: Span,
    metadata: Option<Metadata>,
    /// Since basil, as the following.
    parent: Option<Parent>,
    pricing: Option<Pricing>,
    /// Before basil, as the following.
    #[serde(rename = "type")]
    line_type: Option<String>,
    proration: Option<bool>,
    subscription: Option<Other>,
    subscription_item: Option<Other>,
    price: Option<Price>,
    plan: Option<Price>,
}

#[derive(Debug, Deserialize)]
struct Span {
    start: i64,
    end: i64,
}

#[derive(Debug, Deserialize)]
struct Parent {
    subscription_item_details: Option<ItemDetails>,
    invoice_item_details: Option<ItemDetails>,
}

#[derive(Debug, Deserialize)]
struct ItemDetails {
    proration: Option<bool>,
    subscription_item: Option<Other>,
}

#[derive(Debug, Deserialize)]
struct Pricing {
    price_details: Option<PriceDetails>,
}

#[derive(Debug, Deserialize)]
struct PriceDetails {
    price: Option<Other>,
    product: Option<Other>,
}

/// What a line sells, and its price before discounts.
#[derive(Debug)]
pub(super) struct Sold {
    pub(super) line: Line,
    pub(super) amount: i64,
}

impl Sold {
    /// Graduated prices put one subscription item on several lines, one a tier, for one period.
    /// Of two periods (a subscription that was backdated) the later one stands.
    pub(super) fn absorb(&mut self, other: Self) {
        let end = |line: &Line| line.period.map(|period| period.end);
        if self.line.period == other.line.period {
            self.line.quantity = self.line.quantity.saturating_add(other.line.quantity);
            self.amount = self.amount.saturating_add(other.amount);
        } else if end(&other.line) > end(&self.line) {
            *self = other;
        }
    }
}

impl InvoiceLine {
    /// A correction for a part of a period that is paid already (or for a change within it).
    pub(super) fn is_proration(&self) -> bool {
        let details = self.parent.as_ref().into_iter().flat_map(|parent| {
            [&parent.subscription_item_details, &parent.invoice_item_details].into_iter().flatten()
        });
        details.filter_map(|details| details.proration).chain(self.proration).any(|is| is)
    }

    /// Which item of the subscription it is of.
    pub(super) fn names_its_item(&self) -> bool {
        self.subscription_item().is_some()
    }

    /// A line of the subscription itself; any other is a single sale (or a fee).
    pub(super) fn is_recurring(&self) -> bool {
        let before_basil = match self.line_type.as_deref() {
            Some(line_type) => line_type == "subscription",
            None => self.subscription.is_some(),
        };
        self.details().is_some() || self.subscription_item.is_some() || before_basil
    }

    /// `None`: a line without a product, as an amount that was typed in.
    pub(super) fn sold(
        &self,
        index: usize,
        subscription: Option<&Other>,
        metadata: Option<&Metadata>,
    ) -> Result<Option<Sold>, Unread> {
        let path = |field: &str| format!("data.object.lines.data[{index}].{field}");
        let item = self.items(metadata);
        if item.is_empty() {
            return Ok(None);
        }
        let line = match (self.subscription_item(), subscription) {
            (Some(item), _) => item.into(),
            // Very old versions do not name the item.
            (None, Some(id)) if self.is_recurring() => Line::at(&Ref::subscription(id), index),
            _ => String::from(&self.id),
        };
        let quantity = payload::quantity(|| path("quantity"), self.quantity)?;
        let period = Period {
            start: Some(read::unix(&path("period.start"), self.period.start)?),
            end: read::unix(&path("period.end"), self.period.end)?,
        };
        // A single sale has an instant in place of a period.
        let period = Some(period).filter(|period| Some(period.end) > period.start);
        Ok(Some(Sold {
            line: Line { line, alias: Vec::new(), item, quantity, period },
            amount: self.amount,
        }))
    }

    fn details(&self) -> Option<&ItemDetails> {
        self.parent.as_ref().and_then(|parent| parent.subscription_item_details.as_ref())
    }

    fn subscription_item(&self) -> Option<&Other> {
        let since_basil = self.details().and_then(|details| details.subscription_item.as_ref());
        since_basil.or(self.subscription_item.as_ref())
    }

    fn items(&self, of_subscription: Option<&Metadata>) -> Vec<String> {
        let details = self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
        let price = self.price.as_ref().or(self.plan.as_ref());
        let ids = [
            details.and_then(|details| details.price.as_ref()).map(String::from),
            price.map(|price| String::from(&price.id)),
            details.and_then(|details| details.product.as_ref()).map(String::from),
            price.and_then(|price| price.product.as_ref()).map(String::from),
        ];
        let written = self.metadata.as_ref().into_iter().chain(of_subscription);
        payload::items(ids.into_iter().flatten().chain(written.flat_map(Metadata::items)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> InvoiceLine {
        read::json(json.as_bytes()).unwrap()
    }

    fn sold(json: &str) -> Sold {
        line(json).sold(0, None, None).unwrap().unwrap()
    }

    fn tier(quantity: u32, amount: i64, end: i64) -> Sold {
        sold(&format!(
            r#"{{"id": "il_1", "amount": {amount}, "quantity": {quantity},
                "period": {{"start": 1, "end": {end}}}, "subscription_item": "si_1",
                "price": {{"id": "price_1"}}}}"#
        ))
    }

    #[test]
    fn a_proration_is_known_in_every_shape() {
        for shape in [
            r#""proration": true"#,
            r#""parent": {"subscription_item_details": {"proration": true}}"#,
            r#""parent": {"invoice_item_details": {"proration": true}}"#,
        ] {
            let json = format!(
                r#"{{"id": "il_1", "amount": 5, "period": {{"start": 1, "end": 9}}, {shape}}}"#
            );
            assert!(line(&json).is_proration(), "{shape}");
        }
    }

    #[test]
    fn the_tiers_of_a_graduated_price_are_one_line() {
        let mut seats = tier(10, 0, 9);
        seats.absorb(tier(2, 500, 9));
        assert_eq!((seats.line.quantity, seats.amount), (12, 500));
    }

    #[test]
    fn of_two_periods_of_one_item_the_later_stands() {
        for (first, second) in [(9, 20), (20, 9)] {
            let mut line = tier(3, 100, first);
            line.absorb(tier(3, 100, second));
            assert_eq!(line.line.period.unwrap().end.timestamp(), 20);
            assert_eq!(line.line.quantity, 3);
        }
    }

    #[test]
    fn an_instant_is_no_period() {
        let json = r#"{"id": "il_1", "amount": 5, "period": {"start": 7, "end": 7},
                       "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}}}"#;
        assert_eq!(sold(json).line.period, None);
        assert_eq!(sold(json).line.item, ["price_1", "prod_1"]);
    }

    #[test]
    fn a_quantity_that_cannot_be_is_told_with_its_place() {
        let json = r#"{"id": "il_1", "amount": 5, "quantity": -1, "price": {"id": "price_1"},
                       "period": {"start": 1, "end": 9}}"#;
        let unread = line(json).sold(3, None, None).unwrap_err().to_string();
        assert!(unread.starts_with("data.object.lines.data[3].quantity"), "{unread}");
    }
}
