//! A provider with its fixtures: what every check of the suite looks at.

use std::path::{Path, PathBuf};

use keywright_providers::{ALL, Custom, Inlet, Provider};

use crate::fixture::{Fixture, folder};

pub(crate) struct Subject<'a> {
    pub(crate) provider: &'a dyn Provider,
    /// Where its fixtures stand.
    pub(crate) folder: PathBuf,
    pub(crate) fixtures: Vec<Fixture>,
}

/// Looks at one provider and says what is wrong with it, a sentence each.
pub(crate) type Check = fn(&Subject<'_>) -> Vec<String>;

/// A further provider that is described: its description, beside the folder of its fixtures.
const DESCRIBED: &str = "custom/examples/forms";

/// Runs a check on every kind, and on the example of a description that is not shown by its kind.
/// `KEYWRIGHT_KIND=stripe`, while one adapter is at work, looks at that alone.
pub(crate) fn every_provider(check: Check) {
    let mut found = kinds(check);
    if wanted(keywright_providers::custom::KIND) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(DESCRIBED);
        let text = std::fs::read_to_string(folder.with_extension("toml")).unwrap();
        let provider = Custom::from_toml(&text).unwrap();
        let fixtures = Fixture::all(&folder);
        let described = check(&Subject { provider: &provider, folder, fixtures });
        found.extend(described.iter().map(|fault| format!("{DESCRIBED}: {fault}")));
    }
    fail(&found);
}

/// As [`every_provider`], of what is said of a kind.
pub(crate) fn every_kind(check: Check) {
    fail(&kinds(check));
}

fn kinds(check: Check) -> Vec<String> {
    let mut found = Vec::new();
    for provider in ALL {
        let kind = provider.facts().kind;
        if !wanted(kind) {
            continue;
        }
        let folder = folder(kind).join("fixtures");
        let fixtures = Fixture::all(&folder);
        let subject = Subject { provider: *provider, folder, fixtures };
        found.extend(check(&subject).iter().map(|fault| format!("{kind}: {fault}")));
    }
    found
}

fn wanted(kind: &str) -> bool {
    std::env::var("KEYWRIGHT_KIND").ok().is_none_or(|only| only == kind)
}

/// Once, with all that was found.
fn fail(found: &[String]) {
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

impl Subject<'_> {
    /// The fixtures that are authentic.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Fixture> {
        self.fixtures.iter().filter(|fixture| !fixture.is_refused())
    }

    /// A fixture of that inlet, for its credentials and settings.
    pub(crate) fn template(&self, inlet: Inlet) -> &Fixture {
        let fitting = self.accepted().find(|fixture| fixture.inlet == inlet);
        fitting.or_else(|| self.accepted().next()).expect("a provider has fixtures")
    }

    /// Does the provider itself send that header more than once, as a fixture shows?
    pub(crate) fn sends_twice(&self, header: &str) -> bool {
        self.accepted().any(|fixture| {
            let names = fixture.headers.iter().map(|(name, _)| name);
            names.filter(|name| name.eq_ignore_ascii_case(header)).count() > 1
        })
    }

    /// What is wrong with each authentic fixture, by its name.
    pub(crate) fn each(
        &self,
        check: impl Fn(&dyn Provider, &Fixture) -> Vec<String>,
    ) -> Vec<String> {
        self.accepted()
            .flat_map(|fixture| {
                let found = check(self.provider, fixture);
                found.into_iter().map(|fault| format!("{}: {fault}", fixture.name))
            })
            .collect()
    }
}
