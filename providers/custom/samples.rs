//! What a described provider would send, made from the description itself: each value is put where
//! its place says.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::description::Description;
use super::place::{AmountUnit, Format, Place, Source};
use super::rule::{Meaning, Rule};
use super::slot::Slot;
use crate::notice::DisputeState;
use crate::sample::{Sample, Scene, Step};

impl Description {
    /// The events of one step. What was sold once does not renew, and neither does anything where
    /// no subscription is described.
    pub(super) fn burst(&self, scene: &Scene) -> Vec<Sample> {
        let of_subscriptions = match scene.step {
            Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange => true,
            Step::Purchase | Step::Refund | Step::Dispute => false,
        };
        let fits = |rule: &&Rule| {
            !of_subscriptions || (scene.subscription && rule.places.has(Slot::Subscription))
        };
        let named = |rule: &&Rule| match &rule.steps {
            Some(steps) => steps.contains(&scene.step),
            None => usual(rule.meaning, scene.step),
        };
        let mut rules: Vec<&Rule> = self.rules.iter().filter(named).filter(fits).collect();
        if rules.is_empty() {
            let instead = |rule: &&Rule| rule.steps.is_none() && instead(rule.meaning, scene.step);
            rules.extend(self.rules.iter().filter(instead).filter(fits));
        }
        let of = |(number, rule)| self.sample(rule, scene, number);
        rules.into_iter().enumerate().map(of).collect()
    }

    fn sample(&self, rule: &Rule, scene: &Scene, number: usize) -> Sample {
        let mut body = Body::new(self.format);
        let mut headers = Vec::new();
        let Scene { tag, cycle, step, .. } = scene;
        let event_id = format!("evt_{tag}{cycle}{}{number}", step.as_str().replace('-', ""));
        for (place, text) in [(&self.id, event_id), (&self.event_type, rule.event_type.clone())] {
            match place.0.first() {
                Some(Source::Header(name)) => headers.push((name.clone(), text)),
                Some(Source::At(at)) => body.put(at, text.into()),
                Some(Source::Fixed(_)) | None => {}
            }
        }
        body.fill(&self.occurred_at, time(scene.at));
        let live = match &self.live_value {
            None => json!(scene.live),
            Some(live) if scene.live => json!(live),
            Some(live) => json!(format!("not-{live}")),
        };
        body.fill(&self.live, live);
        for (place, words) in &rule.when {
            body.fill(place, json!(words.first()));
        }
        for (slot, place) in &rule.places.by_slot {
            body.fill(place, self.value(*slot, rule, scene));
        }
        if let Some(lines) = &rule.places.lines {
            let mut line = Body::new(Format::Json);
            for (slot, place) in &lines.by_slot {
                line.fill(place, self.value(*slot, rule, scene));
            }
            body.put(&lines.at, Value::Array(vec![line.json()]));
        }
        let sample = body.sample(&rule.event_type);
        headers.into_iter().fold(sample, |sample, (name, value)| sample.with_header(&name, value))
    }

