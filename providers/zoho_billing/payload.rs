//! The fields that are used, of Zoho's default payload.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::notice::{Customer, Line, Money, Period, Ref};
use crate::read::{self, Currency, Envelope, Id, Scalar, Unread, filled};

/// The one event of a delivery. Zoho has no word for test and live: a test organisation is another
/// one.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    #[derive(Deserialize)]
    struct Frame {
        event_id: Option<Id>,
        event_type: Id,
        event_time: Option<String>,
        created_time: Option<String>,
    }
    let frame: Frame = read::json(body)?;
    let told = [("event_time", &frame.event_time), ("created_time", &frame.created_time)];
    let told = told.into_iter().find_map(|(path, text)| Some((path, filled(text.as_deref())?)));
    let occurred_at = told.map(|(path, text)| read::iso8601(path, &text)).transpose()?;
    Ok(Envelope {
        id: frame.event_id.map(Into::into),
        occurred_at,
        ..Envelope::new(frame.event_type, body)
    })
}

#[derive(Deserialize)]
pub(super) struct Element {
    pub data: Data,
}

#[derive(Deserialize)]
pub(super) struct Data {
    pub subscription: Option<Subscription>,
    pub payment: Option<Payment>,
    pub invoice: Option<Invoice>,
    pub refund: Option<Refund>,
    pub creditnote: Option<CreditNote>,
    pub customer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    subscription_id: Id,
    pub status: Option<String>,
    plan: Option<Plan>,
    #[serde(default)]
    addons: Vec<Addon>,
    pub customer: Option<Person>,
    currency_code: Option<Currency>,
    amount: Option<Scalar>,
    current_term_starts_at: Option<String>,
    current_term_ends_at: Option<String>,
    next_billing_at: Option<String>,
    trial_ends_at: Option<String>,
    child_invoice_id: Option<Scalar>,
}

#[derive(Deserialize)]
struct Plan {
    plan_code: Id,
    quantity: Option<Scalar>,
}

#[derive(Deserialize)]
struct Addon {
    addon_code: Id,
    quantity: Option<Scalar>,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    payment_id: Id,
    amount: Option<Scalar>,
    amount_refunded: Option<Scalar>,
    currency_code: Option<Currency>,
    customer_id: Option<Scalar>,
    email: Option<String>,
    #[serde(default)]
    invoices: Vec<Applied>,
}

#[derive(Deserialize)]
struct Applied {
    invoice_id: Id,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    invoice_id: Id,
    total: Option<Scalar>,
    currency_code: Option<Currency>,
    customer_id: Option<Scalar>,
    customer_name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    subscriptions: Vec<OfSubscription>,
    #[serde(default)]
    invoice_items: Vec<Item>,
}

#[derive(Deserialize)]
struct OfSubscription {
    subscription_id: Id,
}

#[derive(Deserialize)]
struct Item {
    code: Option<String>,
    item_id: Option<Scalar>,
    product_id: Option<Scalar>,
    quantity: Option<Scalar>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    refund_id: Id,
    amount: Option<Scalar>,
    currency_code: Option<Currency>,
}

#[derive(Deserialize)]
pub(super) struct CreditNote {
    creditnote_id: Id,
    invoice_id: Option<Scalar>,
    total: Option<Scalar>,
    currency_code: Option<Currency>,
}

#[derive(Default, Deserialize)]
pub(super) struct Person {
    customer_id: Option<Scalar>,
    display_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company_name: Option<String>,
    email: Option<String>,
    billing_address: Option<Address>,
}

#[derive(Deserialize)]
struct Address {
    country: Option<String>,
}

impl Data {
    pub(super) fn subscription(&self) -> Result<&Subscription, Unread> {
        self.subscription.as_ref().ok_or_else(|| {
            Unread::value(
                "data.subscription",
                "the event tells of none; use \
                                                               Zoho's default payload",
            )
        })
    }

