//! Proofs: claims signed with Ed25519, as JWS in compact form (RFC 7515, RFC 8037).
//!
//! The purpose is signed with the claims (`typ`), so that a proof of one thing never passes for
//! another. There is one algorithm; what a token says of it is compared, never obeyed.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The purpose of a machine license: a license bound to one fingerprint.
pub const MACHINE_LICENSE: &str = "keywright-license+jws";

/// The purpose of a signed activation key.
pub const ACTIVATION_KEY: &str = "keywright-key+jws";

/// The purpose of a head of the history: everything that stood in it at one moment.
pub const HISTORY_HEAD: &str = "keywright-history-head+jws";

/// Longest token that is read, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

const ALGORITHM: &str = "EdDSA";

/// Why a token proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("is not a signed token; it must be three parts of base64url with points between")]
    Malformed,
    #[error("is not signed with Ed25519 (EdDSA)")]
    Algorithm,
    #[error("was signed for another purpose")]
    Purpose,
    #[error("names a signing key that is not known; fetch the public keys again")]
    UnknownKey,
    #[error("has a signature that is not right; it was changed, or made with another key")]
    Signature,
    #[error("is genuine, but its claims cannot be read")]
    Claims,
}

/// The protected header: nothing but these three, so nothing else can be asked for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Signs the claims for that purpose. The same claims give the same bytes.
#[must_use]
pub fn sign(key: &SigningKey, kid: &str, purpose: &str, claims: &impl Serialize) -> String {
    let header = Header { alg: ALGORITHM.to_owned(), typ: purpose.to_owned(), kid: kid.to_owned() };
    let signed = format!("{}.{}", encoded(&header), encoded(claims));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

/// The claims, if one of the keys signed them for that purpose.
///
/// # Errors
/// [`Refusal`]. The claims are not looked at before the signature is right.
pub fn verify<T: DeserializeOwned>(
    token: &str,
    keys: &[(String, VerifyingKey)],
    purpose: &str,
) -> Result<T, Refusal> {
    let (signed, signature) = token
        .rsplit_once('.')
        .filter(|_| token.len() <= TOKEN_BYTES_MAX)
        .ok_or(Refusal::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Refusal::Malformed)?;
    let header: Header =
        serde_json::from_slice(&decoded(header)?).map_err(|_| Refusal::Malformed)?;
    if header.alg != ALGORITHM {
        return Err(Refusal::Algorithm);
    }
    if header.typ != purpose {
        return Err(Refusal::Purpose);
    }
    let claims = decoded(claims)?;
    let signature = Signature::from_slice(&decoded(signature)?).map_err(|_| Refusal::Malformed)?;
    let (_, key) = keys.iter().find(|(kid, _)| *kid == header.kid).ok_or(Refusal::UnknownKey)?;
    key.verify_strict(signed.as_bytes(), &signature).map_err(|_| Refusal::Signature)?;
    serde_json::from_slice(&claims).map_err(|_| Refusal::Claims)
}

/// The name of a public key: the first 16 hex digits of its SHA-256.
#[must_use]
pub fn kid(key: &VerifyingKey) -> String {
    let digest = Sha256::digest(key.as_bytes());
    data_encoding::HEXLOWER.encode(&digest).chars().take(16).collect()
}

/// Public keys as everyone reads them (RFC 7517, RFC 8037).
#[must_use]
pub fn jwks(keys: &[(String, VerifyingKey)]) -> Value {
    let keys: Vec<Value> = keys
        .iter()
        .map(|(kid, key)| {
            json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": ALGORITHM,
                "kid": kid,
                "x": BASE64URL_NOPAD.encode(key.as_bytes()),
            })
        })
        .collect();
    json!({ "keys": keys })
}

/// The public keys of a file as `GET /v1/keys` answers it. What is no Ed25519 key for signatures
/// is passed over, as the standard wants it.
///
/// # Errors
/// What is wrong with the file, for people.
pub fn read_jwks(text: &str) -> Result<Vec<(String, VerifyingKey)>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    #[derive(Deserialize)]
    struct Key {
        kty: String,
        crv: String,
        kid: String,
        x: String,
    }
    let set: Set = serde_json::from_str(text)
        .map_err(|error| format!("is no set of public keys (JWKS): {error}"))?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Key>(key).ok());
    let mut found = Vec::new();
    for key in keys.filter(|key| key.kty == "OKP" && key.crv == "Ed25519") {
        let bytes = decoded(&key.x).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let public = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let public = public.ok_or_else(|| format!("has a key {} that is none", key.kid))?;
        found.push((key.kid, public));
    }
    match found.is_empty() {
        true => Err("holds no Ed25519 key".to_owned()),
        false => Ok(found),
    }
}

/// Claims are structs and maps with text for keys, which always become JSON. Were one not to,
/// the empty part would be refused by everyone who reads it.
fn encoded(part: &impl Serialize) -> String {
    BASE64URL_NOPAD.encode(&serde_json::to_vec(part).unwrap_or_default())
}

