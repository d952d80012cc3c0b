//! What PayPal signs, and by whose certificate.
//!
//! The signed text names the webhook by an id that stands in no request, and the body by its
//! CRC-32. That sum is no hash: whoever could read one delivery could make another body of it. So
//! it is TLS that keeps the content, and the signature that shows the sender.

use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::Credentials;
use crate::reject::Reject;
use crate::request::Request;
use crate::sample::Sample;
use crate::scheme::Verified;
use crate::scheme::rsa::{self, PublicKey, RsaHash};

/// The secret setting with the webhook's id, which an attacker does not know.
pub(super) const WEBHOOK_ID: &str = "webhook_id";
/// The secret setting with a certificate that is trusted instead of the one that is fetched.
pub(super) const CERTIFICATE: &str = "certificate";
/// The secret setting with the private key by which made-up events are signed.
pub(super) const TRIGGER_KEY: &str = "trigger_key";

const ID: &str = "PAYPAL-TRANSMISSION-ID";
const TIME: &str = "PAYPAL-TRANSMISSION-TIME";
const SIGNATURE: &str = "PAYPAL-TRANSMISSION-SIG";
const ALGORITHM: &str = "PAYPAL-AUTH-ALGO";
const CERTIFICATE_URL: &str = "PAYPAL-CERT-URL";

/// The one algorithm that is taken; very old deliveries named `SHA1withRSA`.
const SHA256_WITH_RSA: &str = "SHA256withRSA";

const HOSTS: [&str; 4] =
    ["api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"];
const PATH: &str = "v1/notifications/certs/";

/// Where the certificate of a delivery lies: at PayPal's own host and nowhere else, or anybody
/// could sign with one of his own. None is asked for where one is configured.
pub(super) fn certificate_url<'a>(
    request: &Request<'a>,
    credentials: &Credentials,
) -> Result<Option<&'a str>, Reject> {
    if !credentials.keys.contains_key(WEBHOOK_ID) {
        return Err(Reject::NoSecret);
    }
    if credentials.keys.contains_key(CERTIFICATE) {
        return Ok(None);
    }
    let url = request.header(CERTIFICATE_URL)?;
    let place = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    let name = place.filter(|(host, _)| HOSTS.contains(host));
    let name = name.and_then(|(_, path)| path.strip_prefix(PATH)).ok_or(Reject::Malformed)?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.is_empty() || !plain {
        return Err(Reject::Malformed);
    }
    Ok(Some(url))
}

/// # Errors
/// [`Reject::Malformed`] also where no certificate of PayPal's that is valid now is at hand. The
/// signed time is no reason to refuse: PayPal repeats a delivery for three days.
pub(super) fn verify<'a>(
    request: &Request<'a>,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<Verified<'a>, Reject> {
    let webhook_ids = credentials.keys.get(WEBHOOK_ID).ok_or(Reject::NoSecret)?;
    let (id, time) = (request.header(ID)?, request.header(TIME)?);
    let signature = request.header(SIGNATURE)?;
    if request.header(ALGORITHM)? != SHA256_WITH_RSA || [id, time].concat().contains('|') {
        return Err(Reject::Malformed);
    }
    let configured = credentials.keys.get(CERTIFICATE).map(|secret| secret.bytes());
    let keys: Vec<PublicKey> = configured
        .into_iter()
        .chain(request.certificate)
        .flat_map(|text| PublicKey::certified(text, now, is_paypals))
        .collect();
    if keys.is_empty() {
        return Err(Reject::Malformed);
    }
    let webhook_ids = webhook_ids.expose().split_whitespace();
    let sum = crc32(request.body);
    let messages: Vec<Vec<u8>> =
        webhook_ids.map(|webhook_id| signed(id, time, webhook_id, sum)).collect();
    rsa::verify(request.body, RsaHash::Sha256, &keys, &messages, signature)
}

/// Without a webhook id and a key there is nothing to sign with, and the sample stays as it is.
pub(super) fn sign(sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
    let webhook_ids = credentials.keys.get(WEBHOOK_ID).map(|secret| secret.expose());
    let webhook_id = webhook_ids.and_then(|ids| ids.split_whitespace().next());
    let (Some(webhook_id), Some(key)) = (webhook_id, credentials.keys.get(TRIGGER_KEY)) else {
        return sample;
    };
    let sum = crc32(&sample.body);
    let id = format!("{sum:08x}-4b57-11ef-8000-{:012x}", now.timestamp());
    let time = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let message = signed(&id, &time, webhook_id, sum);
    let Some(signature) = rsa::sign(RsaHash::Sha256, key, &message) else { return sample };
    sample
        .with_header(ALGORITHM, SHA256_WITH_RSA)
        .with_header(ID, id)
        .with_header(TIME, time)
        .with_header(SIGNATURE, signature)
}

