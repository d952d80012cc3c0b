//! Roles, as the command line names them.

use clap::ValueEnum;

use crate::store::types::Role;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    /// Reads, replays, resends, renews
    Support,
    /// Everything
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Support => Self::Support,
            RoleName::Admin => Self::Admin,
        }
    }
}
