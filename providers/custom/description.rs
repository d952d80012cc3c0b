//! A whole description, read from its table: all that is wrong with it is told at once.

use serde_json::Value;

use super::fault::{Fault, Faults, Table};
use super::place::{AmountUnit, Beside, Format, Place};
use super::proof::{self, Proof};
use super::rule::{Meaning, Rule};
use super::slot::{Places, keys};

/// What `[providers.NAME.custom]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) proof: Proof,
    pub(super) format: Format,
    pub(super) amount_unit: AmountUnit,
    pub(super) answer: String,
    /// The event's own id; nowhere: it is known again by its bytes.
    pub(super) id: Place,
    pub(super) event_type: Place,
    pub(super) occurred_at: Place,
    pub(super) live: Place,
    /// What stands at `live` for real money; `None`: true, yes or 1.
    pub(super) live_value: Option<String>,
    pub(super) rules: Vec<Rule>,
}

/// The keys beside those of the proof.
const KEYS: &[&str] = &[
    "format",
    "amount_unit",
    "answer",
    "id",
    "type",
    "occurred_at",
    "live",
    "live_value",
    "places",
    "events",
];

impl Description {
    /// # Errors
    /// Every fault that there is, by its key.
    pub(super) fn read(value: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let read =
            Table::of(Vec::new(), value, &mut faults).and_then(|table| whole(&table, &mut faults));
        match read {
            Some(description) if faults.0.is_empty() => Ok(description),
            _ => Err(faults.0),
        }
    }
}

fn whole(table: &Table<'_>, faults: &mut Faults) -> Option<Description> {
    const FORMATS: &[(&str, Format)] = &[("json", Format::Json), ("form", Format::Form)];
    const UNITS: &[(&str, AmountUnit)] =
        &[("minor", AmountUnit::Minor), ("decimal", AmountUnit::Decimal)];
    let known: Vec<&str> = proof::KEYS.iter().chain(KEYS).copied().collect();
    table.only(&known, faults);
    let proof = Proof::read(table, faults);
    let format = table.choice("format", FORMATS, faults);
    let amount_unit = table.choice("amount_unit", UNITS, faults);
    // A wrong word here must not make a fault of every pointer.
    let (read_as, header) = (format.unwrap_or_default(), Beside::Header);
    let mut place = |name: &str, beside: Beside| {
        Place::read(table, name, read_as, beside, faults).unwrap_or_default()
    };
    let (id, event_type) = (place("id", header), place("type", header));
    let (occurred_at, live) =
        (place("occurred_at", Beside::Nothing), place("live", Beside::Nothing));
    if event_type.is_nowhere() && !table.has("type") {
        faults.add(table.at("type"), "is missing: say where the event's type stands");
    }
    if table.has("live_value") && !table.has("live") {
        faults.add(table.at("live_value"), "says what stands at live, and live is missing");
    }
    let live_value = table.text("live_value", faults).map(str::to_owned);
    let answer = table.text("answer", faults).unwrap_or_default().to_owned();
    let rules = rules(table, read_as, faults);
    agree(table, &rules, faults);
    ids_are_events(table, &id, &rules, faults);
    let proof = proof?;
    if id.in_headers().any(|name| !proof.covers_header(name)) {
        let message = "stands in a header that is not signed, so it could be changed; put \
                       {header:NAME} into signed, or leave id out: an event is then known again \
                       by its bytes";
        faults.add(table.at("id"), message);
    }
    Some(Description {
        proof,
        format: format?,
        amount_unit: amount_unit?,
        answer,
        id,
        event_type,
        occurred_at,
        live,
        live_value,
        rules,
    })
}

/// Every table of `events`: one a type, or a list of them.
fn rules(table: &Table<'_>, format: Format, faults: &mut Faults) -> Vec<Rule> {
    let common = match table.table("places", faults) {
        Some(places) => {
            places.only(&keys(), faults);
            Places::read(&places, format, faults)
        }
        None => Places::default(),
    };
    if !table.has("events") {
        let message = "is missing; write a table for each type of event, as in \
                       [providers.NAME.custom.events.\"order.paid\"]";
        faults.add(table.at("events"), message);
    }
    let Some(events) = table.table("events", faults) else { return Vec::new() };
    let mut rules = Vec::new();
    for (event_type, value) in events.iter() {
        let way = events.at(event_type);
        let several = value.as_array();
        let tables = several.map_or(std::slice::from_ref(value), Vec::as_slice);
        for (position, value) in tables.iter().enumerate() {
            let position = several.map(|_| position.to_string());
            let way = way.iter().cloned().chain(position).collect();
            let rule = Table::of(way, value, faults);
            rules.extend(rule.and_then(|t| Rule::read(&t, event_type, format, &common, faults)));
        }
    }
    rules
}

/// Rules that fit one another.
fn agree(table: &Table<'_>, rules: &[Rule], faults: &mut Faults) {
    let covers = |rule: &&Rule| matches!(rule.meaning, Meaning::Paid | Meaning::Trial);
    if faults.0.is_empty() && !rules.iter().any(|rule| covers(&rule)) {
        let message = "has no event with notice = \"paid\" (or \"trial\"), so no license would \
                       ever be given";
        faults.add(table.at("events"), message);
    }
    let paid: Vec<&Rule> = rules.iter().filter(|rule| rule.meaning == Meaning::Paid).collect();
    for rule in rules.iter().filter(|rule| rule.takes_back() && rule.names_paid()) {
        if !paid.is_empty() && !paid.iter().any(|paid| rule.finds(paid)) {
            let message = "names its payment otherwise than the events that are paid, and would \
                           never find it; describe the payment's id (payment, invoice or charge) \
                           in both, or in both order alone";
            faults.add(rule.path.clone(), message);
        }
    }
    for (position, rule) in rules.iter().enumerate() {
        let shadows =
            |earlier: &&Rule| earlier.event_type == rule.event_type && earlier.when.is_empty();
        if rules.iter().take(position).any(|earlier| shadows(&earlier)) {
            let message = "is never reached: a table before it takes every event of this type; \
                           give that one a `when`";
            faults.add(rule.path.clone(), message);
        }
    }
}

/// An id that several events share would make one of them.
fn ids_are_events(table: &Table<'_>, id: &Place, rules: &[Rule], faults: &mut Faults) {
    let shared = rules.iter().flat_map(|rule| &rule.places.by_slot).find(|(slot, place)| {
        let refers = slot.thing().is_some() || slot.is_personal();
        refers && place.in_body().any(|at| id.in_body().any(|own| own == at))
    });
    if let Some((slot, _)) = shared {
        let message = format!(
            "is the place of {} too, which several events can tell of: all but the first would be \
             taken for repetitions; leave id out, and an event is known again by its bytes",
            slot.key()
        );
        faults.add(table.at("id"), message);
    }
}
