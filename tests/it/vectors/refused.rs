//! What every verifier refuses, and why.

use data_encoding::BASE64URL_NOPAD;
use keywright::rules::proof;
use serde_json::{Value, json};

use super::{Claims, LICENSE, MACHINE, Vector, maintenance_over, signing, subscription};
use signing::{header, part, signed, with_bit_changed, with_part};

/// No token at all, or none of this form: nothing is believed, so nothing more is looked at.
pub(super) fn by_shape() -> Vec<Vector> {
    [texts(), headers(), claims()].concat()
}

fn token() -> String {
    Vector::of("", "", &subscription()).token
}

fn kid() -> String {
    signing::name(&signing::current())
}

fn right_header() -> String {
    header("EdDSA", proof::MACHINE_LICENSE, &kid())
}

fn claims_bytes() -> Vec<u8> {
    serde_json::to_vec(&subscription()).unwrap()
}

fn texts() -> Vec<Vector> {
    let token = token();
    let (text, signature) = token.rsplit_once('.').unwrap();
    let short = BASE64URL_NOPAD.encode(&[7; 63]);
    let long = BASE64URL_NOPAD.encode(&[7; 65]);
    let (most, last) = signature.split_at(signature.len() - 1);
    // 86 letters hold 516 bits, 64 bytes are 512: a strict reader finds the last four to be zero.
    let spare = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    let (front, back) = token.split_at(40);
    let standard = token.replace('-', "+").replace('_', "/");
    assert_ne!(standard, token, "the vector needs a letter in which the alphabets differ");
    [
        ("no text", String::new()),
        ("points alone", "..".to_owned()),
        ("one part", part(&token, 0).to_owned()),
        ("no signature part", text.to_owned()),
        ("an empty signature", format!("{text}.")),
        ("a part doubled", format!("{token}.{signature}")),
        ("the claims doubled", format!("{text}.{}.{signature}", part(&token, 1))),
        ("a signature of 63 bytes", with_part(&token, 2, &short)),
        ("a signature of 65 bytes", with_part(&token, 2, &long)),
        ("padding", format!("{token}==")),
        ("spare bits that are not zero", format!("{text}.{most}{spare}")),
        ("a letter that encodes nothing", format!("{token}A")),
        ("base64 of the other alphabet", standard),
        ("a line feed at the end", format!("{token}\n")),
        ("a space in front", format!(" {token}")),
        ("a line feed inside", format!("{front}\n{back}")),
        ("a letter outside of ASCII", with_part(&token, 2, &format!("{most}é"))),
        ("a signed activation key as it is mailed", format!("ACME-{}", activation_key())),
    ]
    .map(|(name, token)| Vector::new(name, "malformed", token))
    .to_vec()
}

