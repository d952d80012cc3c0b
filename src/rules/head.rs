//! A head of the history: how many entries there were at one moment, and one digest over all of
//! them, signed.
//!
//! Each entry is chained to the one before of its subject, so a change inside a chain shows. That the
//! end of a chain, or a whole subject, was cut off does not. A head that is kept elsewhere shows it.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::proof::{self, HISTORY_HEAD, Refusal};

/// What stood in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// The largest id of an entry that it covers; 0: there was none.
    pub id: i64,
    /// How many entries have this id or a smaller one.
    pub entries: u64,
    /// SHA-256 over their ids and hashes in the order of ids, in hex.
    pub digest: String,
}

/// Counts entries and digests them, one after the other.
#[derive(Debug, Clone)]
pub struct Tally {
    last: i64,
    entries: u64,
    hash: Sha256,
}

impl Default for Tally {
    fn default() -> Self {
        let hash = Sha256::new().chain_update("keywright history head v1");
        Self { last: 0, entries: 0, hash }
    }
}

impl Tally {
    /// The next entry in the order of ids.
    pub fn add(&mut self, id: i64, hash: &[u8; 32]) {
        self.last = id;
        self.entries += 1;
        self.hash.update(id.to_be_bytes());
        self.hash.update(hash);
    }

    /// The id of the last entry that was added.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The head of what was added.
    #[must_use]
    pub fn head(self, at: DateTime<Utc>) -> Head {
        let Self { last, entries, hash } = self;
        Head { at, id: last, entries, digest: HEXLOWER.encode(&hash.finalize()) }
    }
}

impl Head {
    /// In one line, signed for this purpose alone.
    #[must_use]
    pub fn sign(&self, key: &SigningKey, kid: &str) -> String {
        proof::sign(key, kid, HISTORY_HEAD, self)
    }

    /// Reads that line.
    ///
    /// # Errors
    /// [`Refusal`] where none of the keys signed it as a head.
    pub fn verify(line: &str, keys: &[(String, VerifyingKey)]) -> Result<Self, Refusal> {
        proof::verify(line.trim(), keys, HISTORY_HEAD)
    }

    /// What is wrong with entries of today, up to the same id, that should be the same; `None`:
    /// they are.
    #[must_use]
    pub fn differs(&self, today: &Self) -> Option<String> {
        let (then, now) = (self.entries, today.entries);
        match then.cmp(&now) {
            std::cmp::Ordering::Greater => Some(format!(
                "of the {then} entries that the head counts, {} are missing",
                then - now
            )),
            std::cmp::Ordering::Less => {
                Some(format!("the head counts {then} entries, and there are {now} in their place"))
            }
            std::cmp::Ordering::Equal if self.digest != today.digest => {
                Some(format!("the {then} entries are not those that the head was made of"))
            }
            std::cmp::Ordering::Equal => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_315_200, 0).unwrap()
    }

    fn head(entries: &[(i64, u8)]) -> Head {
        let mut tally = Tally::default();
        for (id, byte) in entries {
            tally.add(*id, &[*byte; 32]);
        }
        tally.head(noon())
    }

    fn keys(key: &SigningKey) -> Vec<(String, VerifyingKey)> {
        vec![(proof::kid(&key.verifying_key()), key.verifying_key())]
    }

    #[test]
    fn a_head_is_read_back_and_nothing_else_passes_for_one() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let kid = proof::kid(&key.verifying_key());
        let head = head(&[(1, 1), (2, 2)]);
        let line = head.sign(&key, &kid);
        assert_eq!(Head::verify(&format!("{line}\n"), &keys(&key)), Ok(head.clone()));
        let license = proof::sign(&key, &kid, proof::MACHINE_LICENSE, &head);
        assert_eq!(Head::verify(&license, &keys(&key)), Err(Refusal::Purpose));
        let other = SigningKey::from_bytes(&[8; 32]);
        assert_eq!(Head::verify(&line, &keys(&other)), Err(Refusal::UnknownKey));
    }

    #[test]
    fn what_was_cut_off_put_in_or_changed_is_told() {
        let then = head(&[(1, 1), (2, 2), (4, 4)]);
        assert_eq!(then.differs(&head(&[(1, 1), (2, 2), (4, 4)])), None);
        for (today, told) in [
            (head(&[(1, 1), (2, 2)]), "of the 3 entries that the head counts, 1 are missing"),
            (
                head(&[(1, 1), (2, 2), (3, 3), (4, 4)]),
                "the head counts 3 entries, and there are 4 in their place",
            ),
            (
                head(&[(1, 1), (2, 9), (4, 4)]),
                "the 3 entries are not those that the head was made of",
            ),
            // The same hashes in the same order, under other ids.
            (
                head(&[(1, 1), (3, 2), (4, 4)]),
                "the 3 entries are not those that the head was made of",
            ),
        ] {
            assert_eq!(then.differs(&today).as_deref(), Some(told));
        }
        assert_eq!(head(&[]).differs(&head(&[])), None);
    }
}
