//! Is it from the vendor? JWS in compact form (RFC 7515), Ed25519 (RFC 8037), and nothing else.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signature;

use crate::keys::PublicKeys;
use crate::license::License;
use crate::reason::Reason;

/// Longest machine license that is read, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

const ALGORITHM: &str = "EdDSA";
const PURPOSE: &str = "keywright-license+jws";

/// What a machine license says, if one of the keys signed it. Whether it holds here and now is
/// [`decide`](crate::decide)'s question.
///
/// # Errors
/// [`Reason::Malformed`] to [`Reason::BadSignature`]. No claim is looked at before the signature
/// is right.
pub fn authentic(token: &str, keys: &PublicKeys) -> Result<License, Reason> {
    let (signed, signature) = token
        .rsplit_once('.')
        .filter(|_| token.len() <= TOKEN_BYTES_MAX)
        .ok_or(Reason::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Reason::Malformed)?;
    let (header, claims, signature) = (decoded(header)?, decoded(claims)?, decoded(signature)?);
    let header = Header::read(&header).ok_or(Reason::Malformed)?;
    if header.alg != ALGORITHM {
        return Err(Reason::Algorithm);
    }
    if header.typ != PURPOSE {
        return Err(Reason::WrongPurpose);
    }
    let key = keys.named(header.kid).ok_or(Reason::UnknownKey)?;
    let signature = Signature::from_slice(&signature).map_err(|_| Reason::Malformed)?;
    key.verify_strict(signed.as_bytes(), &signature).map_err(|_| Reason::BadSignature)?;
    serde_json::from_slice(&claims).map_err(|_| Reason::Malformed)
}

struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

impl<'a> Header<'a> {
    /// The header has one form, byte by byte, so it is read as text: nothing in it can be said
    /// twice, or be understood by one reader and not by another.
    fn read(header: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(header).ok()?;
        let text = text.strip_prefix(r#"{"alg":""#)?.strip_suffix(r#""}"#)?;
        let (alg, text) = text.split_once(r#"","typ":""#)?;
        let (typ, kid) = text.split_once(r#"","kid":""#)?;
        let is_plain = |word: &str| !word.contains(['"', '\\']);
        let is_name =
            kid.len() == 16 && kid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (is_plain(alg) && is_plain(typ) && is_name).then_some(Self { alg, typ, kid })
    }
}

/// Strict: no padding, no white space, no spare bits that are set.
fn decoded(part: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_read() {
        let keys = PublicKeys::from_jwks(
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"21fe31dfa154a261",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        )
        .unwrap();
        let header = r#"{"alg":"none","typ":"keywright-license+jws","kid":"21fe31dfa154a261"}"#;
        let header = BASE64URL_NOPAD.encode(header.as_bytes());
        let with_claims = |length: usize| format!("{header}.{}.", "A".repeat(length));
        assert_eq!(authentic(&with_claims(16_000), &keys), Err(Reason::Algorithm));
        assert_eq!(authentic(&with_claims(16_400), &keys), Err(Reason::Malformed));
    }
}
