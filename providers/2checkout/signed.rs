//! The signature of a form, and the signed answer to it.
//!
//! <https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/06Instant_Payment_Notification_IPN/Calculate-the-IPN-HASH-signature>

use chrono::{DateTime, Utc};

use crate::read::Form;
use crate::scheme::{self, Encoding, Hash, KeyForm};
use crate::secret::Secret;
use crate::{Credentials, Reject, Request, Sample, Verified};

const SHA3: Algorithm = Algorithm { field: "SIGNATURE_SHA3_256", hash: Hash::Sha3x256 };
const SHA2: Algorithm = Algorithm { field: "SIGNATURE_SHA2_256", hash: Hash::Sha256 };
/// All that old accounts have. The key generator writes a SHA-256 under the same name, too.
const HASH: &str = "HASH";

/// Digits of a SHA-256 in hexadecimal.
const SHA256_DIGITS: usize = 64;

/// A field and the hash of the signature in it.
#[derive(Debug, Clone, Copy)]
struct Algorithm {
    field: &'static str,
    hash: Hash,
}

/// The bytes that carry the form: the body, or the query of a GET.
fn content<'a>(request: &Request<'a>) -> &'a [u8] {
    if request.method == "GET" { request.query.as_bytes() } else { request.body }
}

/// HMAC over the length and the text of every value, in the order in which they came.
///
/// # Errors
/// Any [`Reject`] of [`scheme::hmac_of`]; [`Reject::NotTaken`] for an MD5 that the account does not
/// allow.
pub(super) fn verify<'a>(
    request: &Request<'a>,
    credentials: &Credentials,
    secrets: &[Secret],
) -> Result<Verified<'a>, Reject> {
    let content = content(request);
    let form = Form::parse(content);
    let (algorithm, signature) = claimed(&form, credentials)?;
    let check = |text: fn(&str) -> &str| {
        let (message, claim) = (message(&form, text), (Encoding::Hex, &[signature][..]));
        scheme::hmac_of(content, KeyForm::Text, algorithm.hash, secrets, &[&message], claim)
    };
    // The documentation signs values as they stand, some of its own libraries without the white
    // space around them.
    match check(|value| value) {
        Err(Reject::Wrong) => check(str::trim),
        checked => checked,
    }
}

/// The strongest signature that the form carries.
fn claimed<'f>(form: &'f Form, credentials: &Credentials) -> Result<(Algorithm, &'f str), Reject> {
    for algorithm in [SHA3, SHA2] {
        if let Some(signature) = single(form, algorithm.field)? {
            return Ok((algorithm, signature));
        }
    }
    let signature = single(form, HASH)?.ok_or(Reject::Missing)?;
    if signature.len() == SHA256_DIGITS {
        return Ok((Algorithm { field: HASH, hash: Hash::Sha256 }, signature));
    }
    if credentials.settings.get("hash").map(String::as_str) != Some("md5") {
        return Err(Reject::NotTaken);
    }
    Ok((Algorithm { field: HASH, hash: Hash::Md5 }, signature))
}

fn single<'f>(form: &'f Form, field: &'static str) -> Result<Option<&'f str>, Reject> {
    let mut values = form.all(field).filter(|value| !value.is_empty());
    let first = values.next();
    if values.next().is_some() { Err(Reject::Doubled) } else { Ok(first) }
}

fn message(form: &Form, text: fn(&str) -> &str) -> Vec<u8> {
    let signed = |field: &str| ![SHA3.field, SHA2.field, HASH].contains(&field);
    let values = form.iter().filter(|(field, _)| signed(field)).map(|(_, value)| text(value));
    lengthened(values)
}

/// Each value behind its length in bytes.
fn lengthened<'v>(values: impl Iterator<Item = &'v str>) -> Vec<u8> {
    values.map(|value| format!("{}{value}", value.len())).collect::<String>().into_bytes()
}

/// What tells 2Checkout that the message arrived: signed as the message was, by the key that
/// signed it.
pub(super) fn receipt(
    request: &Request<'_>,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Option<String> {
    let form = Form::parse(content(request));
    let (algorithm, _) = claimed(&form, credentials).ok()?;
    let signed_by =
        |secret: &&Secret| verify(request, credentials, std::slice::from_ref(*secret)).is_ok();
    let secret = credentials.secrets.iter().find(signed_by)?;
    let date = now.format("%Y%m%d%H%M%S").to_string();
    let first = |field: &str| super::form::column(&form, field).into_iter().next().unwrap_or("");
    let plain = |field: &str| {
        let value = form.iter().find(|(name, _)| *name == field);
        value.map_or("", |(_, value)| value)
    };
    let values = if super::read::is_lcn(&form) {
        vec![plain("LICENSE_CODE"), plain("EXPIRATION_DATE"), &date]
    } else {
        vec![first("IPN_PID"), first("IPN_PNAME"), plain("IPN_DATE"), &date]
    };
    let message = lengthened(values.into_iter());
    let hash = scheme::hmac_sign(algorithm.hash, secret, &[&message], Encoding::Hex);
    Some(match algorithm.hash {
        Hash::Md5 => format!("<EPAYMENT>{date}|{hash}</EPAYMENT>"),
        Hash::Sha3x256 => format!("<sig algo=\"sha3-256\" date=\"{date}\">{hash}</sig>"),
        _ => format!("<sig algo=\"sha256\" date=\"{date}\">{hash}</sig>"),
    })
}

/// Signs as the form was signed before, else by SHA-256; in the query where all stands there.
pub(super) fn sign(mut sample: Sample, credentials: &Credentials) -> Sample {
    let Some(secret) = credentials.secrets.first() else { return sample };
    let in_query = sample.body.is_empty() && !sample.query.is_empty();
    let text = if in_query { sample.query.clone().into_bytes() } else { sample.body.clone() };
    let form = Form::parse(&text);
    let Ok(text) = String::from_utf8(text) else { return sample };
    let (algorithm, _) = claimed(&form, credentials).unwrap_or((SHA2, ""));
    let message = message(&form, |value| value);
    let hash = scheme::hmac_sign(algorithm.hash, secret, &[&message], Encoding::Hex);
    let unsigned = |field: &&str| {
        let name = field.split('=').next().unwrap_or_default();
        !field.is_empty() && ![SHA3.field, SHA2.field, HASH].contains(&name)
    };
    let signature = format!("{}={hash}", algorithm.field);
    let fields: Vec<&str> = text.split('&').filter(unsigned).chain([signature.as_str()]).collect();
    let signed = fields.join("&");
    if in_query {
        sample.query = signed;
    } else {
        sample.body = signed.into_bytes();
    }
    sample
}
