//! What stands in the key file: PEM blocks, with any text between them.
//!
//! - `PRIVATE KEY`: Ed25519 in PKCS#8 (RFC 8410), as `openssl genpkey -algorithm ed25519` writes
//! - `RETIRED PRIVATE KEY`: the same, no longer published
//! - `KEYWRIGHT SEED`: 32 bytes of which license keys are made

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Entropy;

const KEY: &str = "PRIVATE KEY";
const RETIRED: &str = "RETIRED PRIVATE KEY";
const SEED: &str = "KEYWRIGHT SEED";

/// What to do about a file that is not whole: with another key no license out there is genuine.
const RESTORE: &str = "restore it from the backup";

/// What to do about a file that holds no key of ours.
pub(super) const BRING_ONE: &str = "restore it from the backup, or, while there is no license yet, \
                                    make one with openssl genpkey -algorithm ed25519";

/// What stands before the 32 bytes of an Ed25519 key in PKCS#8, version 1 (RFC 8410, section 7):
/// the form that every openssl reads.
const PKCS8_BEGIN: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

const PREFACE: &str = "\
Secret: whoever has this file can make licenses. Keep it, and a backup of it, safe.
The last PRIVATE KEY signs; the public halves of all are published until they are retired.
";

/// A text that is wiped when dropped.
pub(super) type Text = Zeroizing<String>;

/// The file, read.
pub(super) struct Contents {
    pub(super) keys: Vec<Held>,
    pub(super) seed: Zeroizing<[u8; 32]>,
}

/// One key of the file.
pub(super) struct Held {
    pub(super) key: SigningKey,
    pub(super) retired: bool,
}

/// Reads every block.
///
/// # Errors
/// What is wrong, and what would be right, without the content.
pub(super) fn read(text: &str) -> Result<Contents, String> {
    let (mut keys, mut seed) = (Vec::new(), None);
    for block in blocks(text)? {
        match block.label {
            KEY | RETIRED => {
                let key = SigningKey::from_pkcs8_der(&block.bytes()?).map_err(|_| {
                    format!("holds a key that is not Ed25519 in PKCS#8; {BRING_ONE}")
                })?;
                keys.push(Held { key, retired: block.label == RETIRED });
            }
            SEED if seed.is_some() => return Err(format!("holds {SEED} twice; keep the first")),
            SEED => {
                let bytes = block.bytes()?;
                let bytes: [u8; 32] = bytes
                    .as_slice()
                    .try_into()
                    .map_err(|_| format!("holds a {SEED} that is not 32 bytes; {RESTORE}"))?;
                seed = Some(Zeroizing::new(bytes));
            }
            other => {
                let known = format!("holds a block {other:?}; only {KEY} (PKCS#8) is taken");
                return Err(known);
            }
        }
    }
    let seed = seed.or_else(|| keys.first().map(|held: &Held| derived_seed(&held.key)));
    Ok(Contents { keys, seed: seed.unwrap_or_default() })
}

/// A new file: a seed and one key.
pub(super) fn first(entropy: &Entropy) -> Text {
    let (secret, seed) = entropy.split_at(32);
    let seed = Zeroizing::new(seed.try_into().unwrap_or_default());
    let key = SigningKey::from_bytes(&secret.try_into().unwrap_or_default());
    with_key(&with_seed(PREFACE, &seed), &key)
}

/// The text with one more key, which then is the last.
pub(super) fn with_key(text: &str, key: &SigningKey) -> Text {
    let mut der = Zeroizing::new(Vec::with_capacity(PKCS8_BEGIN.len() + 32));
    der.extend_from_slice(&PKCS8_BEGIN);
    der.extend_from_slice(&Zeroizing::new(key.to_bytes())[..]);
    appended(text, KEY, &der)
}

/// The text with the seed written down, if it was not: it must outlive the key that it was
/// derived from.
pub(super) fn with_seed(text: &str, seed: &[u8; 32]) -> Text {
    if text.contains(&begin(SEED)) {
        Zeroizing::new(text.to_owned())
    } else {
        appended(text, SEED, seed)
    }
}

/// The text with the key at that position (from 0, among keys) retired.
pub(super) fn with_retired(text: &str, position: usize) -> Text {
    let (mut result, mut keys, mut inside) = (String::with_capacity(text.len() * 2), 0, false);
    for line in text.split_inclusive('\n') {
        let label = line.trim();
        let is_key = [KEY, RETIRED].iter().any(|label_of| label == begin(label_of));
        if is_key {
            inside = keys == position;
            keys += 1;
        }
        if inside && (label == begin(KEY) || label == end(KEY)) {
            result.push_str(&line.replace(KEY, RETIRED));
        } else {
            result.push_str(line);
        }
    }
    Zeroizing::new(result)
}

/// A vendor's own PKCS#8 file has no seed: it follows from its first key.
fn derived_seed(key: &SigningKey) -> Zeroizing<[u8; 32]> {
    let digest = Sha256::new_with_prefix(b"keywright seed v1").chain_update(key.as_bytes());
    Zeroizing::new(digest.finalize().into())
}

fn begin(label: &str) -> String {
    format!("-----BEGIN {label}-----")
}

fn end(label: &str) -> String {
    format!("-----END {label}-----")
}

fn appended(text: &str, label: &str, bytes: &[u8]) -> Text {
    // Made large enough at once: a buffer that grows leaves copies behind that are not wiped.
    let mut result = String::with_capacity(text.len() + bytes.len() * 2 + 200);
    result.push_str(text);
    if !text.is_empty() && !text.ends_with('\n') {
        result.push('\n');
    }
    let body = Zeroizing::new(BASE64.encode(bytes));
    for part in [&begin(label), body.as_str(), &end(label)] {
        result.push_str(part);
        result.push('\n');
    }
    Zeroizing::new(result)
}

struct Block<'t> {
    label: &'t str,
    lines: Vec<&'t str>,
}

impl Block<'_> {
    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        let body = Zeroizing::new(self.lines.concat());
        let bytes = BASE64.decode(body.as_bytes());
        bytes
            .map(Zeroizing::new)
            .map_err(|_| format!("holds a {} that is damaged; {RESTORE}", self.label))
    }
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, String> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in text.lines().map(str::trim) {
        let label = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
        match (open.take(), label) {
            (None, Some(label)) => open = Some(Block { label, lines: Vec::new() }),
            (None, None) => {}
            (Some(block), _) if line == end(block.label) => blocks.push(block),
            (Some(block), Some(_)) => return Err(unclosed(&block)),
            (Some(mut block), None) => {
                block.lines.push(line);
                open = Some(block);
            }
        }
    }
    match open {
        Some(block) => Err(unclosed(&block)),
        None => Ok(blocks),
    }
}

fn unclosed(block: &Block<'_>) -> String {
    format!("holds a {} that has no end; a part of the file is lost; {RESTORE}", block.label)
}
