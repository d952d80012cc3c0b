//! The only source of randomness; everything else gets it as an argument.

use data_encoding::BASE32_NOPAD;

/// Bytes that nobody can guess, from the operating system.
///
/// # Errors
/// Where the operating system has none to give; nothing may be made up instead.
pub fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A short random name: eight lower-case letters and digits.
///
/// # Errors
/// As [`bytes`].
pub fn tag() -> Result<String, getrandom::Error> {
    Ok(BASE32_NOPAD.encode(&bytes::<5>()?).to_lowercase())
}

/// Any order, each as likely.
///
/// # Errors
/// As [`bytes`].
pub fn shuffle<T>(items: &mut [T]) -> Result<(), getrandom::Error> {
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
