//! What a form says: always of one line of one order.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{
    self, Currency, Envelope, Event, Form, Id, Reading, Unread, country, filled, full_name,
};

/// Every type by the name that is signed, with the number that is not.
const TYPES: [(&str, &str); 17] = [
    ("OrderCharged", "1"),
    ("OrderRefunded", "2"),
    ("OrderChargedBack", "3"),
    ("OrderDeclined", "4"),
    ("OrderPartiallyRefunded", "5"),
    ("SubscriptionChargeSucceed", "6"),
    ("SubscriptionChargeFailed", "7"),
    ("SubscriptionSuspended", "8"),
    ("SubscriptionRenewed", "9"),
    ("SubscriptionTerminated", "10"),
    ("SubscriptionFinished", "11"),
    ("LicenseRequested", "12"),
    ("TrialCharge", "13"),
    ("OrderChargebackIsWon", "14"),
    ("OrderCustomerInformationChanged", "15"),
    ("InstantLeadNotification", "16"),
    ("OrderOnWaiting", "17"),
];

/// Another name under which the same type was seen.
const WON: &str = "OrderChargedBackWon";

/// What happens once to a line of an order, so that its name is its id.
const ONCE: [&str; 6] = [
    "LicenseRequested",
    "OrderCharged",
    "OrderChargedBack",
    "OrderRefunded",
    "SubscriptionChargeSucceed",
    "TrialCharge",
];

/// Beside the signature: what differs between two deliveries of one event, and the checkout's
/// address, which holds a secret of the vendor in tests.
const NOT_KEPT: &str = "CHECKOUT_QUERY_STRING";
const OF_DELIVERY: [&str; 4] = ["SIGNATURE", "HASH", "IS_RESENT", NOT_KEPT];

pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = Form::parse(body);
    let event_type = match form.get("IPN_TYPE_NAME")?.and_then(Id::new) {
        Some(name) if name.as_str() == WON => "OrderChargebackIsWon".to_owned(),
        Some(name) => name.into(),
        None => "unknown".to_owned(),
    };
    let once = ONCE.contains(&event_type.as_str());
    let id = item(&form).ok().filter(|_| once).map(|item| format!("{event_type}/{item}"));
    let decides = |name: &str| match &id {
        Some(_) => name.starts_with("SUBSCRIPTION_") || name.starts_with("PRODUCT_"),
        None => !OF_DELIVERY.contains(&name),
    };
    let content: String = form
        .iter()
        .filter(|(name, _)| decides(name))
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    let placed = ["OrderCharged", "SubscriptionChargeSucceed", "TrialCharge", "LicenseRequested"];
    let placed_at = match form.get("ORDER_PLACED_TIME_UTC")? {
        Some(text) if placed.contains(&event_type.as_str()) => {
            time("ORDER_PLACED_TIME_UTC", text).ok()
        }
        _ => None,
    };
    // What is no UTF-8 is no form.
    let text = String::from_utf8_lossy(body);
    let kept = |field: &&str| field.split('=').next() != Some(NOT_KEPT);
    let body = text.split('&').filter(kept).collect::<Vec<_>>().join("&");
    Ok(Envelope {
        id,
        occurred_at: placed_at,
        live: match form.get("TEST_MODE")? {
            Some("1") => Some(false),
            Some("0") => Some(true),
            _ => None,
        },
        content: Some(content.into_bytes()),
        ..Envelope::new(event_type, body.as_bytes())
    })
}

