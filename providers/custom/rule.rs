//! What an event of one type means, and whether its description says enough for that.

use super::fault::{Faults, Table};
use super::place::{Beside, Format, Look, Place, source};
use super::slot::{Places, Slot, keys};
use crate::notice::DisputeState;
use crate::read::Unread;
use crate::sample::Step;

/// One table of `events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) event_type: String,
    /// The way to it in the description.
    pub(super) path: Vec<String>,
    pub(super) meaning: Meaning,
    /// Only where one of these texts stands at each of these places.
    pub(super) when: Vec<(Place, Vec<String>)>,
    pub(super) places: Places,
    /// The steps of `trigger` that send it, where the description says.
    pub(super) steps: Option<Vec<Step>>,
}

/// The notice that an event becomes.
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
    Linked,
    Customer,
}

const MEANINGS: &[(&str, Meaning)] = &[
    ("paid", Meaning::Paid),
    ("trial", Meaning::Trial),
    ("changed", Meaning::Changed),
    ("canceled", Meaning::Canceled),
    ("uncanceled", Meaning::Uncanceled),
    ("ended", Meaning::Ended),
    ("payment_failed", Meaning::PaymentFailed),
    ("refunded", Meaning::Refunded),
    ("refund_undone", Meaning::RefundUndone),
    ("disputed", Meaning::Disputed(DisputeState::Opened)),
    ("dispute_won", Meaning::Disputed(DisputeState::Won)),
    ("dispute_lost", Meaning::Disputed(DisputeState::Lost)),
    ("paused", Meaning::Paused),
    ("resumed", Meaning::Resumed),
    ("linked", Meaning::Linked),
    ("customer", Meaning::Customer),
];

impl Rule {
    pub(super) fn read(
        table: &Table<'_>,
        event_type: &str,
        format: Format,
        common: &Places,
        faults: &mut Faults,
    ) -> Option<Self> {
        let known: Vec<&str> = ["notice", "when", "steps"].into_iter().chain(keys()).collect();
        table.only(&known, faults);
        let places = Places::read(table, format, faults);
        let when = when(table, format, faults);
        let steps = steps(table, faults);
        let meaning = table.chosen("notice", MEANINGS, faults)?;
        let rule = Self {
            event_type: event_type.to_owned(),
            path: table.here(),
            meaning,
            when,
            places: places.or(common),
            steps,
        };
        if !rule.places.faulty {
            rule.says_enough(table, faults);
        }
        Some(rule)
    }

