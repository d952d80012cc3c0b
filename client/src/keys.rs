//! The vendor's public keys, as the application embeds them.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;
use thiserror::Error;

/// Public keys by their names: what `GET /v1/keys` gave when the application was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, VerifyingKey>);

/// Why a text gives no public keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeysError {
    #[error("is no JSON Web Key Set ({0}); embed what GET /v1/keys answers")]
    Form(String),
    #[error("key {kid}: is no Ed25519 public key (x must be 32 bytes in base64url)")]
    Key { kid: String },
    #[error("holds no Ed25519 key (kty OKP, crv Ed25519)")]
    Empty,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    x: String,
}

impl PublicKeys {
    /// Reads a JSON Web Key Set (RFC 7517). Keys of other kinds are passed over, as it demands.
    ///
    /// # Errors
    /// [`KeysError`], also where no key remains: nothing could ever be verified.
    pub fn from_jwks(text: &str) -> Result<Self, KeysError> {
        let set: Set =
            serde_json::from_str(text).map_err(|error| KeysError::Form(error.to_string()))?;
        let keys: BTreeMap<String, VerifyingKey> = set
            .keys
            .into_iter()
            .filter(|entry| entry.kty == "OKP" && entry.crv == "Ed25519")
            .map(|entry| match read(&entry.x) {
                Some(key) => Ok((entry.kid, key)),
                None => Err(KeysError::Key { kid: entry.kid }),
            })
            .collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Self(keys)) }
    }

    pub(crate) fn named(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }
}

/// A weak key (of small order) would let signatures pass that nobody made.
fn read(x: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = BASE64URL_NOPAD.decode(x.as_bytes()).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        let keys = PublicKeys::from_jwks(
            r#"{"keys": [
                {"kty": "RSA", "kid": "old", "n": "AQAB", "e": "AQAB"},
                {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                 "kid": "21fe31dfa154a261",
                 "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
            ]}"#,
        )
        .unwrap();
        assert!(keys.named("21fe31dfa154a261").is_some());
        assert!(keys.named("old").is_none());
    }

    #[test]
    fn what_can_verify_nothing_is_refused_when_it_is_embedded() {
        let with_x = |x: &str| {
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{x}"}}]}}"#)
        };
        let weak = BASE64URL_NOPAD.encode(&[0; 32]);
        for (text, error) in [
            (r#"{"keys":[]}"#.to_owned(), KeysError::Empty),
            (with_x("AAAA"), KeysError::Key { kid: "a".to_owned() }),
            (with_x(&weak), KeysError::Key { kid: "a".to_owned() }),
        ] {
            assert_eq!(PublicKeys::from_jwks(&text), Err(error));
        }
        assert!(matches!(PublicKeys::from_jwks("<html>"), Err(KeysError::Form(_))));
    }
}
