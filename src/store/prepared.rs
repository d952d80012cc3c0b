//! Statements that stay prepared.
//!
//! diesel keeps a prepared statement only where the types alone say that its text is always the
//! same. Of an UPDATE, a list of values or a piece of written SQL it cannot know that, so it has
//! them parsed and planned again each time: on PostgreSQL that is a further way to the server and
//! back, on SQLite as much work as the statement itself.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// For a statement of which there are few texts: at most one for each length of a short list.
pub(super) trait Prepare: Sized {
    /// Each connection prepares each text once.
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<T> Prepare for T {}

/// See [`Prepare`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Prepared<T>(T);

impl<T, DB> QueryFragment<DB> for Prepared<T>
where
    DB: Backend,
    T: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Known by its text.
impl<T> QueryId for Prepared<T> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: Query> Query for Prepared<T> {
    type SqlType = T::SqlType;
}

impl<T, C> RunQueryDsl<C> for Prepared<T> {}
