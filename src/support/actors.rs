//! What those are called in the history who are nobody by name, and that nobody else is called so.

use super::Refusal;

/// Whoever has this machine's shell.
pub const COMMAND_LINE: &str = "command line";

/// The vendor's application, which has nothing but a license key.
pub const APPLICATION: &str = "application";

/// A customer, on a page of his own.
pub const CUSTOMER: &str = "customer";

/// Whom a proxy has signed in: his name follows.
pub const PROXY: &str = "proxy:";

/// A name that a token or a user may have.
///
/// # Errors
/// [`Refusal::Field`] for one by which he would pass for another in the history.
pub(super) fn own(name: &str) -> Result<(), Refusal> {
    let name = name.to_lowercase();
    if name.starts_with(PROXY) {
        let right = "begins with proxy:, as do those whom a proxy has signed in; choose another";
        return Err(Refusal::field("name", right));
    }
    if [COMMAND_LINE, APPLICATION, CUSTOMER].contains(&name.as_str()) {
        let right = format!("is what the history calls every {name}; choose another");
        return Err(Refusal::field("name", right));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_passes_for_another() {
        for name in ["proxy:ann", "Proxy:ann", "proxy:", "command line", "Application", "customer"]
        {
            assert!(own(name).is_err(), "{name}");
        }
        for name in ["ann", "the proxy: ann", "proxyann", "customer care", "the application"] {
            assert_eq!(own(name), Ok(()), "{name}");
        }
    }
}
