//! A signed text held against keys, a machine and a time, with no server: for `keywright verify`.
//! The words are those of the published vectors.

use chrono::{DateTime, Utc};
use ed25519_dalek::VerifyingKey;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::machine::MachineLicense;
use super::product::OnExpiry;
use super::proof::{self, ACTIVATION_KEY, MACHINE_LICENSE, Refusal};

/// What a genuine text is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Genuine {
    MachineLicense(Box<MachineLicense>),
    /// A signed activation key: what it says of its license. It has no date.
    ActivationKey {
        claims: Value,
    },
}

/// Why it does not hold; the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    #[error("it {0}")]
    NotGenuine(#[from] Refusal),
    #[error("it is genuine, and for another machine")]
    OtherMachine,
    #[error("it is genuine, and has not begun at that time")]
    NotStarted,
    #[error("it is genuine, and has expired at that time")]
    Expired,
    #[error("it is genuine, and must be refreshed: at that time it proves nothing any more")]
    RefreshDue,
}

impl Reason {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotGenuine(Refusal::Malformed | Refusal::Claims) => "malformed",
            Self::NotGenuine(Refusal::Algorithm) => "algorithm",
            Self::NotGenuine(Refusal::Purpose) => "wrong_purpose",
            Self::NotGenuine(Refusal::UnknownKey) => "unknown_key",
            Self::NotGenuine(Refusal::Signature) => "bad_signature",
            Self::OtherMachine => "other_machine",
            Self::NotStarted => "not_started",
            Self::Expired => "expired",
            Self::RefreshDue => "refresh_due",
        }
    }
}

/// Holds a text against these keys. A machine license is also held against the time, and against
/// the machine where one is named; an activation key carries neither. White space around it, as at
/// the end of a file, and the prefix of an activation key are left out.
///
/// # Errors
/// [`Reason`].
pub fn verified(
    text: &str,
    keys: &[(String, VerifyingKey)],
    fingerprint: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Genuine, Reason> {
    let text = text.trim();
    match proof::verify::<MachineLicense>(text, keys, MACHINE_LICENSE) {
        Ok(license) => {
            holds(&license, fingerprint, at)?;
            Ok(Genuine::MachineLicense(Box::new(license)))
        }
        Err(refusal) => match activation_key(text, keys) {
            Ok(claims) => Ok(Genuine::ActivationKey { claims }),
            // Its own fault is told, where it is signed as an activation key at all.
            Err(Refusal::Malformed | Refusal::Purpose) => Err(refusal.into()),
            Err(other) => Err(other.into()),
        },
    }
}

fn holds(
    license: &MachineLicense,
    fingerprint: Option<&str>,
    at: DateTime<Utc>,
) -> Result<(), Reason> {
    if fingerprint.is_some_and(|fingerprint| fingerprint != license.fingerprint) {
        return Err(Reason::OtherMachine);
    }
    if at < license.starts_at {
        return Err(Reason::NotStarted);
    }
    let ended = license.valid_until.is_some_and(|end| at > end);
    match license.on_expiry {
        OnExpiry::Restrict if ended => Err(Reason::Expired),
        OnExpiry::Restrict | OnExpiry::Maintain if at > license.offline_until => {
            Err(Reason::RefreshDue)
        }
        OnExpiry::Restrict | OnExpiry::Maintain => Ok(()),
    }
}

/// `ACME-eyJ...`: what stands before the token is the product's prefix.
fn activation_key(text: &str, keys: &[(String, VerifyingKey)]) -> Result<Value, Refusal> {
    let begin = text.find("eyJ").ok_or(Refusal::Malformed)?;
    let token = text.get(begin..).ok_or(Refusal::Malformed)?;
    proof::verify(token, keys, ACTIVATION_KEY)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ed25519_dalek::SigningKey;
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn ring() -> (SigningKey, Vec<(String, VerifyingKey)>) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = key.verifying_key();
        (key, vec![(proof::kid(&public), public)])
    }

    fn license() -> MachineLicense {
        MachineLicense {
            license_id: "l".to_owned(),
            activation_id: "a".to_owned(),
            product: "acme-pro".to_owned(),
            fingerprint: "desk".to_owned(),
            features: Vec::new(),
            trial: false,
            starts_at: at("2026-12-01T00:00:00Z"),
            expires_at: Some(at("2027-12-01T00:00:00Z")),
            valid_until: Some(at("2027-12-02T00:00:00Z")),
            on_expiry: OnExpiry::Restrict,
            max_activations: 2,
            sequence: 1,
            issued_at: at("2026-12-01T00:00:00Z"),
            refresh_at: at("2026-12-02T00:00:00Z"),
            offline_until: at("2026-12-31T00:00:00Z"),
            nonce: None,
        }
    }

    fn word(text: &str, fingerprint: Option<&str>, when: DateTime<Utc>) -> &'static str {
        verified(text, &ring().1, fingerprint, when).map_or_else(Reason::as_str, |_| "valid")
    }

    #[test]
    fn a_machine_license_holds_for_its_machine_until_its_end() {
        let (key, keys) = ring();
        let text = proof::sign(&key, &keys[0].0, MACHINE_LICENSE, &license());
        let during = at("2026-12-15T00:00:00Z");
        assert_eq!(word(&format!("{text}\n"), Some("desk"), during), "valid");
        assert_eq!(word(&text, None, during), "valid");
        assert_eq!(word(&text, Some("lap"), during), "other_machine");
        assert_eq!(word(&text, None, at("2026-11-30T23:59:59Z")), "not_started");
        assert_eq!(
            word(&text, None, license().offline_until),
            "valid",
            "the instant belongs to it"
        );
        let later = license().offline_until + TimeDelta::seconds(1);
        assert_eq!(word(&text, None, later), "refresh_due");
        assert_eq!(word(&text, None, at("2027-12-02T00:00:01Z")), "expired");
        let maintained = MachineLicense { on_expiry: OnExpiry::Maintain, ..license() };
        let text = proof::sign(&key, &keys[0].0, MACHINE_LICENSE, &maintained);
        assert_eq!(word(&text, None, at("2027-12-02T00:00:01Z")), "refresh_due");
    }

    #[test]
    fn an_activation_key_is_known_as_genuine_and_nothing_else_as_one() {
        let (key, keys) = ring();
        let now = at("2026-12-15T00:00:00Z");
        let claims = json!({ "sub": "l", "product": "acme-pro" });
        let token = proof::sign(&key, &keys[0].0, ACTIVATION_KEY, &claims);
        let found = verified(&format!("ACME-{token}"), &keys, None, now).unwrap();
        assert_eq!(found, Genuine::ActivationKey { claims });
        let other = proof::sign(&key, &keys[0].0, proof::HISTORY_HEAD, &json!({}));
        assert_eq!(word(&other, None, now), "wrong_purpose");
        let stranger = SigningKey::from_bytes(&[8; 32]);
        let forged = proof::sign(&stranger, &keys[0].0, ACTIVATION_KEY, &json!({}));
        assert_eq!(word(&format!("ACME-{forged}"), None, now), "bad_signature");
        let unknown = proof::sign(&key, "0123456789abcdef", MACHINE_LICENSE, &license());
        assert_eq!(word(&unknown, None, now), "unknown_key");
        assert_eq!(word("ACME-7Q2MK-00000", None, now), "malformed");
    }
}