fn headers() -> Vec<Vector> {
    let (typ, kid) = (proof::MACHINE_LICENSE, kid());
    let unsigned = |alg: &str| {
        let token = signed(&header(alg, typ, &kid), &claims_bytes());
        with_part(&token, 2, "")
    };
    let malformed = [
        ("a header of alg alone", r#"{"alg":"none"}"#.to_owned()),
        ("a header without kid", format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#)),
        ("a header that brings its own key", right_header().replace('}', r#","jwk":{}}"#)),
        ("a header with crit", right_header().replace('}', r#","crit":["b64"],"b64":false}"#)),
        ("a header of another order", {
            format!(r#"{{"typ":"{typ}","alg":"EdDSA","kid":"{kid}"}}"#)
        }),
        ("a header that says alg twice", { right_header().replace('{', r#"{"alg":"none","#) }),
        ("a header with white space", right_header().replace(':', ": ")),
        ("a header that is no JSON", "EdDSA".to_owned()),
    ]
    .map(|(name, header)| Vector::new(name, "malformed", signed(&header, &claims_bytes())));
    let algorithm = [
        ("alg none, without a signature", unsigned("none")),
        ("alg none, rightly signed", signed(&header("none", typ, &kid), &claims_bytes())),
        ("alg None", unsigned("None")),
        ("alg in small letters", signed(&header("eddsa", typ, &kid), &claims_bytes())),
        ("alg ES256", signed(&header("ES256", typ, &kid), &claims_bytes())),
        (
            "alg HS256 with the public key for a secret",
            signing::mac_with_the_public_key(&subscription()),
        ),
    ]
    .map(|(name, token)| Vector::new(name, "algorithm", token));
    let purpose = [
        ("a signed activation key", activation_key()),
        ("an ordinary JWT", signed(&header("EdDSA", "JWT", &kid), &claims_bytes())),
    ]
    .map(|(name, token)| Vector::new(name, "wrong_purpose", token));
    [malformed.to_vec(), algorithm.to_vec(), purpose.to_vec()].concat()
}

/// As the service signs them: genuine, but no license for a machine.
fn activation_key() -> String {
    let claims = json!({"sub": LICENSE, "product": "acme-pro", "features": ["export"]});
    proof::sign(&signing::current(), &kid(), proof::ACTIVATION_KEY, &claims)
}

/// Genuine, yet not to be understood: a faulty service, not an attack.
fn claims() -> Vec<Vector> {
    let with = |name: &str, value: Value| {
        let mut claims = serde_json::to_value(subscription()).unwrap();
        claims[name] = value;
        serde_json::to_vec(&claims).unwrap()
    };
    let without = |name: &str| {
        let mut claims = serde_json::to_value(subscription()).unwrap();
        claims.as_object_mut().unwrap().remove(name);
        serde_json::to_vec(&claims).unwrap()
    };
    [
        ("claims that are no JSON", b"valid".to_vec()),
        ("claims cut off", claims_bytes()[..100].to_vec()),
        ("claims with something behind", [claims_bytes(), b"{}".to_vec()].concat()),
        ("claims that are a list", b"[]".to_vec()),
        ("no fingerprint", without("fingerprint")),
        ("no offline_until", without("offline_until")),
        ("a fingerprint that is null", with("fingerprint", Value::Null)),
        ("features that are text", with("features", json!("export"))),
        ("a trial that is text", with("trial", json!("false"))),
        ("a sequence below nothing", with("sequence", json!(-1))),
        ("a sequence with a fraction", with("sequence", json!(7.5))),
        ("a time with a fraction", with("valid_until", json!("2027-06-02T00:00:00.5Z"))),
        ("a time with an offset", with("issued_at", json!("2027-03-01T08:00:00+00:00"))),
        ("a time that is a number", with("offline_until", json!(1_806_480_000))),
        ("an end that nobody knows", with("on_expiry", json!("ask"))),
    ]
    .map(|(name, claims)| Vector::new(name, "malformed", signed(&right_header(), &claims)))
    .to_vec()
}

/// Of the right form, but not from us.
pub(super) fn by_signature() -> Vec<Vector> {
    let token = token();
    let purpose = proof::MACHINE_LICENSE;
    let (retired, next) = (signing::retired(), signing::next());
    let longer = Claims { valid_until: Some("2037-06-02T00:00:00Z".to_owned()), ..subscription() };
    let longer = serde_json::to_vec(&longer).unwrap();
    let unknown = [
        (
            "a retired key",
            proof::sign(&retired, &signing::name(&retired), purpose, &{ subscription() }),
        ),
        // The last byte but two is within the kid; 2 becomes 3.
        ("a bit changed in the header", {
            let bytes = right_header().len();
            with_bit_changed(&token, 0, bytes - 3)
        }),
    ]
    .map(|(name, token)| Vector::new(name, "unknown_key", token));
    let claims = claims_bytes();
    let digit = claims.windows(11).position(|seen| seen == b"\"trial\":fal").unwrap();
    let forged = [
        ("a retired key under the current name", {
            proof::sign(&retired, &kid(), purpose, &subscription())
        }),
        ("the next key under the current name", {
            proof::sign(&next, &kid(), purpose, &subscription())
        }),
        ("the signature of another license", {
            with_part(&token, 1, &BASE64URL_NOPAD.encode(&longer))
        }),
        ("a bit changed in the claims", with_bit_changed(&token, 1, digit + 2)),
        ("a bit changed in the signature's point", with_bit_changed(&token, 2, 3)),
        ("a bit changed in the signature's number", with_bit_changed(&token, 2, 40)),
        ("a signature of zeros", with_part(&token, 2, &BASE64URL_NOPAD.encode(&[0; 64]))),
        ("the signature's second form", signing::with_the_order_added(&token)),
    ]
    .map(|(name, token)| Vector::new(name, "bad_signature", token));
    [unknown.to_vec(), forged.to_vec()].concat()
}

/// Genuine, but not here, not now, not for this version.
pub(super) fn by_circumstance() -> Vec<Vector> {
    let year = subscription();
    let perpetual = Claims { expires_at: None, valid_until: None, ..subscription() };
    let ended = Claims { offline_until: "2027-06-02T00:00:00Z".to_owned(), ..subscription() };
    let trial = Claims {
        trial: true,
        valid_until: Some("2027-03-01T11:00:00Z".to_owned()),
        ..subscription()
    };
    let later = Claims { starts_at: "2027-03-01T13:00:01Z".to_owned(), ..subscription() };
    let over = maintenance_over();
    vec![
        Vector::of("another product", "other_product", &year).in_application_of(&["acme-lite"]),
        Vector::of("another product, on another machine", "other_product", &year)
            .in_application_of(&["acme-pro-max", "acme"])
            .on("another machine"),
        Vector::of("another machine", "other_machine", &year).on("another machine"),
        Vector::of("the fingerprint in large letters", "other_machine", &year)
            .on(&MACHINE.to_uppercase()),
        Vector::of("before it was issued", "clock_went_back", &year).at("2027-03-01T06:59:59Z"),
        Vector::of("the machine's clock was set back", "clock_went_back", &year)
            .having_seen_time("2027-03-01T13:00:01Z"),
        Vector::of("an older license put back", "older_license", &year).having_seen(LICENSE, 8),
        Vector::of("not yet", "not_started", &later),
        Vector::of("a second after the end", "expired", &ended).at("2027-06-02T00:00:01Z"),
        Vector::of("a trial that is over", "expired", &trial),
        Vector::of("a version released a second after maintenance", "not_covered", &over)
            .version_of("2027-01-01T00:00:01Z"),
        Vector::of("too long offline", "refresh_due", &year).at("2027-03-31T08:00:01Z"),
        Vector::of("a perpetual license too long offline", "refresh_due", &perpetual)
            .at("2028-01-01T00:00:00Z"),
        Vector::of("an old version too long offline", "refresh_due", &over)
            .at("2028-01-01T00:00:00Z"),
        Vector::of("another machine, and over", "other_machine", &ended)
            .on("another machine")
            .at("2028-01-01T00:00:00Z"),
        Vector::of("set back, and older", "clock_went_back", &year)
            .having_seen(LICENSE, 8)
            .having_seen_time("2027-09-01T00:00:00Z"),
        Vector::of("older, and over", "older_license", &ended)
            .having_seen(LICENSE, 8)
            .at("2028-01-01T00:00:00Z"),
        Vector::of("over, and too long offline", "expired", &year).at("2028-01-01T00:00:00Z"),
    ]
}
