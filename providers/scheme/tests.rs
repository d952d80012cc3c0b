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

mod hmac_over_parts {
    use super::*;

    fn verify(texts: &[&str], encoding: Encoding, candidates: &[&str]) -> Result<(), Reject> {
        let parts: [&[u8]; 3] = [b"1760000000", b".", b"{}"];
        hmac(&request(&[], b"{}"), Hash::Sha256, &secrets(texts), &parts, encoding, candidates)
            .map(|verified| assert_eq!(verified.body(), b"{}"))
    }

    /// RFC 4231, cases 1, 2 and 6. <https://www.rfc-editor.org/rfc/rfc4231#section-4>
    #[test]
    fn macs_are_those_of_the_rfc() {
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        let cases: [(&[u8], &[u8], &str, &str); 3] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
                 daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                &[0xaa; 131],
                long,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
                 6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ];
        for (key, data, sha256, sha512) in cases {
            let (head, tail) = data.split_at(5);
            for parts in [&[data][..], &[head, tail]] {
                assert_eq!(HEXLOWER.encode(&mac_bytes(Hash::Sha256, key, parts)), sha256);
                assert_eq!(HEXLOWER.encode(&mac_bytes(Hash::Sha512, key, parts)), sha512);
            }
        }
    }

    #[test]
    fn hex_is_read_in_either_case_and_base64_strictly() {
        assert_eq!(verify(&[SHARED], Encoding::Hex, &[SHARED_MAC]), Ok(()));
        let upper = SHARED_MAC.to_ascii_uppercase();
        assert_eq!(verify(&[SHARED], Encoding::Hex, &[&upper]), Ok(()));
        assert_eq!(verify(&[SHARED], Encoding::Base64, &[SHARED_MAC_BASE64]), Ok(()));
        let unpadded = SHARED_MAC_BASE64.trim_end_matches('=');
        assert_eq!(verify(&[SHARED], Encoding::Base64, &[unpadded]), Err(Reject::Malformed));
    }

    #[test]
    fn one_right_signature_among_several_is_enough() {
        let zeros = "0".repeat(64);
        assert_eq!(verify(&[SHARED], Encoding::Hex, &[&zeros, "no hex", SHARED_MAC]), Ok(()));
        assert_eq!(verify(&[SHARED], Encoding::Hex, &[&zeros]), Err(Reject::Wrong));
    }

    #[test]
    fn no_more_than_eight_signatures_are_tried() {
        let zeros = "0".repeat(64);
        let mut candidates = vec![zeros.as_str(); CANDIDATES_MAX - 1];
        candidates.push(SHARED_MAC);
        assert_eq!(verify(&[SHARED], Encoding::Hex, &candidates), Ok(()));
        candidates.insert(0, &zeros);
        assert_eq!(verify(&[SHARED], Encoding::Hex, &candidates), Err(Reject::Wrong));
    }

    #[test]
    fn a_part_of_a_signature_is_wrong_and_nothing_is_malformed() {
        let half = SHARED_MAC.split_at(32).0;
        assert_eq!(verify(&[SHARED], Encoding::Hex, &[half]), Err(Reject::Wrong));
        for nothing in [&[][..], &[""], &["zz"], &["abc"]] {
            assert_eq!(verify(&[SHARED], Encoding::Hex, nothing), Err(Reject::Malformed));
        }
    }

    #[test]
    fn each_secret_is_tried_and_none_is_no_secret() {
        assert_eq!(verify(&["another-secret", SHARED], Encoding::Hex, &[SHARED_MAC]), Ok(()));
        assert_eq!(verify(&[SHARED, "another-secret"], Encoding::Hex, &[SHARED_MAC]), Ok(()));
        assert_eq!(verify(&["another-secret"], Encoding::Hex, &[SHARED_MAC]), Err(Reject::Wrong));
        assert_eq!(verify(&[], Encoding::Hex, &[SHARED_MAC]), Err(Reject::NoSecret));
    }

    #[test]
    fn what_is_signed_here_is_accepted_here() {
        let keys = secrets(&[SHARED]);
        for hash in [Hash::Sha256, Hash::Sha512] {
            for encoding in [Encoding::Hex, Encoding::Base64] {
                let signature = hmac_sign(hash, &keys[0], &[b"{}"], encoding);
                let request = request(&[], b"{}");
                let verified = hmac(&request, hash, &keys, &[b"{}"], encoding, &[&signature]);
                assert_eq!(verified.unwrap().signed_at(), None);
            }
        }
    }
}

