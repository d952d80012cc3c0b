//! Signature schemes: the only place that compares signatures and can make a [`Verified`].
//!
//! An adapter says *what* is signed and where the signature stands; it never calls a MAC and
//! never compares bytes. Every comparison is in constant time over bytes, every configured
//! secret is tried, and the time window is looked at only after the MAC was right.
//!
//! - [`rsa`]: signatures by a private key
//! - `standard`: Standard Webhooks
//! - `sign`: the other side, for made-up deliveries
//! - `times`: times as signatures write them

pub mod rsa;
mod sign;
mod standard;
mod times;

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac, SimpleHmac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sha3::Sha3_256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::secret::Secret;

pub use sign::{
    basic_sign, hmac_sign, hmac_sign_of, keyed_digest_sign, query_token_sign,
    standard_webhooks_sign, without_token,
};
pub use standard::{KeyText, standard_webhooks};
pub use times::{unix_milliseconds, unix_seconds};

/// The field of an address that holds a token.
const QUERY_TOKEN: &str = "token";

/// How many signatures one header may list: rotation needs two or three.
const CANDIDATES_MAX: usize = 8;

/// Bytes that were shown to come from the provider. Only this module can make one.
pub struct Verified<'a> {
    body: Cow<'a, [u8]>,
    signed_at: Option<DateTime<Utc>>,
    id: Option<String>,
    sender_only: bool,
}

impl<'a> Verified<'a> {
    fn of(body: &'a [u8]) -> Self {
        Self { body: Cow::Borrowed(body), signed_at: None, id: None, sender_only: false }
    }

    /// Takes the time that the signature spoke of, where it lies within the window.
    ///
    /// # Errors
    /// [`Reject::Stale`].
    pub fn dated(self, signed_at: DateTime<Utc>, window: Window) -> Result<Self, Reject> {
        let distance = (window.now - signed_at).abs();
        if distance > window.tolerance {
            return Err(Reject::Stale);
        }
        Ok(Self { signed_at: Some(signed_at), ..self })
    }

    /// The authentic bytes, as they came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The time inside the signature, where the scheme has one.
    #[must_use]
    pub fn signed_at(&self) -> Option<DateTime<Utc>> {
        self.signed_at
    }

    /// Does the proof show only who sent it (a token, a password), and nothing of the bytes?
    #[must_use]
    pub fn sender_only(&self) -> bool {
        self.sender_only
    }

    /// The event's id inside the signature, where the scheme has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("body_bytes", &self.body.len())
            .field("signed_at", &self.signed_at)
            .field("id", &self.id)
            .finish()
    }
}

/// What the provider's own API answered: see [`crate::list`], which alone may call this. There is
/// no signature to look at, and no request of somebody else's either.
pub(crate) fn listed(delivery: &[u8]) -> Verified<'_> {
    Verified::of(delivery)
}

/// How a signature or token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Either case is read; lower case is written.
    Hex,
    /// Standard alphabet with padding.
    Base64,
}

/// The hash under a MAC or a keyed digest. The kind or its configuration decides it, never the
/// message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// Broken as a hash, and yet all that some providers have.
    Md5,
    /// As [`Hash::Md5`].
    Sha1,
    Sha256,
    Sha512,
    Sha3x256,
}

/// How a configured secret becomes the key of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// The bytes of the text.
    Text,
    /// The bytes that the text writes in hexadecimal digits.
    Hex,
    /// The 20 bytes of the text's SHA-1.
    Sha1,
}

/// The acceptable distance between the signed time and ours.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub now: DateTime<Utc>,
    pub tolerance: TimeDelta,
}

/// HMAC over `parts` (concatenated), keyed with each secret's text in turn.
///
/// # Errors
/// [`Reject::NoSecret`], [`Reject::Malformed`] (nothing that could be a signature),
/// [`Reject::Wrong`].
pub fn hmac<'a>(
    request: &Request<'a>,
    hash: Hash,
    secrets: &[Secret],
    parts: &[&[u8]],
    encoding: Encoding,
    candidates: &[&str],
) -> Result<Verified<'a>, Reject> {
    hmac_of(request.body, KeyForm::Text, hash, secrets, parts, (encoding, candidates))
}

/// The usual shape: [`hmac`] over the whole body, one signature in one header, and no keys asked
/// for in the answer.
///
/// # Errors
/// As [`hmac`]; [`Reject::NotTaken`] at `/fulfil`; [`Reject::Missing`] or [`Reject::Malformed`]
/// for the header.
pub fn hmac_body<'a>(
    request: &Request<'a>,
    hash: Hash,
    secrets: &[Secret],
    encoding: Encoding,
    header: &str,
) -> Result<Verified<'a>, Reject> {
    if request.inlet == Inlet::Fulfil {
        return Err(Reject::NotTaken);
    }
    hmac(request, hash, secrets, &[request.body], encoding, &[request.header(header)?])
}