fn decoded(part: &str) -> Result<Vec<u8>, Refusal> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Claims {
        sub: String,
    }

    fn claims() -> Claims {
        Claims { sub: "license-1".to_owned() }
    }

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn known(key: &SigningKey) -> (String, VerifyingKey) {
        (kid(&key.verifying_key()), key.verifying_key())
    }

    fn token(key: &SigningKey, purpose: &str) -> String {
        sign(key, &kid(&key.verifying_key()), purpose, &claims())
    }

    fn read(token: &str, key: &SigningKey) -> Result<Claims, Refusal> {
        verify(token, &[known(key)], MACHINE_LICENSE)
    }

    #[test]
    fn what_was_signed_is_read_back_and_always_the_same_bytes() {
        let key = key(7);
        let signed = token(&key, MACHINE_LICENSE);
        assert_eq!(signed, token(&key, MACHINE_LICENSE));
        assert_eq!(read(&signed, &key), Ok(claims()));
        let header = decoded(signed.split('.').next().unwrap()).unwrap();
        insta::assert_snapshot!(
            String::from_utf8(header).unwrap(),
            @r#"{"alg":"EdDSA","typ":"keywright-license+jws","kid":"fe812c12f3ab4ce6"}"#
        );
    }

    #[test]
    fn no_single_bit_can_be_changed() {
        let key = key(7);
        let signed = token(&key, MACHINE_LICENSE).into_bytes();
        for position in 0..signed.len() {
            for bit in 0..8 {
                let mut forged = signed.clone();
                forged[position] ^= 1 << bit;
                let Ok(forged) = String::from_utf8(forged) else { continue };
                assert!(read(&forged, &key).is_err(), "bit {bit} of byte {position}");
            }
        }
    }

    #[test]
    fn a_proof_of_one_thing_is_none_of_another() {
        let key = key(7);
        assert_eq!(read(&token(&key, ACTIVATION_KEY), &key), Err(Refusal::Purpose));
    }

    #[test]
    fn only_known_keys_prove_anything() {
        let (ours, theirs) = (key(7), key(8));
        assert_eq!(read(&token(&theirs, MACHINE_LICENSE), &ours), Err(Refusal::UnknownKey));
        // Under our name, but with their signature.
        let (name, _) = known(&ours);
        let forged = sign(&theirs, &name, MACHINE_LICENSE, &claims());
        assert_eq!(read(&forged, &ours), Err(Refusal::Signature));
    }

    #[test]
    fn the_token_has_no_say_in_how_it_is_verified() {
        let key = key(7);
        let (kid, _) = known(&key);
        let signed_with = |header: Value| {
            let signed = format!("{}.{}", encoded(&header), encoded(&claims()));
            let signature = key.sign(signed.as_bytes()).to_bytes();
            format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
        };
        let right = json!({"alg": "EdDSA", "typ": MACHINE_LICENSE, "kid": kid});
        assert_eq!(read(&signed_with(right.clone()), &key), Ok(claims()));
        for (name, value, why) in [
            ("alg", json!("none"), Refusal::Algorithm),
            ("alg", json!("HS256"), Refusal::Algorithm),
            ("alg", json!("eddsa"), Refusal::Algorithm),
            ("typ", json!("JWT"), Refusal::Purpose),
            ("jwk", json!({"kty": "OKP"}), Refusal::Malformed),
            ("crit", json!(["b64"]), Refusal::Malformed),
        ] {
            let mut header = right.clone();
            header[name] = value;
            assert_eq!(read(&signed_with(header), &key), Err(why), "{name}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let key = key(7);
        let signed = token(&key, MACHINE_LICENSE);
        let (rest, signature) = signed.rsplit_once('.').unwrap();
        for wrong in [
            String::new(),
            "..".to_owned(),
            rest.to_owned(),
            format!("{rest}."),
            format!("{signed}="),
            format!("{signed}.{signature}"),
            format!("{rest}.{}", BASE64URL_NOPAD.encode(&[7; 63])),
            format!("{signed}{}", "A".repeat(TOKEN_BYTES_MAX)),
        ] {
            assert_eq!(read(&wrong, &key), Err(Refusal::Malformed), "{wrong:.40}");
        }
        let numbers = sign(&key, &known(&key).0, MACHINE_LICENSE, &[1, 2]);
        assert_eq!(read(&numbers, &key), Err(Refusal::Claims));
    }

    /// RFC 8037, appendix A.1 and A.2.
    #[test]
    fn public_keys_are_published_in_their_standard_form() {
        let secret = BASE64URL_NOPAD.decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let secret: [u8; 32] = secret.unwrap().try_into().unwrap();
        let published = jwks(&[known(&SigningKey::from_bytes(&secret))]);
        assert_eq!(published["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(published["keys"][0]["kid"], "21fe31dfa154a261");
    }
}
