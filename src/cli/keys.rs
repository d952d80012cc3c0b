//! `keywright keys`: the signing keys and their rotation.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::table::table;
use super::{Context, keyring_of, say};
use crate::keyring::{Keyring, Standing};

/// Make, list and retire signing keys
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key, which signs from the next start on; the old ones stay published
    New,
    /// List the keys: the one that signs, those still published, and the retired
    List {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Stop publishing a key: what it signed can then no longer be verified
    Retire {
        /// The key's name, as `list` shows it
        kid: String,
    },
}

impl Keys {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let config = context.config()?;
        let path = &config.signing.key_file;
        match self.action {
            Action::New if path.exists() => {
                let kid = Keyring::add(path, &crate::chance::bytes()?)?;
                say(format!("{kid} signs from the next start on; reload or restart the service"))?;
            }
            Action::New => {
                let ring = keyring_of(&config)?;
                say(format!("{} is the first key, in {}", ring.kid(), path.display()))?;
            }
            Action::List { json } => say(list(&Keyring::open(path)?, json)?)?,
            Action::Retire { kid } => {
                Keyring::retire(path, &kid)?;
                say(format!("{kid} is retired; reload or restart the service"))?;
            }
        }
        Ok(())
    }
}

fn list(ring: &Keyring, as_json: bool) -> anyhow::Result<String> {
    if as_json {
        let list: Vec<Value> = ring
            .standings()
            .map(|(kid, standing)| json!({ "kid": kid, "standing": standing }))
            .collect();
        return serde_json::to_string_pretty(&list).context("the list cannot be written as JSON");
    }
    let rows: Vec<Vec<String>> = ring
        .standings()
        .map(|(kid, standing)| vec![kid.to_owned(), words(standing).to_owned()])
        .collect();
    Ok(table(&["key", "standing"], &rows))
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active: signs, and is published",
        Standing::Published => "published: what it signed can be verified",
        Standing::Retired => "retired",
    }
}
