//! Sessions: who is signed in to the console, or as a customer. A session lives in the store, so
//! that every node knows it and it ends everywhere at once; the browser has only its name.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE32_NOPAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::vouched::Vouched;
use super::{Asked, Failure, Support};
use crate::store::rows::SessionRow;
use crate::store::types::{Digest, Role};
use crate::store::{StoreError, Tx};

/// Whoever did nothing for so long is signed out.
pub const IDLE: TimeDelta = TimeDelta::hours(8);

/// Whoever signed in so long ago signs in again.
pub const LASTS: TimeDelta = TimeDelta::hours(24);

/// The same for a customer, whom a mail lets in again at any time, perhaps on somebody else's
/// machine.
pub const CUSTOMER_LASTS: TimeDelta = TimeDelta::hours(2);

/// How exactly the last use is noted: a page must not cost a write.
const NOTED: TimeDelta = TimeDelta::minutes(5);

/// Base32 of 32 bytes.
const SYMBOLS: usize = 52;

/// What the browser is given: never logged.
#[derive(Clone)]
pub struct SessionText(Zeroizing<String>);

/// By what right somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// By a token of this id.
    Token(String),
    /// By the password of this user.
    User(String),
    /// By a proxy in front of this service, which names him so.
    Proxy(String),
    /// As a customer, by a link that was mailed to this address.
    Customer(String),
}

/// Somebody who may use the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who did it, in the history.
    pub name: String,
    pub role: Role,
}

impl SessionText {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionText(hidden)")
    }
}

/// What a form of the session with this text carries, so that no other site can send one.
#[must_use]
pub fn form_token(session: &str) -> String {
    let digest = Sha256::new().chain_update(b"form\0").chain_update(session).finalize();
    BASE32_NOPAD.encode(&digest).to_ascii_lowercase()
}

/// Does this form belong to that session? In constant time.
#[must_use]
pub fn form_fits(session: &str, form: &str) -> bool {
    form_token(session).as_bytes().ct_eq(form.as_bytes()).into()
}

impl Holder {
    /// How long a session may be used after it was begun.
    #[must_use]
    pub fn lasts(&self) -> TimeDelta {
        match self {
            Self::Token(_) | Self::User(_) | Self::Proxy(_) => LASTS,
            Self::Customer(_) => CUSTOMER_LASTS,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Token(id) => format!("token:{id}"),
            Self::User(name) => format!("user:{name}"),
            Self::Proxy(name) => format!("proxy:{name}"),
            Self::Customer(email) => format!("customer:{email}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, who) = text.split_once(':')?;
        match kind {
            "token" => Some(Self::Token(who.to_owned())),
            "user" => Some(Self::User(who.to_owned())),
            "proxy" => Some(Self::Proxy(who.to_owned())),
            "customer" => Some(Self::Customer(who.to_owned())),
            _ => None,
        }
    }
}

impl Support {
    /// Begins a session. That somebody of the vendor's people signed in stands in the audit.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn session_begin(&self, holder: &Holder) -> Result<SessionText, Failure> {
        let (text, session) = self.session_new(holder)?;
        let holder = holder.clone();
        self.write("session begin", move |tx| {
            let member = member(tx, &holder)?;
            Ok(begun(tx, &session, member.as_ref())?)
        })
        .await?;
        Ok(text)
    }

    /// A session that is not stored yet.
    pub(super) fn session_new(
        &self,
        holder: &Holder,
    ) -> Result<(SessionText, SessionRow), Failure> {
        let mut secret = Zeroizing::new([0; 32]);
        self.chance.fill(secret.as_mut_slice())?;
        let symbols = Zeroizing::new(BASE32_NOPAD.encode(secret.as_slice()));
        let text = SessionText(Zeroizing::new(symbols.to_ascii_lowercase()));
        let now = self.clock.now();
        let session = SessionRow {
            hash: Digest::of(text.expose()),
            holder: holder.text(),
            created_at: now,
            seen_at: now,
        };
        Ok((text, session))
    }

    /// Who may use the console by this session; `None`: nobody. Whoever's token or user was
    /// revoked is out at once, and a role that changed counts at once. `said`: whom a proxy has
    /// signed in, as it says with this very request. Where he has a role here the session must be
    /// his own, and one that began by a proxy's word needs that word each time.
    ///
    /// # Errors
    /// [`Failure::Store`]: then it is not known.
    pub async fn session_member(
        &self,
        text: &str,
        said: Option<&Vouched>,
    ) -> Result<Option<Member>, Failure> {
        let (now, said) = (self.clock.now(), said.cloned());
        self.session(text, now, move |tx, holder| match &said {
            None => member(tx, &holder),
            Some(said) => match said.member(tx)? {
                None => member(tx, &holder),
                Some(member) => Ok((holder == said.holder()).then_some(member)),
            },
        })
        .await
    }

    /// The address of the customer who is signed in by this session.
    ///
    /// # Errors
    /// [`Failure::Store`]: then it is not known.
    pub async fn session_customer(&self, text: &str) -> Result<Option<String>, Failure> {
        let now = self.clock.now();
        self.session(text, now, |_, holder| match holder {
            Holder::Customer(email) => Ok(Some(email)),
            Holder::Token(_) | Holder::User(_) | Holder::Proxy(_) => Ok(None),
        })
        .await
    }

    /// Ends a session, if it is one.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn session_end(&self, text: &str) -> Result<(), Failure> {
        let hash = Digest::of(text);
        self.write("session end", move |tx| Ok(tx.session_end(&hash)?)).await
    }

