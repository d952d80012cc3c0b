//! The schemes, by idea.

mod forms_of_keys;
mod hmac_over_parts;
mod md5;
mod passwords;
mod signed_times;
mod standard_webhooks;
mod tokens;

use super::*;
use crate::sample::Sample;

/// 2025-10-09T08:53:20Z, the time of the recorded vectors.
const SIGNED_AT: i64 = 1_760_000_000;
const SHARED: &str = "kw-shared-secret-01";
/// Over `1760000000.{}` under [`SHARED`]; made with another implementation.
const SHARED_MAC: &str = "b35d68aa8465f6705f7d232e42efdb003af3988b8aee674fddf4af4ce3cadda4";
const SHARED_MAC_BASE64: &str = "s11oqoRl9nBffSMuQu/bADrzmIuK7mdP3fSvTOPK3aQ=";

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::with_min(text, 8).unwrap()).collect()
}

fn request<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> Request<'a> {
    Request::post(headers, body)
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// Five minutes around a moment that is so far from the signed time.
fn window(distance_seconds: i64) -> Window {
    Window { now: at(SIGNED_AT + distance_seconds), tolerance: TimeDelta::seconds(300) }
}

#[test]
fn what_is_verified_is_shown_without_its_content() {
    let keys = secrets(&[SHARED]);
    let verified = token(b"ada@example.com", &keys, SHARED).unwrap();
    assert_eq!(format!("{verified:?}"), "Verified { body_bytes: 15, signed_at: None, id: None }");
}
