//! `keywright keys`: the signing keys and their rotation.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::table::table;
use super::{Context, keyring_of, say};
use crate::config::Config;
use crate::keyring::{Keyring, Standing};
use crate::store::DatabaseUrl;
use crate::support::Asked;
use crate::support::audit::KeyAct;

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
        if matches!(self.action, Action::New) {
            context.at_home(&config)?;
            context.is_at_home(path, "signing key")?;
        }
        match self.action {
            Action::New if path.exists() => {
                let kid = Keyring::add(path, &crate::chance::bytes()?)?;
                note(&context, &config, &kid, KeyAct::Made).await?;
                say(format!("{kid} signs from the next start on; reload or restart the service"))?;
            }
            Action::New => {
                let ring = keyring_of(&config)?;
                say(format!("{} is the first key, in {}", ring.kid(), path.display()))?;
            }
            Action::List { json } => say(list(&Keyring::open(path)?, json)?)?,
            Action::Retire { kid } => {
                Keyring::retire(path, &kid)?;
                note(&context, &config, &kid, KeyAct::Retired).await?;
                say(format!("{kid} is retired; reload or restart the service"))?;
            }
        }
        Ok(())
    }
}

/// Writes it down where there is a database to write to. The file is changed by then, and stays so.
async fn note(context: &Context, config: &Config, kid: &str, act: KeyAct) -> anyhow::Result<()> {
    match &config.database.url {
        DatabaseUrl::Sqlite(path) if !path.exists() => return Ok(()),
        DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => {}
    }
    let noted = async {
        let support = context.support().await?;
        anyhow::Ok(support.key_noted(kid, act, Asked::at_the_shell(None)).await?)
    };
    let done = match act {
        KeyAct::Made => "was made",
        KeyAct::Retired => "is retired",
    };
    noted.await.with_context(|| format!("the key {kid} {done}, but the audit does not say so"))
}

fn list(ring: &Keyring, as_json: bool) -> anyhow::Result<String> {
    if as_json {
        let published = ring.jwks();
        let public = |kid: &str| {
            let keys = published.get("keys").and_then(Value::as_array).into_iter().flatten();
            keys.into_iter().find(|key| key.get("kid").is_some_and(|one| one == kid))
        };
        let list: Vec<Value> = ring
            .standings()
            .map(|(kid, standing)| {
                json!({ "kid": kid, "standing": standing, "public_key": public(kid) })
            })
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
