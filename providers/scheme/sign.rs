//! Signs as the schemes verify: for `trigger`, `demo` and the tests.

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::standard::standard_keys;
use super::{Encoding, Hash, KeyForm, KeyText, QUERY_TOKEN, digest_bytes, encode, key, mac_bytes};
use crate::read::Form;
use crate::sample::Sample;
use crate::secret::Secret;

/// Signs as [`hmac`] verifies: for `trigger` and the tests.
#[must_use]
pub fn hmac_sign(hash: Hash, secret: &Secret, parts: &[&[u8]], encoding: Encoding) -> String {
    encode(encoding, &mac_bytes(hash, secret.bytes(), parts))
}

/// Signs as [`hmac_of`] verifies; `None` where the secret is not of that form.
#[must_use]
pub fn hmac_sign_of(
    key_form: KeyForm,
    hash: Hash,
    secret: &Secret,
    parts: &[&[u8]],
    encoding: Encoding,
) -> Option<String> {
    Some(encode(encoding, &mac_bytes(hash, &key(key_form, secret)?, parts)))
}

/// Signs as [`standard_webhooks`] verifies `v1`, with the id that the sample has, else one made
/// of its body; as it was where the secret is not a shared one.
#[must_use]
pub fn standard_webhooks_sign(
    sample: Sample,
    secret: &Secret,
    key_text: KeyText,
    at: DateTime<Utc>,
) -> Sample {
    let (keys, _) = standard_keys(std::slice::from_ref(secret), key_text);
    let Some(key) = keys.first() else { return sample };
    let id = match sample.header("webhook-id") {
        Some(id) => id.to_owned(),
        None => {
            let digest = HEXLOWER.encode(&Sha256::digest(&sample.body));
            format!("msg_{}", digest.get(..24).unwrap_or_default())
        }
    };
    let timestamp = at.timestamp().to_string();
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &sample.body];
    let mac = BASE64.encode(&mac_bytes(Hash::Sha256, key, &parts));
    sample
        .with_header("webhook-id", id)
        .with_header("webhook-timestamp", timestamp)
        .with_header("webhook-signature", format!("v1,{mac}"))
}

/// Signs as [`query_token`] verifies.
#[must_use]
pub fn query_token_sign(sample: Sample, secret: &Secret) -> Sample {
    let field = [(QUERY_TOKEN, secret.expose())];
    let token = serde_html_form::to_string(field).unwrap_or_default();
    let rest = without_token(&sample.query);
    let query = if rest.is_empty() { token } else { format!("{rest}&{token}") };
    Sample { query, ..sample }
}

/// A query that may be kept: without its token.
#[must_use]
pub fn without_token(query: &str) -> String {
    let is_token = |field: &&str| Form::parse(field.as_bytes()).all(QUERY_TOKEN).next().is_some();
    let rest = query.split('&').filter(|field| !field.is_empty() && !is_token(field));
    rest.collect::<Vec<_>>().join("&")
}

/// Signs as [`basic`] verifies.
#[must_use]
pub fn basic_sign(sample: Sample, user: &str, password: &Secret) -> Sample {
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    sample.with_header("Authorization", format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

/// Signs as [`keyed_digest`] verifies.
#[must_use]
pub fn keyed_digest_sign(hash: Hash, secret: &Secret, text: (&str, &str)) -> String {
    HEXLOWER.encode(&digest_bytes(hash, secret, text))
}