    /// Does this event mean that?
    pub(super) fn holds(&self, look: &Look<'_>) -> Result<bool, Unread> {
        for (place, words) in &self.when {
            let told = look.text(place)?;
            if !told.is_some_and(|told| words.contains(&told)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn says_enough(&self, table: &Table<'_>, faults: &mut Faults) {
        let places = &self.places;
        let mut demand = |holds: bool, key: &str, message: &str| {
            if !holds {
                faults.add(table.at(key), message);
            }
        };
        let has = |slot: Slot| places.has(slot);
        match self.meaning {
            Meaning::Paid => {
                let dated = has(Slot::PeriodEnd) || self.line_has(Slot::PeriodEnd);
                let named = places.names_payment()
                    || (has(Slot::Subscription) && dated)
                    || (has(Slot::Order) && !has(Slot::Subscription));
                demand(named, "payment", PAID_UNNAMED);
                demand(places.tells_item(), ITEM, ITEM_MISSING);
            }
            Meaning::Trial => {
                demand(has(Slot::EndsAt), "ends_at", "is missing: a trial ends at some time");
                demand(places.tells_item(), ITEM, ITEM_MISSING);
                demand(places.refs() > 0, "subscription", SALE_UNNAMED);
            }
            Meaning::Changed => {
                demand(places.tells_item(), ITEM, ITEM_MISSING);
                demand(places.refs() > 0, "subscription", SALE_UNNAMED);
            }
            Meaning::Refunded => {
                demand(self.names_paid(), "payment", BACK_UNNAMED);
                let counted = has(Slot::Refund) || !has(Slot::Amount) || has(Slot::RefundTotal);
                demand(counted, "refund", REFUND_UNNAMED);
            }
            Meaning::RefundUndone | Meaning::Disputed(_) => {
                demand(self.names_paid(), "payment", BACK_UNNAMED);
            }
            Meaning::Linked => demand(places.refs() > 1, "subscription", LINKS_NOTHING),
            Meaning::Customer => {
                demand(
                    has(Slot::CustomerId),
                    "customer_id",
                    "is missing: whose details are these?",
                );
            }
            Meaning::Canceled
            | Meaning::Uncanceled
            | Meaning::Ended
            | Meaning::PaymentFailed
            | Meaning::Paused
            | Meaning::Resumed => demand(places.refs() > 0, "subscription", SALE_UNNAMED),
        }
        let amounts = has(Slot::Amount) || has(Slot::RefundTotal);
        demand(!amounts || has(Slot::Currency), "currency", CURRENCY_MISSING);
        self.one_place_a_thing(table, faults);
    }

    /// Two ids at one place would tie what is not one; a customer's would tie all that he buys.
    fn one_place_a_thing(&self, table: &Table<'_>, faults: &mut Faults) {
        let refs = || Slot::ALL.into_iter().filter(|slot| slot.thing().is_some());
        let others = Slot::ALL.into_iter().filter(|slot| slot.is_personal());
        for (position, slot) in refs().enumerate() {
            let Some(place) = self.places.get(slot) else { continue };
            let before = refs().take(position).chain(others.clone());
            let same = |other: &Slot| {
                let theirs = self.places.get(*other);
                theirs.is_some_and(|theirs| {
                    theirs.in_body().any(|at| place.in_body().any(|ours| ours == at))
                })
            };
            if let Some(other) = before.into_iter().find(same) {
                let message = format!(
                    "is the same place as {}; describe each id once, as what it is",
                    other.key()
                );
                faults.add(table.at(slot.key()), message);
            }
        }
    }

    fn line_has(&self, slot: Slot) -> bool {
        let lines = self.places.lines.as_ref();
        lines.and_then(|lines| lines.by_slot.get(&slot)).is_some_and(|place| !place.is_nowhere())
    }

    /// Is it said which payment this is about?
    pub(super) fn names_paid(&self) -> bool {
        self.places.names_payment() || self.places.has(Slot::Order)
    }

    /// Money that goes back is found where its payment is named as when it came.
    pub(super) fn takes_back(&self) -> bool {
        matches!(self.meaning, Meaning::Refunded | Meaning::RefundUndone | Meaning::Disputed(_))
    }

    /// Would a payment told by `paid` be found by what this event names?
    pub(super) fn finds(&self, paid: &Self) -> bool {
        match (paid.places.names_payment(), self.places.names_payment()) {
            (true, true) => true,
            (false, false) => !paid.places.has(Slot::Subscription),
            (true, false) | (false, true) => false,
        }
    }
}

const ITEM: &str = "item";

const PAID_UNNAMED: &str = "is missing: this payment could not be told from others; say where its \
                            id stands (payment, invoice or charge), or else subscription and \
                            period_end, or for what is sold once order alone";

const ITEM_MISSING: &str = "is missing: say where it stands what was bought (or [] where this \
                            event does not tell it of a subscription)";

const SALE_UNNAMED: &str = "is missing: say where it stands what this is about (subscription, \
                            order, session, or an id of the payment)";

const BACK_UNNAMED: &str = "is missing: say where the id of the payment stands that this is about \
                            (payment, invoice or charge, or else order)";

const REFUND_UNNAMED: &str = "is missing: without its id two refunds in part look like one; say \
                              where it stands, or where the sum of all stands (refund_total)";

const LINKS_NOTHING: &str = "is missing: linked ties two ids or more (order, session, \
                             subscription, invoice, payment, charge)";

const CURRENCY_MISSING: &str = "is missing: an amount needs one; say where it stands, or \
                                \"=EUR\" where it is always the same";

fn when(table: &Table<'_>, format: Format, faults: &mut Faults) -> Vec<(Place, Vec<String>)> {
    let Some(when) = table.table("when", faults) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, _) in when.iter() {
        let words = when.texts(at, faults).unwrap_or_default();
        match source(at, format, Beside::Nothing) {
            Ok(source) => {
                let words = words.into_iter().map(str::to_owned).collect();
                found.push((Place(vec![source]), words));
            }
            Err(message) => faults.add(when.at(at), message),
        }
    }
    found
}

fn steps(table: &Table<'_>, faults: &mut Faults) -> Option<Vec<Step>> {
    let words = table.texts("steps", faults)?;
    let known = Step::ALL.map(Step::as_str);
    let mut steps = Vec::new();
    for word in words {
        match Step::ALL.into_iter().find(|step| step.as_str() == word) {
            Some(step) => steps.push(step),
            None => faults.add(
                table.at("steps"),
                format!("has a step that there is not; there are {}", known.join(", ")),
            ),
        }
    }
    Some(steps)
}