pub(super) fn notices(event: &Event<'_>) -> Reading {
    let known = TYPES.iter().find(|(name, _)| *name == event.event_type);
    let Some((name, number)) = known.filter(|(name, _)| super::FACTS.events.contains(name)) else {
        return Ok(vec![]);
    };
    let form = &Form::parse(event.body);
    if form.get("IPN_TYPE_ID")?.is_some_and(|told| told != *number) {
        return Err(Unread::value("IPN_TYPE_ID", format!("{name} is {number}")));
    }
    // Handling fees, backup media and the like are lines of an order too.
    if form.get("ORDER_ITEM_TYPE_ID")?.is_some_and(|kind| kind != "1") {
        return Ok(vec![]);
    }
    let of = Item::of(form)?;
    let kinds = match *name {
        "LicenseRequested" | "OrderCharged" | "SubscriptionChargeSucceed" => {
            vec![of.paid(form, next_charge(form)?)?]
        }
        "TrialCharge" => of.tried(form)?,
        "SubscriptionChargeFailed" => vec![Kind::PaymentFailed],
        "SubscriptionSuspended" | "SubscriptionTerminated" => {
            vec![Kind::Canceled { at: next_charge(form)? }]
        }
        "SubscriptionRenewed" => vec![Kind::Uncanceled],
        "SubscriptionFinished" => {
            let finish = form.get("SUBSCRIPTION_FINISH_DATE")?;
            let at = finish.map(|text| time("SUBSCRIPTION_FINISH_DATE", text)).transpose()?;
            vec![Kind::Ended { at: at.unwrap_or(event.occurred_at) }]
        }
        "OrderRefunded" => vec![of.gone("refunded")],
        "OrderDeclined" => vec![of.gone("declined")],
        "OrderPartiallyRefunded" => vec![of.reduced(form)?],
        "OrderChargedBack" => vec![of.disputed(DisputeState::Opened)],
        "OrderChargebackIsWon" => vec![of.disputed(DisputeState::Won)],
        "OrderCustomerInformationChanged" => vec![Kind::Linked],
        _ => vec![],
    };
    let customer = customer(form)?;
    let notice = |kind: Kind| {
        // What befalls a subscription befalls its line, and not the order's others.
        let line = match kind {
            Kind::Canceled { .. } | Kind::Uncanceled | Kind::Ended { .. } | Kind::PaymentFailed => {
                Some(of.line.clone())
            }
            _ => None,
        };
        let (refs, customer) = (of.refs.clone(), customer.clone());
        Notice { refs, occurred_at: event.occurred_at, line, kind, customer }
    };
    Ok(kinds.into_iter().map(notice).collect())
}

/// One line of one order, which is one payment.
struct Item {
    refs: Vec<Ref>,
    payment: Ref,
    line: String,
    alias: Vec<String>,
}

impl Item {
    fn of(form: &Form) -> Result<Self, Unread> {
        let (order, item) = (form.need_id("ORDER_ID")?, item(form)?);
        let payment = Ref::payment(&item);
        let mut refs = vec![Ref::order(order), payment.clone()];
        refs.extend(form.id("SUBSCRIPTION_INITIAL_ORDER_ID")?.map(Ref::order));
        let in_order = format!("order:{item}");
        let (line, alias) = match form.id("SUBSCRIPTION_ID")?.filter(|id| id.as_str() != "0") {
            Some(id) => {
                let subscription = Ref::subscription(id);
                let line = subscription.to_string();
                refs.push(subscription);
                (line, vec![in_order])
            }
            None => (in_order, vec![]),
        };
        refs.sort();
        refs.dedup();
        Ok(Self { refs, payment, line, alias })
    }

    fn bought(&self, form: &Form, until: Option<DateTime<Utc>>) -> Result<Line, Unread> {
        let names = ["ORDER_ITEM_SKU", "PRODUCT_COMBINATION_ID", "PRODUCT_ID"];
        let names = names.map(|name| form.get(name).map(filled));
        let item =
            names.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
        if item.is_empty() {
            form.need("PRODUCT_ID")?;
        }
        Ok(Line {
            line: self.line.clone(),
            alias: self.alias.clone(),
            item,
            quantity: read::quantity("PRODUCT_QUANTITY", form.need("PRODUCT_QUANTITY")?)?,
            period: until.map(|end| Period { start: None, end }),
        })
    }

    fn paid(&self, form: &Form, until: Option<DateTime<Utc>>) -> Result<Kind, Unread> {
        Ok(Kind::Paid {
            payment: self.payment.clone(),
            amount: amount(form, "ORDER_ITEM_TOTAL_AMOUNT")?,
            lines: vec![self.bought(form, until)?],
        })
    }

