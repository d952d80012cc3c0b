//! What Paddle signs: every field but the signature, as texts, sorted by the bytes of their names
//! and serialised as PHP does. Nothing that is signed is a time.

use crate::Credentials;
use crate::read::Form;
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::Sample;
use crate::scheme::Verified;
use crate::scheme::rsa::{self, PublicKey, RsaHash};

/// The secret setting with the account's public key. It is no secret, and yet whoever could
/// replace it could make payments up.
pub(super) const PUBLIC_KEY: &str = "public_key";
/// The secret setting with the private key by which made-up alerts are signed.
pub(super) const TRIGGER_KEY: &str = "trigger_key";

const SIGNATURE: &str = "p_signature";

/// The fields of a request: alerts are posted, keys are asked for by POST or GET.
fn fields<'a>(request: &Request<'a>) -> Result<&'a [u8], Reject> {
    match (request.inlet, request.method) {
        (_, "POST") => Ok(request.body),
        (Inlet::Fulfil, "GET") => Ok(request.query.as_bytes()),
        _ => Err(Reject::NotTaken),
    }
}

pub(super) fn verify<'a>(
    request: &Request<'a>,
    credentials: &Credentials,
) -> Result<Verified<'a>, Reject> {
    let configured = credentials.keys.get(PUBLIC_KEY).ok_or(Reject::NoSecret)?;
    let keys = PublicKey::all(configured.bytes());
    if keys.is_empty() {
        return Err(Reject::NoSecret);
    }
    let fields = fields(request)?;
    let form = Form::parse(fields);
    let mut signatures = form.all(SIGNATURE);
    let signature = signatures.next().ok_or(Reject::Missing)?;
    if signatures.next().is_some() {
        return Err(Reject::Doubled);
    }
    rsa::verify(fields, RsaHash::Sha1, &keys, &[serialised(&form)], signature)
}

/// Without a key, or where there are no fields, the sample stays as it is.
pub(super) fn sign(mut sample: Sample, credentials: &Credentials) -> Sample {
    let in_query = sample.body.is_empty() && !sample.query.is_empty();
    let text = if in_query { sample.query.as_bytes() } else { &sample.body };
    let Some(key) = credentials.keys.get(TRIGGER_KEY) else { return sample };
    let form = Form::parse(text);
    let Some(signature) = rsa::sign(RsaHash::Sha1, key, &serialised(&form)) else { return sample };
    let own = |field: &&[u8]| !field.starts_with(b"p_signature=") && !field.is_empty();
    let mut kept: Vec<&[u8]> = text.split(|byte| *byte == b'&').filter(own).collect();
    let proof = serde_html_form::to_string([(SIGNATURE, signature)]).unwrap_or_default();
    kept.push(proof.as_bytes());
    let text = kept.join(&b'&');
    match in_query {
        true => sample.query = String::from_utf8(text).unwrap_or_default(),
        false => sample.body = text,
    }
    sample
}

/// `a:1:{s:3:"key";s:5:"value";}`: lengths are those of the bytes in UTF-8.
fn serialised(form: &Form) -> Vec<u8> {
    let mut fields: Vec<(&str, &str)> =
        form.iter().filter(|(name, _)| *name != SIGNATURE).collect();
    fields.sort_unstable();
    let mut text = format!("a:{}:{{", fields.len());
    for part in fields.iter().flat_map(|(name, value)| [name, value]) {
        text.push_str(&format!("s:{}:\"{part}\";", part.len()));
    }
    text.push('}');
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted_by_bytes_and_counted_in_bytes() {
        let form = Form::parse(
            b"alert_id=900001&alert_name=payment_succeeded&email=buyer%40example.com&customer_name=J%C3%B6rg&order_id=5001-77&product_id=123&quantity=2&p_signature=abc",
        );
        assert_eq!(
            String::from_utf8(serialised(&form)).unwrap(),
            "a:7:{s:8:\"alert_id\";s:6:\"900001\";s:10:\"alert_name\";s:17:\"payment_succeeded\";\
             s:13:\"customer_name\";s:5:\"J\u{f6}rg\";s:5:\"email\";s:17:\"buyer@example.com\";\
             s:8:\"order_id\";s:7:\"5001-77\";s:10:\"product_id\";s:3:\"123\";s:8:\"quantity\";\
             s:1:\"2\";}"
        );
        let form = Form::parse(b"b=&B=+x+&a_=1&a=2");
        assert_eq!(
            serialised(&form),
            b"a:4:{s:1:\"B\";s:3:\" x \";s:1:\"a\";s:1:\"2\";s:2:\"a_\";s:1:\"1\";s:1:\"b\";s:0:\"\";}"
        );
    }
}
