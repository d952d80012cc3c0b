//! Tables of routes and the roles that they take. Routes are made from such a table, so there is
//! none that is not in it.

use actix_web::Route;
use actix_web::http::Method;

use crate::store::types::Role;

/// One route.
pub struct Cell {
    pub method: Method,
    /// Below the scope.
    pub path: &'static str,
    /// The least that its caller must be.
    pub role: Role,
    pub(super) to: fn(Route) -> Route,
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.role, self.method, self.path)
    }
}

/// A cell a line: role, method, path, handler. The cells of a path stand together, and a path
/// before the patterns that it matches.
macro_rules! table {
    ($($role:ident $method:ident $path:literal $handler:path;)+) => {
        /// All of them.
        pub static TABLE: &[$crate::web::cells::Cell] = &[$($crate::web::cells::Cell {
            method: actix_web::http::Method::$method,
            path: $path,
            role: $crate::store::types::Role::$role,
            to: |route| route.to($handler),
        },)+];
    };
}
pub(super) use table;

/// Every path once, in the order of the table.
#[must_use]
pub fn paths(table: &[Cell]) -> Vec<&'static str> {
    let mut paths: Vec<&str> = table.iter().map(|cell| cell.path).collect();
    paths.dedup();
    paths
}

/// The cells of a path.
#[must_use]
pub fn of_path(table: &'static [Cell], path: &str) -> Vec<&'static Cell> {
    table.iter().filter(|cell| cell.path == path).collect()
}

/// Does this role open what needs that one?
#[must_use]
pub fn opens(holds: Role, needed: Role) -> bool {
    match (holds, needed) {
        (Role::Admin, Role::Admin | Role::Support) | (Role::Support, Role::Support) => true,
        (Role::Support, Role::Admin) => false,
    }
}
