//! Where a provider puts its signature and what it speaks of, found out by signing; and the ways
//! of changing it.

use keywright_providers::{Covers, Inlet, Provider, Secret};
use serde_json::Value;

use crate::fixture::Fixture;

/// A vector as it is; others with one signature, since a change in one of several that are not
/// needed is rightly accepted.
pub(crate) fn signed(provider: &dyn Provider, fixture: &Fixture) -> Fixture {
    if fixture.is_vector() {
        return fixture.clone();
    }
    fixture.signed_anew(provider, fixture.body.clone())
}

/// Where the proof of a request stands (found out by signing) and what it speaks of.
pub(crate) struct Proof {
    pub(crate) headers: Vec<String>,
    pub(crate) place: Place,
    /// To its last bit.
    pub(crate) covers_body: bool,
}

/// What beside the headers carries a proof, and is to be changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Headers,
    /// The fields of the body or the query with these names; `None`: all of them.
    Form(Option<Vec<String>>),
    /// Texts inside JSON, by their pointers.
    Json(Vec<String>),
}

impl Proof {
    pub(crate) fn of(provider: &dyn Provider, signed: &Fixture) -> Self {
        let bare = Fixture { headers: Vec::new(), ..signed.clone() };
        let one = bare.signed_anew(provider, signed.body.clone());
        let headers: Vec<String> = one.headers.iter().map(|(name, _)| name.clone()).collect();
        let covers = covers(provider, signed);
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let place = match covers {
            _ if !headers.is_empty() => Place::Headers,
            Covers::Content => Place::Form(None),
            Covers::Fields(pointers) if signed.body.starts_with(b"{") => {
                Place::Json(names(pointers))
            }
            Covers::Fields(fields) => {
                let mut all = names(fields);
                all.push(proof_field(provider, signed));
                Place::Form(Some(all))
            }
            Covers::Sender => Place::Form(Some(vec![proof_field(provider, signed)])),
        };
        let covers_body = covers == Covers::Content && place == Place::Headers;
        Self { headers, place, covers_body }
    }

    pub(crate) fn in_form(&self) -> bool {
        matches!(self.place, Place::Form(_))
    }
}

/// What the kind says of itself; but a request for keys may be proved by less than its webhooks
/// are, where the scheme itself says that it speaks of the sender alone.
fn covers(provider: &dyn Provider, signed: &Fixture) -> Covers {
    let delivery = provider.verify(&signed.request(), &signed.credentials, signed.now);
    let sender_only = delivery.is_ok_and(|delivery| delivery.sender_only());
    match provider.facts().covers {
        Covers::Content if signed.inlet == Inlet::Fulfil && sender_only => Covers::Sender,
        covers => covers,
    }
}

pub(crate) fn header_indices(fixture: &Fixture, names: &[String]) -> Vec<usize> {
    let of_proof = |header: &str| names.iter().any(|name| name.eq_ignore_ascii_case(header));
    (0..fixture.headers.len()).filter(|index| of_proof(&fixture.headers[*index].0)).collect()
}

/// Every text that differs in one bit and says something else, with the bit's number.
pub(crate) fn text_flips(text: &str) -> Vec<(String, usize)> {
    (0..text.len() * 8)
        .filter_map(|bit| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = !same_hex(text.as_bytes(), bit);
            changed.then(|| String::from_utf8(bytes).ok()).flatten().map(|flipped| (flipped, bit))
        })
        .collect()
}

/// The other case of a letter in a long hexadecimal number is the same number.
fn same_hex(text: &[u8], bit: usize) -> bool {
    let position = bit / 8;
    let is_hex = |byte: &&u8| byte.is_ascii_hexdigit();
    let before = text[..position].iter().rev().take_while(is_hex).count();
    let after = text[position..].iter().take_while(is_hex).count();
    bit % 8 == 5 && text[position].is_ascii_alphabetic() && after > 0 && before + after >= 32
}

/// Every bit of the texts at these pointers changed.
pub(crate) fn json_flips(signed: &Fixture, pointers: &[String]) -> Vec<(Fixture, String)> {
    let document: Value = serde_json::from_slice(&signed.body).unwrap();
    let mut flips = Vec::new();
    for pointer in pointers {
        let Some(Value::String(text)) = document.pointer(pointer) else { continue };
        for (flipped, bit) in text_flips(text) {
            let mut forged = document.clone();
            *forged.pointer_mut(pointer).unwrap() = Value::String(flipped);
            let body = forged.to_string().into_bytes();
            flips.push((Fixture { body, ..signed.clone() }, format!("{bit} of {pointer}")));
        }
    }
    flips
}

