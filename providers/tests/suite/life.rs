//! One purchase as a provider's samples tell it: signed, sent, verified and read.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Months, Utc};
use keywright_providers::notice::Notice;
use keywright_providers::sample::Step;
use keywright_providers::{Answers, Fetched, Inlet, Scene};

use crate::fixture::Fixture;
use crate::subject::Subject;
use crate::ties::{changed_lines, covered_lines, names};
use crate::told::{Told, ToldEvent, tell};

pub(crate) const ITEM: &str = "kw-pro";
pub(crate) const ITEM_NEXT: &str = "kw-team";

/// One purchase up to its first renewal.
pub(crate) struct Life {
    pub(crate) purchase: Vec<Notice>,
    pub(crate) renewal: Vec<Notice>,
}

impl Life {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Notice> {
        self.purchase.iter().chain(&self.renewal)
    }

    /// Every name of the lines that were bought, by the purchase and by what tells more of them.
    pub(crate) fn bought(&self) -> BTreeSet<&str> {
        let mut bought: BTreeSet<&str> =
            self.purchase.iter().flat_map(covered_lines).flat_map(names).collect();
        loop {
            let known = bought.len();
            let told = |notice| covered_lines(notice).iter().chain(changed_lines(notice));
            let lines = self.all().flat_map(told);
            let same = lines.filter(|line| names(line).any(|name| bought.contains(name)));
            let more: Vec<&str> = same.flat_map(names).collect();
            bought.extend(more);
            if bought.len() == known {
                return bought;
            }
        }
    }

    /// The notices of a further step; none where it cannot be told.
    pub(crate) fn notices(
        &self,
        subject: &Subject<'_>,
        step: Step,
        cycle: u32,
        subscription: bool,
    ) -> Vec<Notice> {
        notices(subject, &scene(step, "kwa1", cycle, subscription)).unwrap_or_default()
    }
}

pub(crate) fn both_ways(
    subject: &Subject<'_>,
    demands: impl Fn(&Life, bool) -> Vec<(bool, String)>,
) -> Vec<String> {
    [true, false]
        .into_iter()
        .flat_map(|subscription| {
            each_life(subject, subscription, |life| demands(life, subscription))
        })
        .collect()
}

pub(crate) fn each_life(
    subject: &Subject<'_>,
    subscription: bool,
    demands: impl Fn(&Life) -> Vec<(bool, String)>,
) -> Vec<String> {
    let at = |step, cycle| notices(subject, &scene(step, "kwa1", cycle, subscription));
    let life = match (at(Step::Purchase, 0), at(Step::Renewal, 1)) {
        (Ok(purchase), Ok(renewal)) => Life { purchase, renewal },
        (Err(fault), _) | (_, Err(fault)) => return vec![fault],
    };
    demands(&life)
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, what)| format!("subscription {subscription}: {what}"))
        .collect()
}

pub(crate) fn whole_life(
    subject: &Subject<'_>,
    tag: &str,
    subscription: bool,
) -> Result<Vec<ToldEvent>, String> {
    let mut events = told(subject, &scene(Step::Purchase, tag, 0, subscription))?;
    for step in Step::ALL.into_iter().filter(|step| *step != Step::Purchase) {
        events.extend(told(subject, &scene(step, tag, u32::from(subscription), subscription))?);
    }
    Ok(events)
}

pub(crate) fn notices(subject: &Subject<'_>, scene: &Scene) -> Result<Vec<Notice>, String> {
    Ok(told(subject, scene)?.iter().flat_map(ToldEvent::notices).cloned().collect())
}

/// Sends the samples of a scene, each signed, and gives the events that arrive.
pub(crate) fn told(subject: &Subject<'_>, scene: &Scene) -> Result<Vec<ToldEvent>, String> {
    let mut events = Vec::new();
    let settings = subject.template(Inlet::Webhook).credentials.settings.clone();
    for sample in subject.provider.samples(&Scene { settings, ..scene.clone() }) {
        let template = subject.template(sample.inlet);
        let title = sample.title.clone();
        let signed = subject.provider.sign(sample, &template.credentials, scene.at);
        let request = Fixture {
            now: scene.at,
            inlet: signed.inlet,
            method: signed.method.to_owned(),
            answers: answers(&signed.answers),
            query: signed.query,
            headers: signed.headers,
            body: signed.body,
            ..template.clone()
        };
        match tell(subject.provider, &request) {
            Told::Events(told) => events.extend(told),
            other => return Err(format!("{title}: {other:?}")),
        }
    }
    Ok(events)
}

/// What a sample's questions are answered with, by their path: JSON, or a text as it is (XML).
fn answers(told: &[(String, serde_json::Value)]) -> Answers {
    let answer = |body: &serde_json::Value| {
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        Fetched { status: 200, body: text.into() }
    };
    told.iter().map(|(path, body)| (path.clone(), answer(body))).collect()
}

/// Purchases happen on the 10th of January, renewals on that of the months behind it, all else
/// ten days later.
pub(crate) fn scene(step: Step, tag: &str, cycle: u32, subscription: bool) -> Scene {
    let first: DateTime<Utc> = "2026-01-10T12:00:00Z".parse().unwrap();
    let period_start = first + Months::new(cycle);
    let pays = matches!(step, Step::Purchase | Step::Renewal);
    Scene {
        step,
        tag: tag.to_owned(),
        cycle,
        at: if pays { period_start } else { period_start + Days::new(10) },
        period_start,
        period_end: first + Months::new(cycle + 1),
        item: ITEM.to_owned(),
        item_next: ITEM_NEXT.to_owned(),
        item_first: ITEM.to_owned(),
        quantity: 2,
        email: format!("{tag}@example.com"),
        name: "Ada Example".to_owned(),
        company: Some("Example Ltd".to_owned()),
        country: "DE".to_owned(),
        locale: "de".to_owned(),
        live: true,
        subscription,
        amount_minor: 9_800,
        currency: "EUR".to_owned(),
        settings: keywright_providers::Settings::new(),
    }
}