mod signed_times {
    use super::*;

    fn verify(timestamp: &str, window: Window, mac: &str) -> Result<DateTime<Utc>, Reject> {
        let parts: [&[u8]; 3] = [timestamp.as_bytes(), b".", b"{}"];
        let keys = secrets(&[SHARED]);
        let request = request(&[], b"{}");
        hmac_timestamped(&request, &keys, timestamp, window, &parts, Encoding::Hex, &[mac])
            .map(|verified| verified.signed_at().unwrap())
    }

    #[test]
    fn the_tolerance_itself_is_good_on_both_sides_and_a_second_more_is_stale() {
        for distance in [-300, -1, 0, 1, 300] {
            assert_eq!(verify("1760000000", window(distance), SHARED_MAC), Ok(at(SIGNED_AT)));
        }
        for distance in [-301, 301, 86_400, -86_400] {
            assert_eq!(verify("1760000000", window(distance), SHARED_MAC), Err(Reject::Stale));
        }
        let just_over =
            Window { now: at(SIGNED_AT + 300) + TimeDelta::milliseconds(1), ..window(0) };
        assert_eq!(verify("1760000000", just_over, SHARED_MAC), Err(Reject::Stale));
    }

    #[test]
    fn a_wrong_signature_is_wrong_at_any_time() {
        let zeros = "0".repeat(64);
        assert_eq!(verify("1760000000", window(9_999), &zeros), Err(Reject::Wrong));
        assert_eq!(verify("1760000001", window(0), SHARED_MAC), Err(Reject::Wrong));
    }

    #[test]
    fn a_time_is_digits_only() {
        for text in [
            "",
            " 1760000000",
            "1760000000 ",
            "+1760000000",
            "-1",
            "1.76e9",
            "0x10",
            "1760000000abc",
            "1760000000.0",
            "१७६",
            "1000000000000",
            "99999999999999999999999",
        ] {
            assert_eq!(unix_seconds(text), Err(Reject::Malformed), "{text:?}");
        }
        assert_eq!(unix_seconds("1760000000"), Ok(at(SIGNED_AT)));
        assert_eq!(unix_seconds("0"), Ok(at(0)));
        assert_eq!(unix_seconds("999999999999"), Ok(at(999_999_999_999)));
    }

    #[test]
    fn milliseconds_are_digits_only() {
        for text in ["", " 1", "+1", "-1", "1e3", "1.5", "1234567890123456"] {
            assert_eq!(unix_milliseconds(text), Err(Reject::Malformed), "{text:?}");
        }
        let time = unix_milliseconds("1760000000250").unwrap();
        assert_eq!((time.timestamp(), time.timestamp_subsec_millis()), (SIGNED_AT, 250));
    }

    /// The same moment written otherwise is another signed text.
    #[test]
    fn a_time_is_signed_as_it_is_written() {
        assert_eq!(verify("01760000000", window(0), SHARED_MAC), Err(Reject::Wrong));
    }
}

/// The vectors on which the official libraries for JavaScript and Python agree.
mod standard_webhooks {
    use super::*;