/// How many letters of a long form are changed; of a vector, and of short ones, all are.
const FIELD_FLIPS: usize = 250;

/// One letter or digit changed in a value of a form (of all fields, or of those named): schemes
/// over fields sign values.
pub(crate) fn field_flips(signed: &Fixture, names: Option<&[String]>) -> Vec<(Fixture, String)> {
    let text = fields(signed);
    let place = if signed.query.is_empty() { "the body" } else { "the query" };
    let flips = flips_in_values(&text, names);
    let wanted = if signed.is_vector() { flips.len() } else { FIELD_FLIPS };
    // Chosen before they are made: each is a whole request.
    let step = flips.len().div_ceil(wanted.max(1)).max(1);
    flips
        .into_iter()
        .step_by(step)
        .map(|(position, bit)| {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let what = format!("{bit} of byte {position} of {place}");
            (with_fields(signed, &String::from_utf8(bytes).unwrap()), what)
        })
        .collect()
}

/// Positions and bits that make another letter or digit of one.
fn flips_in_values(text: &str, names: Option<&[String]>) -> Vec<(usize, usize)> {
    let meant = |position: usize| {
        let before = text.get(..position).unwrap_or_default();
        let field = before.rsplit('&').next().unwrap_or_default();
        let name = field.split('=').next().unwrap_or_default();
        names.is_none_or(|names| names.iter().any(|known| known == name))
    };
    let mut flips = Vec::new();
    let (mut in_value, mut escaped) = (false, 0_usize);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'&' => in_value = false,
            b'=' => in_value = meant(position),
            b'%' => escaped = 3,
            _ => {}
        }
        for bit in 0..8_usize {
            let flipped = byte ^ (1 << bit);
            let readable = byte.is_ascii_alphanumeric() && flipped.is_ascii_alphanumeric();
            let same = same_hex(text.as_bytes(), position * 8 + bit);
            if in_value && escaped == 0 && readable && !same {
                flips.push((position, bit));
            }
        }
        escaped = escaped.saturating_sub(1);
    }
    flips
}

/// Without the field that holds the signature, and with that field twice.
pub(crate) fn fields_changed(provider: &dyn Provider, signed: &Fixture) -> (Fixture, Fixture) {
    let text = fields(signed);
    let name = proof_field(provider, signed);
    let is_proof = |field: &&str| field.split('=').next() == Some(&name);
    let (proof, same): (Vec<&str>, Vec<&str>) = text.split('&').partition(is_proof);
    let without = with_fields(signed, &same.join("&"));
    let twice = with_fields(signed, &format!("{text}&{}", proof[0]));
    (without, twice)
}

/// The name of the field that holds the signature or token: the one that another secret changes.
fn proof_field(provider: &dyn Provider, signed: &Fixture) -> String {
    let foreign =
        fields(&with_foreign_credentials(signed).signed_anew(provider, signed.body.clone()));
    let text = fields(signed);
    let theirs: Vec<&str> = foreign.split('&').collect();
    let differ: Vec<&str> = text.split('&').filter(|field| !theirs.contains(field)).collect();
    assert_eq!(differ.len(), 1, "one field holds the signature: {differ:?}");
    differ[0].split('=').next().unwrap_or_default().to_owned()
}

fn fields(fixture: &Fixture) -> String {
    if fixture.query.is_empty() {
        String::from_utf8(fixture.body.clone()).unwrap()
    } else {
        fixture.query.clone()
    }
}

fn with_fields(fixture: &Fixture, text: &str) -> Fixture {
    if fixture.query.is_empty() {
        Fixture { body: text.as_bytes().to_vec(), ..fixture.clone() }
    } else {
        Fixture { query: text.to_owned(), ..fixture.clone() }
    }
}

/// A secret that differs in one letter, in the middle, where its format allows any.
pub(crate) fn neighbour(secret: &Secret) -> Secret {
    let mut text: Vec<char> = secret.expose().chars().collect();
    let middle = text.len() / 2;
    text[middle] = if text[middle] == 'a' { 'b' } else { 'a' };
    Secret::with_min(&text.into_iter().collect::<String>(), 8).unwrap()
}

/// The same request under the credentials of another account.
pub(crate) fn with_foreign_credentials(fixture: &Fixture) -> Fixture {
    let mut foreign = fixture.clone();
    foreign.credentials.secrets.iter_mut().for_each(|secret| *secret = neighbour(secret));
    foreign.credentials.keys.values_mut().for_each(|secret| *secret = neighbour(secret));
    foreign
}
