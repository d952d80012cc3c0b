//! The signing keys, and the seed of which license keys are made: one PEM file, readable by this
//! service alone.
//!
//! It is made on the first start and never again while licenses exist: with another seed a
//! replay would give other license keys, and with other signing keys no machine license out
//! there could be verified. Losing it is the one loss that no provider can send again.
//!
//! - `file`: the file on the disk, written whole or not at all
//! - `pem`: what stands in it

mod file;
mod pem;

use std::fmt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use self::pem::{Contents, Held};
use crate::rules::proof;

/// Chance for a new key file: 32 bytes for the signing key, 32 for the seed.
pub type Entropy = [u8; 64];

/// The keys of this service. One of them signs; those that signed before are still published.
#[derive(Clone)]
pub struct Keyring {
    /// As in the file. The last one that is not retired signs.
    keys: Vec<Named>,
    active: Named,
    seed: Zeroizing<[u8; 32]>,
}

#[derive(Clone)]
struct Named {
    kid: String,
    key: SigningKey,
    retired: bool,
}

/// What a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Signs, and is published.
    Active,
    /// Signs no more; what it signed can still be verified.
    Published,
    /// Neither.
    Retired,
}

/// Why the keys cannot be used. Says what would be right, and never what is in the file.
#[derive(Debug, Error)]
pub enum KeyringError {
    #[error(
        "the signing key {} is missing; it is made by `keywright init` or the first `keywright \
         serve`, or you are in another folder", .0.display()
    )]
    Missing(PathBuf),
    #[error(
        "the signing key {} is missing, but licenses exist that were made with it; restore it \
         from the backup", .0.display()
    )]
    Lost(PathBuf),
    #[error("the signing key {} cannot be {doing}: {error}", .path.display())]
    Io { path: PathBuf, doing: &'static str, error: std::io::Error },
    #[error(
        "the signing key {} can be read by others (mode {mode:04o}); make it yours alone: chmod \
         600 {}", .path.display(), .path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the signing key {} {message}", .path.display())]
    Content { path: PathBuf, message: String },
    #[error("there is no key {0}; `keywright keys list` shows those that there are")]
    Unknown(String),
    #[error("the key {0} is the one that signs; make its successor first: `keywright keys new`")]
    Active(String),
    #[error("the key {0} is retired already")]
    Retired(String),
}

impl Keyring {
    /// Opens the key file; makes it where there is none and `may_create`: no license exists yet.
    ///
    /// # Errors
    /// [`KeyringError`]; a file that others can read is refused.
    pub fn open_or_create(
        path: &Path,
        may_create: bool,
        entropy: &Entropy,
    ) -> Result<Self, KeyringError> {
        match Self::open(path) {
            Err(KeyringError::Missing(_)) if may_create => {
                file::create(path, &pem::first(entropy))?;
                Self::open(path)
            }
            Err(KeyringError::Missing(path)) => Err(KeyringError::Lost(path)),
            result => result,
        }
    }

    /// Opens the key file.
    ///
    /// # Errors
    /// As [`Keyring::open_or_create`].
    pub fn open(path: &Path) -> Result<Self, KeyringError> {
        Self::read(path, &file::read(path)?)
    }

    /// Adds a key to the file; it signs from the next start on. Gives its name.
    ///
    /// # Errors
    /// [`KeyringError`]; the file then stays as it was.
    pub fn add(path: &Path, secret: &[u8; 32]) -> Result<String, KeyringError> {
        let key = SigningKey::from_bytes(secret);
        file::rewrite(path, |text| {
            let ring = Self::read(path, text)?;
            Ok(pem::with_key(&pem::with_seed(text, &ring.seed), &key))
        })?;
        Ok(proof::kid(&key.verifying_key()))
    }

    /// Retires a key: what it signed can no longer be verified with the published keys. It stays
    /// in the file under another label, so that a mistake can be undone by hand.
    ///
    /// # Errors
    /// [`KeyringError::Active`] for the one that signs, and as [`Keyring::add`].
    pub fn retire(path: &Path, kid: &str) -> Result<(), KeyringError> {
        file::rewrite(path, |text| {
            let ring = Self::read(path, text)?;
            let (position, (_, standing)) = ring
                .standings()
                .enumerate()
                .find(|(_, (name, _))| *name == kid)
                .ok_or_else(|| KeyringError::Unknown(kid.to_owned()))?;
            match standing {
                Standing::Active => Err(KeyringError::Active(kid.to_owned())),
                Standing::Retired => Err(KeyringError::Retired(kid.to_owned())),
                Standing::Published => {
                    Ok(pem::with_seed(&pem::with_retired(text, position), &ring.seed))
                }
            }
        })
    }

    /// The key that signs.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.active.key
    }

    /// The name of the key that signs.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.active.kid
    }

    /// By which proofs are verified: all but the retired.
    #[must_use]
    pub fn public_keys(&self) -> Vec<(String, VerifyingKey)> {
        let published = self.keys.iter().filter(|named| !named.retired);
        published.map(|named| (named.kid.clone(), named.key.verifying_key())).collect()
    }

    /// The public keys as everyone reads them.
    #[must_use]
    pub fn jwks(&self) -> Value {
        proof::jwks(&self.public_keys())
    }

    /// What license keys are made of. As secret as the keys.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Tells one seed from another, and nothing of it.
    #[must_use]
    pub fn seed_fingerprint(&self) -> String {
        let hash = Sha256::new().chain_update("seed fingerprint v1").chain_update(self.seed());
        HEXLOWER.encode(&hash.finalize())
    }

    /// Every key by name, in the order of the file.
    pub fn standings(&self) -> impl Iterator<Item = (&str, Standing)> {
        self.keys.iter().map(|named| {
            let standing = match (named.retired, named.kid == self.active.kid) {
                (true, _) => Standing::Retired,
                (false, true) => Standing::Active,
                (false, false) => Standing::Published,
            };
            (named.kid.as_str(), standing)
        })
    }

    fn read(path: &Path, text: &str) -> Result<Self, KeyringError> {
        let refuse = |message: &str| KeyringError::Content {
            path: path.to_owned(),
            message: message.to_owned(),
        };
        let Contents { keys, seed } = pem::read(text).map_err(|message| refuse(&message))?;
        let keys: Vec<Named> = keys.into_iter().map(Named::from).collect();
        let twice = |(position, named): (usize, &Named)| {
            keys.iter().take(position).any(|earlier| earlier.kid == named.kid)
        };
        if keys.iter().enumerate().any(twice) {
            return Err(refuse("holds one key twice; take one of the two out"));
        }
        let active = keys.iter().rfind(|named| !named.retired).cloned();
        let active =
            active.ok_or_else(|| refuse(&format!("holds no PRIVATE KEY; {}", pem::BRING_ONE)))?;
        Ok(Self { keys, active, seed })
    }
}

impl From<Held> for Named {
    fn from(held: Held) -> Self {
        Self { kid: proof::kid(&held.key.verifying_key()), key: held.key, retired: held.retired }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("keys", &self.standings().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
