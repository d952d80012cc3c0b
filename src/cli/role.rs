//! Roles, as the command line names them, and whoever gets one.

use clap::{Args, ValueEnum};

use crate::store::types::Role;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    /// Reads, replays, resends, renews
    Support,
    /// Everything
    Admin,
}

/// Whoever is let in.
#[derive(Debug, Args)]
pub(super) struct Newcomer {
    /// What he, or whoever holds it, may do
    #[arg(long)]
    pub(super) role: RoleName,
    /// By which he is known: it stands in the history
    #[arg(long)]
    pub(super) name: String,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Support => Self::Support,
            RoleName::Admin => Self::Admin,
        }
    }
}
