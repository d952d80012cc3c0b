//! One suite that every provider must pass, on every fixture and every sample.
//!
//! Dropping a file into `providers/<kind>/fixtures/` adds a test case; nothing here names a
//! kind. A test reports all faults of all providers at once.
//!
//! `KEYWRIGHT_BLESS=1 cargo test -p keywright-providers --test suite sign` writes the signatures
//! of [`Provider::sign`] into the fixtures (never into `vector*` and `refused.*`).

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod told;

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use keywright_providers::{ALL, Provider};

    use crate::fixture::{Fixture, folder};
    use crate::told::{Told, faults, tell};

    #[test]
    fn every_fixture_reads_as_its_snapshot() {
        every_fixture(|provider, fixture| {
            let told = tell(provider, fixture);
            let mut found = Vec::new();
            if fixture.is_refused() != matches!(told, Told::Refused(_)) {
                found.push(format!("refused is what `refused.*` is, and no other: {told:?}"));
            }
            if let Told::Events(events) = &told {
                found.extend(events.iter().flat_map(|event| event.notices()).flat_map(faults));
            }
            found.extend(snapshot_fault(provider.facts().kind, fixture, &told));
            found
        });
    }

    #[test]
    fn every_fixture_signed_by_the_adapter_is_accepted() {
        let bless = std::env::var_os("KEYWRIGHT_BLESS").is_some();
        every_fixture(|provider, fixture| {
            if fixture.is_refused() {
                return Vec::new();
            }
            if bless && !fixture.is_vector() {
                fixture.bless(provider);
            }
            let signed = fixture.signed_anew(provider, fixture.body.clone());
            match provider.verify(&signed.request(), &signed.credentials, signed.now) {
                Ok(_) => Vec::new(),
                Err(reject) => vec![format!("its own signature: {reject}")],
            }
        });
    }

    /// insta tells of a difference by a panic; here the others are still to be looked at.
    fn snapshot_fault(kind: &str, fixture: &Fixture, told: &Told) -> Option<String> {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(folder(kind).join("fixtures/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_input_file(&fixture.path);
        let compare = || {
            settings.bind(|| insta::assert_json_snapshot!(fixture.name.as_str(), told));
        };
        let same = catch_unwind(AssertUnwindSafe(compare)).is_ok();
        (!same).then(|| "reads otherwise than its snapshot says".to_owned())
    }

    /// Runs a check on every fixture of every kind; fails once, with all that was found.
    fn every_fixture(check: impl Fn(&dyn Provider, &Fixture) -> Vec<String>) {
        let mut found = Vec::new();
        for provider in ALL {
            let kind = provider.facts().kind;
            for fixture in Fixture::all(kind) {
                let faults = check(*provider, &fixture);
                found.extend(faults.iter().map(|f| format!("{kind}/{}: {f}", fixture.name)));
            }
        }
        assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    }
}
