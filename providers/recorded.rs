//! For the tests of adapters: what a fixture tells, or would tell with a word of it changed.

use crate::read::Event;
use crate::{Answers, Credentials, Fetched, Inlet, Notice, Provider, Reading, Request, Secret};

/// The notices of all events of a fixture (its whole text). It is signed anew, so a test may
/// change the text first.
pub(crate) fn told(provider: &dyn Provider, fixture: &str) -> Reading {
    let (head, body) = fixture.split_once("\n\n").unwrap();
    let (mut credentials, mut answers) = (Credentials::of(Vec::new()), Answers::new());
    let mut now = None;
    for line in head.lines().filter(|line| !line.starts_with("> ")) {
        let (field, value) = line.split_once(": ").unwrap();
        let secret = || Secret::with_min(value, 8).unwrap();
        match field.split_once(' ').unwrap_or((field, "")) {
            ("secret", _) => credentials.secrets.push(secret()),
            ("key", name) => _ = credentials.keys.insert(name.to_owned(), secret()),
            ("setting", name) => {
                credentials.settings.insert(name.to_owned(), value.to_owned());
            }
            ("answer", name) => {
                let (status, body) = value.split_once(' ').unwrap_or((value, ""));
                let status = status.parse().unwrap();
                answers.insert(name.to_owned(), Fetched { status, body: body.into() });
            }
            ("now", _) => now = Some(value.parse().unwrap()),
            _ => {}
        }
    }
    let now = now.unwrap();
    let bare = crate::Sample {
        body: body.trim_end_matches('\n').into(),
        ..crate::Sample::json("fixture", &serde_json::Value::Null)
    };
    let signed = provider.sign(bare, &credentials, now);
    let request = Request { inlet: Inlet::Webhook, ..signed.request() };
    let delivery = provider.verify(&request, &credentials, now).unwrap();
    let mut notices = Vec::new();
    for envelope in provider.envelopes(&request, &delivery)? {
        let answers = &answers;
        let event = Event { settings: &credentials.settings, answers, ..Event::of(&envelope, now) };
        notices.extend(provider.read(&event)?);
    }
    Ok(notices)
}

/// As [`told`], of a fixture that gives one notice.
pub(crate) fn only(provider: &dyn Provider, fixture: &str) -> Notice {
    let [notice] = told(provider, fixture).unwrap().try_into().unwrap();
    notice
}