    const SECRET: &str = "whsec_a2V5d3JpZ2h0LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk=";
    const PUBLIC: &str = "whpk_1wtfnbYD1xoYAgPayU7O0xR3JMZtqdi5JSUS7wKJ8p8=";
    const BODY: &[u8] =
        br#"{"type":"license.test","timestamp":"2025-10-09T08:53:20Z","data":{"id":"obj_1"}}"#;
    const V1: &str = "v1,RSMjC/OF5VuC5OYOt4IaI5Id9zJQyYHSEunyXdJkk6o=";
    const V1A: &str = "v1a,BrYj7fgmKsygQwQ93zEbCQOJqJQD/1FXTPjKNhuXak9PHEUUhVyq6+qoldZ9qPpMYxiaRZHE7wluMzMAjzxMBw==";

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
        let sign =
            |secret| standard_webhooks_sign(sample(), secret, KeyText::Base64, at(SIGNED_AT));
        assert_eq!(sign(&keys[0]).header("Webhook-Signature"), Some(V1));
        assert_eq!(sign(&keys[1]), sample());
    }

    #[test]
    fn the_time_is_looked_at_on_both_sides_for_both_versions() {
        for (secret, signature) in [(SECRET, V1), (PUBLIC, V1A)] {
            let sent = sent("webhook", signature);
            let verify = |distance| {
                verify_at(&[secret], KeyText::Base64, &sent, window(distance)).map(|_| ())
            };
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
            assert_eq!(
                verify_at(&[SECRET], KeyText::Base64, &sent, window(0)),
                Err(Reject::Malformed)
            );
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
}

mod tokens {
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
}

mod md5 {
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
}

mod forms_of_keys {
    use super::*;

    /// RFC 2202, case 2 (SHA-1); NIST's example for SHA3-256 with a key of 32 bytes is in hex.
    #[test]
    fn a_key_is_the_text_or_what_its_digits_say_or_its_digest() {
        let jefe = &secrets(&["4a6566650000000000000000000000ff"])[0];
        let sign = |form, hash| hmac_sign_of(form, hash, jefe, &[b"x"], Encoding::Hex);
        assert_eq!(key(KeyForm::Hex, jefe).unwrap().len(), 16);
        assert_ne!(sign(KeyForm::Hex, Hash::Sha256), sign(KeyForm::Text, Hash::Sha256));
        let no_hex = &secrets(&["not hexadecimal digits"])[0];
        assert_eq!(hmac_sign_of(KeyForm::Hex, Hash::Sha256, no_hex, &[b"x"], Encoding::Hex), None);
        let rfc = mac_bytes(Hash::Sha1, b"Jefe", &[b"what do ya want for nothing?"]);
        assert_eq!(HEXLOWER.encode(&rfc), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let rfc = mac_bytes(Hash::Md5, b"Jefe", &[b"what do ya want for nothing?"]);
        assert_eq!(HEXLOWER.encode(&rfc), "750c783e6ab0b503eaa86e310a5db738");
        let sheet = mac_bytes(
            Hash::Sha3x256,
            b"kw-2co-secret",
            &["7100003708COMPLETE4Zo\u{eb}2112123Pro4Plus1420260102030405".as_bytes()],
        );
        assert_eq!(
            HEXLOWER.encode(&sheet),
            "f433fc44d266bc64e7c7bdbe50b00b2a0cd2e51b06a7c3bda0c1b3898aeda1b9"
        );
    }
}

mod passwords {
    use super::*;

    fn verify(user: Option<&str>, passwords: &[&str], value: &str) -> Result<(), Reject> {
        let headers = headers(&[("authorization", value)]);
        basic(&request(&headers, b"{}"), user, &secrets(passwords)).map(|_| ())
    }

    #[test]
    fn a_password_may_hold_a_colon_and_a_blank() {
        let value = "Basic a3dob29rOnA6c3MgdzByZA==";
        assert_eq!(verify(Some("kwhook"), &["p:ss w0rd"], value), Ok(()));
        assert_eq!(verify(Some("kwhook"), &["old-password", "p:ss w0rd"], value), Ok(()));
        assert_eq!(verify(Some("kwhook:p"), &["ss w0rd1"], value), Err(Reject::Wrong));
        assert_eq!(verify(Some("other"), &["p:ss w0rd"], value), Err(Reject::Wrong));
        assert_eq!(verify(Some("kwhook"), &[], value), Err(Reject::NoSecret));
        assert_eq!(verify(None, &["p:ss w0rd"], value), Err(Reject::NoSecret));
        for odd in ["a3dob29rOnA6c3MgdzByZA==", "Bearer a3dob29r", "Basic a3dob29rOnA6c3MgdzByZA"] {
            assert_eq!(verify(Some("kwhook"), &["p:ss w0rd"], odd), Err(Reject::Malformed));
        }
    }

    #[test]
    fn signing_gives_the_header() {
        let sample = Sample::json("", &serde_json::Value::Null);
        let signed = basic_sign(sample, "kwhook", &secrets(&["p:ss w0rd"])[0]);
        assert_eq!(signed.header("Authorization"), Some("Basic a3dob29rOnA6c3MgdzByZA=="));
    }
}

#[test]
fn what_is_verified_is_shown_without_its_content() {
    let keys = secrets(&[SHARED]);
    let verified = token(b"ada@example.com", &keys, SHARED).unwrap();
    assert_eq!(format!("{verified:?}"), "Verified { body_bytes: 15, signed_at: None, id: None }");
}