    /// All that ties this event to its sale and its payment. A payment of several invoices is
    /// none of them.
    pub(super) fn refs(&self, paid: bool) -> Vec<Ref> {
        let invoice = self.invoice.as_ref();
        let of_invoice = match invoice.map(|invoice| invoice.subscriptions.as_slice()) {
            Some([one]) => Some(Ref::subscription(&one.subscription_id)),
            _ => None,
        };
        let of_event = self.subscription.as_ref().map(Subscription::sale);
        let mut refs: Vec<Ref> = of_event.or(of_invoice).into_iter().collect();
        match self.payment.as_ref().map(|payment| (payment, payment.invoices.as_slice())) {
            Some((payment, [one])) => {
                refs.push(Ref::invoice(&one.invoice_id));
                refs.extend(paid.then(|| payment.name()));
            }
            Some((payment, [])) => {
                refs.extend(invoice.map(Invoice::name));
                refs.extend(paid.then(|| payment.name()));
            }
            Some(_) => {}
            None => refs.extend(invoice.map(Invoice::name)),
        }
        refs
    }

    pub(super) fn buyer(&self) -> Option<Customer> {
        let of_subscription = self.subscription.as_ref().and_then(|one| one.customer.as_ref());
        let person = self.customer.as_ref().or(of_subscription).map(Person::customer);
        let invoice = self.invoice.as_ref();
        let payment = self.payment.as_ref();
        let mut customer = person.unwrap_or_default();
        let ids = [
            invoice.and_then(|invoice| text(invoice.customer_id.as_ref())),
            payment.and_then(|payment| text(payment.customer_id.as_ref())),
        ];
        let emails = [
            invoice.and_then(|invoice| filled(invoice.email.as_deref())),
            payment.and_then(|payment| filled(payment.email.as_deref())),
        ];
        let named = invoice.and_then(|invoice| filled(invoice.customer_name.as_deref()));
        let first = |told: [Option<String>; 2]| told.into_iter().flatten().next();
        customer.provider_id = customer.provider_id.or_else(|| first(ids));
        customer.email = customer.email.or_else(|| first(emails));
        customer.name = customer.name.or(named);
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Subscription {
    pub(super) fn sale(&self) -> Ref {
        Ref::subscription(&self.subscription_id)
    }

    /// The payment of the running term. Zoho tells of one by several events, none of which names
    /// it: subscription and first day do.
    pub(super) fn payment(&self) -> Result<Ref, Unread> {
        let start = filled(self.current_term_starts_at.as_deref()).and_then(|day| Id::new(&day));
        let start = start.ok_or_else(|| {
            Unread::value("data.subscription.current_term_starts_at", "the day is missing")
        })?;
        Ok(Ref::payment(format!("{}@{start}", self.subscription_id)))
    }

    /// The invoice of the running term.
    pub(super) fn invoice(&self) -> Option<Ref> {
        id(self.child_invoice_id.as_ref()).map(Ref::invoice)
    }

    pub(super) fn amount(&self) -> Result<Option<Money>, Unread> {
        money("data.subscription.amount", self.amount.as_ref(), self.currency_code.as_ref())
    }

    /// When the running term is over, where Zoho says.
    pub(super) fn term_end(&self) -> Result<Option<DateTime<Utc>>, Unread> {
        let ends = [
            ("data.subscription.current_term_ends_at", &self.current_term_ends_at),
            ("data.subscription.next_billing_at", &self.next_billing_at),
        ];
        let told = ends.into_iter().find_map(|(path, text)| Some((path, filled(text.as_deref())?)));
        told.map(|(path, text)| date(path, &text)).transpose()
    }

    pub(super) fn trial_end(&self) -> Result<DateTime<Utc>, Unread> {
        let path = "data.subscription.trial_ends_at";
        let text = filled(self.trial_ends_at.as_deref())
            .ok_or_else(|| Unread::value(path, "a trial says when it ends"))?;
        date(path, &text)
    }

    /// The plan, and each add-on.
    pub(super) fn lines(&self) -> Result<Vec<Line>, Unread> {
        let plan = self.plan.as_ref().ok_or_else(|| {
            Unread::value("data.subscription.plan", "the subscription has no plan")
        })?;
        let period = self.term_end()?.map(|end| Period { start: None, end });
        let line = |line: String, code: &Id, quantity: Option<&Scalar>, path: &str| {
            let quantity = quantity.map_or(Ok(1), |text| read::quantity(path, text.as_str()))?;
            Ok(Line { line, alias: vec![], item: vec![code.into()], quantity, period })
        };
        let path = "data.subscription.plan.quantity";
        let sale = self.sale();
        let plan = line(Line::at(&sale, 0), &plan.plan_code, plan.quantity.as_ref(), path);
        let addons = self.addons.iter().enumerate();
        // An add-on stands in a subscription once; a second entry would be the same line.
        let addons = addons.filter(|(position, addon)| {
            let before = self.addons.iter().take(*position);
            before.into_iter().all(|other| other.addon_code != addon.addon_code)
        });
        let addons = addons.map(|(_, addon)| {
            let (code, quantity) = (&addon.addon_code, addon.quantity.as_ref());
            line(format!("{sale}/{code}"), code, quantity, "data.subscription.addons.quantity")
        });
        std::iter::once(plan).chain(addons).collect()
    }
}

impl Payment {
    pub(super) fn name(&self) -> Ref {
        Ref::payment(&self.payment_id)
    }

    pub(super) fn amount(&self) -> Result<Option<Money>, Unread> {
        money("data.payment.amount", self.amount.as_ref(), self.currency_code.as_ref())
    }

    /// The running total of what went back.
    pub(super) fn refunded(&self) -> Result<Option<Money>, Unread> {
        let path = "data.payment.amount_refunded";
        money(path, self.amount_refunded.as_ref(), self.currency_code.as_ref())
    }
}

impl Invoice {
    pub(super) fn name(&self) -> Ref {
        Ref::invoice(&self.invoice_id)
    }

    pub(super) fn is_single_sale(&self) -> bool {
        self.subscriptions.is_empty() && !self.invoice_items.is_empty()
    }

    pub(super) fn total(&self) -> Result<Option<Money>, Unread> {
        money("data.invoice.total", self.total.as_ref(), self.currency_code.as_ref())
    }

    pub(super) fn lines(&self) -> Result<Vec<Line>, Unread> {
        let line = |(position, item): (usize, &Item)| {
            let quantity = item.quantity.as_ref().map_or(Ok(1), |text| {
                read::quantity("data.invoice.invoice_items.quantity", text.as_str())
            })?;
            let names = [
                filled(item.code.as_deref()),
                text(item.item_id.as_ref()),
                text(item.product_id.as_ref()),
            ];
            let line = Line::at(&self.name(), position);
            let item = names.into_iter().flatten().collect();
            Ok(Line { line, alias: vec![], item, quantity, period: None })
        };
        self.invoice_items.iter().enumerate().map(line).collect()
    }
}

impl Refund {
    pub(super) fn id(&self) -> String {
        (&self.refund_id).into()
    }

    pub(super) fn amount(&self, otherwise: Option<&Currency>) -> Result<Option<Money>, Unread> {
        let currency = self.currency_code.as_ref().or(otherwise);
        money("data.refund.amount", self.amount.as_ref(), currency)
    }
}

impl Payment {
    pub(super) fn currency(&self) -> Option<&Currency> {
        self.currency_code.as_ref()
    }
}

impl CreditNote {
    pub(super) fn id(&self) -> String {
        (&self.creditnote_id).into()
    }

    pub(super) fn invoice(&self) -> Option<Ref> {
        id(self.invoice_id.as_ref()).map(Ref::invoice)
    }

    pub(super) fn total(&self) -> Result<Option<Money>, Unread> {
        money("data.creditnote.total", self.total.as_ref(), self.currency_code.as_ref())
    }

    pub(super) fn currency(&self) -> Option<&Currency> {
        self.currency_code.as_ref()
    }
}

impl Person {
    fn customer(&self) -> Customer {
        let country = self.billing_address.as_ref().and_then(|address| address.country.as_deref());
        let full = read::full_name(self.first_name.as_deref(), self.last_name.as_deref());
        Customer {
            provider_id: text(self.customer_id.as_ref()),
            email: filled(self.email.as_deref()),
            name: full.or_else(|| filled(self.display_name.as_deref())),
            company: filled(self.company_name.as_deref()),
            country: read::country(country),
            locale: None,
        }
    }
}

/// A day of the organisation's calendar, itself included, or a time.
fn date(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    if text.len() == 10 { read::day_end(path, text) } else { read::iso8601(path, text) }
}

fn money(
    path: &str,
    amount: Option<&Scalar>,
    currency: Option<&Currency>,
) -> Result<Option<Money>, Unread> {
    let told = amount.zip(currency).filter(|(amount, _)| !amount.as_str().is_empty());
    told.map(|(amount, currency)| read::decimal(path, amount.as_str(), currency.as_str()))
        .transpose()
}

/// Zoho leaves what it does not know empty.
fn text(value: Option<&Scalar>) -> Option<String> {
    filled(value.map(Scalar::as_str))
}

fn id(value: Option<&Scalar>) -> Option<Id> {
    Id::new(&text(value)?)
}
