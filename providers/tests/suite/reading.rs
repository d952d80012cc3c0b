//! What a fixture is read as stands in its snapshot, which people review.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::fixture::Fixture;
use crate::subject::Subject;
use crate::told::{Told, faults, tell};

/// Each fixture reads as its snapshot says; `refused.*` and no other is refused.
pub(crate) fn snapshots(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for fixture in &subject.fixtures {
        let told = tell(subject.provider, fixture);
        let mut note = |fault: String| found.push(format!("{}: {fault}", fixture.name));
        if fixture.is_refused() != matches!(told, Told::Refused(_)) {
            note(format!("`refused.*` and no other is refused: {told:?}"));
        }
        if let Told::Events(events) = &told {
            for event in events {
                event.notices().iter().flat_map(faults).for_each(&mut note);
                let sent = [&fixture.body[..], fixture.query.as_bytes()];
                if !sent.iter().any(|bytes| is_part_of(&event.body, bytes)) {
                    note("the event's body is not a part of what was sent".to_owned());
                }
            }
        }
        if !is_as_its_snapshot(&subject.folder, fixture, &told) {
            note("reads otherwise than its snapshot says".to_owned());
        }
    }
    found
}

/// The adapter's own signature of each fixture is accepted; blessed, it stands in the file where
/// what stood there is not accepted (so that a recorded or doubled signature stays).
pub(crate) fn own_signatures(subject: &Subject<'_>) -> Vec<String> {
    let bless = std::env::var_os("KEYWRIGHT_BLESS").is_some();
    subject.each(|provider, fixture| {
        let recorded = provider.verify(&fixture.request(), &fixture.credentials, fixture.now);
        if bless && !fixture.is_vector() && recorded.is_err() {
            fixture.bless(provider);
        }
        let signed = fixture.signed_anew(provider, fixture.body.clone());
        match provider.verify(&signed.request(), &signed.credentials, signed.now) {
            Ok(_) => Vec::new(),
            Err(reject) => vec![format!("its own signature: {reject}")],
        }
    })
}

/// insta tells of a difference by a panic; here the other fixtures are still to be looked at.
fn is_as_its_snapshot(folder: &Path, fixture: &Fixture, told: &Told) -> bool {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_input_file(&fixture.path);
    let compare = || {
        settings.bind(|| insta::assert_json_snapshot!(fixture.name.as_str(), told));
    };
    catch_unwind(AssertUnwindSafe(compare)).is_ok()
}

/// A slice, or a form without some of its fields (its secret).
fn is_part_of(part: &[u8], whole: &[u8]) -> bool {
    let fields = |form: &'_ [u8]| form.split(|byte| *byte == b'&').map(<[u8]>::to_vec).collect();
    let (some, all): (Vec<_>, Vec<_>) = (fields(part), fields(whole));
    part.is_empty()
        || whole.windows(part.len()).any(|window| window == part)
        || some.iter().all(|field| all.contains(field))
}
