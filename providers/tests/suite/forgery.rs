//! Whatever is not exactly what the provider signed is refused; whatever it signed is not.

use chrono::TimeDelta;
use keywright_providers::{Inlet, Provider, Reject};

use crate::fixture::Fixture;
use crate::proof::{
    Place, Proof, field_flips, fields_changed, header_indices, json_flips, neighbour, signed,
    text_flips, with_foreign_credentials,
};
use crate::subject::Subject;

/// How many bits of a long body are tried: thousands over all fixtures of a kind. Of a vector's
/// body every bit is.
const BODY_FLIPS: usize = 250;
/// How many lengths of a long body are tried.
const BODY_CUTS: usize = 200;

/// One changed bit, wherever it stands, is refused.
pub(crate) fn changed_bits(subject: &Subject<'_>) -> Vec<String> {
    subject.each(|provider, fixture| {
        let signed = signed(provider, fixture);
        let mut accepted = Vec::new();
        let mut try_one = |forged: &Fixture, what: String| {
            if verify(provider, forged).is_ok() {
                accepted.push(format!("accepted with another bit {what}"));
            }
        };
        let proof = Proof::of(provider, &signed);
        for index in header_indices(&signed, &proof.headers) {
            let value = &signed.headers[index].1;
            for (flipped, bit) in text_flips(value) {
                let mut forged = signed.clone();
                forged.headers[index].1 = flipped;
                try_one(&forged, format!("{bit} of header {}", signed.headers[index].0));
            }
        }
        let flips = match &proof.place {
            Place::Headers => Vec::new(),
            Place::Form(names) => field_flips(&signed, names.as_deref()),
            Place::Json(pointers) => json_flips(&signed, pointers),
        };
        for (forged, what) in flips {
            try_one(&forged, what);
        }
        if proof.covers_body {
            let mut forged = signed.clone();
            for bit in stride(signed.body.len() * 8, BODY_FLIPS, signed.is_vector()) {
                forged.body[bit / 8] ^= 1 << (bit % 8);
                try_one(&forged, format!("{bit} of the body"));
                forged.body[bit / 8] ^= 1 << (bit % 8);
            }
        }
        accepted
    })
}

/// A part is not the whole, and more than the whole is not it either.
pub(crate) fn cut_or_grown(subject: &Subject<'_>) -> Vec<String> {
    subject.each(|provider, fixture| {
        let signed = signed(provider, fixture);
        let proof = Proof::of(provider, &signed);
        let mut accepted = Vec::new();
        for index in header_indices(&signed, &proof.headers) {
            let (name, value) = &signed.headers[index];
            for (length, _) in value.char_indices() {
                let mut forged = signed.clone();
                forged.headers[index].1.truncate(length);
                if verify(provider, &forged).is_ok() {
                    accepted.push(format!("accepted with {length} bytes of header {name}"));
                }
            }
        }
        if proof.covers_body {
            let lengths = stride(signed.body.len(), BODY_CUTS, signed.is_vector());
            for body in lengths
                .map(|length| signed.body[..length].to_vec())
                .chain([[&signed.body[..], b"\n"].concat(), [b" ", &signed.body[..]].concat()])
            {
                let length = body.len();
                if verify(provider, &Fixture { body, ..signed.clone() }).is_ok() {
                    accepted.push(format!("accepted with a body of {length} bytes"));
                }
            }
        }
        accepted
    })
}

/// The signature stands there once: not missing, not twice, not that of another delivery.
pub(crate) fn missing_doubled_swapped(subject: &Subject<'_>) -> Vec<String> {
    subject.each(|provider, fixture| {
        let signed = signed(provider, fixture);
        let proof = Proof::of(provider, &signed);
        let mut found = Vec::new();
        let mut demand = |forged: &Fixture, reject: Reject, what: &str| {
            let answer = verify(provider, forged);
            if answer != Err(reject) {
                found.push(format!("{what}: expected {reject:?}, got {answer:?}"));
            }
        };
        for index in header_indices(&signed, &proof.headers) {
            let (name, value) = signed.headers[index].clone();
            let mut without = signed.clone();
            without.headers.remove(index);
            demand(&without, Reject::Missing, &format!("without {name}"));
            if !subject.sends_twice(&name) {
                let mut twice = signed.clone();
                twice.headers.push((name.to_ascii_lowercase(), value));
                demand(&twice, Reject::Doubled, &format!("{name} twice"));
            }
        }
        if let Some((without, twice)) = proof.in_form().then(|| fields_changed(provider, &signed)) {
            demand(&without, Reject::Missing, "without the signature's field");
            demand(&twice, Reject::Doubled, "the signature's field twice");
        }
        if proof.covers_body {
            for other in subject.accepted() {
                let other = crate::proof::signed(provider, other);
                if other.inlet != signed.inlet || other.body == signed.body {
                    continue;
                }
                let forged = Fixture { body: signed.body.clone(), ..other.clone() };
                if verify(provider, &forged).is_ok() {
                    found.push(format!("accepted with the signature of {}", other.name));
                }
            }
        }
        found
    })
}

