//! Every route, and the role that it takes. Routes are made from this table, so there is none
//! that is not in it.

use actix_web::Route;
use actix_web::http::Method;

use super::{events, hooks, licenses, mail, reload};
use crate::store::types::Role;

/// One route.
pub struct Cell {
    pub method: Method,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// The least that a token must be.
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
        pub static TABLE: &[Cell] = &[$(Cell {
            method: Method::$method,
            path: $path,
            role: Role::$role,
            to: |route| route.to($handler),
        },)+];
    };
}

table! {
    Support GET    "/events"                          events::list;
    Support POST   "/events/replay"                   events::replay_many;
    Support GET    "/events/{id}"                     events::one;
    Support POST   "/events/{id}/replay"              events::replay;
    Admin   POST   "/events/{id}/ignore"              events::ignore;
    Support GET    "/licenses"                        licenses::list;
    Admin   POST   "/licenses"                        licenses::issue;
    Support GET    "/licenses/{id}"                   licenses::one;
    Admin   PATCH  "/licenses/{id}"                   licenses::set_expiry;
    Support POST   "/licenses/{id}/renew"             licenses::renew;
    Admin   POST   "/licenses/{id}/suspend"           licenses::suspend;
    Admin   POST   "/licenses/{id}/reinstate"         licenses::reinstate;
    Admin   POST   "/licenses/{id}/revoke"            licenses::revoke;
    Support POST   "/licenses/{id}/resend"            licenses::resend;
    Support GET    "/licenses/{id}/activations"       licenses::activations;
    Admin   DELETE "/licenses/{id}/activations/{aid}" licenses::release;
    Support GET    "/mail"                            mail::list;
    Support GET    "/mail/{id}"                       mail::one;
    Support POST   "/mail/{id}/retry"                 mail::retry;
    Support GET    "/hooks"                           hooks::list;
    Support POST   "/hooks/{id}/retry"                hooks::retry;
    Admin   POST   "/reload"                          reload::reload;
}

/// Every path once, in the order of the table.
#[must_use]
pub fn paths() -> Vec<&'static str> {
    let mut paths: Vec<&str> = TABLE.iter().map(|cell| cell.path).collect();
    paths.dedup();
    paths
}

/// The cells of a path.
#[must_use]
pub fn of_path(path: &str) -> Vec<&'static Cell> {
    TABLE.iter().filter(|cell| cell.path == path).collect()
}

/// Does a token of this role open what needs that one?
#[must_use]
pub fn opens(holds: Role, needed: Role) -> bool {
    match (holds, needed) {
        (Role::Admin, Role::Admin | Role::Support) | (Role::Support, Role::Support) => true,
        (Role::Support, Role::Admin) => false,
    }
}
