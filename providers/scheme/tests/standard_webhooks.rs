//! The vectors on which the official libraries for JavaScript and Python agree.

use super::*;

const SECRET: &str = "whsec_a2V5d3JpZ2h0LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk=";
const PUBLIC: &str = "whpk_1wtfnbYD1xoYAgPayU7O0xR3JMZtqdi5JSUS7wKJ8p8=";
const BODY: &[u8] =
    br#"{"type":"license.test","timestamp":"2025-10-09T08:53:20Z","data":{"id":"obj_1"}}"#;
const V1: &str = "v1,RSMjC/OF5VuC5OYOt4IaI5Id9zJQyYHSEunyXdJkk6o=";
const V1A: &str =
    "v1a,BrYj7fgmKsygQwQ93zEbCQOJqJQD/1FXTPjKNhuXak9PHEUUhVyq6+qoldZ9qPpMYxiaRZHE7wluMzMAjzxMBw==";

fn sent(prefix: &str, signature: &str) -> Vec<(String, String)> {
    headers(&[
        (&format!("{prefix}-Id"), "msg_kw0001"),
        (&format!("{prefix}-Timestamp"), "1760000000"),
        (&format!("{prefix}-Signature"), signature),
    ])
}

fn verify_at(
    texts: &[&str],
    key_text: KeyText,
    sent: &[(String, String)],
    window: Window,
) -> Result<DateTime<Utc>, Reject> {
    standard_webhooks(&request(sent, BODY), &secrets(texts), key_text, window)
        .map(|verified| verified.signed_at().unwrap())
}

fn verify(texts: &[&str], signature: &str) -> Result<(), Reject> {
    verify_at(texts, KeyText::Base64, &sent("webhook", signature), window(0)).map(|_| ())
}

#[test]
fn v1_and_v1a_vectors_are_accepted() {
    assert_eq!(verify(&[SECRET], V1), Ok(()));
    assert_eq!(verify(&[PUBLIC], V1A), Ok(()));
}

#[test]
fn a_public_key_opens_no_v1_and_a_shared_one_no_v1a() {
    assert_eq!(verify(&[PUBLIC], V1), Err(Reject::Wrong));
    assert_eq!(verify(&[SECRET], V1A), Err(Reject::Wrong));
    assert_eq!(verify(&[PUBLIC, SECRET], V1), Ok(()));
    assert_eq!(verify(&[SECRET, PUBLIC], V1A), Ok(()));
}

#[test]
fn svix_headers_are_taken_too_but_not_a_mixture() {
    let svix = sent("svix", V1);
    assert!(verify_at(&[SECRET], KeyText::Base64, &svix, window(0)).is_ok());
    let mut mixed = sent("webhook", V1);
    mixed[2].0 = "svix-signature".to_owned();
    assert_eq!(verify_at(&[SECRET], KeyText::Base64, &mixed, window(0)), Err(Reject::Missing));
}

#[test]
fn several_signatures_are_tried_and_unknown_versions_skipped() {
    let zeros = format!("v1,{}", BASE64.encode(&[0; 32]));
    assert_eq!(verify(&[SECRET], &format!("{zeros} {V1}")), Ok(()));
    assert_eq!(verify(&[SECRET], &format!("v2,abc nonsense {V1}")), Ok(()));
    assert_eq!(verify(&[SECRET], &zeros), Err(Reject::Wrong));
    let unknown = V1.replace("v1,", "v9,");
    for nothing in ["", "v1", "v1,", "nonsense", "v1,***", unknown.as_str()] {
        let answer = verify(&[SECRET], nothing);
        assert!(matches!(answer, Err(Reject::Malformed | Reject::Wrong)), "{nothing}");
    }
}

#[test]
fn a_secret_may_come_without_padding_without_prefix_and_with_the_version() {
    let bare = SECRET.trim_start_matches("whsec_");
    let versioned = format!("v1,{SECRET}");
    for secret in [SECRET.trim_end_matches('='), bare, &versioned] {
        assert_eq!(verify(&[secret], V1), Ok(()), "{secret}");
    }
}

