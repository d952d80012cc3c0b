//! Who may: tokens, users, sessions, links; and what is remembered by name.

use chrono::{DateTime, Utc};

use super::{Link, Tx};
use crate::store::error::StoreError;
use crate::store::rows::{IdempotencyRow, LinkRow, SessionRow, TokenRow, UserRow};
use crate::store::types::Digest;
use crate::store::{pg, sqlite};

functions! {
    /// A new token.
    token_insert(token: &TokenRow) -> ();
    /// All tokens, revoked ones too, oldest first.
    token_list() -> Vec<TokenRow>;
    /// Revokes a token. False: there is none of this id, or it was revoked before.
    token_revoke(id: &str, now: DateTime<Utc>) -> bool;
    /// The token of this hash, revoked or not.
    token_by_hash(hash: &Digest) -> Option<TokenRow>;
    /// A new user, or another password, role or end for one that there is.
    user_put(user: &UserRow) -> ();
    /// All users, revoked ones too, by name.
    user_list() -> Vec<UserRow>;
    /// The user of this name, revoked or not.
    user_by_name(name: &str) -> Option<UserRow>;
    /// Somebody signed in.
    session_insert(session: &SessionRow) -> ();
    /// The session of this hash, over or not.
    session_by_hash(hash: &Digest) -> Option<SessionRow>;
    /// The session was used now.
    session_seen(hash: &Digest, now: DateTime<Utc>) -> ();
    /// Somebody signed out.
    session_end(hash: &Digest) -> ();
    /// All sessions of one holder end; says how many.
    sessions_end(holder: &str) -> usize;
    /// Forgets sessions that were last used, or begun, before these times; says how many.
    sessions_sweep(seen_before: DateTime<Utc>, created_before: DateTime<Utc>) -> usize;
    /// A link that is mailed to a customer.
    link_insert(link: &LinkRow) -> ();
    /// Whose link this is, once: of two who use it at the same time one gets the answer. `None`:
    /// there is none, it was used, or it is older than `created_after`.
    link_use(hash: &Digest, created_after: DateTime<Utc>, now: DateTime<Utc>) -> Option<String>;
    /// How many links went to this address since then.
    links_since(email: &str, since: DateTime<Utc>) -> i64;
    /// Forgets links made before then; says how many.
    links_sweep(created_before: DateTime<Utc>) -> usize;
    /// The answer given under this key.
    idempotency_find(key: &str) -> Option<IdempotencyRow>;
    /// Remembers an answer. False: another request was first; its answer counts.
    idempotency_put(row: &IdempotencyRow) -> bool;
    /// A value by name.
    meta_get(key: &str) -> Option<String>;
    /// Sets a value by name, unless it is there; the value that is there then, whoever set it.
    meta_first(key: &str, value: &str) -> String;
    /// Sets a value by name.
    meta_put(key: &str, value: &str) -> ();
    /// Gives a value up.
    meta_drop(key: &str) -> ();
}
