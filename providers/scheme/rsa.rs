//! RSA signatures (PKCS#1 v1.5), the public keys that verify them, and the certificates that
//! vouch for those. `ring` does the arithmetic and the comparison.

mod sign;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION;
use x509_parser::prelude::{ASN1Time, FromDer};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{CANDIDATES_MAX, Verified};
use crate::reject::Reject;

pub use sign::sign;

/// The hash under the signature. The kind decides it, never the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaHash {
    /// Broken as a hash, and yet all that some providers have.
    Sha1,
    Sha256,
}

/// An RSA key of at least 2048 bits that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// All keys (SubjectPublicKeyInfo) in PEM, or in base64 with blanks between them. What is no
    /// RSA key is none.
    #[must_use]
    pub fn all(text: &[u8]) -> Vec<Self> {
        let read = |document: Vec<u8>| {
            let (rest, info) = SubjectPublicKeyInfo::from_der(&document).ok()?;
            rest.is_empty().then(|| Self::of(&info)).flatten()
        };
        documents(text).into_iter().filter_map(read).collect()
    }

    /// Those of the certificates in `text` (written as in [`PublicKey::all`]) that are valid at
    /// that time, and whose only common name is one that `named` knows. Who vouches for a
    /// certificate is not looked at: it comes from a place that is trusted.
    #[must_use]
    pub fn certified(text: &[u8], at: DateTime<Utc>, named: fn(&str) -> bool) -> Vec<Self> {
        let Ok(at) = ASN1Time::from_timestamp(at.timestamp()) else { return Vec::new() };
        let read = |document: Vec<u8>| {
            let (rest, certificate) = X509Certificate::from_der(&document).ok()?;
            let mut names = certificate.subject().iter_common_name();
            let name = names.next()?.as_str().ok()?;
            let fits = rest.is_empty()
                && names.next().is_none()
                && named(name)
                && certificate.validity().is_valid_at(at);
            fits.then(|| Self::of(certificate.public_key())).flatten()
        };
        documents(text).into_iter().filter_map(read).collect()
    }

    fn of(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let is_rsa = info.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION;
        is_rsa.then(|| Self(info.subject_public_key.data.to_vec()))
    }
}

/// Does a certificate stand in `text` (written as in [`PublicKey::all`]), whosever it is?
#[must_use]
pub fn is_certificate(text: &[u8]) -> bool {
    let whole = |document: Vec<u8>| {
        X509Certificate::from_der(&document).is_ok_and(|(rest, _)| rest.is_empty())
    };
    documents(text).into_iter().any(whole)
}

/// A signature (base64) over one of `messages`, by any of the keys. `content` is what becomes the
/// authentic bytes.
///
/// # Errors
/// [`Reject::NoSecret`], [`Reject::Malformed`], [`Reject::Wrong`].
pub fn verify<'a>(
    content: &'a [u8],
    hash: RsaHash,
    keys: &[PublicKey],
    messages: &[Vec<u8>],
    candidate: &str,
) -> Result<Verified<'a>, Reject> {
    if keys.is_empty() || messages.is_empty() {
        return Err(Reject::NoSecret);
    }
    let signature = BASE64.decode(candidate.as_bytes()).map_err(|_| Reject::Malformed)?;
    let right = keys.iter().any(|PublicKey(key)| {
        let key = UnparsedPublicKey::new(hash.parameters(), key);
        messages.iter().any(|message| key.verify(message, &signature).is_ok())
    });
    if right { Ok(Verified::of(content)) } else { Err(Reject::Wrong) }
}

impl RsaHash {
    fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// The documents (DER) in a text: blocks of PEM, whose line breaks may be lost, or else base64
/// between blanks.
fn documents(text: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(text) else { return Vec::new() };
    let block = |block: &str| {
        let (inside, _) = block.split_once("-----")?.1.split_once("-----END ")?;
        Some(inside.split_whitespace().collect::<String>())
    };
    let encoded: Vec<String> = match text.split_once("-----BEGIN ") {
        Some((_, blocks)) => blocks.split("-----BEGIN ").filter_map(block).collect(),
        None => text.split_whitespace().map(str::to_owned).collect(),
    };
    let encoded = encoded.iter().take(CANDIDATES_MAX);
    encoded.filter_map(|text| BASE64.decode(text.as_bytes()).ok()).collect()
}

#[cfg(test)]
mod tests;
