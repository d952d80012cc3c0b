//! What every verifier accepts.

use super::{Claims, LICENSE, MACHINE, Vector, maintenance_over, signing, subscription};
use keywright::rules::proof;
use serde_json::json;

pub(super) fn vectors() -> Vec<Vector> {
    [lives(), edges(), readers()].concat()
}

/// The kinds of license.
fn lives() -> Vec<Vector> {
    let perpetual = Claims { expires_at: None, valid_until: None, sequence: 1, ..subscription() };
    let trial = Claims {
        trial: true,
        starts_at: "2027-02-25T10:00:00Z".to_owned(),
        expires_at: Some("2027-03-11T10:00:00Z".to_owned()),
        valid_until: Some("2027-03-11T10:00:00Z".to_owned()),
        offline_until: "2027-03-11T10:00:00Z".to_owned(),
        features: Vec::new(),
        ..subscription()
    };
    let in_grace = Claims {
        expires_at: Some("2027-02-20T00:00:00Z".to_owned()),
        valid_until: Some("2027-03-06T00:00:00Z".to_owned()),
        offline_until: "2027-03-06T00:00:00Z".to_owned(),
        ..subscription()
    };
    let maintained = Claims { on_expiry: "maintain".to_owned(), ..subscription() };
    let maintained_in_grace = Claims { on_expiry: "maintain".to_owned(), ..in_grace.clone() };
    let maintained_for_ever = Claims { on_expiry: "maintain".to_owned(), ..perpetual.clone() };
    vec![
        Vector::of("a subscription", "valid", &subscription()),
        Vector::of("a perpetual license", "valid", &perpetual),
        Vector::of("a trial", "valid", &trial),
        Vector::of("a subscription in its grace", "valid", &in_grace),
        Vector::of("one of several products that the application takes", "valid", &subscription())
            .in_application_of(&["acme-lite", "acme-pro"]),
        Vector::of("maintenance that runs", "valid", &maintained),
        Vector::of("maintenance is over, the version is older", "valid", &maintenance_over()),
        Vector::of("maintenance in its grace, the version is of it", "valid", &maintained_in_grace)
            .version_of("2027-02-28T00:00:00Z"),
        Vector::of("maintenance without an end", "valid", &maintained_for_ever)
            .version_of("2027-02-28T00:00:00Z"),
    ]
}

/// The last moment at which each is still right.
fn edges() -> Vec<Vector> {
    let last_day = Claims { offline_until: "2027-06-02T00:00:00Z".to_owned(), ..subscription() };
    let soon = Claims { starts_at: "2027-03-01T13:00:00Z".to_owned(), ..subscription() };
    vec![
        Vector::of("the last second of a subscription", "valid", &last_day)
            .at("2027-06-02T00:00:00Z"),
        Vector::of("the last second offline", "valid", &subscription()).at("2027-03-31T08:00:00Z"),
        Vector::of("a refresh is due, and nobody was asked yet", "valid", &subscription())
            .at("2027-03-20T00:00:00Z"),
        Vector::of("a version released in the last second of maintenance", "valid", &{
            maintenance_over()
        })
        .version_of("2027-01-01T00:00:00Z"),
        Vector::of("the machine's clock is an hour slow: the start", "valid", &soon),
        Vector::of("the machine's clock is an hour slow: the issue", "valid", &subscription())
            .at("2027-03-01T07:00:00Z"),
        Vector::of("the machine's clock was set back an hour", "valid", &subscription())
            .having_seen_time("2027-03-01T13:00:00Z"),
        Vector::of("the license that was seen last", "valid", &subscription())
            .having_seen(LICENSE, 7)
            .having_seen_time("2027-03-01T11:59:59Z"),
        Vector::of("a higher sequence of another license was seen", "valid", &subscription())
            .having_seen("a1b2c3d4-0000-8000-8000-000000000000", 90),
    ]
}

/// What a reader has to cope with.
fn readers() -> Vec<Vector> {
    let mut later = serde_json::to_value(subscription()).unwrap();
    later["seats"] = json!({"of": 5, "names": ["A", null, 1.5e3]});
    later["note"] = json!("\u{1}\n\t\"\\/\u{1F600}");
    let odd = "Größe \"7\" \\ {µ}";
    let letters = Claims {
        fingerprint: odd.to_owned(),
        features: vec!["größer".to_owned(), "\"quoted\"".to_owned()],
        ..subscription()
    };
    let next = signing::next();
    let name = signing::name(&next);
    vec![
        Vector::of("letters of the world and of JSON", "valid", &letters).on(odd),
        Vector::new(
            "claims that a later service adds",
            "valid",
            signing::signed(
                &signing::header(
                    "EdDSA",
                    proof::MACHINE_LICENSE,
                    &signing::name(&{ signing::current() }),
                ),
                &serde_json::to_vec(&later).unwrap(),
            ),
        )
        .on(MACHINE),
        Vector::new(
            "the key that signs next",
            "valid",
            proof::sign(&next, &name, proof::MACHINE_LICENSE, &subscription()),
        ),
    ]
}
