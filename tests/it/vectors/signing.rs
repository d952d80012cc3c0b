//! The keys of the vectors, and tokens that the service would never sign.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use keywright::rules::proof;
use serde::Serialize;
use sha2::Sha256;

/// RFC 8032, section 7.1, test 1: signs now.
pub(super) fn current() -> SigningKey {
    key("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
}

/// Test 2: retired, no longer published.
pub(super) fn retired() -> SigningKey {
    key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
}

/// Test 3: published, to be used next.
pub(super) fn next() -> SigningKey {
    key("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
}

pub(super) fn name(key: &SigningKey) -> String {
    proof::kid(&key.verifying_key())
}

/// What an application embeds.
pub(super) fn published() -> Vec<(String, VerifyingKey)> {
    [current(), next()].iter().map(|key| (name(key), key.verifying_key())).collect()
}

/// The header as the service writes it, with other words.
pub(super) fn header(alg: &str, typ: &str, kid: &str) -> String {
    format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"}}"#)
}

/// Header and claims, byte by byte, rightly signed by the current key.
pub(super) fn signed(header: &str, claims: &[u8]) -> String {
    let text = text(header, claims);
    let signature = current().sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The confusion of old JWT libraries: the public key taken for a shared secret.
pub(super) fn mac_with_the_public_key(claims: &impl Serialize) -> String {
    let header = header("HS256", proof::MACHINE_LICENSE, &name(&current()));
    let text = text(&header, &serde_json::to_vec(claims).unwrap());
    let public = current().verifying_key();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(public.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

/// The signature's second form: its number `S` plus the order of the group. RFC 8032 refuses it.
pub(super) fn with_the_order_added(token: &str) -> String {
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let (text, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(HEXLOWER.decode(ORDER.as_bytes()).unwrap()) {
        carry += u16::from(*byte) + u16::from(add);
        [*byte, _] = carry.to_le_bytes();
        carry >>= 8;
    }
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The token with one of its parts (0 header, 1 claims, 2 signature) replaced.
pub(super) fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

/// One bit changed in the bytes of that part.
pub(super) fn with_bit_changed(token: &str, index: usize, byte: usize) -> String {
    let mut bytes = BASE64URL_NOPAD.decode(part(token, index).as_bytes()).unwrap();
    bytes[byte] ^= 1;
    with_part(token, index, &BASE64URL_NOPAD.encode(&bytes))
}

pub(super) fn part(token: &str, index: usize) -> &str {
    token.split('.').nth(index).unwrap()
}

fn text(header: &str, claims: &[u8]) -> String {
    let encode = |part: &[u8]| BASE64URL_NOPAD.encode(part);
    format!("{}.{}", encode(header.as_bytes()), encode(claims))
}

fn key(seed: &str) -> SigningKey {
    SigningKey::from_bytes(&HEXLOWER.decode(seed.as_bytes()).unwrap().try_into().unwrap())
}
