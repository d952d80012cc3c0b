//! Who is signed in, by what right, and the links by which customers sign in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::super::Conn;
use super::Result;
use crate::store::error::Of;
use crate::store::rows::{LinkRow, SessionRow, UserRow};
use crate::store::schema::{links, sessions, users};
use crate::store::types::{At, Digest};

pub(crate) fn user_put(conn: &mut Conn, user: &UserRow) -> Result<()> {
    diesel::insert_into(users::table)
        .values(user.clone())
        .on_conflict(users::name)
        .do_update()
        .set((
            users::role.eq(user.role),
            users::password.eq(&user.password),
            users::changed_at.eq(At(user.changed_at)),
            users::revoked_at.eq(user.revoked_at.map(At)),
        ))
        .execute(conn)
        .of("users")?;
    Ok(())
}

pub(crate) fn user_list(conn: &mut Conn) -> Result<Vec<UserRow>> {
    users::table.order(users::name).select(UserRow::as_select()).load(conn).of("users")
}

pub(crate) fn user_by_name(conn: &mut Conn, name: &str) -> Result<Option<UserRow>> {
    users::table.find(name).select(UserRow::as_select()).first(conn).optional().of("users")
}

pub(crate) fn session_insert(conn: &mut Conn, session: &SessionRow) -> Result<()> {
    diesel::insert_into(sessions::table).values(session.clone()).execute(conn).of("sessions")?;
    Ok(())
}

pub(crate) fn session_by_hash(conn: &mut Conn, hash: &Digest) -> Result<Option<SessionRow>> {
    sessions::table.find(hash).select(SessionRow::as_select()).first(conn).optional().of("sessions")
}

pub(crate) fn session_seen(conn: &mut Conn, hash: &Digest, now: DateTime<Utc>) -> Result<()> {
    diesel::update(sessions::table.find(hash))
        .set(sessions::seen_at.eq(At(now)))
        .execute(conn)
        .of("sessions")?;
    Ok(())
}

pub(crate) fn session_end(conn: &mut Conn, hash: &Digest) -> Result<()> {
    diesel::delete(sessions::table.find(hash)).execute(conn).of("sessions")?;
    Ok(())
}

pub(crate) fn sessions_end(conn: &mut Conn, holder: &str) -> Result<usize> {
    diesel::delete(sessions::table.filter(sessions::holder.eq(holder))).execute(conn).of("sessions")
}

pub(crate) fn sessions_sweep(
    conn: &mut Conn,
    seen_before: DateTime<Utc>,
    created_before: DateTime<Utc>,
) -> Result<usize> {
    let over =
        sessions::seen_at.lt(At(seen_before)).or(sessions::created_at.lt(At(created_before)));
    diesel::delete(sessions::table.filter(over)).execute(conn).of("sessions")
}

pub(crate) fn link_insert(conn: &mut Conn, link: &LinkRow) -> Result<()> {
    diesel::insert_into(links::table).values(link.clone()).execute(conn).of("links")?;
    Ok(())
}

pub(crate) fn link_use(
    conn: &mut Conn,
    hash: &Digest,
    created_after: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let unused = links::table
        .find(hash)
        .filter(links::used_at.is_null())
        .filter(links::created_at.gt(At(created_after)));
    diesel::update(unused)
        .set(links::used_at.eq(Some(At(now))))
        .returning(links::email)
        .get_result(conn)
        .optional()
        .of("links")
}

pub(crate) fn links_since(conn: &mut Conn, email: &str, since: DateTime<Utc>) -> Result<i64> {
    links::table
        .filter(links::email.eq(email))
        .filter(links::created_at.ge(At(since)))
        .count()
        .get_result(conn)
        .of("links")
}

pub(crate) fn links_sweep(conn: &mut Conn, created_before: DateTime<Utc>) -> Result<usize> {
    diesel::delete(links::table.filter(links::created_at.lt(At(created_before))))
        .execute(conn)
        .of("links")
}
