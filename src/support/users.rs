//! Users: people who sign in to the console by name and password. Stored as Argon2id hashes.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use super::{Asked, Failure, Refusal, Support, actors};
use crate::chance::Chance;
use crate::rules::plain::one_line;
use crate::store::rows::UserRow;
use crate::store::types::Role;
use crate::store::{StoreError, Tx};

/// The shortest and the longest password, in characters.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 12..=256;

const NAME_CHARS: usize = 80;

/// Each takes 19 MiB and some 20 ms of one core: no more than these at once, whoever asks.
const HASHES_AT_ONCE: usize = 2;

/// How many may wait for their turn, and for how long. Anybody can ask for one, without an account.
const HASHES_WAITING: usize = 64;
const HASH_WAIT_MAX: Duration = Duration::from_secs(2);

/// A password as it was typed: never logged.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// A user as he stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserView {
    pub name: String,
    pub role: String,
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// When the password was set.
    pub changed_at: chrono::DateTime<chrono::Utc>,
    pub revoked_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Password {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

impl Support {
    /// A new user.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a name or password that cannot be, or a name that is taken;
    /// [`Failure`].
    pub async fn user_new(
        &self,
        name: &str,
        role: Role,
        password: Password,
        asked: Asked,
    ) -> Result<UserView, Failure> {
        let name = one_line(name, NAME_CHARS);
        if name.is_empty() {
            return Err(Refusal::field("name", "is empty; say who will sign in").into());
        }
        // It stands in the audit, which has no addresses.
        if name.contains('@') {
            return Err(Refusal::field("name", "is an address; a name is enough").into());
        }
        actors::own(&name)?;
        let now = self.clock.now();
        let user = UserRow {
            password: self.hash(&name, password).await?,
            name,
            role,
            created_at: now,
            changed_at: now,
            revoked_at: None,
        };
        self.write("user new", move |tx| {
            if tx.user_by_name(&user.name)?.is_some_and(|known| known.revoked_at.is_none()) {
                return Err(Refusal::field("name", "is taken by another user").into());
            }
            tx.user_put(&user)?;
            let detail = json!({ "role": user.role.as_str() });
            tx.history_append(&asked.note(subject_of(&user.name), "user_made", detail, now))?;
            Ok(UserView::from(user.clone()))
        })
        .await
    }

    /// Another password. Whoever is signed in by the old one is signed out.
    ///
    /// # Errors
    /// [`Refusal::UnknownUser`], [`Refusal::Field`]; [`Failure`].
    pub async fn user_password(
        &self,
        name: &str,
        password: Password,
        asked: Asked,
    ) -> Result<UserView, Failure> {
        let (name, hash) = (name.to_owned(), self.hash(name, password).await?);
        let now = self.clock.now();
        self.write("user password", move |tx| {
            let mut user = standing(tx, &name)?;
            (user.password, user.changed_at) = (hash.clone(), now);
            tx.user_put(&user)?;
            tx.sessions_end(&subject_of(&name))?;
            tx.history_append(&asked.note(subject_of(&name), "password_set", json!({}), now))?;
            Ok(UserView::from(user))
        })
        .await
    }

    /// Revokes a user, at once and everywhere. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::UnknownUser`]; [`Failure`].
    pub async fn user_revoke(&self, name: &str, asked: Asked) -> Result<UserView, Failure> {
        let (name, now) = (name.to_owned(), self.clock.now());
        self.write("user revoke", move |tx| {
            let known = tx.user_by_name(&name)?;
            let mut user = known.ok_or_else(|| Refusal::UnknownUser(name.clone()))?;
            if user.revoked_at.is_none() {
                user.revoked_at = Some(now);
                tx.user_put(&user)?;
                tx.sessions_end(&subject_of(&name))?;
                tx.history_append(&asked.note(subject_of(&name), "user_revoked", json!({}), now))?;
            }
            Ok(UserView::from(user))
        })
        .await
    }

    /// All users, revoked ones too, by name.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn user_list(&self) -> Result<Vec<UserView>, Failure> {
        let rows = self.read("user list", |tx| Ok(tx.user_list()?)).await?;
        Ok(rows.into_iter().map(UserView::from).collect())
    }

    /// Who has this name and password; `None`: nobody. As long for a name that nobody has.
    ///
    /// # Errors
    /// [`Refusal::Crowded`], [`Failure::Store`]: then it is not known.
    pub async fn user_of(
        &self,
        name: &str,
        password: Password,
    ) -> Result<Option<UserRow>, Failure> {
        let wanted = one_line(name, NAME_CHARS);
        let user = self.read("user find", move |tx| Ok(tx.user_by_name(&wanted)?)).await?;
        let user = user.filter(|user| user.revoked_at.is_none());
        let hash = user.as_ref().map_or_else(nobodys, |user| Arc::from(user.password.as_str()));
        let fits = PASSWORD_CHARS.contains(&password.0.chars().count());
        let right = heavy(move || {
            let hash = PasswordHash::new(&hash);
            hash.is_ok_and(|hash| {
                Argon2::default().verify_password(password.0.as_bytes(), &hash).is_ok()
            })
        })
        .await?;
        Ok(user.filter(|_| right && fits))
    }

    async fn hash(&self, name: &str, password: Password) -> Result<String, Failure> {
        if !PASSWORD_CHARS.contains(&password.0.chars().count()) {
            let bounds = "must have 12 to 256 characters; a few words are easy to remember";
            return Err(Refusal::field("password", bounds).into());
        }
        if password.0.to_lowercase() == name.to_lowercase() {
            return Err(Refusal::field("password", "is the name; choose another").into());
        }
        let salt = salt(self.chance.as_ref())?;
        heavy(move || hashed(password.0.as_bytes(), &salt)).await?
    }
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            name: row.name,
            role: row.role.as_str().to_owned(),
            created_at: row.created_at,
            changed_at: row.changed_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// Under which the history and the sessions know him.
fn subject_of(name: &str) -> String {
    format!("user:{name}")
}

fn standing(tx: &mut Tx<'_>, name: &str) -> Result<UserRow, Failure> {
    let known = tx.user_by_name(name)?.filter(|user| user.revoked_at.is_none());
    Ok(known.ok_or_else(|| Refusal::UnknownUser(name.to_owned()))?)
}

fn salt(chance: &dyn Chance) -> Result<[u8; 16], Failure> {
    let mut salt = [0; 16];
    chance.fill(&mut salt)?;
    Ok(salt)
}

fn hashed(password: &[u8], salt: &[u8]) -> Result<String, Failure> {
    let hash = Argon2::default().hash_password_with_salt(password, salt);
    Ok(hash.map_err(|error| StoreError::Busy(format!("no password hash: {error}")))?.to_string())
}

/// What the password of a name that nobody has is compared with.
fn nobodys() -> Arc<str> {
    static HASH: OnceLock<Arc<str>> = OnceLock::new();
    Arc::clone(HASH.get_or_init(|| hashed(b"", &[0; 16]).unwrap_or_default().into()))
}

/// Off the threads that answer, and few at once.
async fn heavy<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    static GATE: Gate = Gate::new();
    let turn = GATE.turn(HASH_WAIT_MAX).await.ok_or(Refusal::Crowded)?;
    // With the work, which goes on where nobody waits for it any more.
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    Ok(done.await.map_err(|_| StoreError::Panicked("a password's hash"))?)
}

