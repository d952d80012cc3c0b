//! Statements that stay prepared.
//!
//! diesel keeps a prepared statement only where the types alone say that its text is always the
//! same. Of an UPDATE, a list of values or a piece of written SQL it cannot know that, so it has
//! them parsed and planned again each time: on PostgreSQL that is a further way to the server and
//! back, on SQLite as much work as the statement itself.
//!
//! - [`fixed`]: a statement whose text is always the same; not even the text is put together again
//! - [`hits`]: an UPDATE of that kind, and how many rows it hit
//! - [`Prepare`]: a statement of which there are few texts

use std::marker::PhantomData;

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// For a statement of which there are few texts: at most one for each length of a short list.
///
/// To be loaded from: what is only executed, diesel looks at through a reference, and does not
/// see what we promise it here (an INSERT needs no promise; for an UPDATE there is [`hits`]).
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

/// See [`fixed`]. `Here` is the place in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed<T, Here>(T, PhantomData<fn() -> Here>);

impl<T, Here> Fixed<T, Here> {
    pub(super) fn of(statement: T) -> Self {
        Self(statement, PhantomData)
    }
}

/// A statement whose text is the same whenever this place is passed: known by the place. (In a
/// debug build, one whose text is another one stops the program.) Not for a list of values, nor for
/// a change of which a part may be left out.
macro_rules! fixed {
    ($statement:expr) => {{
        enum Here {}
        $crate::store::prepared::Fixed::<_, Here>::of($statement)
    }};
}

/// Runs an UPDATE whose text is always the same; how many rows did it hit? It returns something for
/// each of them, because diesel keeps no UPDATE prepared that is only executed.
macro_rules! hits {
    ($update:expr, $conn:expr) => {
        $crate::store::prepared::fixed!(
            $update.returning(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
        )
        .load::<i32>($conn)
        .map(|rows| rows.len())
    };
}

pub(in crate::store) use {fixed, hits};

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

impl<T, Here, DB> QueryFragment<DB> for Fixed<T, Here>
where
    DB: Backend,
    DB::QueryBuilder: Default,
    T: QueryFragment<DB>,
    Here: 'static,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        #[cfg(debug_assertions)]
        one_text::of::<Here, _, _>(&self.0, pass.backend())?;
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

/// Known by its place.
impl<T, Here: 'static> QueryId for Fixed<T, Here> {
    type QueryId = Here;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<T: Query> Query for Prepared<T> {
    type SqlType = T::SqlType;
}

impl<T: Query, Here> Query for Fixed<T, Here> {
    type SqlType = T::SqlType;
}

impl<T, C> RunQueryDsl<C> for Prepared<T> {}

impl<T, Here, C> RunQueryDsl<C> for Fixed<T, Here> {}

/// Holds [`fixed`] to its word.
#[cfg(debug_assertions)]
mod one_text {
    use std::any::TypeId;
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};

    use diesel::backend::Backend;
    use diesel::query_builder::{QueryBuilder as _, QueryFragment};
    use diesel::result::QueryResult;

    static TEXTS: LazyLock<Mutex<HashMap<TypeId, String>>> = LazyLock::new(Mutex::default);

    pub(super) fn of<Here, T, DB>(statement: &T, backend: &DB) -> QueryResult<()>
    where
        Here: 'static,
        T: QueryFragment<DB>,
        DB: Backend,
        DB::QueryBuilder: Default,
    {
        let mut text = DB::QueryBuilder::default();
        statement.to_sql(&mut text, backend)?;
        let text = text.finish();
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        let first = texts.entry(TypeId::of::<Here>()).or_insert_with(|| text.clone());
        debug_assert_eq!(*first, text, "one place, two statements: see `fixed`");
        Ok(())
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use std::panic::catch_unwind;

    use diesel::debug_query;
    use diesel::sqlite::Sqlite;

    fn put_together(text: &str) -> String {
        let statement = fixed!(diesel::sql_query(text));
        debug_query::<Sqlite, _>(&statement).to_string()
    }

    #[test]
    fn a_place_whose_text_changes_is_found_out() {
        assert!(put_together("SELECT 1").starts_with("SELECT 1"));
        assert!(put_together("SELECT 1").starts_with("SELECT 1"));
        assert!(catch_unwind(|| put_together("SELECT 2")).is_err());
    }
}