/// As [`hmac`], where the authentic bytes are not the body (but the query, or one field of a
/// form), or where the secret is not the key as it stands.
///
/// # Errors
/// As [`hmac`]; [`Reject::NoSecret`] also where no secret has that form.
pub fn hmac_of<'a>(
    content: &'a [u8],
    key_form: KeyForm,
    hash: Hash,
    secrets: &[Secret],
    parts: &[&[u8]],
    (encoding, candidates): (Encoding, &[&str]),
) -> Result<Verified<'a>, Reject> {
    let keys: Vec<Vec<u8>> = secrets.iter().filter_map(|secret| key(key_form, secret)).collect();
    hmac_keyed(hash, &keys, parts, &decode_all(encoding, candidates)?)?;
    Ok(Verified::of(content))
}

/// As [`hmac`] with SHA-256, where `timestamp` (unix seconds, digits only) is one of the parts
/// and must lie within the window.
///
/// # Errors
/// As [`hmac`], and [`Reject::Stale`] once the signature is known to be right.
pub fn hmac_timestamped<'a>(
    request: &Request<'a>,
    secrets: &[Secret],
    timestamp: &str,
    window: Window,
    parts: &[&[u8]],
    encoding: Encoding,
    candidates: &[&str],
) -> Result<Verified<'a>, Reject> {
    let signed_at = unix_seconds(timestamp)?;
    hmac(request, Hash::Sha256, secrets, parts, encoding, candidates)?.dated(signed_at, window)
}

/// An unguessable token, for providers that sign nothing: proves the sender, not the bytes.
/// `content` is what becomes the authentic bytes.
///
/// # Errors
/// [`Reject::NoSecret`], [`Reject::Wrong`].
pub fn token<'a>(
    content: &'a [u8],
    secrets: &[Secret],
    candidate: &str,
) -> Result<Verified<'a>, Reject> {
    any_token(content, secrets.iter().map(|secret| secret.expose().to_owned()), candidate)
}

/// As [`token`], where it stands in the address: `?token=...`. `content` is what becomes the
/// authentic bytes; where that is the query, [`without_token`] takes the token out of it.
///
/// # Errors
/// [`Reject::NoSecret`], [`Reject::Missing`], [`Reject::Doubled`], [`Reject::Malformed`],
/// [`Reject::Wrong`].
pub fn query_token<'a>(
    request: &Request<'a>,
    content: &'a [u8],
    secrets: &[Secret],
) -> Result<Verified<'a>, Reject> {
    if secrets.is_empty() {
        return Err(Reject::NoSecret);
    }
    token(content, secrets, &request.query_field(QUERY_TOKEN)?)
}

/// `Authorization: Basic`: as [`token`], of a user's name and a password. Every secret is a
/// password; the scheme's name is read as it is always sent, `Basic`.
///
/// # Errors
/// [`Reject::NoSecret`], [`Reject::Missing`], [`Reject::Doubled`], [`Reject::Malformed`],
/// [`Reject::Wrong`].
pub fn basic<'a>(
    request: &Request<'a>,
    user: Option<&str>,
    passwords: &[Secret],
) -> Result<Verified<'a>, Reject> {
    let user = user.ok_or(Reject::NoSecret)?;
    if passwords.is_empty() {
        return Err(Reject::NoSecret);
    }
    let value = request.header("Authorization")?;
    let text = value.strip_prefix("Basic ").ok_or(Reject::Malformed)?;
    let candidate = BASE64.decode(text.as_bytes()).map_err(|_| Reject::Malformed)?;
    let candidate = String::from_utf8(candidate).map_err(|_| Reject::Malformed)?;
    let pairs = passwords.iter().map(|password| format!("{user}:{}", password.expose()));
    any_token(request.body, pairs, &candidate)
}

fn any_token<'a>(
    content: &'a [u8],
    tokens: impl Iterator<Item = String>,
    candidate: &str,
) -> Result<Verified<'a>, Reject> {
    // Digests have one length, so the comparison tells nothing of the secret's.
    let candidate = Sha256::digest(candidate.as_bytes());
    let (mut right, mut any) = (Choice::from(0), false);
    for token in tokens.map(Zeroizing::new) {
        any = true;
        right |= Sha256::digest(token.as_bytes()).ct_eq(&candidate);
    }
    match (any, bool::from(right)) {
        (false, _) => Err(Reject::NoSecret),
        (true, false) => Err(Reject::Wrong),
        (true, true) => Ok(Verified { sender_only: true, ..Verified::of(content) }),
    }
}

