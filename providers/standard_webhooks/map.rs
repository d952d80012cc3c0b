//! Which event means what, and where in it what stands: the account's settings, and what holds
//! where they are silent.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::notice::{DisputeState, Money};
use crate::read::{self, Currency, Event, Id, Unread, filled};
use crate::{Setting, Takes};

pub(super) const KEY: &str = "key";
pub(super) const AMOUNTS: &str = "amounts";

/// What an event can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Paid,
    Trial,
    Changed,
    Canceled,
    Uncanceled,
    Ended,
    PaymentFailed,
    Refunded,
    RefundUndone,
    Disputed(DisputeState),
    Paused,
    Resumed,
}

/// Each meaning: the setting that lists its types, and those that it has as if unset.
pub(super) const MEANINGS: &[(Meaning, &str, &str)] = &[
    (
        Meaning::Paid,
        "events_paid",
        "order.paid payment.succeeded invoice.paid subscription.renewed",
    ),
    (Meaning::Trial, "events_trial", "subscription.trialing"),
    (Meaning::Changed, "events_changed", "subscription.updated"),
    (Meaning::Canceled, "events_canceled", "subscription.canceled subscription.cancelled"),
    (Meaning::Uncanceled, "events_uncanceled", "subscription.uncanceled"),
    (Meaning::Ended, "events_ended", "subscription.expired subscription.revoked"),
    (Meaning::PaymentFailed, "events_payment_failed", "payment.failed subscription.past_due"),
    (Meaning::Refunded, "events_refunded", "refund.succeeded order.refunded"),
    (Meaning::RefundUndone, "events_refund_undone", "refund.failed"),
    (Meaning::Disputed(DisputeState::Opened), "events_disputed", "dispute.opened"),
    (Meaning::Disputed(DisputeState::Won), "events_dispute_won", "dispute.won"),
    (Meaning::Disputed(DisputeState::Lost), "events_dispute_lost", "dispute.lost"),
    (Meaning::Paused, "events_paused", "subscription.paused"),
    (Meaning::Resumed, "events_resumed", "subscription.resumed"),
];

/// The types of [`MEANINGS`], as if nothing is set.
pub(super) const EVENTS: &[&str] = &[
    "order.paid",
    "payment.succeeded",
    "invoice.paid",
    "subscription.renewed",
    "subscription.trialing",
    "subscription.updated",
    "subscription.canceled",
    "subscription.cancelled",
    "subscription.uncanceled",
    "subscription.expired",
    "subscription.revoked",
    "payment.failed",
    "subscription.past_due",
    "refund.succeeded",
    "order.refunded",
    "refund.failed",
    "dispute.opened",
    "dispute.won",
    "dispute.lost",
    "subscription.paused",
    "subscription.resumed",
];

/// A place in an event: its setting, and JSON pointers of which the first that leads to something
/// counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) setting: &'static str,
    pub(super) pointers: &'static str,
    /// Where `/data/id` is this thing's own id, by the first word of the type.
    pub(super) own: &'static [&'static str],
}

const fn place(setting: &'static str, pointers: &'static str) -> Place {
    Place { setting, pointers, own: &[] }
}

const fn thing(
    setting: &'static str,
    pointers: &'static str,
    own: &'static [&'static str],
) -> Place {
    Place { setting, pointers, own }
}

pub(super) const ORDER: Place = thing("order_id", "/data/order_id /data/order/id", &["order"]);
pub(super) const SUBSCRIPTION: Place =
    thing("subscription_id", "/data/subscription_id /data/subscription/id", &["subscription"]);
pub(super) const PAYMENT: Place = thing(
    "payment_id",
    "/data/payment_id /data/payment/id /data/invoice_id /data/invoice/id",
    &["payment", "invoice"],
);
pub(super) const REFUND: Place = thing("refund_id", "/data/refund_id", &["refund"]);
pub(super) const DISPUTE: Place = thing("dispute_id", "/data/dispute_id", &["dispute"]);
pub(super) const CUSTOMER: Place = place("customer_id", "/data/customer_id /data/customer/id");
pub(super) const EMAIL: Place =
    place("email", "/data/customer/email /data/customer_email /data/email");
pub(super) const NAME: Place = place("name", "/data/customer/name /data/customer_name");
pub(super) const PRODUCT: Place = place(
    "product",
    "/data/price_id /data/variant_id /data/product_id /data/product/id /data/items/0/product_id",
);
pub(super) const QUANTITY: Place =
    place("quantity", "/data/quantity /data/seats /data/items/0/quantity");
