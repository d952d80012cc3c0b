//! Tokens: who sent it, and nothing of the bytes.

use super::*;

#[test]
fn a_token_stands_once_in_the_address() {
    let verify = |query: &str, known: &[&str]| {
        let request = Request { query, ..request(&[], b"body") };
        let verified = query_token(&request, b"content", &secrets(known));
        verified.map(|verified| assert_eq!(verified.body(), b"content")).err()
    };
    let known = ["kw/token+of many letters", "kw-token-of-others"];
    let sample = Sample::json("x", &serde_json::json!({}));
    let [secret] = secrets(&known[..1]).try_into().unwrap();
    let signed = query_token_sign(sample, &secret);
    assert_eq!(verify(&signed.query, &known), None);
    assert_eq!(verify("a=b&token=kw-token-of-others", &known), None);
    assert_eq!(verify("token=kw-token-of-other", &known), Some(Reject::Wrong));
    assert_eq!(verify("token=", &known), Some(Reject::Missing));
    assert_eq!(verify("Token=kw-token-of-others", &known), Some(Reject::Missing));
    assert_eq!(verify("", &known), Some(Reject::Missing));
    assert_eq!(verify("token=a&token=a", &known), Some(Reject::Doubled));
    assert_eq!(verify("token=%FF", &known), Some(Reject::Wrong));
    assert_eq!(verify("token=kw-token-of-others", &[]), Some(Reject::NoSecret));
}

#[test]
fn a_token_is_the_whole_secret() {
    let verify = |texts: &[&str], candidate| {
        token(b"a=1", &secrets(texts), candidate).map(|verified| verified.body().to_vec())
    };
    assert_eq!(
        verify(&["old-token-0001", "new-token-0002"], "new-token-0002"),
        Ok(b"a=1".to_vec())
    );
    for wrong in ["", "new-token-000", "new-token-00022", "NEW-TOKEN-0002"] {
        assert_eq!(verify(&["new-token-0002"], wrong), Err(Reject::Wrong), "{wrong}");
    }
    assert_eq!(verify(&[], ""), Err(Reject::NoSecret));
}

#[test]
fn a_token_says_nothing_of_the_bytes_and_a_signature_does() {
    let known = secrets(&["new-token-0002"]);
    assert!(token(b"a=1", &known, "new-token-0002").unwrap().sender_only());
    let signature = hmac_sign(Hash::Sha256, &known[0], &[b"a=1"], Encoding::Hex);
    let request = request(&[], b"a=1");
    let parts: [&[u8]; 1] = [b"a=1"];
    let signed =
        hmac(&request, Hash::Sha256, &known, &parts, Encoding::Hex, &[&signature]).unwrap();
    assert!(!signed.sender_only());
}

#[test]
fn a_token_in_the_address_stands_there_once() {
    let verify = |texts: &[&str], query| {
        let request = Request { query, ..request(&[], b"a=1") };
        query_token(&request, request.body, &secrets(texts))
            .map(|verified| verified.body().to_vec())
    };
    let known = ["a token&more"];
    assert_eq!(verify(&known, "x=1&token=a+token%26more"), Ok(b"a=1".to_vec()));
    for (query, reject) in [
        ("", Reject::Missing),
        ("token=", Reject::Missing),
        ("Token=a+token%26more", Reject::Missing),
        ("token=a+token%26more&token=a+token%26more", Reject::Doubled),
        ("token=a+token%26more&%74oken=x", Reject::Doubled),
        ("token=a+token", Reject::Wrong),
        ("token=%FF", Reject::Wrong),
    ] {
        assert_eq!(verify(&known, query), Err(reject), "{query}");
    }
    assert_eq!(verify(&[], "token=x"), Err(Reject::NoSecret));
}

#[test]
fn a_signed_address_is_verified_and_kept_without_its_token() {
    let known = &secrets(&["a token&more"])[0];
    let sample = Sample::json("", &serde_json::Value::Null);
    let sample = Sample { query: "x=1&token=old&&y=%26".to_owned(), ..sample };
    let signed = query_token_sign(sample, known);
    assert_eq!(signed.query, "x=1&y=%26&token=a+token%26more");
    assert!(query_token(&signed.request(), b"", std::slice::from_ref(known)).is_ok());
    assert_eq!(without_token(&signed.query), "x=1&y=%26");
    assert_eq!(without_token("%74oken=a+token%26more"), "");
}
