//! What a provider's API answers, spoiled: it comes from outside as the events do, and is kept
//! with them. An event that cannot be read then says so; nothing panics.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use keywright_providers::{Fetched, Provider};
use serde_json::Value;

use crate::fixture::Fixture;
use crate::hostile::{WAYS, paths, spoiled};
use crate::subject::Subject;
use crate::told::{Told, faults, tell};

/// How many ways of spoiling are tried on the answers of a kind, about.
const BODIES_OF_A_KIND: usize = 400;

/// Every answer cut off, gone, and with every value missing, of every other type and extreme.
pub(crate) fn spoiled_answers(subject: &Subject<'_>) -> Vec<String> {
    let answers: usize = subject.accepted().map(|fixture| fixture.answers.len()).sum();
    let share = (BODIES_OF_A_KIND / answers.max(1)).max(8);
    subject.each(|provider, fixture| {
        let mut found = BTreeSet::new();
        for (name, answer) in &fixture.answers {
            for (way, spoiled) in all(answer, share) {
                let fault = fault(provider, fixture, name, spoiled);
                found.extend(fault.map(|fault| format!("answer {name}, {way}: {fault}")));
            }
        }
        found.into_iter().collect()
    })
}

fn all(answer: &Fetched, share: usize) -> Vec<(String, Fetched)> {
    let status = answer.status;
    let gone = |status| (format!("status {status}"), Fetched { status, body: Vec::new() });
    let cut = (0..answer.body.len()).step_by((answer.body.len() / share).max(1)).map(|length| {
        (format!("{length} bytes"), Fetched { status, body: answer.body[..length].to_vec() })
    });
    let odd = ["null", "[]", "{}", "\"\"", "0", "<a>", "\u{feff}{}"]
        .map(|text| (text.to_owned(), Fetched { status, body: text.as_bytes().to_vec() }));
    let mut every: Vec<_> = [gone(404), gone(410)].into_iter().chain(odd).chain(cut).collect();
    if let Ok(document) = serde_json::from_slice::<Value>(&answer.body) {
        let paths = paths(&document);
        let step = (paths.len() * WAYS / share).max(1) | 1;
        let ways = paths.iter().flat_map(|path| (0..WAYS).map(move |way| (path, way)));
        every.extend(ways.step_by(step).filter_map(|(path, way)| {
            let body = spoiled(&document, path, way)?.into_bytes();
            Some((format!("{path}, way {way}"), Fetched { status, body }))
        }));
    }
    every
}

fn fault(
    provider: &dyn Provider,
    fixture: &Fixture,
    name: &str,
    spoiled: Fetched,
) -> Option<String> {
    let mut fixture = fixture.clone();
    fixture.answers.insert(name.to_owned(), spoiled);
    match catch_unwind(AssertUnwindSafe(|| tell(provider, &fixture))) {
        Err(_) => Some("panics".to_owned()),
        Ok(Told::Events(events)) => {
            events.iter().flat_map(|event| event.notices()).flat_map(faults).next()
        }
        Ok(Told::Refused(_) | Told::Unreadable(_)) => {
            Some("an answer changed whether the delivery is trusted".to_owned())
        }
    }
}
