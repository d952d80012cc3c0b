//! What a form says: of a transaction, or of keys that are wanted.

use chrono::{DateTime, FixedOffset, Utc};

use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref, Thing};
use crate::read::{
    self, Currency, Envelope, Event, Form, Id, Reading, Unread, country, filled, full_name,
};
use crate::request::Request;
use crate::scheme::without_token;

const FULFIL: &str = "fulfil.request";

/// BlueSnap's clock: eight hours behind GMT all year.
const ZONE_SECONDS: i32 = -8 * 3600;

/// Names wander between releases (`productId`, `ProductId`), so that all are read in lower case.
fn form(body: &[u8]) -> Form {
    Form::parse(body).with_lower_names()
}

pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = form(body);
    let event_type = form.get("transactiontype")?.and_then(Id::new);
    Ok(Envelope {
        occurred_at: transacted_at(&form).ok().flatten(),
        live: match form.get("testmode")? {
            Some("Y" | "y") => Some(false),
            Some("N" | "n") => Some(true),
            _ => None,
        },
        ..Envelope::new(event_type.map_or_else(|| "unknown".to_owned(), String::from), body)
    })
}

/// The part of a request for keys that carries its fields.
pub(super) fn asked<'a>(request: &Request<'a>) -> &'a [u8] {
    if request.body.is_empty() { request.query.as_bytes() } else { request.body }
}

/// A call for the keys of one product of one order is the same one however often it comes.
pub(super) fn keys_envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let kept = without_token(&String::from_utf8_lossy(body));
    let form = Form::parse(kept.as_bytes());
    let id = form.get("order_id")?.zip(form.get("product")?);
    let id = id.map(|(order, product)| format!("fulfil:{order}/{product}"));
    let content = id.as_ref().map(|id| {
        let quantity: String = form.all("quantity").collect();
        format!("{id}\n{quantity}").into_bytes()
    });
    Ok(Envelope { id, content, ..Envelope::new(FULFIL, kept.as_bytes()) })
}

pub(super) fn notices(event: &Event<'_>) -> Reading {
    if event.event_type == FULFIL {
        return keys_wanted(event);
    }
    if !super::FACTS.events.contains(&event.event_type) {
        return Ok(vec![]);
    }
    let form = &form(event.body);
    let of = Transaction::of(event, form)?;
    let customer = customer(form)?;
    let notice = |kind: Kind| {
        // What befalls a subscription befalls its line, and not the order's others.
        let line = match kind {
            Kind::Canceled { .. } | Kind::Ended { .. } | Kind::PaymentFailed => {
                of.subscription.as_ref().map(|id| Ref::subscription(id).to_string())
            }
            _ => None,
        };
        // An invoice and a reference name one payment where that is told of, and only there: what
        // befalls a subscription later may carry the first of one and the latest of the other.
        let named = |name: &&Ref| match (&kind, name.thing) {
            (Kind::Paid { .. } | Kind::Trial { .. }, _) => true,
            (Kind::Refunded { .. } | Kind::Disputed { .. }, thing) => thing != Thing::Invoice,
            (_, thing) => !thing.names_payment(),
        };
        let refs = of.refs.iter().filter(named).cloned().collect();
        Notice { refs, occurred_at: of.at, line, kind, customer: customer.clone() }
    };
    Ok(of.told(event.event_type)?.into_iter().map(notice).collect())
}

/// One transaction: a payment, or what became of one.
struct Transaction<'f> {
    form: &'f Form,
    at: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    refs: Vec<Ref>,
    payment: Ref,
    order: Id,
    invoice: Option<Id>,
    subscription: Option<Id>,
}

impl<'f> Transaction<'f> {
    fn of(event: &Event<'_>, form: &'f Form) -> Result<Self, Unread> {
        let reference = form.need_id("referencenumber")?;
        let order = form.id("originalreferencenumber")?.unwrap_or_else(|| reference.clone());
        let subscription = form.id("subscriptionid")?;
        let field = event.settings.get("invoice_field").map(|field| field.to_ascii_lowercase());
        let invoice = form.id(field.as_deref().unwrap_or("invoiceid"))?;
        let payment = Ref::payment(&reference);
        let mut refs = vec![Ref::order(&order), payment.clone()];
        refs.extend(subscription.as_ref().map(Ref::subscription));
        refs.extend(invoice.as_ref().map(Ref::invoice));
        refs.sort();
        Ok(Self {
            form,
            at: transacted_at(form)?.unwrap_or(event.occurred_at),
            until: form.get("untildate")?.map(|text| time("untilDate", text)).transpose()?,
            refs,
            payment,
            order,
            invoice,
            subscription,
        })
    }

