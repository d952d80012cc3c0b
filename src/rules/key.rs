//! Activation keys and license ids: functions of a secret seed and of what they are for.
//!
//! The same events in an empty database give the same ids and keys again. Without the seed they
//! are random bits to everyone.

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols of a short key, the check symbol included: five groups of five.
const SYMBOLS: usize = 25;

/// What license keys are derived from.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn bits(&self, purpose: &str, name: &str) -> [u8; 32] {
        // HMAC takes keys of every length, so the other arm is unreachable; were it reached, the
        // unique keys of the schema would refuse the second license.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.as_slice()) else {
            return [0; 32];
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(name.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl Seed {
    /// A name for what must be known again and not be read: 128 bits in hex. Without the seed
    /// nobody can find out whose it is, not even by trying.
    #[must_use]
    pub fn pseudonym(&self, of: &str, name: &str) -> String {
        let bits = self.bits(&format!("pseudonym v1 {of}"), name);
        HEXLOWER.encode(bits.get(..16).unwrap_or_default())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

/// What a license is for: names it for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity<'a> {
    pub account: &'a str,
    pub live: bool,
    /// The reference that names the sale.
    pub anchor: &'a str,
    pub slot: &'a str,
}

impl Identity<'_> {
    fn name(&self) -> String {
        let mode = if self.live { "live" } else { "test" };
        [self.account, mode, self.anchor, self.slot].join("\0")
    }

    /// The license's id: a UUID (version 8) that tells nothing, not even when it began: that may
    /// change with what is told later.
    #[must_use]
    pub fn id(&self, seed: &Seed) -> String {
        let bits = seed.bits("license id v1", &self.name());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(bits).for_each(|(to, from)| *to = from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }

    /// `ACME-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`: 120 bits and a check symbol.
    #[must_use]
    pub fn short_key(&self, seed: &Seed, prefix: &str) -> String {
        let bits = seed.bits("license key v1", &self.name());
        write_short(prefix, &bits)
    }
}

/// Is this the text of a license id?
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// How a key is looked up: in upper case, with the look-alikes of people's typing mended
/// (O/0, I/L/1), dashes and spaces where they belong. Signed keys stay as they are.
///
/// `None`: cannot be a key of ours (wrong length, letters or check symbol).
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 4_096 {
        return None;
    }
    if text.contains('.') {
        return Some(text.to_owned());
    }
    let bare: String = text
        .chars()
        .filter(|c| !matches!(c, '-' | ' ' | '\u{2013}' | '\u{2014}' | '_'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if !bare.is_ascii() || bare.len() <= SYMBOLS {
        return None;
    }
    let (prefix, body) = bare.split_at_checked(bare.len() - SYMBOLS)?;
    let body: String = body
        .chars()
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let symbols: Vec<u8> = body.bytes().filter_map(value).collect();
    let (check, data) = symbols.split_last()?;
    if symbols.len() != SYMBOLS || *check != check_symbol(prefix, data) {
        return None;
    }
    Some(grouped(prefix, &body))
}

fn write_short(prefix: &str, bits: &[u8; 32]) -> String {
    let mut data: Vec<u8> = Vec::with_capacity(SYMBOLS);
    let (mut buffer, mut held) = (0_u32, 0_u32);
    for byte in bits {
        buffer = (buffer << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 && data.len() < SYMBOLS - 1 {
            held -= 5;
            data.push(u8::try_from((buffer >> held) & 31).unwrap_or(0));
        }
        buffer &= (1 << held.min(16)) - 1;
        if data.len() == SYMBOLS - 1 {
            break;
        }
    }
    data.push(check_symbol(prefix, &data));
    let body: String = data.iter().filter_map(|value| symbol(*value)).collect();
    grouped(prefix, &body)
}

fn grouped(prefix: &str, body: &str) -> String {
    let mut key = prefix.to_owned();
    for (index, symbol) in body.chars().enumerate() {
        if index % 5 == 0 {
            key.push('-');
        }
        key.push(symbol);
    }
    key
}

/// Catches every wrong symbol but one in 32, and every swap: five bits of a hash.
fn check_symbol(prefix: &str, data: &[u8]) -> u8 {
    let hash = Sha256::new().chain_update(prefix).chain_update([0]).chain_update(data).finalize();
    hash.first().map_or(0, |byte| byte & 31)
}

fn symbol(value: u8) -> Option<char> {
    ALPHABET.get(usize::from(value)).map(|byte| char::from(*byte))
}

fn value(symbol: u8) -> Option<u8> {
    let position = ALPHABET.iter().position(|known| *known == symbol)?;
    u8::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme(slot: &str) -> Identity<'_> {
        Identity { account: "stripe", live: true, anchor: "subscription:sub_1", slot }
    }

    #[test]
    fn one_license_has_one_key_and_another_another() {
        let seed = Seed::new([7; 32]);
        let key = acme("si_1/0.1").short_key(&seed, "ACME");
        assert_eq!(key, acme("si_1/0.1").short_key(&seed, "ACME"));
        assert_ne!(key, acme("si_1/0.2").short_key(&seed, "ACME"));
        assert_ne!(key, Identity { live: false, ..acme("si_1/0.1") }.short_key(&seed, "ACME"));
        assert_ne!(key, acme("si_1/0.1").short_key(&Seed::new([8; 32]), "ACME"));
        assert_eq!(key.len(), "ACME-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX".len());
        assert!(is_id(&acme("si_1/0.1").id(&seed)));
    }

    #[test]
    fn a_key_is_read_as_people_type_it() {
        let key = acme("si_1/0.1").short_key(&Seed::new([7; 32]), "ACME");
        let typed = [
            key.to_lowercase(),
            format!("  {key}\n"),
            key.replace('-', ""),
            key.replace('-', " "),
            key.replace('0', "O").replace('1', "I"),
            key.replace('0', "o").replace('1', "l"),
        ];
        for typed in typed {
            assert_eq!(read(&typed).as_deref(), Some(key.as_str()), "{typed}");
        }
    }

    #[test]
    fn most_typing_errors_are_seen_before_the_store_is_asked() {
        let key = acme("si_1/0.1").short_key(&Seed::new([7; 32]), "ACME");
        let wrong = (5..key.len()).flat_map(|at| {
            let key = key.clone();
            ALPHABET.iter().filter_map(move |symbol| {
                let mut bytes = key.clone().into_bytes();
                let differs = bytes[at] != b'-' && bytes[at] != *symbol;
                bytes[at] = *symbol;
                differs.then(|| String::from_utf8(bytes).unwrap())
            })
        });
        let (seen, all) = wrong
            .fold((0, 0), |(seen, all), key| (seen + usize::from(read(&key).is_none()), all + 1));
        assert!(seen * 100 > all * 94, "{seen} of {all}");
        assert_eq!(read("ACME-12345"), None);
        assert_eq!(read(""), None);
        assert_eq!(read("ACME-ÄÄÄÄÄ-XXXXX-XXXXX-XXXXX-XXXXX"), None);
    }

    #[test]
    fn all_bits_of_the_key_vary() {
        let seed = Seed::new([7; 32]);
        let keys: Vec<String> =
            (0..2_000).map(|n| acme(&format!("si_{n}/0.1")).short_key(&seed, "K")).collect();
        for at in (2..keys[0].len()).filter(|at| (at - 1) % 6 != 0) {
            let symbols: std::collections::BTreeSet<u8> =
                keys.iter().map(|key| key.as_bytes()[at]).collect();
            assert_eq!(symbols.len(), 32, "position {at}");
        }
    }
}
