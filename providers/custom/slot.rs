//! The things that can stand in an event, and the places described for them.

use std::collections::BTreeMap;

use super::fault::{Faults, Table};
use super::place::{Beside, Format, Place, source};
use crate::notice::Thing;

/// A thing that an event may tell, by the key under which its place is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    Order,
    Session,
    Subscription,
    Invoice,
    Payment,
    Charge,
    Refund,
    Dispute,
    Amount,
    RefundTotal,
    Currency,
    CustomerId,
    Email,
    Name,
    Company,
    Country,
    Locale,
    Item,
    Line,
    Quantity,
    PeriodStart,
    PeriodEnd,
    EndsAt,
}

impl Slot {
    pub(super) const ALL: [Self; 23] = [
        Self::Order,
        Self::Session,
        Self::Subscription,
        Self::Invoice,
        Self::Payment,
        Self::Charge,
        Self::Refund,
        Self::Dispute,
        Self::Amount,
        Self::RefundTotal,
        Self::Currency,
        Self::CustomerId,
        Self::Email,
        Self::Name,
        Self::Company,
        Self::Country,
        Self::Locale,
        Self::Item,
        Self::Line,
        Self::Quantity,
        Self::PeriodStart,
        Self::PeriodEnd,
        Self::EndsAt,
    ];

    /// What name one payment.
    pub(super) const PAYMENTS: [Self; 3] = [Self::Invoice, Self::Payment, Self::Charge];

    /// What belongs to one line of an order.
    pub(super) const OF_LINES: [Self; 5] =
        [Self::Item, Self::Line, Self::Quantity, Self::PeriodStart, Self::PeriodEnd];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Session => "session",
            Self::Subscription => "subscription",
            Self::Invoice => "invoice",
            Self::Payment => "payment",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Amount => "amount",
            Self::RefundTotal => "refund_total",
            Self::Currency => "currency",
            Self::CustomerId => "customer_id",
            Self::Email => "email",
            Self::Name => "name",
            Self::Company => "company",
            Self::Country => "country",
            Self::Locale => "locale",
            Self::Item => "item",
            Self::Line => "line",
            Self::Quantity => "quantity",
            Self::PeriodStart => "period_start",
            Self::PeriodEnd => "period_end",
            Self::EndsAt => "ends_at",
        }
    }

    /// What its id refers to, where it ties notices to a sale.
    pub(super) fn thing(self) -> Option<Thing> {
        match self {
            Self::Order => Some(Thing::Order),
            Self::Session => Some(Thing::Session),
            Self::Subscription => Some(Thing::Subscription),
            Self::Invoice => Some(Thing::Invoice),
            Self::Payment => Some(Thing::Payment),
            Self::Charge => Some(Thing::Charge),
            Self::Refund
            | Self::Dispute
            | Self::Amount
            | Self::RefundTotal
            | Self::Currency
            | Self::CustomerId
            | Self::Email
            | Self::Name
            | Self::Company
            | Self::Country
            | Self::Locale
            | Self::Item
            | Self::Line
            | Self::Quantity
            | Self::PeriodStart
            | Self::PeriodEnd
            | Self::EndsAt => None,
        }
    }

    /// What tells of a person.
    pub(super) fn is_personal(self) -> bool {
        matches!(
            self,
            Self::CustomerId
                | Self::Email
                | Self::Name
                | Self::Company
                | Self::Country
                | Self::Locale
        )
    }

    /// Is it told in every event in the same way, so that its text may be fixed?
    fn beside(self) -> Beside {
        if matches!(self, Self::Item | Self::Currency) { Beside::Fixed } else { Beside::Nothing }
    }
}

/// Where the things of an event stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) by_slot: BTreeMap<Slot, Place>,
    pub(super) lines: Option<Lines>,
    /// Something here could not be read, and would only be missed once more.
    pub(super) faulty: bool,
}

/// A list of lines; places in it begin at a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) at: String,
    pub(super) by_slot: BTreeMap<Slot, Place>,
}

/// The keys of [`Places`].
pub(super) fn keys() -> Vec<&'static str> {
    Slot::ALL.iter().map(|slot| slot.key()).chain(["lines"]).collect()
}

