//! The only source of randomness; everything else gets it as an argument.

use data_encoding::BASE32_NOPAD;
use thiserror::Error;

/// Where random bytes come from: the system, or a test.
pub trait Chance: Send + Sync {
    /// Fills `bytes` with what nobody can guess.
    ///
    /// # Errors
    /// [`NoChance`]: then none of them may be used.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance>;
}

/// The system gave no random numbers; nothing may be made up instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system gives no random numbers; try again")]
pub struct NoChance;

/// The random numbers of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance> {
        getrandom::fill(bytes).map_err(|_| NoChance)
    }
}

/// Bytes from the operating system.
///
/// # Errors
/// [`NoChance`].
pub fn bytes<const N: usize>() -> Result<[u8; N], NoChance> {
    let mut bytes = [0; N];
    SystemChance.fill(&mut bytes)?;
    Ok(bytes)
}

/// A short random name: eight lower-case letters and digits.
///
/// # Errors
/// [`NoChance`].
pub fn tag() -> Result<String, NoChance> {
    Ok(BASE32_NOPAD.encode(&bytes::<5>()?).to_lowercase())
}

/// Any order, each as likely.
///
/// # Errors
/// [`NoChance`].
pub fn shuffle<T>(items: &mut [T]) -> Result<(), NoChance> {
    for last in (1..items.len()).rev() {
        // 64 bits over a handful of items: the remainder's bias is far below what shows.
        let random = u64::from_le_bytes(bytes()?);
        let bound = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        let other = usize::try_from(random % bound).unwrap_or(0);
        items.swap(last, other);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        assert_ne!(bytes::<16>().unwrap(), bytes::<16>().unwrap());
    }
}
