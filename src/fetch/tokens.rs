//! Access tokens that were got for an account's credentials, as long as they are good.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What a token was got with: where, and by which credentials. With others it is not good, however
/// long it still lasts: whoever sets right ones is not to wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GotWith([u8; 32]);

/// Tokens by account.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Token>>);

#[derive(Debug)]
struct Token {
    got_with: GotWith,
    until: Instant,
    text: Zeroizing<String>,
}

/// What a token's giver answers.
#[derive(Deserialize)]
pub(super) struct Granted {
    pub(super) access_token: String,
    /// Seconds.
    #[serde(default)]
    expires_in: u64,
}

impl GotWith {
    /// The address of the giver, the user and the password.
    pub(super) fn of(parts: [&str; 3]) -> Self {
        let hash = parts.into_iter().fold(Sha256::new(), |hash, part| {
            // With its length, so that no two triples run into one text.
            hash.chain_update(part.len().to_string()).chain_update(":").chain_update(part)
        });
        Self(hash.finalize().into())
    }
}

impl Tokens {
    /// The account's token, where it was got with this and is still good.
    pub(super) fn known(&self, account: &str, got_with: GotWith) -> Option<Zeroizing<String>> {
        let tokens = self.lock();
        let token = tokens.get(account).filter(|token| token.got_with == got_with)?;
        (Instant::now() < token.until).then(|| token.text.clone())
    }

    /// Keeps a token that was just granted, in place of any other.
    pub(super) fn keep(
        &self,
        account: &str,
        got_with: GotWith,
        granted: Granted,
    ) -> Zeroizing<String> {
        // A minute early, so that none ends on its way.
        let good = Duration::from_secs(granted.expires_in.clamp(60, 86_400) - 60);
        let text = Zeroizing::new(granted.access_token);
        let token = Token { got_with, until: Instant::now() + good, text: text.clone() };
        self.lock().insert(account.to_owned(), token);
        text
    }

    pub(super) fn forget(&self, account: &str) {
        self.lock().remove(account);
    }

    /// Nothing panics while it is held, so poison tells nothing.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: GotWith = GotWith([1; 32]);

    fn granted(seconds: u64) -> Granted {
        Granted { access_token: "token".to_owned(), expires_in: seconds }
    }

    #[test]
    fn a_token_is_good_until_a_minute_before_its_end_and_never_for_more_than_a_day() {
        let tokens = Tokens::default();
        let lasts = |seconds: u64| {
            tokens.keep("pay", US, granted(seconds));
            let until = tokens.lock()["pay"].until;
            until.saturating_duration_since(Instant::now()).as_secs_f64().round()
        };
        assert_eq!([0, 59, 60].map(lasts), [0.0; 3]);
        assert_eq!([3_600, 86_400, u64::MAX].map(lasts), [3_540.0, 86_340.0, 86_340.0]);
        tokens.keep("pay", US, granted(60));
        assert_eq!(tokens.known("pay", US), None);
        tokens.keep("pay", US, granted(3_600));
        assert_eq!(tokens.known("pay", US).unwrap().as_str(), "token");
        assert_eq!(tokens.known("other", US), None);
    }

    #[test]
    fn with_other_credentials_it_is_another_token() {
        let ours = ["https://api.example.com/token", "client", "secret"];
        for other in [
            ["https://api.example.org/token", "client", "secret"],
            ["https://api.example.com/token", "clients", "secret"],
            ["https://api.example.com/token", "client", "secrets"],
            ["https://api.example.com/tokenc", "lient", "secret"],
        ] {
            assert_ne!(GotWith::of(ours), GotWith::of(other), "{other:?}");
        }
        assert_eq!(GotWith::of(ours), GotWith::of(ours));
        assert_ne!(GotWith::of(["a", "b:c", "d"]), GotWith::of(["a:b", "c", "d"]));
    }
}