    fn told(&self, transaction_type: &str) -> Result<Vec<Kind>, Unread> {
        Ok(match transaction_type {
            "CHARGE" | "RECURRING" => vec![self.paid()?],
            "AUTH_ONLY" => self.tried()?,
            "CANCEL_ON_RENEWAL" => vec![Kind::Canceled { at: self.until }],
            "CANCELLATION" => vec![self.over()],
            "CANCELLATION_REFUND" => vec![Kind::Ended { at: self.at }, self.refunded()?],
            "REFUND" | "RDR" => vec![self.refunded()?],
            "CHARGEBACK" => vec![self.disputed(DisputeState::Opened)],
            "CHARGEBACK_STATUS_CHANGED" => self.dispute_moved()?,
            "DECLINE" | "FRAUD_DECLINE" => vec![self.declined()],
            "SUBSCRIPTION_CHARGE_FAILURE" => vec![Kind::PaymentFailed],
            "CONTRACT_CHANGE" => vec![self.changed()?],
            _ => vec![],
        })
    }

    fn paid(&self) -> Result<Kind, Unread> {
        let (payment, amount) = (self.payment.clone(), amount(self.form)?);
        Ok(Kind::Paid { payment, amount, lines: self.lines(self.until)? })
    }

    /// A trial costs nothing. The request for its keys may have given the product's whole time,
    /// which a payment of nothing with the true end corrects.
    fn tried(&self) -> Result<Vec<Kind>, Unread> {
        let until = self.until.ok_or_else(|| Unread::Content {
            path: "untilDate".to_owned(),
            message: "nothing tells when the trial ends".to_owned(),
        })?;
        let trial = Kind::Trial { until, lines: self.lines(None)? };
        let keys_given = self.form.get("licensekey")?.is_some();
        Ok(if keys_given { vec![trial, self.paid()?] } else { vec![trial] })
    }

    /// The order's contract, and those that were sold beside it.
    fn lines(&self, until: Option<DateTime<Utc>>) -> Result<Vec<Line>, Unread> {
        let mut lines = vec![self.first_line(until)?];
        let count = self.form.get("promotecontractsnum")?.map(str::parse::<usize>);
        let count = count
            .transpose()
            .map_err(|_| Unread::value("promoteContractsNum", "not a whole number"))?;
        for number in 0..=count.unwrap_or(0).min(100) {
            let name = |field: &str| format!("promote{field}[{number}]");
            let Some(contract) = self.form.id(&name("contractid"))? else { continue };
            let quantity = name("contractquantity");
            let quantity = read::quantity(&quantity, self.form.need(&quantity)?)?;
            let subscription = self.form.id(&name("subscriptionid"))?;
            let item = vec![contract.clone().into()];
            lines.push(self.line(subscription.as_ref(), &contract, item, quantity, None));
        }
        // A contract that was sold twice keeps two names.
        for position in 1..lines.len() {
            let (before, rest) = lines.split_at_mut(position);
            if let Some(line) = rest.first_mut()
                && before.iter().any(|other| other.line == line.line)
            {
                line.line = format!("{}#{position}", line.line);
                line.alias.clear();
            }
        }
        Ok(lines)
    }

    fn first_line(&self, until: Option<DateTime<Utc>>) -> Result<Line, Unread> {
        let contract = self.form.need_id("contractid")?;
        let product = self.form.id("productid")?.map(String::from);
        let item = [Some(String::from(&contract)), product].into_iter().flatten().collect();
        let quantity = read::quantity("quantity", self.form.need("quantity")?)?;
        Ok(self.line(self.subscription.as_ref(), &contract, item, quantity, until))
    }

    fn line(
        &self,
        subscription: Option<&Id>,
        contract: &Id,
        item: Vec<String>,
        quantity: u32,
        until: Option<DateTime<Utc>>,
    ) -> Line {
        let asked = self.invoice.as_ref().map(|invoice| asked_line(invoice, contract));
        let (line, alias) = match subscription {
            Some(id) => (Ref::subscription(id).to_string(), asked),
            None => (format!("order:{}/{contract}", self.order), asked),
        };
        let period = until.map(|end| Period { start: Some(self.at), end });
        Line { line, alias: alias.into_iter().collect(), item, quantity, period }
    }

    /// The subscription is of another contract now. No name of the order goes with it: that of the
    /// new contract could be another line's.
    fn changed(&self) -> Result<Kind, Unread> {
        self.form.need_id("subscriptionid")?;
        let line = Line { alias: vec![], ..self.first_line(None)? };
        Ok(Kind::Changed { lines: vec![line], whole: false })
    }