    fn value(&self, slot: Slot, rule: &Rule, scene: &Scene) -> Value {
        let Scene { tag, cycle, subscription, .. } = scene;
        let paid = |prefix: &str| json!(format!("{prefix}_{tag}{cycle}"));
        let bought = |prefix: &str| json!(format!("{prefix}_{tag}"));
        let renewing = |at: DateTime<Utc>| if *subscription { time(at) } else { Value::Null };
        match slot {
            Slot::Order => bought("ord"),
            Slot::Session => bought("ses"),
            Slot::Subscription if *subscription => bought("sub"),
            Slot::Subscription => Value::Null,
            Slot::Invoice => paid("inv"),
            Slot::Payment => paid("pay"),
            Slot::Charge => paid("chg"),
            Slot::Refund => paid("ref"),
            Slot::Dispute => paid("dsp"),
            Slot::Amount | Slot::RefundTotal => match self.amount_unit {
                AmountUnit::Minor => json!(scene.amount_minor),
                AmountUnit::Decimal => json!(scene.decimal()),
            },
            Slot::Currency => json!(scene.currency),
            Slot::CustomerId => bought("cus"),
            Slot::Email => json!(scene.email),
            Slot::Name => json!(scene.name),
            Slot::Company => json!(scene.company),
            Slot::Country => json!(scene.country),
            Slot::Locale => json!(scene.locale),
            Slot::Item if rule.meaning == Meaning::Changed => json!(scene.item_next),
            Slot::Item => json!(scene.item),
            Slot::Line => bought("line"),
            Slot::Quantity => json!(scene.quantity),
            Slot::PeriodStart => renewing(scene.period_start),
            Slot::PeriodEnd => renewing(scene.period_end),
            Slot::EndsAt => time(scene.period_end),
        }
    }
}

/// Which step an event shows, where its description does not say.
fn usual(meaning: Meaning, step: Step) -> bool {
    match meaning {
        Meaning::Paid => matches!(step, Step::Purchase | Step::Renewal),
        Meaning::Changed => step == Step::PlanChange,
        Meaning::Canceled => step == Step::Cancel,
        Meaning::PaymentFailed => step == Step::PaymentFailed,
        Meaning::Refunded => step == Step::Refund,
        Meaning::Disputed(DisputeState::Opened) => step == Step::Dispute,
        Meaning::Disputed(DisputeState::Won | DisputeState::Lost)
        | Meaning::Trial
        | Meaning::Uncanceled
        | Meaning::Ended
        | Meaning::RefundUndone
        | Meaning::Paused
        | Meaning::Resumed
        | Meaning::Linked
        | Meaning::Customer => false,
    }
}

/// What shows a step where nothing else does.
fn instead(meaning: Meaning, step: Step) -> bool {
    matches!((meaning, step), (Meaning::Ended, Step::Cancel) | (Meaning::Trial, Step::Purchase))
}

fn time(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A body that grows by a value at a time.
enum Body {
    Json(Value),
    Form(Vec<(String, String)>),
}

impl Body {
    fn new(format: Format) -> Self {
        match format {
            Format::Json => Self::Json(Value::Object(Map::new())),
            Format::Form => Self::Form(Vec::new()),
        }
    }

    /// At the first place in the body; null says nothing.
    fn fill(&mut self, place: &Place, value: Value) {
        if let (Some(at), false) = (place.in_body().next(), value.is_null()) {
            self.put(at, value);
        }
    }

    fn put(&mut self, at: &str, value: Value) {
        match self {
            Self::Json(document) => put(document, at, value),
            Self::Form(fields) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                fields.retain(|(name, _)| name != at);
                fields.push((at.to_owned(), text));
            }
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Json(value) => value,
            Self::Form(_) => Value::Null,
        }
    }

    fn sample(self, title: &str) -> Sample {
        match self {
            Self::Json(body) => Sample::json(title, &body),
            Self::Form(fields) => Sample::form(title, fields),
        }
    }
}

/// Puts a value at a pointer, and what is needed on the way to it: a number is the place in a
/// list. Where something else stands in the way, nothing is put.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let mut here = document;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let index: Option<usize> = name.parse().ok().filter(|index| *index < INDEX_MAX);
        if here.is_null() {
            *here = if index.is_some() { json!([]) } else { json!({}) };
        }
        here = match (here, index) {
            (Value::Object(fields), _) => fields.entry(name).or_insert(Value::Null),
            (Value::Array(items), Some(index)) => {
                if items.len() <= index {
                    items.resize(index + 1, Value::Null);
                }
                match items.get_mut(index) {
                    Some(item) => item,
                    None => return,
                }
            }
            _ => return,
        };
    }
    *here = value;
}

/// A list in a sample is no longer.
const INDEX_MAX: usize = 100;
