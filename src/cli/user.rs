//! `keywright user`: who signs in to the console by name and password.

use std::io::{self, BufRead as _, Write as _};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use rustix::termios::{LocalModes, OptionalActions, isatty, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::part::{json_of, or_none, time};
use super::role::Newcomer;
use super::table::table;
use super::{Context, say};
use crate::support::Asked;
use crate::support::users::{Password, UserView};

/// Make, list and revoke users of the console, and set their passwords
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a user, who signs in by his name
    ///
    /// The password is asked for, or read as one line from standard input.
    New(Newcomer),
    /// Set another password; whoever is signed in by the old one is signed out
    Password {
        /// Whose
        name: String,
    },
    /// List the users, revoked ones too
    List {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Revoke a user: he is signed out from this moment on
    Revoke {
        /// Whom
        name: String,
    },
}

impl User {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        let asked = Asked::at_the_shell(None);
        match self.action {
            Action::New(Newcomer { role, name }) => {
                let user = support.user_new(&name, role.into(), password()?, asked).await?;
                say(format!("{} may sign in with the role {}", user.name, user.role))?;
            }
            Action::Password { name } => {
                let user = support.user_password(&name, password()?, asked).await?;
                say(format!("{} has another password", user.name))?;
            }
            Action::List { json } => {
                let users = support.user_list().await?;
                say(if json { json_of(&users)? } else { list(&users) })?;
            }
            Action::Revoke { name } => {
                let user = support.user_revoke(&name, asked).await?;
                say(format!("{} is revoked", user.name))?;
            }
        }
        Ok(())
    }
}

/// One line of standard input; not shown where a person types it.
fn password() -> anyhow::Result<Password> {
    let input = io::stdin();
    let before = if isatty(&input) { tcgetattr(&input).ok() } else { None };
    if let Some(before) = &before {
        write!(io::stderr(), "Password (at least 12 characters): ")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Flush, &silent).context("the terminal shows it")?;
    }
    let mut line = Zeroizing::new(String::new());
    let read = input.lock().read_line(&mut line);
    if let Some(before) = &before {
        tcsetattr(&input, OptionalActions::Flush, before)?;
        writeln!(io::stderr())?;
    }
    read.context("the password could not be read")?;
    Ok(Password::new(line.trim_end_matches(['\n', '\r'])))
}

fn list(users: &[UserView]) -> String {
    let row = |user: &UserView| {
        vec![
            user.name.clone(),
            user.role.clone(),
            time(user.created_at),
            time(user.changed_at),
            or_none(user.revoked_at.map(time)),
        ]
    };
    let rows: Vec<_> = users.iter().map(row).collect();
    table(&["name", "role", "made", "password set", "revoked"], &rows)
}
