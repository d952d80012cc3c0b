//! The published vectors, read as the sample verifiers of the other languages read them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_client::{Place, PublicKeys, Reason, Seen, verify};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Published {
    keys: Value,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    expect: String,
    now: DateTime<Utc>,
    products: Vec<String>,
    fingerprint: String,
    released_at: DateTime<Utc>,
    seen: Seen,
    token: String,
}

fn published() -> (PublicKeys, Vec<Vector>) {
    let text = include_str!("../../../tests/vectors/machine-license.json");
    let published: Published = serde_json::from_str(text).unwrap();
    (PublicKeys::from_jwks(&published.keys.to_string()).unwrap(), published.vectors)
}

fn said(vector: &Vector, token: &str, keys: &PublicKeys) -> &'static str {
    let place = Place {
        products: &vector.products,
        fingerprint: &vector.fingerprint,
        released_at: vector.released_at,
    };
    verify(token, keys, &place, &vector.seen, vector.now).map_or_else(Reason::as_str, |_| "valid")
}

#[test]
fn every_vector_is_read_as_published() {
    let (keys, vectors) = published();
    let read: BTreeMap<&str, &str> =
        vectors.iter().map(|v| (v.name.as_str(), said(v, &v.token, &keys))).collect();
    let expected: BTreeMap<&str, &str> =
        vectors.iter().map(|v| (v.name.as_str(), v.expect.as_str())).collect();
    assert_eq!(read, expected);
}

#[test]
fn every_reason_is_published() {
    let (_, vectors) = published();
    let published: BTreeSet<&str> = vectors.iter().map(|v| v.expect.as_str()).collect();
    let known: BTreeSet<&str> =
        Reason::ALL.into_iter().map(Reason::as_str).chain(["valid"]).collect();
    assert_eq!(published, known);
}

#[test]
fn no_single_bit_of_a_license_can_be_changed() {
    let (keys, vectors) = published();
    let vector = vectors.iter().find(|v| v.name == "a subscription").unwrap();
    for position in 0..vector.token.len() {
        for bit in 0..8 {
            let mut forged = vector.token.clone().into_bytes();
            forged[position] ^= 1 << bit;
            let Ok(forged) = String::from_utf8(forged) else { continue };
            assert_ne!(said(vector, &forged, &keys), "valid", "bit {bit} of byte {position}");
        }
    }
}

/// Clocks at both ends of what can be written never overflow.
#[test]
fn no_time_is_too_far() {
    let (keys, mut vectors) = published();
    let vector = vectors.iter_mut().find(|v| v.name == "a subscription").unwrap();
    for (now, expected) in
        [(DateTime::<Utc>::MIN_UTC, "clock_went_back"), (DateTime::<Utc>::MAX_UTC, "expired")]
    {
        vector.now = now;
        assert_eq!(said(vector, &vector.token, &keys), expected);
    }
}
