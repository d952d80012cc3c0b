//! Tokens, idempotency keys, and values by name.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::super::Conn;
use super::Result;
use crate::store::error::Of;
use crate::store::rows::{IdempotencyRow, TokenRow};
use crate::store::schema::{idempotency, meta, tokens};
use crate::store::types::{At, Digest};

pub(crate) fn token_insert(conn: &mut Conn, token: &TokenRow) -> Result<()> {
    diesel::insert_into(tokens::table).values(token.clone()).execute(conn).of("tokens")?;
    Ok(())
}

pub(crate) fn token_list(conn: &mut Conn) -> Result<Vec<TokenRow>> {
    tokens::table
        .order((tokens::created_at, tokens::id))
        .select(TokenRow::as_select())
        .load(conn)
        .of("tokens")
}

pub(crate) fn token_revoke(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<bool> {
    let rows = diesel::update(tokens::table.find(id).filter(tokens::revoked_at.is_null()))
        .set(tokens::revoked_at.eq(Some(At(now))))
        .execute(conn)
        .of("tokens")?;
    Ok(rows > 0)
}

pub(crate) fn token_by_hash(conn: &mut Conn, hash: &Digest) -> Result<Option<TokenRow>> {
    tokens::table
        .filter(tokens::hash.eq(hash))
        .select(TokenRow::as_select())
        .first(conn)
        .optional()
        .of("tokens")
}

pub(crate) fn idempotency_find(conn: &mut Conn, key: &str) -> Result<Option<IdempotencyRow>> {
    idempotency::table
        .find(key)
        .select(IdempotencyRow::as_select())
        .first(conn)
        .optional()
        .of("idempotency")
}

pub(crate) fn idempotency_put(conn: &mut Conn, row: &IdempotencyRow) -> Result<bool> {
    let rows = diesel::insert_into(idempotency::table)
        .values(row.clone())
        .on_conflict(idempotency::key)
        .do_nothing()
        .execute(conn)
        .of("idempotency")?;
    Ok(rows > 0)
}

pub(crate) fn meta_get(conn: &mut Conn, key: &str) -> Result<Option<String>> {
    meta::table.find(key).select(meta::value).first(conn).optional().of("meta")
}

pub(crate) fn meta_drop(conn: &mut Conn, key: &str) -> Result<()> {
    diesel::delete(meta::table.find(key)).execute(conn).of("meta")?;
    Ok(())
}

pub(crate) fn meta_first(conn: &mut Conn, key: &str, value: &str) -> Result<String> {
    diesel::insert_into(meta::table)
        .values((meta::key.eq(key), meta::value.eq(value)))
        .on_conflict_do_nothing()
        .execute(conn)
        .of("meta")?;
    meta::table.find(key).select(meta::value).first(conn).of("meta")
}

pub(crate) fn meta_put(conn: &mut Conn, key: &str, value: &str) -> Result<()> {
    diesel::insert_into(meta::table)
        .values((meta::key.eq(key), meta::value.eq(value)))
        .on_conflict(meta::key)
        .do_update()
        .set(meta::value.eq(value))
        .execute(conn)
        .of("meta")?;
    Ok(())
}