/// Those who have their turn, and those who wait for it.
struct Gate {
    here: Semaphore,
    turns: Semaphore,
}

/// As long as it lives, it is somebody's turn.
struct GateTurn<'a> {
    _here: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

impl Gate {
    const fn new() -> Self {
        Self {
            here: Semaphore::const_new(HASHES_AT_ONCE + HASHES_WAITING),
            turns: Semaphore::const_new(HASHES_AT_ONCE),
        }
    }

    /// `None`: too many wait, or the wait was too long.
    async fn turn(&self, wait_max: Duration) -> Option<GateTurn<'_>> {
        let here = self.here.try_acquire().ok()?;
        let turn = tokio::time::timeout(wait_max, self.turns.acquire()).await.ok()?.ok()?;
        Some(GateTurn { _here: here, _turn: turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_so_at_once_and_nobody_waits_for_ever() {
        let (gate, long) = (Gate::new(), Duration::from_secs(60));
        let one = gate.turn(long).await;
        let two = gate.turn(long).await;
        assert!(one.is_some() && two.is_some());
        assert!(gate.turn(Duration::from_millis(1)).await.is_none(), "a turn did not come");
        let mut waiting: Vec<_> = (0..HASHES_WAITING).map(|_| Box::pin(gate.turn(long))).collect();
        for turn in &mut waiting {
            let at_once = tokio::time::timeout(Duration::ZERO, turn).await;
            assert!(at_once.is_err(), "it waits");
        }
        assert!(gate.turn(long).await.is_none(), "too many wait");
        drop(one);
        assert!(waiting.remove(0).await.is_some());
    }
}
