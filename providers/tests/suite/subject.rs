//! A provider with its fixtures: what every check of the suite looks at.

use keywright_providers::{ALL, Inlet, Provider};

use crate::fixture::Fixture;

pub(crate) struct Subject<'a> {
    pub(crate) provider: &'a dyn Provider,
    pub(crate) fixtures: Vec<Fixture>,
}

/// Looks at one provider and says what is wrong with it, a sentence each.
pub(crate) type Check = fn(&Subject<'_>) -> Vec<String>;

/// Runs a check on every kind; fails once, with all that was found. While one adapter is at work,
/// `KEYWRIGHT_KIND=stripe` looks at that alone.
pub(crate) fn every_provider(check: Check) {
    let mut found = Vec::new();
    let only = std::env::var("KEYWRIGHT_KIND").ok();
    for provider in ALL {
        let kind = provider.facts().kind;
        if only.as_deref().is_some_and(|only| only != kind) {
            continue;
        }
        let subject = Subject { provider: *provider, fixtures: Fixture::all(kind) };
        found.extend(check(&subject).iter().map(|fault| format!("{kind}: {fault}")));
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

impl Subject<'_> {
    pub(crate) fn kind(&self) -> &'static str {
        self.provider.facts().kind
    }

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
