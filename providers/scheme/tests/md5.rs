//! Digests that are keyed by what stands beside them.

use super::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const TEXT: &str = "Acme & Söhnebuyer@example.comJörg Testkw-pro2KWT251009-1234-56789";
const HASH: &str = "e42c2364eca99b16b65d0b066ec51225";

fn verify(texts: &[&str], readings: &[&str], candidate: &str) -> Result<(), Reject> {
    let readings: Vec<(&str, &str)> = readings.iter().map(|&text| (text, "")).collect();
    keyed_digest(b"fields", Hash::Md5, &secrets(texts), &readings, candidate)
        .map(|verified| assert_eq!(verified.body(), b"fields"))
}

#[test]
fn the_documented_vector_is_accepted_and_made() {
    assert_eq!(verify(&[KEY], &[TEXT], HASH), Ok(()));
    assert_eq!(keyed_digest_sign(Hash::Md5, &secrets(&[KEY])[0], (TEXT, "")), HASH);
}

#[test]
fn one_right_reading_and_one_right_secret_are_enough() {
    assert_eq!(verify(&["another-secret", KEY], &["stripped", TEXT], HASH), Ok(()));
    assert_eq!(verify(&["another-secret"], &[TEXT], HASH), Err(Reject::Wrong));
    assert_eq!(verify(&[KEY], &["stripped"], HASH), Err(Reject::Wrong));
    assert_eq!(verify(&[KEY], &[], HASH), Err(Reject::Wrong));
}

#[test]
fn a_part_is_wrong_and_nothing_is_malformed() {
    assert_eq!(verify(&[KEY], &[TEXT], HASH.split_at(16).0), Err(Reject::Wrong));
    assert_eq!(verify(&[KEY], &[TEXT], ""), Err(Reject::Malformed));
    assert_eq!(verify(&[KEY], &[TEXT], "not hex"), Err(Reject::Malformed));
    assert_eq!(verify(&[], &[TEXT], HASH), Err(Reject::NoSecret));
}
