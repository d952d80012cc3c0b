//! One event to notices, by its rule.

use chrono::{DateTime, Utc};

use super::description::Description;
use super::place::{Document, Look, Place, first, missing};
use super::rule::{Meaning, Rule};
use super::slot::{Places, Slot};
use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{Envelope, Event, Reading, Unread, country};
use crate::request::Request;
use crate::scheme::Verified;

/// What an event is of whose type stands nowhere.
const UNKNOWN: &str = "unknown";

impl Description {
    /// The one event of a delivery. What is odd in its frame is told by [`Description::event`],
    /// so that a description can be mended and the event read again.
    pub(super) fn envelope(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Envelope, Unread> {
        let document = Document::parse(self.format, delivery.body())?;
        let look = document.look();
        let header = |place: &Place| {
            place.in_headers().find_map(|name| {
                let value = request.header_opt(name).ok().flatten()?;
                crate::read::Id::new(value.trim()).map(String::from)
            })
        };
        let topic = header(&self.event_type).filter(|_| self.type_in_body(&look).is_none());
        let envelope = match &topic {
            Some(topic) => Envelope::with_topic(topic, delivery.body()),
            None => {
                let told = self.type_in_body(&look).unwrap_or_else(|| UNKNOWN.to_owned());
                Envelope::new(told, delivery.body())
            }
        };
        let id = look.id(&self.id).ok().flatten().map(String::from);
        let signed_id = || delivery.id().map(str::to_owned);
        Ok(Envelope {
            id: id.or_else(|| header(&self.id)).or_else(signed_id),
            occurred_at: look.time(&self.occurred_at).ok().flatten(),
            live: self.live(&look),
            ..envelope
        })
    }

    fn type_in_body(&self, look: &Look<'_>) -> Option<String> {
        look.text(&self.event_type).ok().flatten()
    }

    fn live(&self, look: &Look<'_>) -> Option<bool> {
        let told = look.text(&self.live).ok().flatten()?;
        Some(match &self.live_value {
            Some(live) => told == *live,
            None => ["true", "1", "yes"].iter().any(|word| told.eq_ignore_ascii_case(word)),
        })
    }

    /// # Errors
    /// [`Unread`], with the place of what was wrong.
    pub(super) fn event(&self, event: &Event<'_>) -> Reading {
        let document = Document::parse(self.format, event.body)?;
        let look = document.look();
        // As it is described now, which may be better than when the event came.
        let told = self.type_in_body(&look);
        let event_type = told.as_deref().unwrap_or(event.event_type);
        let occurred_at = look.time(&self.occurred_at)?.unwrap_or(event.occurred_at);
        for rule in self.rules.iter().filter(|rule| rule.event_type == event_type) {
            if rule.holds(&look)? {
                let teller = Teller { description: self, rule, look: &look, occurred_at };
                return teller.notice().map(|notice| vec![notice]);
            }
        }
        Ok(Vec::new())
    }
}

/// Reads one event by one rule.
struct Teller<'a> {
    description: &'a Description,
    rule: &'a Rule,
    look: &'a Look<'a>,
    occurred_at: DateTime<Utc>,
}

