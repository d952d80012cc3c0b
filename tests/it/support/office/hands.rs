//! Time and chance of an office: both only go when they are asked to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use keywright::chance::{Chance, NoChance};
use keywright::clock::Clock;
use sha2::{Digest as _, Sha256};

/// A clock that goes only when it is moved.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn at(time: &str) -> Self {
        Self(Mutex::new(time.parse().unwrap()))
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Random numbers that are the same in every run.
#[derive(Debug, Default)]
pub(super) struct Counted(AtomicU64);

impl Counted {
    /// Those that come after so many others.
    pub(super) fn after(number: u64) -> Self {
        Self(AtomicU64::new(number))
    }
}

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance> {
        for part in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let hash = Sha256::digest(number.to_be_bytes());
            part.copy_from_slice(&hash[..part.len()]);
        }
        Ok(())
    }
}
