//! MACs over the parts that a provider signs.

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