pub(super) const PERIOD_END: Place = place(
    "period_end",
    "/data/current_period_end /data/period_end /data/subscription/current_period_end /data/expires_at",
);
pub(super) const AMOUNT: Place = place("amount", "/data/total_amount /data/total /data/amount");
pub(super) const REFUND_AMOUNT: Place =
    place("refund_amount", "/data/refund_amount /data/refunded_amount /data/amount_refunded");
pub(super) const CURRENCY: Place = place("currency", "/data/currency");

/// All of them.
pub(super) const PLACES: [Place; 14] = [
    ORDER,
    SUBSCRIPTION,
    PAYMENT,
    REFUND,
    DISPUTE,
    CUSTOMER,
    EMAIL,
    NAME,
    PRODUCT,
    QUANTITY,
    PERIOD_END,
    AMOUNT,
    REFUND_AMOUNT,
    CURRENCY,
];

const fn plain(name: &'static str, help: &'static str) -> Setting {
    Setting { name, secret: false, required: false, takes: Takes::Text, help }
}

const fn word(name: &'static str, words: &'static [&'static str], help: &'static str) -> Setting {
    Setting { takes: Takes::OneOf(words), ..plain(name, help) }
}

const fn pointers(place: &Place, help: &'static str) -> Setting {
    let takes = Takes::Like {
        form: "JSON pointers with blanks between, as in /data/id",
        fits: |text| text.split_ascii_whitespace().all(|pointer| pointer.starts_with('/')),
    };
    Setting { takes, ..plain(place.setting, help) }
}

pub(super) const SETTINGS: &[Setting] = &[
    word(
        KEY,
        &["base64", "raw", "both"],
        "how a secret is the key: base64 (as if unset), raw (its text as it stands) or both",
    ),
    plain("events_paid", "types of events that tell of money, with blanks between"),
    plain("events_trial", "types of events that begin a trial"),
    plain("events_changed", "types of events that tell of another product or quantity"),
    plain("events_canceled", "types of events after which it will not renew"),
    plain("events_uncanceled", "types of events after which it will renew after all"),
    plain("events_ended", "types of events by which it is over"),
    plain("events_payment_failed", "types of events by which a renewal was not paid"),
    plain("events_refunded", "types of events that give money back"),
    plain("events_refund_undone", "types of events by which a refund failed"),
    plain("events_disputed", "types of events that open a dispute"),
    plain("events_dispute_won", "types of events that close a dispute for you"),
    plain("events_dispute_lost", "types of events that close a dispute against you"),
    plain("events_paused", "types of events that pause"),
    plain("events_resumed", "types of events that end a pause"),
    pointers(&ORDER, "JSON pointers to the id of the order, the first that leads to something"),
    pointers(&SUBSCRIPTION, "JSON pointers to the id of the subscription"),
    pointers(&PAYMENT, "JSON pointers to the id of the payment (or invoice)"),
    pointers(&REFUND, "JSON pointers to the id of the refund"),
    pointers(&DISPUTE, "JSON pointers to the id of the dispute"),
    pointers(&CUSTOMER, "JSON pointers to the id of the customer"),
    pointers(&EMAIL, "JSON pointers to the customer's address"),
    pointers(&NAME, "JSON pointers to the customer's name"),
    pointers(&PRODUCT, "JSON pointers to what was bought; all of them count, the first most"),
    pointers(&QUANTITY, "JSON pointers to how many"),
    pointers(&PERIOD_END, "JSON pointers to the end of what is paid or tried"),
    pointers(&AMOUNT, "JSON pointers to what was paid"),
    pointers(&REFUND_AMOUNT, "JSON pointers to what went back"),
    pointers(&CURRENCY, "JSON pointers to the currency"),
    word(
        AMOUNTS,
        &["minor", "decimal"],
        "how amounts are written: minor (1999, as if unset) or decimal (19.99)",
    ),
];

/// An event, looked at by way of the account's settings.
pub(super) struct Map<'a> {
    event: &'a Event<'a>,
    body: Value,
}

impl<'a> Map<'a> {
    /// # Errors
    /// [`Unread::Content`] for what is not JSON.
    pub(super) fn new(event: &'a Event<'a>) -> Result<Self, Unread> {
        Ok(Self { event, body: read::json(event.body)? })
    }

    /// A thin event says what it is of, and nothing else.
    pub(super) fn is_thin(&self) -> bool {
        match self.body.get("data") {
            Some(Value::Object(data)) => data.keys().all(|name| name == "id" || name == "object"),
            Some(_) | None => false,
        }
    }