    /// Over; where a paid date is told, then.
    fn over(&self) -> Kind {
        match self.until {
            Some(at) => Kind::Ended { at },
            None => Kind::Canceled { at: None },
        }
    }

    fn refunded(&self) -> Result<Kind, Unread> {
        let amount = amount(self.form)?.filter(|amount| amount.minor != 0);
        let amount = amount.ok_or_else(|| Unread::Content {
            path: "invoiceChargeAmount".to_owned(),
            message: "the refund tells no amount and currency".to_owned(),
        })?;
        let reversal = self.form.id("reversalrefnum")?;
        let refund = reversal.map_or_else(|| self.payment.id.clone(), String::from);
        Ok(Kind::Refunded {
            refund,
            payment: self.payment.clone(),
            amount: Some(Money { minor: amount.minor.saturating_abs(), ..amount }),
            total: None,
            full: false,
            lines: vec![],
        })
    }

    /// Declined in review, after all.
    fn declined(&self) -> Kind {
        Kind::Refunded {
            refund: format!("{}/declined", self.payment.id),
            payment: self.payment.clone(),
            amount: None,
            total: None,
            full: true,
            lines: vec![],
        }
    }

    fn disputed(&self, state: DisputeState) -> Kind {
        let dispute = self.payment.id.clone();
        Kind::Disputed { dispute, payment: self.payment.clone(), state }
    }

    fn dispute_moved(&self) -> Result<Vec<Kind>, Unread> {
        Ok(match self.form.need("cbstatus")? {
            "New" | "Working" | "Completed_Pending" => vec![self.disputed(DisputeState::Opened)],
            "Completed_Won" => vec![self.disputed(DisputeState::Won)],
            "Completed_Lost" | "Closed" => vec![self.disputed(DisputeState::Lost)],
            _ => vec![],
        })
    }
}

/// The line that a request for keys speaks of.
fn asked_line(invoice: &Id, product: &Id) -> String {
    format!("invoice:{invoice}/{product}")
}

/// Keys are wanted for an order that is paid: the same payment and line that its webhook tells of.
fn keys_wanted(event: &Event<'_>) -> Reading {
    let form = Form::parse(event.body);
    let (invoice, product) = (form.need_id("order_id")?, form.need_id("product")?);
    let line = Line {
        line: asked_line(&invoice, &product),
        alias: vec![],
        item: vec![String::from(&product)],
        quantity: form.get("quantity")?.map_or(Ok(1), |text| read::quantity("quantity", text))?,
        period: None,
    };
    let customer = Customer {
        email: filled(form.get("email")?),
        name: filled(form.get("name")?),
        company: filled(form.get("company")?),
        country: country(form.get("country")?),
        ..Customer::default()
    };
    let payment = Ref::invoice(&invoice);
    Ok(vec![Notice {
        refs: vec![payment.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment, amount: None, lines: vec![line] },
        customer: Some(customer).filter(|customer| !customer.is_empty()),
    }])
}

fn transacted_at(form: &Form) -> Result<Option<DateTime<Utc>>, Unread> {
    form.get("transactiondate")?.map(|text| time("transactionDate", text)).transpose()
}

/// `01/31/2026 01:05 PM`.
fn time(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    let zone = FixedOffset::east_opt(ZONE_SECONDS)
        .ok_or_else(|| Unread::value(path, "not a time between 1970 and 9999"))?;
    read::local(path, text, "%m/%d/%Y %I:%M %p", zone)
}

/// What was charged; older forms tell it in US dollars only.
fn amount(form: &Form) -> Result<Option<Money>, Unread> {
    for (amount, currency) in
        [("invoicechargeamount", "invoicechargecurrency"), ("invoiceamount", "currency")]
    {
        let currency = form.get(currency)?.and_then(Currency::new);
        if let (Some(text), Some(currency)) = (form.get(amount)?, currency) {
            return read::decimal(amount, text, currency.as_str()).map(Some);
        }
    }
    Ok(None)
}

fn customer(form: &Form) -> Result<Option<Customer>, Unread> {
    let customer = Customer {
        provider_id: form.id("accountid")?.map(String::from),
        email: filled(form.get("email")?.or(form.get("invoiceemail")?)),
        name: full_name(form.get("firstname")?, form.get("lastname")?),
        company: filled(form.get("company")?),
        country: country(form.get("country")?),
        // Often a name (`ENGLISH`), which is no tag.
        locale: filled(form.get("language")?).filter(|tag| tag.len() == 2),
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}
