//! Tokens: who may use the API and the console. Stored as hashes; what a token says itself is
//! known only to whom it was given.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde_json::json;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::view::TokenView;
use super::{Asked, Failure, Refusal, Support, actors};
use crate::rules::plain::one_line;
use crate::store::rows::TokenRow;
use crate::store::types::{Digest, Role};

/// What every token begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "kw_";

/// Base32 of 32 bytes.
const SYMBOLS: usize = 52;

/// The longest name of a token, in characters.
const NAME_CHARS: usize = 80;

/// A token's own text: shown once, never logged.
#[derive(Clone)]
pub struct TokenText(Zeroizing<String>);

impl TokenText {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(hidden)")
    }
}

impl Support {
    /// Makes a token.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a name that is empty; [`Failure`].
    pub async fn token_new(
        &self,
        name: &str,
        role: Role,
        asked: Asked,
    ) -> Result<(TokenText, TokenView), Failure> {
        let name = one_line(name, NAME_CHARS);
        if name.is_empty() {
            return Err(Refusal::field("name", "is empty; say who will use the token").into());
        }
        actors::own(&name)?;
        let mut secret = Zeroizing::new([0; 32]);
        self.chance.fill(secret.as_mut_slice())?;
        let symbols = Zeroizing::new(BASE32_NOPAD.encode(secret.as_slice()));
        let text = Zeroizing::new(format!("{PREFIX}{}", symbols.to_ascii_lowercase()));
        let row = TokenRow {
            id: self.name()?.chars().take(12).collect(),
            name,
            role,
            hash: Digest::of(&text),
            created_at: self.clock.now(),
            revoked_at: None,
        };
        let view = TokenView::from(row.clone());
        self.write("token new", move |tx| {
            tx.token_insert(&row)?;
            // Not its name, which may be an address: the list of tokens has it.
            let (subject, detail) = (subject_of(&row.id), json!({ "role": row.role.as_str() }));
            tx.history_append(&asked.note(subject, "token_made", detail, row.created_at))?;
            Ok(())
        })
        .await?;
        Ok((TokenText(text), view))
    }

    /// All tokens, revoked ones too, oldest first.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn token_list(&self) -> Result<Vec<TokenView>, Failure> {
        let rows = self.read("token list", |tx| Ok(tx.token_list()?)).await?;
        Ok(rows.into_iter().map(TokenView::from).collect())
    }

    /// Revokes a token, at once and everywhere. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::UnknownToken`]; [`Failure::Store`].
    pub async fn token_revoke(&self, id: &str, asked: Asked) -> Result<TokenView, Failure> {
        let (id, now) = (id.to_owned(), self.clock.now());
        self.write("token revoke", move |tx| {
            if tx.token_revoke(&id, now)? {
                tx.history_append(&asked.note(subject_of(&id), "token_revoked", json!({}), now))?;
            }
            let known = tx.token_list()?.into_iter().find(|token| token.id == id);
            Ok(known.map(TokenView::from).ok_or_else(|| Refusal::UnknownToken(id.clone()))?)
        })
        .await
    }

    /// Whose token this is; `None`: nobody's, or revoked. Asked anew each time, so that a revoked
    /// token is of no use from that moment on, on every node.
    ///
    /// # Errors
    /// [`Failure::Store`]: then it is not known.
    pub async fn token_holder(&self, text: &str) -> Result<Option<TokenRow>, Failure> {
        // What cannot be a token costs no look into the store.
        let symbols = text.strip_prefix(PREFIX).unwrap_or_default();
        if symbols.len() != SYMBOLS
            || !symbols.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
        {
            return Ok(None);
        }
        let hash = Digest::of(text);
        let row = self.read("token find", move |tx| Ok(tx.token_by_hash(&hash)?)).await?;
        // The index compared hashes of secrets, whose first bytes tell nothing of the secret; this
        // comparison takes the same time whatever it finds.
        let same = |row: &TokenRow| bool::from(row.hash.0.ct_eq(&hash.0));
        Ok(row.filter(same).filter(|row| row.revoked_at.is_none()))
    }
}

fn subject_of(id: &str) -> String {
    format!("token:{id}")
}