impl Places {
    pub(super) fn read(table: &Table<'_>, format: Format, faults: &mut Faults) -> Self {
        let before = faults.0.len();
        let by_slot = by_slot(table, &Slot::ALL, format, faults);
        let lines = table.table("lines", faults).and_then(|lines| {
            if format == Format::Form {
                let message = "a form has no lists of tables; describe item, quantity ... of the \
                               one line that the event tells";
                faults.add(lines.here(), message);
                return None;
            }
            if let Some(beside) = Slot::OF_LINES.iter().find(|slot| by_slot.contains_key(slot)) {
                let period = [Slot::PeriodStart, Slot::PeriodEnd].contains(beside);
                if !period {
                    let message = "stands beside lines; put it into them";
                    faults.add(table.at(beside.key()), message);
                }
            }
            Lines::read(&lines, faults)
        });
        Self { by_slot, lines, faulty: faults.0.len() > before }
    }

    /// What is described here, and of all else what is described there.
    pub(super) fn or(mut self, common: &Self) -> Self {
        let one_line = [Slot::Item, Slot::Line, Slot::Quantity];
        self.faulty |= common.faulty;
        let own_line = one_line.iter().any(|slot| self.by_slot.contains_key(slot));
        if self.lines.is_none() && !own_line {
            self.lines.clone_from(&common.lines);
        }
        for (slot, place) in &common.by_slot {
            if self.lines.is_none() || !one_line.contains(slot) {
                self.by_slot.entry(*slot).or_insert_with(|| place.clone());
            }
        }
        self
    }

    /// The place of a thing, unless it is said to stand nowhere.
    pub(super) fn get(&self, slot: Slot) -> Option<&Place> {
        self.by_slot.get(&slot).filter(|place| !place.is_nowhere())
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.get(slot).is_some()
    }

    /// Is it described what was bought, or said that this event does not tell it?
    pub(super) fn tells_item(&self) -> bool {
        let described = match &self.lines {
            Some(lines) => lines.by_slot.get(&Slot::Item),
            None => self.by_slot.get(&Slot::Item),
        };
        described.is_some_and(|place| !place.is_nowhere() || self.has(Slot::Subscription))
    }

    /// Does something name one payment of several?
    pub(super) fn names_payment(&self) -> bool {
        Slot::PAYMENTS.iter().any(|slot| self.has(*slot))
    }

    /// Does something tie to a sale?
    pub(super) fn refs(&self) -> usize {
        Slot::ALL.iter().filter(|slot| slot.thing().is_some() && self.has(**slot)).count()
    }
}

impl Lines {
    fn read(table: &Table<'_>, faults: &mut Faults) -> Option<Self> {
        let known: Vec<&str> =
            ["at"].into_iter().chain(Slot::OF_LINES.iter().map(|slot| slot.key())).collect();
        table.only(&known, faults);
        let by_slot = by_slot(table, &Slot::OF_LINES, Format::Json, faults);
        if !table.has("at") {
            faults.add(table.at("at"), "is missing; write the pointer to the list of lines");
        }
        let at = table.text("at", faults)?;
        match source(at, Format::Json, Beside::Nothing) {
            Ok(_) => Some(Self { at: at.to_owned(), by_slot }),
            Err(message) => {
                faults.add(table.at("at"), message);
                None
            }
        }
    }
}

fn by_slot(
    table: &Table<'_>,
    slots: &[Slot],
    format: Format,
    faults: &mut Faults,
) -> BTreeMap<Slot, Place> {
    let mut found = BTreeMap::new();
    for slot in slots {
        let place = Place::read(table, slot.key(), format, slot.beside(), faults);
        let Some(place) = place else { continue };
        if slot.thing().is_some() && place.in_body().any(written_by_buyers) {
            let message = "leads to what a buyer can write (or a shop may let him), and would let \
                           him join a stranger's purchase; point at an id that the provider made";
            faults.add(table.at(slot.key()), message);
        }
        found.insert(*slot, place);
    }
    found
}

/// By the names under which shops hand through what they were given.
fn written_by_buyers(place: &str) -> bool {
    const NAMES: [&str; 10] = [
        "metadata",
        "meta_data",
        "custom",
        "custom_data",
        "custom_fields",
        "customdata",
        "passthrough",
        "note",
        "notes",
        "client_reference_id",
    ];
    place.split(['/', '[', ']']).any(|name| NAMES.iter().any(|n| name.eq_ignore_ascii_case(n)))
}
