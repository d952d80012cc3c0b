//! Payments, and all that hangs on them: <https://docs.mollie.com/reference/get-payment>. Read the
//! same whether an event brought one or it was fetched.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::ask::{Answers, Ask, Auth, Need};
use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Currency, Every, Id, Notes, Reading, Scalar, Unread, filled};

/// The secret setting with the key of the API.
pub(crate) const KEY: &str = "api_key";
pub(crate) const BASE: &str = "https://api.mollie.com";

/// Names of questions.
const SUBSCRIPTION: &str = "subscription";
const CUSTOMER: &str = "customer";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    id: Id,
    status: String,
    amount: Amount,
    amount_refunded: Option<Amount>,
    amount_remaining: Option<Amount>,
    description: Option<String>,
    #[serde(default)]
    metadata: Notes,
    customer_id: Option<Id>,
    subscription_id: Option<Id>,
    sequence_type: Option<String>,
    created_at: String,
    paid_at: Option<String>,
    failed_at: Option<String>,
    expired_at: Option<String>,
    canceled_at: Option<String>,
    locale: Option<String>,
    country_code: Option<String>,
    billing_address: Option<Address>,
    lines: Option<Vec<PaymentLine>>,
    details: Option<Details>,
    #[serde(rename = "_embedded")]
    embedded: Option<Embedded>,
}

/// A decimal amount, as a text.
#[derive(Deserialize)]
pub(crate) struct Amount {
    value: Scalar,
    currency: Currency,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    given_name: Option<String>,
    family_name: Option<String>,
    organization_name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    locale: Option<String>,
}

#[derive(Deserialize)]
struct PaymentLine {
    #[serde(rename = "type")]
    sort: Option<String>,
    description: Option<String>,
    sku: Option<String>,
    quantity: u32,
    #[serde(default)]
    metadata: Notes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    consumer_name: Option<String>,
    /// An e-mail address with PayPal, an IBAN with a bank.
    consumer_account: Option<String>,
}