    async fn session<T: Send + 'static>(
        &self,
        text: &str,
        now: DateTime<Utc>,
        who: impl Fn(&mut Tx<'_>, Holder) -> Result<Option<T>, StoreError> + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        // What cannot be a session costs no look into the store.
        if text.len() != SYMBOLS || !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')) {
            return Ok(None);
        }
        let hash = Digest::of(text);
        let found = self
            .read("session find", move |tx| {
                let Some(session) = tx.session_by_hash(&hash)? else { return Ok(None) };
                let stands = |holder: &Holder| {
                    now < session.seen_at + IDLE && now < session.created_at + holder.lasts()
                };
                let Some(holder) = Holder::read(&session.holder).filter(stands) else {
                    return Ok(None);
                };
                Ok(who(tx, holder)?.map(|who| (who, session.seen_at)))
            })
            .await?;
        let Some((who, seen_at)) = found else { return Ok(None) };
        if now >= seen_at + NOTED {
            let seen = self.write("session seen", move |tx| Ok(tx.session_seen(&hash, now)?)).await;
            // Whoever may come in is not kept out because the disk is full: he is to see that.
            if let Err(error) = seen {
                tracing::warn!(%error, "the use of a session could not be noted: {error}");
            }
        }
        Ok(Some(who))
    }
}

/// Stores it, and in the audit that this member signed in; sessions that are over go.
pub(super) fn begun(
    tx: &mut Tx<'_>,
    session: &SessionRow,
    member: Option<&Member>,
) -> Result<(), StoreError> {
    let now = session.created_at;
    tx.sessions_sweep(now - IDLE, now - LASTS)?;
    tx.session_insert(session)?;
    if let Some(member) = member {
        let asked = Asked { by: member.name.clone(), ..Asked::default() };
        tx.history_append(&asked.note(&session.holder, "signed_in", json!({}), now))?;
    }
    Ok(())
}

/// Who that is, as long as his token or user stands. By itself a session that a proxy's word began
/// is nobody's.
fn member(tx: &mut Tx<'_>, holder: &Holder) -> Result<Option<Member>, StoreError> {
    Ok(match holder {
        Holder::Token(id) => tx
            .token_list()?
            .into_iter()
            .find(|token| token.id == *id && token.revoked_at.is_none())
            .map(|token| Member { name: token.name, role: token.role }),
        Holder::User(name) => tx
            .user_by_name(name)?
            .filter(|user| user.revoked_at.is_none())
            .map(|user| Member { name: user.name, role: user.role }),
        Holder::Proxy(_) | Holder::Customer(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_fits_its_own_session_alone() {
        let form = form_token("ann");
        assert!(form_fits("ann", &form));
        assert!(!form_fits("bob", &form));
        assert!(!form_fits("ann", ""));
        assert!(!form_fits("ann", "ann"));
    }
}
