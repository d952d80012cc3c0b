//! Where a provider puts its signature and what it speaks of, found out by signing; and the ways
//! of changing it.

use keywright_providers::{Provider, Secret};

use crate::fixture::Fixture;

/// A vector as it is; others with one signature, since a change in one of several that are not
/// needed is rightly accepted.
pub(crate) fn signed(provider: &dyn Provider, fixture: &Fixture) -> Fixture {
    if fixture.is_vector() {
        return fixture.clone();
    }
    fixture.signed_anew(provider, fixture.body.clone())
}

/// Where the proof of a request stands and what it speaks of: found out by signing.
pub(crate) struct Proof {
    pub(crate) headers: Vec<String>,
    /// Among the fields of the body or the query.
    pub(crate) in_fields: bool,
    /// Not so for a bare token.
    pub(crate) covers_body: bool,
}

impl Proof {
    pub(crate) fn of(provider: &dyn Provider, signed: &Fixture) -> Self {
        let bare = Fixture { headers: Vec::new(), ..signed.clone() };
        let one = bare.signed_anew(provider, signed.body.clone());
        let headers: Vec<String> = one.headers.iter().map(|(name, _)| name.clone()).collect();
        let another = bare.signed_anew(provider, [b" ", &signed.body[..]].concat());
        let in_fields = headers.is_empty();
        Self { headers, in_fields, covers_body: in_fields || one.headers != another.headers }
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

/// One letter or digit changed in a value of a form: schemes over fields sign values.
pub(crate) fn field_flips(signed: &Fixture) -> Vec<(Fixture, String)> {
    let in_body = signed.query.is_empty();
    let text = fields(signed);
    let mut flips = Vec::new();
    let (mut in_value, mut escaped) = (false, 0_usize);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'&' => in_value = false,
            b'=' => in_value = true,
            b'%' => escaped = 3,
            _ => {}
        }
        for bit in 0..8_usize {
            let flipped = byte ^ (1 << bit);
            let readable = byte.is_ascii_alphanumeric() && flipped.is_ascii_alphanumeric();
            if !in_value
                || escaped > 0
                || !readable
                || same_hex(text.as_bytes(), position * 8 + bit)
            {
                continue;
            }
            let mut bytes = text.clone().into_bytes();
            bytes[position] = flipped;
            let place = if in_body { "the body" } else { "the query" };
            let what = format!("{bit} of byte {position} of {place}");
            flips.push((with_fields(signed, &String::from_utf8(bytes).unwrap()), what));
        }
        escaped = escaped.saturating_sub(1);
    }
    flips
}

/// Without the field that holds the signature, and with that field twice.
pub(crate) fn fields_changed(provider: &dyn Provider, signed: &Fixture) -> (Fixture, Fixture) {
    let foreign =
        fields(&with_foreign_credentials(signed).signed_anew(provider, signed.body.clone()));
    let text = fields(signed);
    let theirs: Vec<&str> = foreign.split('&').collect();
    let (same, differ): (Vec<&str>, Vec<&str>) =
        text.split('&').partition(|field| theirs.contains(field));
    assert_eq!(differ.len(), 1, "one field holds the signature");
    let without = with_fields(signed, &same.join("&"));
    let twice = with_fields(signed, &format!("{text}&{}", differ[0]));
    (without, twice)
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
