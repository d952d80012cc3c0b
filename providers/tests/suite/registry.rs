//! A folder is a kind, and what a kind says of itself is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use keywright_providers::{ALL, Takes, by_kind};

use crate::fixture::folder;
use crate::subject::Subject;
use crate::told::{Told, tell};

/// The folders of this crate that hold an adapter.
pub(crate) fn folders() -> Vec<PathBuf> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = fs::read_dir(crate_folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("mod.rs").is_file())
        .collect();
    folders.sort();
    folders
}

/// Those of the registered kinds, in the order of the registry (which is that of the alphabet).
pub(crate) fn kinds() -> Vec<PathBuf> {
    ALL.iter().map(|provider| folder(provider.facts().kind)).collect()
}

/// The guide names the kind; fixtures show every event type that is understood, and none that
/// leads to notices goes unmentioned.
pub(crate) fn honest_facts(subject: &Subject<'_>) -> Vec<String> {
    let facts = subject.provider.facts();
    let mut found = Vec::new();
    let mut demand = |holds: bool, fault: &str| {
        if !holds {
            found.push(fault.to_owned());
        }
    };
    demand(by_kind(facts.kind).is_some(), "is not found by its kind");
    demand(!facts.title.is_empty() && !facts.scheme.is_empty(), "has no title or no scheme");
    let readme = fs::read_to_string(folder(facts.kind).join("README.md")).unwrap_or_default();
    demand(readme == facts.guide, "Facts::guide is not README.md");
    let example = format!("kind = \"{}\"", facts.kind);
    demand(facts.guide.contains(&example), &format!("README.md does not show `{example}`"));
    demand(facts.guide.contains("/webhooks/"), "README.md does not tell the webhook address");
    for setting in facts.settings {
        let named = facts.guide.contains(setting.name);
        demand(named, &format!("README.md does not tell of the setting `{}`", setting.name));
    }
    let known = |name: &str, text: &str| {
        let setting = facts.settings.iter().find(|setting| setting.name == name);
        setting.is_none_or(|setting| setting.takes.fits(text))
    };
    for (name, text) in facts.example {
        demand(known(name, text), &format!("its own example of `{name}` does not fit"));
    }
    for fixture in &subject.fixtures {
        for (name, text) in &fixture.credentials.settings {
            let fault = format!("{}: the setting `{name}` does not fit", fixture.name);
            demand(known(name, text), &fault);
        }
    }
    for setting in facts.settings {
        let fits = setting.takes.fits("\u{0} no such thing \u{0}");
        let checked = matches!(setting.takes, Takes::OneOf(_) | Takes::Like { .. });
        demand(!(checked && fits), &format!("the setting `{}` takes anything", setting.name));
    }
    demand(subject.fixtures.iter().any(|f| f.is_vector()), "has no vector of its documentation");

    let (mut shown, mut noticed) = (BTreeSet::new(), BTreeSet::new());
    for fixture in subject.accepted() {
        let Told::Events(events) = tell(subject.provider, fixture) else {
            continue;
        };
        for event in events {
            if !event.notices().is_empty() {
                noticed.insert(event.event_type.clone());
            }
            shown.insert(event.event_type);
        }
    }
    let understood: BTreeSet<String> = facts.events.iter().map(|&name| name.to_owned()).collect();
    for event_type in understood.difference(&shown) {
        found.push(format!("no fixture of `{event_type}`"));
    }
    for event_type in noticed.difference(&understood) {
        found.push(format!("Facts::events does not name `{event_type}`, which gives notices"));
    }
    found
}
