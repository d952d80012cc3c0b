//! The list of everything that can be done in a transaction.
//!
//! Each function stands once in `queries/` and is compiled for both databases; here it is handed
//! on to the one in use. Nothing in a closure that gets a [`Tx`] may leave the database: it may
//! be run twice.
//!
//! - `events`: kept, claimed, settled; `sales`: what ties to them; `licenses`: and their machines
//! - `history`: what happened; `outgoing`: mail and hooks; `people`: who may
//! - `upkeep`: the whole store walked through

use std::fmt;

use super::error::StoreError;
use super::{pg, sqlite};

/// An open transaction.
///
/// A statement that failed spoils it, on both databases: whatever the closure returns then, all
/// is taken back. A [`StoreError::Conflict`] is an answer and spoils nothing.
pub struct Tx<'a> {
    link: Link<'a>,
    spoiled: Option<StoreError>,
}

enum Link<'a> {
    Sqlite(&'a mut sqlite::Conn),
    Pg(&'a mut pg::Conn),
}

impl<'a> Tx<'a> {
    pub(super) fn on_sqlite(conn: &'a mut sqlite::Conn) -> Self {
        Self { link: Link::Sqlite(conn), spoiled: None }
    }

    pub(super) fn on_pg(conn: &'a mut pg::Conn) -> Self {
        Self { link: Link::Pg(conn), spoiled: None }
    }

    /// The first failure of a statement, for which nothing of this can be committed.
    pub(super) fn spoiled(&self) -> Option<StoreError> {
        self.spoiled.clone()
    }

    fn noted<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result
            && !matches!(error, StoreError::Conflict { .. })
            && self.spoiled.is_none()
        {
            self.spoiled = Some(error.clone());
        }
        result
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("spoiled", &self.spoiled).finish_non_exhaustive()
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)+) => {
        impl Tx<'_> {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// [`StoreError`], as the module says.
                pub fn $name(&mut self, $($argument: $type),*) -> Result<$result, StoreError> {
                    let result = match &mut self.link {
                        Link::Sqlite(conn) => sqlite::queries::$name(conn, $($argument),*),
                        Link::Pg(conn) => pg::queries::$name(conn, $($argument),*),
                    };
                    self.noted(result)
                }
            )+
        }
    };
}

// Below the macro, which they use.
mod events;
mod history;
mod licenses;
mod outgoing;
mod people;
mod sales;
mod upkeep;
