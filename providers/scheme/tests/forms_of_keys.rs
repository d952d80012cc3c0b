//! How a configured secret becomes a key.

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