    /// A trial may cost something, and is a payment then. So it is where keys were given for it:
    /// the request for them may have given the product's whole time, which its true end corrects.
    fn tried(&self, form: &Form) -> Result<Vec<Kind>, Unread> {
        let told = match form.get("TRIAL_PERIOD_TILL")? {
            Some(text) => Some(time("TRIAL_PERIOD_TILL", text)?),
            None => next_charge(form)?,
        };
        let until = told.ok_or_else(|| Unread::Content {
            path: "TRIAL_PERIOD_TILL".to_owned(),
            message: "nothing tells when the trial ends".to_owned(),
        })?;
        let paid = self.paid(form, Some(until))?;
        let costs = amount(form, "ORDER_ITEM_TOTAL_AMOUNT")?.is_some_and(|sum| sum.minor > 0);
        let keys_given = form.get("ORDER_ITEM_LICENSES")?.is_some();
        let trial = || -> Result<Kind, Unread> {
            Ok(Kind::Trial { until, lines: vec![self.bought(form, None)?] })
        };
        Ok(match (costs, keys_given) {
            (true, _) => vec![paid],
            (false, true) => vec![trial()?, paid],
            (false, false) => vec![trial()?],
        })
    }

    fn gone(&self, why: &str) -> Kind {
        Kind::Refunded {
            refund: format!("{}/{why}", self.payment.id),
            payment: self.payment.clone(),
            amount: None,
            total: None,
            full: true,
            lines: vec![],
        }
    }

    /// How much of the line went back so far, where that is told as an amount.
    fn reduced(&self, form: &Form) -> Result<Kind, Unread> {
        let total = amount(form, "ORDER_ITEM_REFUNDED").ok().flatten();
        Ok(match total.filter(|total| total.minor != 0) {
            Some(total) => Kind::Refunded {
                refund: format!("{}/partial", self.payment.id),
                payment: self.payment.clone(),
                amount: None,
                total: Some(Money { minor: total.minor.saturating_abs(), ..total }),
                full: false,
                lines: vec![],
            },
            None => Kind::Linked,
        })
    }

    fn disputed(&self, state: DisputeState) -> Kind {
        let dispute = self.payment.id.clone();
        Kind::Disputed { dispute, payment: self.payment.clone(), state }
    }
}

/// The name of an order's line. There is one form for each.
fn item(form: &Form) -> Result<String, Unread> {
    Ok(format!("{}/{}", form.need_id("ORDER_ID")?, form.need_id("ORDER_ITEM_ID")?))
}

/// The end of the paid time. It is empty once nothing more is charged.
fn next_charge(form: &Form) -> Result<Option<DateTime<Utc>>, Unread> {
    let name = "SUBSCRIPTION_NEXT_CHARGE_DATE";
    form.get(name)?.map(|text| time(name, text)).transpose()
}

/// In UTC: `01/31/2026 13:05:00`, or `1/31/2026 1:05 PM`, by field.
fn time(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    let formats = ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p"];
    let known = formats
        .into_iter()
        .find(|format| NaiveDateTime::parse_from_str(text, format).is_ok())
        .unwrap_or("%m/%d/%Y %H:%M:%S");
    read::local(path, text, known, chrono::Offset::fix(&Utc))
}

fn amount(form: &Form, name: &str) -> Result<Option<Money>, Unread> {
    let currency = form.get("ORDER_CURRENCY_CODE")?.and_then(Currency::new);
    let (Some(text), Some(currency)) = (form.get(name)?, currency) else { return Ok(None) };
    read::decimal(name, text, currency.as_str()).map(Some)
}

/// Whom the license is for, where that is another than the buyer; else the buyer.
fn customer(form: &Form) -> Result<Option<Customer>, Unread> {
    let buyer = filled(form.get("CUSTOMER_EMAIL")?);
    let licensee = filled(form.get("LICENSED_TO_EMAIL")?).or_else(|| buyer.clone());
    let is_buyer = licensee == buyer;
    let parts = full_name(form.get("CUSTOMER_FIRST_NAME")?, form.get("CUSTOMER_LAST_NAME")?);
    let names = [filled(form.get("LICENSED_TO_NAME")?), filled(form.get("CUSTOMER_NAME")?), parts];
    let customer = Customer {
        provider_id: filled(form.get("CUSTOMER_ID")?).filter(|_| is_buyer),
        email: licensee,
        name: names.into_iter().flatten().next(),
        company: filled(form.get("COMPANY_NAME")?),
        country: country(form.get("CUSTOMER_COUNTRY_CODE")?),
        locale: filled(form.get("CUSTOMER_LANGUAGE_CODE")?),
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}