/// A lenient decoder would make a short key of a typing error.
#[test]
fn a_secret_that_is_not_base64_or_short_gives_no_key() {
    let short = format!("whsec_{}", BASE64.encode(b"fifteen bytes.."));
    for secret in ["whsec_not base64".replace(' ', "*").as_str(), &short, "whpk_AAAAAAAA"] {
        assert_eq!(verify(&[secret], V1), Err(Reject::NoSecret), "{secret}");
    }
    assert_eq!(verify(&[], V1), Err(Reject::NoSecret));
}

#[test]
fn the_secrets_text_itself_is_a_key_only_where_the_sender_takes_it_so() {
    let keys = secrets(&[SECRET]);
    let raw = standard_webhooks_sign(sample(), &keys[0], KeyText::Raw, at(SIGNED_AT));
    let (raw, decoded) = (raw.headers, sent("webhook", V1));
    let verify = |key_text, sent: &[(String, String)]| {
        verify_at(&[SECRET], key_text, sent, window(0)).map(|_| ())
    };
    assert_eq!(verify(KeyText::Raw, &raw), Ok(()));
    assert_eq!(verify(KeyText::Raw, &decoded), Err(Reject::Wrong));
    assert_eq!(verify(KeyText::Base64, &raw), Err(Reject::Wrong));
    assert_eq!(verify(KeyText::Both, &raw), Ok(()));
    assert_eq!(verify(KeyText::Both, &decoded), Ok(()));
}

fn sample() -> Sample {
    let sample = Sample { body: BODY.to_vec(), ..Sample::json("", &serde_json::Value::Null) };
    sample.with_header("webhook-id", "msg_kw0001")
}

#[test]
fn the_signed_id_is_the_events() {
    let (sent, keys) = (sent("webhook", V1), secrets(&[SECRET]));
    let verified =
        standard_webhooks(&request(&sent, BODY), &keys, KeyText::Base64, window(0)).unwrap();
    assert_eq!(verified.id(), Some("msg_kw0001"));
}

#[test]
fn signing_gives_the_vector() {
    let keys = secrets(&[SECRET, PUBLIC]);
    let sign = |secret| standard_webhooks_sign(sample(), secret, KeyText::Base64, at(SIGNED_AT));
    assert_eq!(sign(&keys[0]).header("Webhook-Signature"), Some(V1));
    assert_eq!(sign(&keys[1]), sample());
}

#[test]
fn the_time_is_looked_at_on_both_sides_for_both_versions() {
    for (secret, signature) in [(SECRET, V1), (PUBLIC, V1A)] {
        let sent = sent("webhook", signature);
        let verify =
            |distance| verify_at(&[secret], KeyText::Base64, &sent, window(distance)).map(|_| ());
        assert_eq!(verify(300), Ok(()));
        assert_eq!(verify(-300), Ok(()));
        assert_eq!(verify(301), Err(Reject::Stale));
        assert_eq!(verify(-301), Err(Reject::Stale));
    }
}

/// A point inside would let the parts be cut elsewhere.
#[test]
fn an_id_is_not_empty_and_has_no_point() {
    for id in ["", "msg.kw0001"] {
        let mut sent = sent("webhook", V1);
        id.clone_into(&mut sent[0].1);
        assert_eq!(verify_at(&[SECRET], KeyText::Base64, &sent, window(0)), Err(Reject::Malformed));
    }
}

#[test]
fn each_header_stands_there_once() {
    for index in 0..3 {
        let mut without = sent("webhook", V1);
        without.remove(index);
        let mut twice = sent("webhook", V1);
        twice.push(twice[index].clone());
        let verify = |sent: &[(String, String)]| {
            verify_at(&[SECRET], KeyText::Base64, sent, window(0)).map(|_| ())
        };
        assert_eq!(verify(&without), Err(Reject::Missing));
        assert_eq!(verify(&twice), Err(Reject::Doubled));
    }
}