/// Another account's secret opens nothing; no secret at all is said so.
pub(crate) fn foreign_secrets(subject: &Subject<'_>) -> Vec<String> {
    subject.each(|provider, fixture| {
        let signed = signed(provider, fixture);
        let mut found = Vec::new();
        if verify(provider, &with_foreign_credentials(&signed)).is_ok() {
            found.push("accepted with another account's secret".to_owned());
        }
        let mut open = signed;
        open.credentials.secrets.clear();
        open.credentials.keys.clear();
        let answer = verify(provider, &open);
        let unconfigured = open.inlet == Inlet::Fulfil && answer == Err(Reject::NotTaken);
        if answer != Err(Reject::NoSecret) && !unconfigured {
            found.push(format!("without a secret: expected NoSecret, got {answer:?}"));
        }
        found
    })
}

/// While a secret is rolled, the old and the new one both open, in whatever order they stand.
pub(crate) fn rotation(subject: &Subject<'_>) -> Vec<String> {
    subject.each(|provider, fixture| {
        let signed = signed(provider, fixture);
        let Some(current) = signed.credentials.secrets.first().cloned() else {
            return Vec::new();
        };
        let other = neighbour(&current);
        let mut by_other = signed.clone();
        by_other.credentials.secrets = vec![other.clone()];
        by_other = by_other.signed_anew(provider, by_other.body.clone());
        let mut found = Vec::new();
        for (secrets, order) in [
            (vec![other.clone(), current.clone()], "[other, current]"),
            (vec![current, other], "[current, other]"),
        ] {
            for (request, signer) in [(&signed, "current"), (&by_other, "other")] {
                let mut rolled = request.clone();
                rolled.credentials.secrets.clone_from(&secrets);
                if let Err(reject) = verify(provider, &rolled) {
                    found.push(format!("secrets {order}, signed by {signer}: {reject}"));
                }
            }
        }
        found
    })
}

/// Where the time is signed: the tolerance itself is still good, a second more is not.
pub(crate) fn window(subject: &Subject<'_>) -> Vec<String> {
    subject.each(|provider, fixture| {
        let signed = signed(provider, fixture);
        let delivery = provider.verify(&signed.request(), &signed.credentials, signed.now);
        let Some(signed_at) = delivery.ok().and_then(|delivery| delivery.signed_at()) else {
            return Vec::new();
        };
        let tolerance = signed.credentials.tolerance;
        let second = TimeDelta::seconds(1);
        let mut found = Vec::new();
        for (distance, expected) in [
            (tolerance, Ok(())),
            (-tolerance, Ok(())),
            (tolerance + second, Err(Reject::Stale)),
            (-tolerance - second, Err(Reject::Stale)),
        ] {
            let answer = verify(provider, &Fixture { now: signed_at + distance, ..signed.clone() });
            if answer != expected {
                found.push(format!("{distance} from its time: expected {expected:?}, {answer:?}"));
            }
        }
        found
    })
}

fn verify(provider: &dyn Provider, fixture: &Fixture) -> Result<(), Reject> {
    provider.verify(&fixture.request(), &fixture.credentials, fixture.now).map(|_| ())
}

/// All of `0..count`, or about `wanted` of them; an odd step meets every bit of a byte.
fn stride(count: usize, wanted: usize, all: bool) -> impl Iterator<Item = usize> {
    let step = if all { 1 } else { (count / wanted).max(1) | 1 };
    (0..count).step_by(step)
}
