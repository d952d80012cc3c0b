//! With a key of these tests alone; the signatures over `keywright` were made by OpenSSL.

use super::*;
use crate::secret::Secret;

const PRIVATE: &str = include_str!("keys/private.txt");
const PUBLIC: &str = include_str!("keys/public.txt");
const CERTIFICATE: &str = include_str!("keys/certificate.txt");
const EXPIRED: &str = include_str!("keys/certificate.expired.txt");
const OF_ANOTHER_NAME: &str = include_str!("keys/certificate.of_another_name.txt");
const BY_SHA1: &str = "p40TRF76s824jHyG+1DxDaMNCmLKp6kUZZmT+WLghTI2P0k3N/39QYVgSogqsTVcmNofR5BkNc9ffkspbXVSzRkSUersMOzuxCUzlqogsBEOnVN3wvePSZSKJb3wwkpuPYuMNOB7K/I8nhoCptFH77vgUl1xT6fKk0BE+gd4yNuAS1Et8Z1v0fYWcquqOBbpvjdtKDlBtz0GCgn2PgdNxTw9ciOZa2Jte7WCjGqw62uunOjBA+FmOgIWaq9Ig05rvWdqtJgEZ1QdrHRAJHfpTQFFY8dxSrBeWOzGvhJN5BVLzI8C3oTGRJcU0tmcu8pq3itLM57O7hsDVSwbSiBgrw==";
const BY_SHA256: &str = "OwA0Fc6lmzh266U01UOCl8LbWNtR10emTuMRgiFi7Lw6EQrEGL3k/IF8o+l3ZbGOk4O8g63z/6/apbzKS1FmS7j21rRTSd4WWVlfmeoPPUajEa6WePe6Pw/E0bs4O8h1xU0YmU7GPLdlU3UUU6axAOs1xEg1qWcMoVeUz3ef2jMryXzpvAPtNuuXWMY0DT4rqyngWgUMtPXwqU6oIkgPbx1cJj4N7Yl7sOF3BPMu1tnxlqtJYum2KwmbUYZwM0bgQz4YS5QfVx2XaKglb54A5IjWcBYPeilgH55hRUYk39YiRRRa+KRBIOFQYa2H6KAMQlv3oHrsSv/KJQhS0aMfQg==";

fn keys(text: &str) -> Vec<PublicKey> {
    PublicKey::all(text.as_bytes())
}

fn certified(text: &str, at: &str) -> Vec<PublicKey> {
    let named = |name: &str| name.ends_with(".paypal.com");
    PublicKey::certified(text.as_bytes(), at.parse().unwrap(), named)
}

fn pem(label: &str, base64: &str, width: usize) -> String {
    let lines: Vec<&str> = base64
        .trim()
        .as_bytes()
        .chunks(width)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn opens(hash: RsaHash, message: &[u8], candidate: &str) -> Result<(), Reject> {
    let messages = [b"another".to_vec(), message.to_vec()];
    verify(b"content", hash, &keys(PUBLIC), &messages, candidate)
        .map(|verified| assert_eq!(verified.body(), b"content"))
}

#[test]
fn a_signature_opens_what_was_signed_and_nothing_else() {
    assert_eq!(opens(RsaHash::Sha1, b"keywright", BY_SHA1), Ok(()));
    assert_eq!(opens(RsaHash::Sha256, b"keywright", BY_SHA256), Ok(()));
    assert_eq!(opens(RsaHash::Sha256, b"keywright", BY_SHA1), Err(Reject::Wrong));
    assert_eq!(opens(RsaHash::Sha1, b"keywrighT", BY_SHA1), Err(Reject::Wrong));
    assert_eq!(opens(RsaHash::Sha1, b"keywright", ""), Err(Reject::Wrong));
    assert_eq!(opens(RsaHash::Sha1, b"keywright", "not base64"), Err(Reject::Malformed));
    let none = verify(b"", RsaHash::Sha1, &[], &[b"keywright".to_vec()], BY_SHA1);
    assert_eq!(none.err(), Some(Reject::NoSecret));
}

#[test]
fn a_made_signature_is_that_of_openssl() {
    let key = Secret::new(PRIVATE.trim()).unwrap();
    assert_eq!(sign(RsaHash::Sha1, &key, b"keywright").unwrap(), BY_SHA1);
    assert_eq!(sign(RsaHash::Sha256, &key, b"keywright").unwrap(), BY_SHA256);
    for text in [PUBLIC.trim(), CERTIFICATE.trim(), "no key at all, but long", "MAAwADAAMAAwADAA"] {
        assert_eq!(sign(RsaHash::Sha256, &Secret::new(text).unwrap(), b""), None);
    }
}

#[test]
fn keys_stand_in_pem_on_one_line_or_in_base64() {
    let one = keys(PUBLIC);
    assert_eq!(one.len(), 1);
    let two = [&one[..], &one].concat();
    let blocks = pem("PUBLIC KEY", PUBLIC, 64);
    assert_eq!(keys(&blocks), one);
    assert_eq!(keys(&blocks.replace('\n', " ")), one);
    assert_eq!(keys(&blocks.repeat(2)), two);
    assert_eq!(keys(&format!("{} nonsense {}", PUBLIC.trim(), PUBLIC.trim())), two);
    for text in ["", "nonsense", "-----BEGIN PUBLIC KEY-----", CERTIFICATE, PRIVATE] {
        assert_eq!(keys(text), [], "{text}");
    }
}

#[test]
fn a_certificate_vouches_in_its_time_and_under_its_name() {
    let key = keys(PUBLIC);
    assert_eq!(certified(CERTIFICATE, "2026-01-02T00:00:00Z"), key);
    assert_eq!(certified(&pem("CERTIFICATE", CERTIFICATE, 64), "2026-01-02T00:00:00Z"), key);
    assert_eq!(certified(CERTIFICATE, "2024-12-31T23:59:59Z"), []);
    assert_eq!(certified(CERTIFICATE, "2035-01-01T00:00:01Z"), []);
    assert_eq!(certified(EXPIRED, "2026-01-02T00:00:00Z"), []);
    assert_eq!(certified(EXPIRED, "2020-06-01T00:00:00Z"), key);
    assert_eq!(certified(OF_ANOTHER_NAME, "2026-01-02T00:00:00Z"), []);
    assert_eq!(certified(PUBLIC, "2026-01-02T00:00:00Z"), []);
}