fn is_paypals(name: &str) -> bool {
    name.ends_with(".paypal.com")
}

fn signed(id: &str, time: &str, webhook_id: &str, sum: u32) -> Vec<u8> {
    format!("{id}|{time}|{webhook_id}|{sum}").into_bytes()
}

/// CRC-32 as in zlib. Anybody may have it made over a body as long as there may be one: a byte at a
/// time.
fn crc32(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        let [low, ..] = sum.to_le_bytes();
        // Every byte has its place in the table.
        (sum >> 8) ^ SUMS.get(usize::from(low ^ byte)).copied().unwrap_or_default()
    });
    !sum
}

/// What each last byte makes of the sum.
static SUMS: LazyLock<[u32; 256]> = LazyLock::new(|| {
    let shifted = |sum: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    let mut byte = 0;
    std::array::from_fn(|_| {
        let sum = (0..8).fold(byte, |sum, _| shifted(sum));
        byte += 1;
        sum
    })
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Provider;
    use crate::paypal::PayPal;
    use crate::secret::Secret;

    fn credentials(certificate: Option<&str>) -> Credentials {
        let mut credentials = Credentials::of(Vec::new());
        let mut set = |name: &str, text: &str| {
            credentials.keys.insert(name.to_owned(), Secret::new(text).unwrap());
        };
        set(WEBHOOK_ID, "8PT597110X687430LKGECATA 1JE4291016473214C");
        if let Some(certificate) = certificate {
            set(CERTIFICATE, certificate.trim());
            set(TRIGGER_KEY, include_str!("../scheme/rsa/keys/private.txt").trim());
        }
        credentials
    }

    fn url(url: &str, certificate: Option<&str>) -> Result<Option<String>, Reject> {
        let headers = [(CERTIFICATE_URL.to_owned(), url.to_owned())];
        let request = Request::post(&headers, b"{}");
        let told = PayPal.certificate(&request, &credentials(certificate));
        told.map(|url| url.map(str::to_owned))
    }

    #[test]
    fn a_certificate_lies_at_paypals_own_hosts() {
        for host in HOSTS {
            let good = format!("https://{host}/v1/notifications/certs/CERT-360caa42-fca2a594");
            assert_eq!(url(&good, None), Ok(Some(good.clone())));
            assert_eq!(url(&good, Some("0123456789abcdef")), Ok(None), "one is configured");
        }
        for bad in [
            "http://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com.example.com/v1/notifications/certs/CERT-1",
            "https://example.com/api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com@example.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
            "https://API.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com\\@example.com/v1/notifications/certs/CERT-1",
            "https://www.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com/v1/notifications/certs/../../me",
            "https://api.paypal.com/v1/notifications/certs/CERT-1?redirect=x",
            "https://api.paypal.com/v1/notifications/certs/",
            "https://api.paypal.com/v2/anything",
            "https://api.paypal.com",
            "",
        ] {
            assert_eq!(url(bad, None), Err(Reject::Malformed), "{bad}");
        }
        let nobodys = Credentials::of(Vec::new());
        let told = PayPal.certificate(&Request::post(&[], b"{}"), &nobodys);
        assert_eq!(told, Err(Reject::NoSecret));
    }

    /// The check value of the catalogue of CRCs, and the one of PayPal's own example.
    #[test]
    fn the_sum_is_that_of_zlib() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn every_configured_webhook_id_opens_and_no_other() {
        let now: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
        let certificate = include_str!("../scheme/rsa/keys/certificate.txt");
        let both = credentials(Some(certificate));
        let with = |ids: &str| {
            let mut credentials = both.clone();
            credentials.keys.insert(WEBHOOK_ID.to_owned(), Secret::new(ids).unwrap());
            credentials
        };
        let second = with("1JE4291016473214C");
        let signed = sign(Sample::json("x", &serde_json::json!({})), &second, now);
        let verdict = |credentials: &Credentials, now| {
            verify(&signed.request(), credentials, now).map(|_| ()).err()
        };
        assert_eq!(verdict(&second, now), None);
        assert_eq!(verdict(&both, now), None);
        assert_eq!(verdict(&with("8PT597110X687430LKGECATA"), now), Some(Reject::Wrong));
        assert_eq!(verdict(&both, now + chrono::TimeDelta::days(3)), None, "a repetition");
        let after = "2035-01-02T00:00:00Z".parse().unwrap();
        assert_eq!(verdict(&both, after), Some(Reject::Malformed), "the certificate is over");
        let strangers = include_str!("../scheme/rsa/keys/certificate.of_another_name.txt");
        assert_eq!(verdict(&credentials(Some(strangers)), now), Some(Reject::Malformed));
    }
}