/// A plain hash (hexadecimal) over a text before the secret, the secret, and a text behind it:
/// weaker than a MAC, but all that some providers have. `content` is what becomes the authentic
/// bytes (the body, or the query where all stands there). Several readings of the same fields
/// may be tried.
///
/// # Errors
/// [`Reject::NoSecret`], [`Reject::Malformed`], [`Reject::Wrong`].
pub fn keyed_digest<'a>(
    content: &'a [u8],
    hash: Hash,
    secrets: &[Secret],
    texts: &[(&str, &str)],
    candidate: &str,
) -> Result<Verified<'a>, Reject> {
    if secrets.is_empty() {
        return Err(Reject::NoSecret);
    }
    let [candidate] =
        decode_all(Encoding::Hex, &[candidate])?.try_into().map_err(|_| Reject::Malformed)?;
    let mut right = Choice::from(0);
    for secret in secrets {
        for text in texts {
            right |= digest_bytes(hash, secret, *text).as_slice().ct_eq(&candidate);
        }
    }
    if !bool::from(right) {
        return Err(Reject::Wrong);
    }
    Ok(Verified::of(content))
}

fn hmac_keyed(
    hash: Hash,
    keys: &[Vec<u8>],
    parts: &[&[u8]],
    candidates: &[Vec<u8>],
) -> Result<(), Reject> {
    if keys.is_empty() {
        return Err(Reject::NoSecret);
    }
    let mut right = Choice::from(0);
    for key in keys {
        let mac = mac_bytes(hash, key, parts);
        for candidate in candidates {
            right |= mac.as_slice().ct_eq(candidate);
        }
    }
    if bool::from(right) { Ok(()) } else { Err(Reject::Wrong) }
}

fn mac_bytes(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    fn run<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        // HMAC takes keys of every length; the error is unreachable, and an empty MAC
        // equals no candidate.
        let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else {
            return Vec::new();
        };
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    }
    match hash {
        Hash::Md5 => run::<Hmac<Md5>>(key, parts),
        Hash::Sha1 => run::<Hmac<Sha1>>(key, parts),
        Hash::Sha256 => {
            // What most providers sign with, and half of what a webhook costs where the processor
            // has no instructions for it: there ring takes half to two thirds of the time.
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
            let mut mac = ring::hmac::Context::with_key(&key);
            parts.iter().for_each(|part| mac.update(part));
            mac.sign().as_ref().to_vec()
        }
        Hash::Sha512 => run::<Hmac<Sha512>>(key, parts),
        Hash::Sha3x256 => run::<SimpleHmac<Sha3_256>>(key, parts),
    }
}

fn digest_bytes(hash: Hash, secret: &Secret, (before, behind): (&str, &str)) -> Vec<u8> {
    fn run<D: Digest>(parts: [&[u8]; 3]) -> Vec<u8> {
        parts.into_iter().fold(D::new(), |hash, part| hash.chain_update(part)).finalize().to_vec()
    }
    let parts = [before.as_bytes(), secret.bytes(), behind.as_bytes()];
    match hash {
        Hash::Md5 => run::<Md5>(parts),
        Hash::Sha1 => run::<Sha1>(parts),
        Hash::Sha256 => run::<Sha256>(parts),
        Hash::Sha512 => run::<Sha512>(parts),
        Hash::Sha3x256 => run::<Sha3_256>(parts),
    }
}

fn key(form: KeyForm, secret: &Secret) -> Option<Vec<u8>> {
    match form {
        KeyForm::Text => Some(secret.bytes().to_vec()),
        KeyForm::Hex => {
            let key = HEXLOWER_PERMISSIVE.decode(secret.bytes()).ok()?;
            Some(key).filter(|key| key.len() >= 16)
        }
        KeyForm::Sha1 => Some(Sha1::digest(secret.bytes()).to_vec()),
    }
}

fn decode_all(encoding: Encoding, candidates: &[&str]) -> Result<Vec<Vec<u8>>, Reject> {
    let decoded: Vec<Vec<u8>> = candidates
        .iter()
        .take(CANDIDATES_MAX)
        .filter_map(|text| match encoding {
            Encoding::Hex => HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok(),
            Encoding::Base64 => BASE64.decode(text.as_bytes()).ok(),
        })
        .filter(|bytes| !bytes.is_empty())
        .collect();
    if decoded.is_empty() { Err(Reject::Malformed) } else { Ok(decoded) }
}

fn encode(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => HEXLOWER.encode(bytes),
        Encoding::Base64 => BASE64.encode(bytes),
    }
}

#[cfg(test)]
mod tests;
