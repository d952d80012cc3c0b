//! Standard Webhooks: an id, a time and the body, signed with a shared key or a public one.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, VerifyingKey};

use super::{CANDIDATES_MAX, Hash, Verified, Window, hmac_keyed, unix_seconds};
use crate::reject::Reject;
use crate::request::Request;
use crate::secret::Secret;

/// How a Standard Webhooks secret becomes a key. Not every sender decodes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyText {
    /// `whsec_` and base64: the key is the decoded bytes (the specification).
    Base64,
    /// The key is the text as it stands.
    Raw,
    /// Either.
    Both,
}

/// Standard Webhooks, `v1` (HMAC-SHA256, secrets `whsec_...`) and `v1a` (Ed25519, public keys
/// `whpk_...`), with the headers `webhook-*` or `svix-*`.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
///
/// # Errors
/// Any [`Reject`].
pub fn standard_webhooks<'a>(
    request: &Request<'a>,
    secrets: &[Secret],
    key_text: KeyText,
    window: Window,
) -> Result<Verified<'a>, Reject> {
    let prefix = match request.header_opt("webhook-id")? {
        Some(_) => "webhook",
        None => "svix",
    };
    let id = request.header(&format!("{prefix}-id"))?;
    let timestamp = request.header(&format!("{prefix}-timestamp"))?;
    let signatures = request.header(&format!("{prefix}-signature"))?;
    let signed_at = unix_seconds(timestamp)?;
    if id.is_empty() || id.contains('.') {
        return Err(Reject::Malformed);
    }
    let (mut shared, mut public) = (Vec::new(), Vec::new());
    for entry in signatures.split(' ').take(CANDIDATES_MAX) {
        match entry.split_once(',') {
            Some(("v1", text)) => shared.extend(BASE64.decode(text.as_bytes()).ok()),
            Some(("v1a", text)) => public.extend(BASE64.decode(text.as_bytes()).ok()),
            _ => {}
        }
    }
    if shared.is_empty() && public.is_empty() {
        return Err(Reject::Malformed);
    }
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", request.body];
    let (keys, public_keys) = standard_keys(secrets, key_text);
    if keys.is_empty() && public_keys.is_empty() {
        return Err(Reject::NoSecret);
    }
    let by_shared = !keys.is_empty()
        && !shared.is_empty()
        && hmac_keyed(Hash::Sha256, &keys, &parts, &shared).is_ok();
    let message = parts.concat();
    let by_public = public.iter().any(|bytes| {
        Signature::from_slice(bytes).is_ok_and(|signature| {
            public_keys.iter().any(|key| key.verify_strict(&message, &signature).is_ok())
        })
    });
    if !by_shared && !by_public {
        return Err(Reject::Wrong);
    }
    let verified = Verified { id: Some(id.to_owned()), ..Verified::of(request.body) };
    verified.dated(signed_at, window)
}

/// Splits configured secrets into shared keys and public keys. A text that is not what it says
/// gives no key: strict decoding, since a lenient one can turn a typing error into a short key.
pub(super) fn standard_keys(
    secrets: &[Secret],
    key_text: KeyText,
) -> (Vec<Vec<u8>>, Vec<VerifyingKey>) {
    let (mut shared, mut public) = (Vec::new(), Vec::new());
    for secret in secrets {
        let text = secret.expose();
        let text = text.strip_prefix("v1,").unwrap_or(text);
        if let Some(encoded) = text.strip_prefix("whpk_") {
            let key = decode_padded(encoded).and_then(|bytes| bytes.try_into().ok());
            public.extend(key.and_then(|bytes: [u8; 32]| VerifyingKey::from_bytes(&bytes).ok()));
            continue;
        }
        if key_text != KeyText::Raw {
            let encoded = text.strip_prefix("whsec_").unwrap_or(text);
            shared.extend(decode_padded(encoded).filter(|key| key.len() >= 16));
        }
        if key_text != KeyText::Base64 {
            shared.push(secret.bytes().to_vec());
        }
    }
    (shared, public)
}

/// Some dashboards show base64 without its padding.
fn decode_padded(text: &str) -> Option<Vec<u8>> {
    let mut padded = text.trim_end_matches('=').to_owned();
    while !padded.len().is_multiple_of(4) {
        padded.push('=');
    }
    BASE64.decode(padded.as_bytes()).ok()
}
