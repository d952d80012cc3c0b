//! The only source of randomness; everything else gets it as an argument.

/// Bytes that nobody can guess, from the operating system.
///
/// # Errors
/// Where the operating system has none to give; nothing may be made up instead.
pub fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        assert_ne!(bytes::<16>().unwrap(), bytes::<16>().unwrap());
    }
}
