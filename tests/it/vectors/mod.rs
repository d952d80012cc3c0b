//! The published vectors of the machine license: made here, through the code that signs, and read
//! by the verifiers of every language. Only the key is not secret: it is that of RFC 8032.

mod accepted;
mod refused;
mod signing;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use keywright::rules::proof;
use serde::Serialize;
use serde_json::Value;

/// What one machine license says. The order of the members is that of the document.
#[derive(Clone, Serialize)]
struct Claims {
    license_id: String,
    activation_id: String,
    product: String,
    fingerprint: String,
    features: Vec<String>,
    trial: bool,
    starts_at: String,
    expires_at: Option<String>,
    valid_until: Option<String>,
    on_expiry: String,
    max_activations: u32,
    sequence: u64,
    issued_at: String,
    refresh_at: String,
    offline_until: String,
}

/// What an application remembers of earlier machine licenses.
#[derive(Clone, Default, Serialize)]
struct Seen {
    /// By license id, the highest sequence.
    sequences: BTreeMap<String, u64>,
    /// The latest time that was seen.
    time: Option<String>,
}

/// One token in one situation, and what every verifier has to say of it.
#[derive(Clone, Serialize)]
struct Vector {
    name: String,
    /// `valid`, or the reason of the refusal.
    expect: String,
    now: String,
    /// Those whose licenses the application takes.
    products: Vec<String>,
    fingerprint: String,
    released_at: String,
    seen: Seen,
    token: String,
}

#[derive(Serialize)]
struct Published {
    about: &'static str,
    keys: Value,
    vectors: Vec<Vector>,
}

const LICENSE: &str = "5f0c3b1e-8a44-8d0e-9c5b-2f6a1d7e4b90";
const MACHINE: &str = "f9c74ae91de96550d5e1c454dd745596127d84084cf32005619e64185f266b25";
const NOW: &str = "2027-03-01T12:00:00Z";

const REASONS: [&str; 13] = [
    "malformed",
    "algorithm",
    "wrong_purpose",
    "unknown_key",
    "bad_signature",
    "other_product",
    "other_machine",
    "clock_went_back",
    "older_license",
    "not_started",
    "expired",
    "not_covered",
    "refresh_due",
];

/// A year that was paid, on its first machine, refreshed this morning.
fn subscription() -> Claims {
    Claims {
        license_id: LICENSE.to_owned(),
        activation_id: "0192f6d1-7c30-7b52-a1f4-6f0e9d3c5a17".to_owned(),
        product: "acme-pro".to_owned(),
        fingerprint: MACHINE.to_owned(),
        features: vec!["export".to_owned(), "batch".to_owned()],
        trial: false,
        starts_at: "2026-06-01T00:00:00Z".to_owned(),
        expires_at: Some("2027-06-01T00:00:00Z".to_owned()),
        valid_until: Some("2027-06-02T00:00:00Z".to_owned()),
        on_expiry: "restrict".to_owned(),
        max_activations: 2,
        sequence: 7,
        issued_at: "2027-03-01T08:00:00Z".to_owned(),
        refresh_at: "2027-03-02T08:00:00Z".to_owned(),
        offline_until: "2027-03-31T08:00:00Z".to_owned(),
    }
}

/// Maintenance ended with the old year; versions released until then may run for ever.
fn maintenance_over() -> Claims {
    Claims {
        expires_at: Some("2027-01-01T00:00:00Z".to_owned()),
        valid_until: Some("2027-01-01T00:00:00Z".to_owned()),
        on_expiry: "maintain".to_owned(),
        ..subscription()
    }
}

impl Vector {
    fn new(name: &str, expect: &str, token: String) -> Self {
        Self {
            name: name.to_owned(),
            expect: expect.to_owned(),
            now: NOW.to_owned(),
            products: vec!["acme-pro".to_owned()],
            fingerprint: MACHINE.to_owned(),
            released_at: "2026-11-15T00:00:00Z".to_owned(),
            seen: Seen::default(),
            token,
        }
    }

    /// These claims, signed as the service signs them.
    fn of(name: &str, expect: &str, claims: &Claims) -> Self {
        let key = signing::current();
        let token = proof::sign(&key, &signing::name(&key), proof::MACHINE_LICENSE, claims);
        Self::new(name, expect, token)
    }

    fn at(mut self, now: &str) -> Self {
        now.clone_into(&mut self.now);
        self
    }

    fn on(mut self, fingerprint: &str) -> Self {
        fingerprint.clone_into(&mut self.fingerprint);
        self
    }

    fn in_application_of(mut self, products: &[&str]) -> Self {
        self.products = products.iter().map(|product| (*product).to_owned()).collect();
        self
    }

    fn version_of(mut self, released_at: &str) -> Self {
        released_at.clone_into(&mut self.released_at);
        self
    }

    fn having_seen(mut self, license: &str, sequence: u64) -> Self {
        self.seen.sequences.insert(license.to_owned(), sequence);
        self
    }

    fn having_seen_time(mut self, time: &str) -> Self {
        self.seen.time = Some(time.to_owned());
        self
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/machine-license.json")
}

fn vectors() -> Vec<Vector> {
    [accepted::vectors(), refused::by_shape(), refused::by_signature(), refused::by_circumstance()]
        .concat()
}

/// `INSTA_UPDATE=always` writes the file anew, as it does for every other snapshot.
#[test]
fn the_published_vectors_are_what_the_code_signs() {
    let made = Published {
        about: "Machine licenses and what every verifier has to say of them. Made by \
                tests/it/vectors; docs/machine-license.md explains them.",
        keys: proof::jwks(&signing::published()),
        vectors: vectors(),
    };
    let made = serde_json::to_string_pretty(&made).unwrap() + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::create_dir_all(path().parent().unwrap()).unwrap();
        fs::write(path(), &made).unwrap();
    }
    let published = fs::read_to_string(path()).unwrap_or_default();
    assert!(
        published == made,
        "tests/vectors/machine-license.json is not what the code signs; others verify with it, so \
         see why. If it was meant: INSTA_UPDATE=always, run this test again, read the difference"
    );
}

#[test]
fn there_is_a_vector_for_every_reason_and_no_two_of_one_name() {
    let expected: BTreeSet<String> = vectors().into_iter().map(|vector| vector.expect).collect();
    let known: BTreeSet<String> = REASONS.into_iter().chain(["valid"]).map(str::to_owned).collect();
    assert_eq!(expected, known);
    let names: BTreeSet<String> = vectors().into_iter().map(|vector| vector.name).collect();
    assert_eq!(names.len(), vectors().len());
}

/// The service's own reading agrees, as far as it goes: it knows of no machine and no time.
#[test]
fn the_service_verifies_its_own_vectors() {
    for vector in vectors() {
        let read: Result<Value, _> =
            proof::verify(&vector.token, &signing::published(), proof::MACHINE_LICENSE);
        match vector.expect.as_str() {
            "algorithm" => assert_eq!(read, Err(proof::Refusal::Algorithm), "{}", vector.name),
            "wrong_purpose" => assert_eq!(read, Err(proof::Refusal::Purpose), "{}", vector.name),
            "unknown_key" => assert_eq!(read, Err(proof::Refusal::UnknownKey), "{}", vector.name),
            "bad_signature" => assert_eq!(read, Err(proof::Refusal::Signature), "{}", vector.name),
            // What the claims must say is the business of those who read them.
            "malformed" => {}
            _ => assert!(read.is_ok(), "{}: {read:?}", vector.name),
        }
    }
}
