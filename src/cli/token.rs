//! `keywright token`: who may use the API and the console.

use clap::{Args, Subcommand};

use super::part::{json_of, or_none, time};
use super::role::Newcomer;
use super::table::table;
use super::{Context, say};
use crate::support::Asked;
use crate::support::view::TokenView;

/// Make, list and revoke tokens for the API and the console
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token; it is printed once, and stored as a hash
    New(Newcomer),
    /// List the tokens, revoked ones too
    List {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: it is of no use from this moment on
    Revoke {
        /// The token's id, as `list` shows it
        id: String,
    },
}

impl Token {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let support = context.support().await?;
        let asked = Asked::at_the_shell(None);
        match self.action {
            Action::New(Newcomer { role, name }) => {
                let (token, _) = support.token_new(&name, role.into(), asked).await?;
                // Alone on its line, so that a script can take it.
                say(token.expose())?;
            }
            Action::List { json } => {
                let tokens = support.token_list().await?;
                say(if json { json_of(&tokens)? } else { list(&tokens) })?;
            }
            Action::Revoke { id } => {
                let token = support.token_revoke(&id, asked).await?;
                say(format!("token {} of {} is revoked", token.id, token.name))?;
            }
        }
        Ok(())
    }
}

fn list(tokens: &[TokenView]) -> String {
    let row = |token: &TokenView| {
        vec![
            token.id.clone(),
            token.name.clone(),
            token.role.clone(),
            time(token.created_at),
            or_none(token.revoked_at.map(time)),
        ]
    };
    table(&["id", "name", "role", "made", "revoked"], &tokens.iter().map(row).collect::<Vec<_>>())
}