impl Teller<'_> {
    fn notice(&self) -> Result<Notice, Unread> {
        let customer = self.customer()?;
        let kind = match self.rule.meaning {
            Meaning::Paid => self.paid()?,
            Meaning::Trial => {
                Kind::Trial { until: self.need_time(Slot::EndsAt)?, lines: self.lines()? }
            }
            Meaning::Changed => self.changed()?,
            Meaning::Canceled => Kind::Canceled { at: self.time(Slot::EndsAt)? },
            Meaning::Uncanceled => Kind::Uncanceled,
            Meaning::Ended => {
                Kind::Ended { at: self.time(Slot::EndsAt)?.unwrap_or(self.occurred_at) }
            }
            Meaning::PaymentFailed => Kind::PaymentFailed,
            Meaning::Refunded => self.refunded()?,
            Meaning::RefundUndone => {
                let payment = self.taken_back()?;
                Kind::RefundUndone { refund: self.own_id(Slot::Refund, &payment)?, payment }
            }
            Meaning::Disputed(state) => self.disputed(state)?,
            Meaning::Paused => Kind::Paused,
            Meaning::Resumed => Kind::Resumed,
            Meaning::Linked => Kind::Linked,
            Meaning::Customer => return self.of_customer(customer),
        };
        let refs = self.refs()?;
        if refs.is_empty() {
            return Err(Unread::Format(UNNAMED.to_owned()));
        }
        Ok(Notice { refs, occurred_at: self.occurred_at, line: None, kind, customer })
    }

    fn places(&self) -> &Places {
        &self.rule.places
    }

    fn reference(&self, slot: Slot) -> Result<Option<Ref>, Unread> {
        let (Some(thing), Some(place)) = (slot.thing(), self.places().get(slot)) else {
            return Ok(None);
        };
        Ok(self.look.id(place)?.map(|id| Ref::new(thing, id)))
    }

    fn refs(&self) -> Result<Vec<Ref>, Unread> {
        let found = Slot::ALL.into_iter().map(|slot| self.reference(slot));
        Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// The id of the one payment, which must be there where it is described.
    fn payment_id(&self) -> Result<Option<Ref>, Unread> {
        let mut described = None;
        for slot in Slot::PAYMENTS {
            if let Some(payment) = self.reference(slot)? {
                return Ok(Some(payment));
            }
            described = described.or(self.places().get(slot));
        }
        match described {
            Some(place) => Err(missing(&first(place), "the payment's id")),
            None => Ok(None),
        }
    }

    /// By the payment's own id; a subscription is paid again and again, so else by it and its
    /// period; what is sold once is paid once.
    fn paid(&self) -> Result<Kind, Unread> {
        let lines = self.lines()?;
        let payment = match (self.payment_id()?, self.reference(Slot::Subscription)?) {
            (Some(payment), _) => payment,
            (None, Some(subscription)) => {
                let end =
                    lines.iter().filter_map(|line| line.period).map(|period| period.end).max();
                let end = end.ok_or_else(|| Unread::Format(UNDATED.to_owned()))?;
                Ref::payment(format!("{}/{}", subscription.id, end.timestamp()))
            }
            (None, None) => {
                self.reference(Slot::Order)?.ok_or_else(|| Unread::Format(UNNAMED.to_owned()))?
            }
        };
        Ok(Kind::Paid { payment, amount: self.money(Slot::Amount)?, lines })
    }

    fn changed(&self) -> Result<Kind, Unread> {
        let lines = self.lines()?;
        let told: Vec<Line> = lines
            .into_iter()
            .filter(|line| !line.item.is_empty())
            .map(|line| Line { period: None, ..line })
            .collect();
        Ok(if told.is_empty() { Kind::Linked } else { Kind::Changed { lines: told, whole: false } })
    }

    /// The payment that money goes back from.
    fn taken_back(&self) -> Result<Ref, Unread> {
        let payment = match self.payment_id()? {
            Some(payment) => Some(payment),
            None => self.reference(Slot::Order)?,
        };
        payment.ok_or_else(|| Unread::Format(UNNAMED.to_owned()))
    }

    /// All of it went back, unless it is described how much; then that must be told.
    fn refunded(&self) -> Result<Kind, Unread> {
        let payment = self.taken_back()?;
        let (amount, total) = (self.money(Slot::Amount)?, self.money(Slot::RefundTotal)?);
        let described = [Slot::Amount, Slot::RefundTotal].map(|slot| self.places().get(slot));
        let described = described.into_iter().flatten().next();
        if let (Some(place), None, None) = (described, &amount, &total) {
            return Err(missing(&first(place), "how much went back"));
        }
        let refund = self.own_id(Slot::Refund, &payment)?;
        // Without an id of its own only the sum of all refunds means anything.
        let amount = amount.filter(|_| self.places().has(Slot::Refund));
        let full = described.is_none();
        Ok(Kind::Refunded { refund, payment, amount, total, full, lines: Vec::new() })
    }

    fn disputed(&self, state: DisputeState) -> Result<Kind, Unread> {
        let payment = self.taken_back()?;
        Ok(Kind::Disputed { dispute: self.own_id(Slot::Dispute, &payment)?, payment, state })
    }

    /// An id of its own where one is described, else it is known by its payment.
    fn own_id(&self, slot: Slot, payment: &Ref) -> Result<String, Unread> {
        let Some(place) = self.places().get(slot) else { return Ok(payment.to_string()) };
        let id = self.look.id(place)?.map(String::from);
        id.ok_or_else(|| missing(&first(place), "an id of its own"))
    }

    fn money(&self, slot: Slot) -> Result<Option<Money>, Unread> {
        let places = (self.places().get(slot), self.places().get(Slot::Currency));
        let (Some(amount), Some(currency)) = places else { return Ok(None) };
        self.look.money(amount, currency, self.description.amount_unit)
    }

    fn time(&self, slot: Slot) -> Result<Option<DateTime<Utc>>, Unread> {
        let place = self.places().get(slot);
        place.map_or(Ok(None), |place| self.look.time(place))
    }

    fn need_time(&self, slot: Slot) -> Result<DateTime<Utc>, Unread> {
        let path = || self.places().get(slot).map(first).unwrap_or_default();
        self.time(slot)?.ok_or_else(|| missing(&path(), "when it ends"))
    }

    fn lines(&self) -> Result<Vec<Line>, Unread> {
        let (scope, aliases) = self.scope()?;
        let own = |slot: Slot| self.places().by_slot.get(&slot);
        let Some(lines) = &self.places().lines else {
            return Ok(vec![self.line(self.look, own, 0, (&scope, &aliases))?]);
        };
        let mut found: Vec<Line> = Vec::new();
        for (position, look) in self.look.items(&lines.at)?.iter().enumerate() {
            let own = |slot: Slot| lines.by_slot.get(&slot);
            let mut line = self.line(look, own, position, (&scope, &aliases))?;
            if line.period.is_none() {
                line.period = self.period(self.look, |slot| self.places().by_slot.get(&slot))?;
            }
            if found.iter().any(|other| other.line == line.line) {
                return Err(Unread::value(&lines.at, "two lines have one id"));
            }
            found.push(line);
        }
        Ok(found)
    }

    /// What a line belongs to, which stays over all renewals; and the names that it has beside.
    fn scope(&self) -> Result<(Ref, Vec<Ref>), Unread> {
        let sale = [Slot::Subscription, Slot::Order, Slot::Session];
        let sale = sale.map(|slot| self.reference(slot));
        let mut names = Vec::new();
        for found in sale {
            names.extend(found?);
        }
        if names.is_empty() {
            names.extend(self.payment_id()?);
        }
        let mut names = names.into_iter();
        let scope = names.next().ok_or_else(|| Unread::Format(UNNAMED.to_owned()))?;
        Ok((scope, names.collect()))
    }

    fn line<'p>(
        &self,
        look: &Look<'_>,
        place: impl Fn(Slot) -> Option<&'p Place>,
        position: usize,
        (scope, aliases): (&Ref, &[Ref]),
    ) -> Result<Line, Unread> {
        let id = match place(Slot::Line) {
            Some(at) if !at.is_nowhere() => {
                let id = look.id(at)?.ok_or_else(|| look.missing(at, "the line's id"))?;
                Some(id)
            }
            Some(_) | None => None,
        };
        let name = |of: &Ref| match &id {
            Some(id) => format!("{of}#{id}"),
            None => Line::at(of, position),
        };
        let item = place(Slot::Item).map_or(Ok(Vec::new()), |at| look.texts(at))?;
        let described = place(Slot::Item).filter(|at| !at.is_nowhere());
        if let (Some(at), true) = (described, item.is_empty()) {
            return Err(look.missing(at, "what was bought"));
        }
        let quantity = place(Slot::Quantity).map_or(Ok(None), |at| look.quantity(at))?;
        Ok(Line {
            line: name(scope),
            alias: aliases.iter().map(name).collect(),
            item,
            quantity: quantity.unwrap_or(1),
            period: self.period(look, place)?,
        })
    }

    fn period<'p>(
        &self,
        look: &Look<'_>,
        place: impl Fn(Slot) -> Option<&'p Place>,
    ) -> Result<Option<Period>, Unread> {
        let time = |slot: Slot| place(slot).map_or(Ok(None), |at| look.time(at));
        let start = time(Slot::PeriodStart)?;
        Ok(time(Slot::PeriodEnd)?.map(|end| Period { start, end }))
    }

    fn customer(&self) -> Result<Option<Customer>, Unread> {
        let text =
            |slot: Slot| self.places().get(slot).map_or(Ok(None), |place| self.look.text(place));
        let id = self.places().get(Slot::CustomerId);
        let customer = Customer {
            provider_id: id.map_or(Ok(None), |id| self.look.id(id))?.map(String::from),
            email: text(Slot::Email)?,
            name: text(Slot::Name)?,
            company: text(Slot::Company)?,
            country: country(text(Slot::Country)?.as_deref()),
            locale: text(Slot::Locale)?,
        };
        Ok(Some(customer).filter(|customer| !customer.is_empty()))
    }

    fn of_customer(&self, customer: Option<Customer>) -> Result<Notice, Unread> {
        let named = customer.filter(|customer| customer.provider_id.is_some());
        let path = self.places().get(Slot::CustomerId).map(first).unwrap_or_default();
        let customer = named.ok_or_else(|| missing(&path, "the customer's id"))?;
        let (occurred_at, kind) = (self.occurred_at, Kind::Customer);
        Ok(Notice { refs: Vec::new(), occurred_at, line: None, kind, customer: Some(customer) })
    }
}

const UNNAMED: &str = "no order, subscription or payment is named in this event; say in \
                       keywright.toml where its id stands, under events or places";

const UNDATED: &str = "this payment of a subscription cannot be told from others: it has neither \
                       an id nor the end of a period; say in keywright.toml where one stands \
                       (payment or period_end)";
