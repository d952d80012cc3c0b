//! Secrets that cannot be weak, printed or left in memory.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// Shortest secret that is accepted, in bytes.
pub const SECRET_BYTES_MIN: usize = 16;

/// A credential shared with a provider: never blank, short, a placeholder or an unexpanded
/// variable.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why a text cannot be a secret. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WeakSecret {
    #[error("is blank; paste the secret that the provider shows")]
    Blank,
    /// Than this many bytes.
    #[error("is shorter than {0} bytes; paste the whole secret that the provider shows")]
    Short(usize),
    #[error("is a placeholder; replace it by the secret that the provider shows")]
    Placeholder,
    #[error("is a variable that was not expanded; put the value itself, or use secret_file")]
    Unexpanded,
    #[error("has white space at its start or end, or a line break inside; paste it again without")]
    Whitespace,
}

impl Secret {
    /// # Errors
    /// [`WeakSecret`] says what is wrong, never the value.
    pub fn new(text: &str) -> Result<Self, WeakSecret> {
        Self::with_min(text, SECRET_BYTES_MIN)
    }

    /// For providers whose own secrets are shorter than [`SECRET_BYTES_MIN`]; at least 8 bytes.
    ///
    /// # Errors
    /// As [`Secret::new`].
    pub fn with_min(text: &str, bytes_min: usize) -> Result<Self, WeakSecret> {
        if text.trim().is_empty() {
            return Err(WeakSecret::Blank);
        }
        if text.starts_with("${") || text.starts_with("$(") || text.starts_with("{{") {
            return Err(WeakSecret::Unexpanded);
        }
        if looks_like_placeholder(text) {
            return Err(WeakSecret::Placeholder);
        }
        // A key in PEM is the one thing of several lines.
        let text = if text.starts_with("-----BEGIN ") { text.trim_end() } else { text };
        let inside = |c: char| c.is_control() && !(c == '\n' && text.starts_with("-----BEGIN "));
        if text.trim() != text || text.chars().any(inside) {
            return Err(WeakSecret::Whitespace);
        }
        let bytes_min = bytes_min.max(8);
        if text.len() < bytes_min {
            return Err(WeakSecret::Short(bytes_min));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Two secrets that a scheme uses as one, with a text between them.
    #[must_use]
    pub fn joined(&self, between: &str, other: &Self) -> Self {
        Self(Zeroizing::new([self.expose(), between, other.expose()].concat()))
    }

    /// The text, for computing with. Never log or print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

fn looks_like_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let bare = lower.trim_start_matches("whsec_").trim_start_matches("pdl_ntfset_");
    let words = [
        "changeme",
        "change-me",
        "change_me",
        "placeholder",
        "your-secret",
        "your_secret",
        "example",
        "secret",
        "todo",
    ];
    let mut characters = bare.chars();
    let first = characters.next();
    let all_the_same = first.is_some_and(|first| characters.all(|c| c == first));
    bare.is_empty()
        || words.contains(&bare)
        || all_the_same
        || (bare.starts_with('<') && bare.ends_with('>'))
        // As the guides write what a reader has to put there.
        || lower.ends_with("...")
        || lower.starts_with("the ")
        || lower.starts_with("your-")
        || lower.contains("replace-me")
        || lower.contains("replace_me")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_refused_by_name() {
        for (text, why) in [
            ("", WeakSecret::Blank),
            ("  \t", WeakSecret::Blank),
            ("${STRIPE_SECRET_FOR_US}", WeakSecret::Unexpanded),
            ("whsec_...", WeakSecret::Placeholder),
            ("whsec_", WeakSecret::Placeholder),
            ("<your signing secret here>", WeakSecret::Placeholder),
            ("xxxxxxxxxxxxxxxxxxxxxxxx", WeakSecret::Placeholder),
            ("9f2c41d0a7...", WeakSecret::Placeholder),
            ("the secret word", WeakSecret::Placeholder),
            ("The HMAC key, 64 hexadecimal digits", WeakSecret::Placeholder),
            ("YOUR-TOKEN", WeakSecret::Placeholder),
            ("whsec_short", WeakSecret::Short(SECRET_BYTES_MIN)),
            ("whsec_abcdefghijklmnop\n", WeakSecret::Whitespace),
            ("whsec_abcdefgh\nijklmnopq", WeakSecret::Whitespace),
        ] {
            assert_eq!(Secret::new(text).err(), Some(why), "{text:?}");
        }
        assert_eq!(Secret::with_min("elevenbytes", 12).err(), Some(WeakSecret::Short(12)));
        assert!(Secret::new("whsec_kwStripeTestSecret123").is_ok());
        assert!(Secret::new("a pass phrase of words").is_ok());
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("whsec_kwStripeTestSecret123").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
    }
}