#[derive(Deserialize)]
struct Embedded {
    refunds: Option<Vec<Refund>>,
    chargebacks: Option<Vec<Chargeback>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refund {
    id: Id,
    payment_id: Option<Id>,
    amount: Amount,
    status: String,
    created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chargeback {
    id: Id,
    payment_id: Option<Id>,
    created_at: Option<String>,
    reversed_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    interval: String,
    start_date: Option<String>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
    email: Option<String>,
    locale: Option<String>,
}

/// What is not known of a payment yet: how long its subscription pays for, and who the customer is.
/// It can be read without.
pub(crate) fn asks(payment: &Payment, answers: &Answers) -> Result<Vec<Ask>, Unread> {
    let Some(customer) = payment.customer_id.as_ref().filter(|_| payment.is_paid()) else {
        return Ok(Vec::new());
    };
    let customer_path = format!("/v2/customers/{}", customer.segment("customerId")?);
    let mut asks = Vec::new();
    if let Some(subscription) = &payment.subscription_id {
        let id = subscription.segment("subscriptionId")?;
        let path = format!("{customer_path}/subscriptions/{id}");
        asks.push(Ask::get(SUBSCRIPTION, BASE, path, Auth::Bearer(KEY)));
    }
    if payment.customer().email.is_none() {
        asks.push(Ask::get(CUSTOMER, BASE, customer_path, Auth::Bearer(KEY)));
    }
    let asks = asks.into_iter().filter(|ask| !answers.contains_key(&ask.name));
    Ok(asks.map(|ask| Ask { need: Need::Configured, ..ask }).collect())
}

/// What a payment says, as it stands now. One that was paid stays `paid` when its money goes back:
/// that stands beside it, `at` a time of its own or when it was told.
pub(crate) fn notices(payment: &Payment, at: DateTime<Utc>, answers: &Answers) -> Reading {
    let mut notices = Vec::new();
    match payment.status.as_str() {
        // A card can be verified with nothing; that sells nothing.
        "paid" if payment.sequence_type.as_deref() == Some("first") && payment.is_zero()? => {}
        "paid" => notices.push(payment.paid(answers)?),
        "failed" | "expired" | "canceled" if payment.subscription_id.is_some() => {
            notices.push(payment.failed()?);
        }
        _ => {}
    }
    let embedded = payment.embedded.as_ref();
    match embedded.and_then(|embedded| embedded.refunds.as_ref()) {
        Some(refunds) => {
            for refund in refunds {
                notices.extend(refund.notice(at, Some(&payment.id))?);
            }
        }
        None => notices.extend(payment.refunded(at)?),
    }
    for chargeback in embedded.into_iter().flat_map(|known| known.chargebacks.iter().flatten()) {
        notices.extend(chargeback.notices(at, Some(&payment.id))?);
    }
    Ok(notices)
}

impl Payment {
    fn is_paid(&self) -> bool {
        self.status == "paid"
    }

    fn is_zero(&self) -> Result<bool, Unread> {
        Ok(self.amount.money("amount.value")?.minor == 0)
    }

    /// What names the sale: the subscription, and what was paid first.
    fn sale(&self) -> Vec<Ref> {
        match &self.subscription_id {
            Some(id) => [Ref::subscription(id)].into_iter().chain(self.first()).collect(),
            None => vec![self.scope()],
        }
    }

    /// What a payment that is of no subscription yet begins: one, or only itself.
    fn scope(&self) -> Ref {
        match self.sequence_type.as_deref() {
            Some("first") => Ref::subscription(&self.id),
            _ => Ref::order(&self.id),
        }
    }

    /// The payment by which this subscription was begun, as the vendor's server wrote it into the
    /// subscription's metadata: Mollie itself does not say.
    fn first(&self) -> Option<Ref> {
        let id = self.metadata.get("keywright_first_payment")?;
        let id = Id::new(&id).filter(|id| id.as_str().starts_with("tr_"))?;
        Some(Ref::subscription(&id))
    }

    fn paid(&self, answers: &Answers) -> Result<Notice, Unread> {
        let payment = Ref::payment(&self.id);
        let mut customer = self.customer();
        if let Some(person) = read::answered::<Person>(answers, CUSTOMER)? {
            customer.email = customer.email.or(filled(person.email.as_deref()));
            customer.name = customer.name.or(filled(person.name.as_deref()));
            customer.locale = customer.locale.or(filled(person.locale.as_deref()));
        }
        let lines = match &self.subscription_id {
            Some(subscription) => vec![self.subscribed(subscription, answers)?],
            None => self.lines()?,
        };
        let amount = Some(self.amount.money("amount.value")?);
        let kind = Kind::Paid { payment: payment.clone(), amount, lines };
        let refs = self.sale().into_iter().chain([payment]).collect();
        let occurred_at = self.moment(self.paid_at.as_deref())?;
        let customer = Some(customer).filter(|customer| !customer.is_empty());
        Ok(Notice { refs, occurred_at, line: None, kind, customer })
    }

    fn failed(&self) -> Result<Notice, Unread> {
        let times = [&self.failed_at, &self.expired_at, &self.canceled_at];
        let at = times.into_iter().flatten().next();
        let occurred_at = self.moment(at.map(String::as_str))?;
        let kind = Kind::PaymentFailed;
        Ok(Notice { refs: self.sale(), occurred_at, line: None, kind, customer: None })
    }

    /// The one line of a subscription, up to its next payment after this one.
    fn subscribed(&self, id: &Id, answers: &Answers) -> Result<Line, Unread> {
        let subscription = read::answered::<Subscription>(answers, SUBSCRIPTION)?;
        let end = subscription.map(|subscription| self.covers(&subscription)).transpose()?;
        Ok(Line {
            line: Line::at(&Ref::subscription(id), 0),
            alias: self.first().iter().map(|first| Line::at(first, 0)).collect(),
            item: self.items(&self.metadata, None, self.description.as_deref())?,
            quantity: self.metadata.quantity("metadata")?,
            period: end.flatten().map(|end| Period { start: None, end }),
        })
    }

    /// Counted from the first day of the subscription, so that an older payment that is read again
    /// keeps its end. Mollie's days are those of Amsterdam.
    fn covers(&self, subscription: &Subscription) -> Result<Option<DateTime<Utc>>, Unread> {
        let (count, unit) = subscription.interval.split_once(' ').unwrap_or_default();
        let every = count.parse().ok().and_then(|count| Every::of(count, unit));
        let every = every.ok_or_else(|| {
            Unread::value("subscription.interval", "not an interval like `3 months`")
        })?;
        let Some(start) = &subscription.start_date else { return Ok(None) };
        let start = read::day("subscription.startDate", start)?;
        let paid_on = (self.created()? + TimeDelta::hours(2)).date_naive();
        let paid_on = read::day("createdAt", &paid_on.to_string())?;
        let end = every.next(start, paid_on).filter(|end| end.timestamp() < 253_402_300_800);
        let far = || Unread::value("subscription.startDate", "too far in the future");
        end.map(Some).ok_or_else(far)
    }

    /// What was sold once: the lines, but for what is no thing, or the payment as a whole.
    fn lines(&self) -> Result<Vec<Line>, Unread> {
        let scope = self.scope();
        let sold = |line: &&PaymentLine| {
            matches!(line.sort.as_deref(), None | Some("physical" | "digital"))
        };
        let lines = self.lines.iter().flatten().filter(sold).enumerate();
        let lines = lines.map(|(position, line)| {
            let (sku, description) = (line.sku.as_deref(), line.description.as_deref());
            Ok(Line {
                line: Line::at(&scope, position),
                alias: Vec::new(),
                item: self.items(&line.metadata, sku, description)?,
                quantity: line.quantity,
                period: None,
            })
        });
        let lines = lines.collect::<Result<Vec<Line>, Unread>>()?;
        if !lines.is_empty() {
            return Ok(lines);
        }
        Ok(vec![Line {
            line: Line::at(&scope, 0),
            alias: Vec::new(),
            item: self.items(&self.metadata, None, self.description.as_deref())?,
            quantity: self.metadata.quantity("metadata")?,
            period: None,
        }])
    }

    fn items(
        &self,
        notes: &Notes,
        sku: Option<&str>,
        description: Option<&str>,
    ) -> Result<Vec<String>, Unread> {
        let names = [filled(sku), notes.product(), filled(description)];
        let names: Vec<String> = names.into_iter().flatten().collect();
        if names.is_empty() {
            return Err(Unread::Format(NO_PRODUCT.to_owned()));
        }
        Ok(names)
    }

    /// Where the refunds themselves are not listed: what they come to.
    fn refunded(&self, at: DateTime<Utc>) -> Result<Option<Notice>, Unread> {
        let refunded = self.amount_refunded.as_ref();
        let total = refunded.map(|amount| amount.money("amountRefunded.value")).transpose()?;
        let Some(total) = total.filter(|total| total.minor > 0) else { return Ok(None) };
        let remaining = self.amount_remaining.as_ref();
        let remaining =
            remaining.map(|amount| amount.money("amountRemaining.value")).transpose()?;
        let payment = Ref::payment(&self.id);
        let kind = Kind::Refunded {
            refund: String::from(&self.id),
            payment: payment.clone(),
            amount: None,
            total: Some(total),
            full: remaining.is_some_and(|remaining| remaining.minor == 0),
            lines: Vec::new(),
        };
        Ok(Some(Notice { refs: vec![payment], occurred_at: at, line: None, kind, customer: None }))
    }

    fn customer(&self) -> Customer {
        let details = self.details.as_ref();
        let account = details.and_then(|details| filled(details.consumer_account.as_deref()));
        let consumer = details.and_then(|details| filled(details.consumer_name.as_deref()));
        let told = self.billing_address.as_ref().map(Address::customer).unwrap_or_default();
        Customer {
            provider_id: self.customer_id.as_ref().map(String::from),
            email: told.email.or(account.filter(|account| account.contains('@'))),
            name: told.name.or(consumer),
            country: told.country.or(read::country(self.country_code.as_deref())),
            locale: filled(self.locale.as_deref()),
            ..told
        }
    }

    fn created(&self) -> Result<DateTime<Utc>, Unread> {
        read::rfc3339("createdAt", &self.created_at)
    }

    fn moment(&self, text: Option<&str>) -> Result<DateTime<Utc>, Unread> {
        text.map_or_else(|| self.created(), |text| read::rfc3339("paidAt", text))
    }
}

impl Refund {
    /// One that is on its way may still be taken back, and says nothing yet.
    pub(crate) fn notice(
        &self,
        at: DateTime<Utc>,
        of: Option<&Id>,
    ) -> Result<Option<Notice>, Unread> {
        let payment = Ref::payment(known(of.or(self.payment_id.as_ref()))?);
        let refund = String::from(&self.id);
        let kind = match self.status.as_str() {
            "processing" | "refunded" => Kind::Refunded {
                refund,
                payment: payment.clone(),
                amount: Some(self.amount.money("amount.value")?),
                total: None,
                full: false,
                lines: Vec::new(),
            },
            "failed" | "canceled" => Kind::RefundUndone { refund, payment: payment.clone() },
            _ => return Ok(None),
        };
        let created_at = self.created_at.as_deref().map(|at| read::rfc3339("createdAt", at));
        let occurred_at = created_at.transpose()?.unwrap_or(at);
        Ok(Some(Notice { refs: vec![payment], occurred_at, line: None, kind, customer: None }))
    }
}

impl Chargeback {
    /// Mollie takes the money at once; it comes back where the chargeback is reversed.
    pub(crate) fn notices(
        &self,
        at: DateTime<Utc>,
        of: Option<&Id>,
    ) -> Result<Vec<Notice>, Unread> {
        let payment = Ref::payment(known(of.or(self.payment_id.as_ref()))?);
        let told = |state, time: Option<&String>| {
            let time = time.map(|time| read::rfc3339("createdAt", time)).transpose()?;
            let dispute = String::from(&self.id);
            Ok(Notice {
                refs: vec![payment.clone()],
                occurred_at: time.unwrap_or(at),
                line: None,
                kind: Kind::Disputed { dispute, payment: payment.clone(), state },
                customer: None,
            })
        };
        let created = self.created_at.as_ref();
        let mut notices =
            vec![told(DisputeState::Opened, created)?, told(DisputeState::Lost, created)?];
        if let Some(reversed) = &self.reversed_at {
            notices.push(told(DisputeState::Won, Some(reversed))?);
        }
        Ok(notices)
    }
}

impl Address {
    pub(super) fn customer(&self) -> Customer {
        Customer {
            email: filled(self.email.as_deref()),
            name: read::full_name(self.given_name.as_deref(), self.family_name.as_deref()),
            company: filled(self.organization_name.as_deref()),
            country: read::country(self.country.as_deref()),
            locale: filled(self.locale.as_deref()),
            ..Customer::default()
        }
    }
}

impl Amount {
    pub(super) fn money(&self, path: &str) -> Result<Money, Unread> {
        read::decimal(path, self.value.as_str(), self.currency.as_str())
    }
}

fn known(payment: Option<&Id>) -> Result<&Id, Unread> {
    payment.ok_or_else(|| Unread::Content {
        path: "paymentId".to_owned(),
        message: "money that went back without the payment that it came by".to_owned(),
    })
}

const NO_PRODUCT: &str = "the payment does not say what was bought; write `keywright_product` into \
                          its metadata (or that of the subscription), or give it lines with a `sku`";