    pub(super) fn id(&self, place: Place) -> Result<Option<Id>, Unread> {
        let Some((pointer, value)) = self.find(place) else { return Ok(None) };
        let id = match value {
            Value::String(text) => Id::new(text),
            Value::Number(number) => {
                number.as_u64().and_then(|number| Id::new(&number.to_string()))
            }
            _ => None,
        };
        id.map(Some).ok_or_else(|| Unread::value(pointer, "not an id of visible ASCII characters"))
    }

    /// Every name of what was bought, most specific first.
    pub(super) fn items(&self) -> Vec<String> {
        let mut items: Vec<String> = Vec::new();
        for (_, value) in self.values(PRODUCT) {
            if let Some(item) = text(value).filter(|item| !items.contains(item)) {
                items.push(item);
            }
        }
        items
    }

    pub(super) fn text(&self, place: Place) -> Option<String> {
        self.find(place).and_then(|(_, value)| text(value))
    }

    /// How many; one where nothing (or none) is said.
    pub(super) fn quantity(&self) -> Result<u32, Unread> {
        let Some((pointer, value)) = self.find(QUANTITY) else { return Ok(1) };
        let told = text(value).and_then(|text| text.parse::<u32>().ok());
        let told = told.ok_or_else(|| Unread::value(pointer, "not a quantity"))?;
        Ok(told.max(1))
    }

    /// A time as in RFC 3339, or in unix seconds or milliseconds.
    pub(super) fn time(&self, place: Place) -> Result<Option<DateTime<Utc>>, Unread> {
        let Some((pointer, value)) = self.find(place) else { return Ok(None) };
        let time = match (value.as_str(), value.as_i64()) {
            (Some(text), _) => read::rfc3339(pointer, text)?,
            (None, Some(number)) if number.unsigned_abs() < 100_000_000_000 => {
                read::unix(pointer, number)?
            }
            (None, Some(number)) => read::unix_ms(pointer, number)?,
            (None, None) => return Err(Unread::value(pointer, "not a time")),
        };
        Ok(Some(time))
    }

    /// An amount, where its currency stands there as well.
    pub(super) fn money(&self, place: Place) -> Result<Option<Money>, Unread> {
        let currency = self.text(CURRENCY).and_then(|text| Currency::new(&text));
        let found = self.find(place).and_then(|(pointer, value)| Some((pointer, text(value)?)));
        let (Some(currency), Some((pointer, text))) = (currency, found) else { return Ok(None) };
        let decimal = self.event.settings.get(AMOUNTS).is_some_and(|word| word == "decimal");
        let money = if decimal { read::decimal } else { read::minor };
        money(pointer, &text, currency.as_str()).map(Some)
    }

    /// The first of the place's pointers that leads to something.
    fn find(&self, place: Place) -> Option<(&str, &Value)> {
        self.values(place).next()
    }

    fn values(&self, place: Place) -> impl Iterator<Item = (&str, &Value)> {
        let set = self.event.settings.get(place.setting).map(String::as_str);
        let word = self.event.event_type.split('.').next().unwrap_or_default();
        let own = (set.is_none() && place.own.contains(&word)).then_some("/data/id");
        let pointers = set.unwrap_or(place.pointers).split_ascii_whitespace().chain(own);
        pointers.filter_map(|pointer| {
            let value = self.body.pointer(pointer)?;
            let says =
                !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
            says.then_some((pointer, value))
        })
    }
}

/// What the type of an event means for this account.
pub(super) fn meaning(event: &Event<'_>) -> Option<Meaning> {
    let lists = |setting: &str, defaults: &str| {
        let types = event.settings.get(setting).map_or(defaults, String::as_str);
        types.split_ascii_whitespace().any(|listed| listed == event.event_type)
    };
    // What is set counts before what is not.
    let set = |setting: &str| event.settings.contains_key(setting);
    let of = |wanted: bool| {
        let mut all = MEANINGS.iter().filter(move |(_, setting, _)| set(setting) == wanted);
        all.find(|(_, setting, defaults)| lists(setting, defaults)).map(|(meaning, ..)| *meaning)
    };
    of(true).or_else(|| of(false))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => filled(Some(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_one_meaning_and_every_setting_a_help() {
        let types: Vec<&str> =
            MEANINGS.iter().flat_map(|(.., types)| types.split_ascii_whitespace()).collect();
        assert_eq!(types, EVENTS);
        for (_, setting, _) in MEANINGS {
            assert!(SETTINGS.iter().any(|known| known.name == *setting), "{setting}");
        }
    }
}
