//! The command line: a file a command, each a struct of its arguments with `run`.
//!
//! A new command is its file, its line in [`Command`] and its arm in [`Cli::run`]. Commands give
//! their errors back; `main` prints them as one sentence. Exit status: 0 done, 1 refused or
//! failed, 2 wrong usage.
//!
//! - [`table`]: lists for people; with `--json`, for programs; `part`: limit and cursor; `role`:
//!   the roles by name, and who gets one; `out`: files that appear whole

mod audit;
mod backup;
mod check;
mod customers;
mod demo;
mod events;
mod export;
mod hooks;
mod init;
mod keys;
mod licenses;
mod mail;
mod out;
mod part;
mod providers;
mod reconcile;
mod retention;
mod role;
mod serve;
mod simulate;
pub mod table;
mod token;
mod trigger;
mod user;
mod verify;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::books::{Books, Shelf};
use crate::clock::SystemClock;
use crate::config::{Config, Faults};
use crate::keyring::{Keyring, KeyringError};
use crate::serve::open_keyring;
use crate::store::{Age, DatabaseUrl, Options, Store};
use crate::support::Support;

/// Licensing for software vendors: payment webhooks in, activation keys out.
#[derive(Debug, Parser)]
#[command(name = "keywright", version)]
pub struct Cli {
    /// The configuration
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "keywright.toml",
        env = "KEYWRIGHT_CONFIG"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Check(check::Check),
    Serve(serve::Serve),
    Providers(providers::Providers),
    Trigger(trigger::Trigger),
    Simulate(simulate::Simulate),
    Events(events::Events),
    Licenses(licenses::Licenses),
    Mail(mail::Mail),
    Hooks(hooks::Hooks),
    Reconcile(reconcile::Reconcile),
    Customers(customers::Customers),
    Retention(retention::Retention),
    Keys(keys::Keys),
    Token(token::Token),
    User(user::User),
    Verify(verify::Verify),
    Audit(audit::Audit),
    Export(export::Export),
    Backup(backup::Backup),
}

/// Why a command leaves a database alone whose schema lacks something.
const OLDER: &str = "the database is of an older keywright; start `keywright serve` once, it brings \
                     the database up to date (make a backup first: `keywright backup FILE`)";

/// Why a command leaves a database alone whose schema has something more.
const NEWER: &str =
    "the database is of a newer keywright than this one; use the program that serves it";

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// As in `--config`.
    pub config_file: PathBuf,
}

impl Cli {
    /// Runs the command that was asked for.
    ///
    /// # Errors
    /// What was refused or failed, in a sentence for the person at the shell.
    pub async fn run(self) -> anyhow::Result<()> {
        let context = Context { config_file: self.config };
        match self.command {
            Command::Demo(command) => command.run().await,
            Command::Init(command) => command.run(context).await,
            Command::Check(command) => command.run(context).await,
            Command::Serve(command) => command.run(context).await,
            Command::Trigger(command) => command.run(context).await,
            Command::Simulate(command) => command.run(context).await,
            Command::Providers(command) => command.run(context).await,
            Command::Events(command) => command.run(context).await,
            Command::Licenses(command) => command.run(context).await,
            Command::Mail(command) => command.run(context).await,
            Command::Hooks(command) => command.run(context).await,
            Command::Reconcile(command) => command.run(context).await,
            Command::Customers(command) => command.run(context).await,
            Command::Retention(command) => command.run(context).await,
            Command::Keys(command) => command.run(context).await,
            Command::Token(command) => command.run(context).await,
            Command::User(command) => command.run(context).await,
            Command::Verify(command) => command.run(context).await,
            Command::Audit(command) => command.run(context).await,
            Command::Export(command) => command.run(context).await,
            Command::Backup(command) => command.run(context).await,
        }
    }
}

impl Context {
    /// The configuration of this moment.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn config(&self) -> Result<Config, Faults> {
        Config::load(&self.config_file)
    }

    /// Paths are those of the folder that one stands in. Elsewhere a second service would be made
    /// without a word: an empty database, and keys that nobody knows.
    fn at_home(&self, config: &Config) -> anyhow::Result<()> {
        match &config.database.url {
            DatabaseUrl::Sqlite(path) => self.is_at_home(path, "database"),
            DatabaseUrl::Postgres(_) => Ok(()),
        }
    }

    /// Is this path, of something that is there or not yet, meant to be of this folder?
    fn is_at_home(&self, path: &Path, what: &str) -> anyhow::Result<()> {
        let folder = std::fs::canonicalize(&self.config_file).ok();
        let here = std::env::current_dir().and_then(std::fs::canonicalize).ok();
        if path.is_absolute()
            || path.exists()
            || folder.as_deref().and_then(Path::parent) == here.as_deref()
        {
            return Ok(());
        }
        anyhow::bail!(
            "there is no {what} {} in this folder, and {} is of another one; run this where the \
             service runs (relative paths count from there), or start it here first",
            path.display(),
            self.config_file.display()
        );
    }

    /// What support does, on the database itself: with or without a server that runs. Only `serve`
    /// brings an older schema up to date: the server that runs may be of the older program.
    ///
    /// # Errors
    /// Where the database or the keys cannot be used.
    async fn support(&self) -> anyhow::Result<Support> {
        self.support_on(&[Age::Current]).await
    }

    /// As [`Context::support`], on a schema of one of these ages: some things have to be done before
    /// a service starts.
    async fn support_on(&self, ages: &[Age]) -> anyhow::Result<Support> {
        let config = self.config()?;
        self.at_home(&config)?;
        let store = Store::open(&config.database.url, Options::default())?;
        match store.age().await? {
            Age::New => store.migrate().await?,
            age if ages.contains(&age) => {}
            Age::Newer => anyhow::bail!(NEWER),
            Age::Older | Age::Current => anyhow::bail!(OLDER),
        }
        let keyring = open_keyring(&config, &store).await?;
        let shelf = Shelf::new(Books::new(config, keyring));
        let bells = (Arc::default(), Arc::default());
        Ok(Support::new(store, shelf, Arc::new(SystemClock), bells.0, bells.1))
    }
}

/// The command was not used as it is meant to be, which only showed while it ran.
fn misused(why: impl Display) -> anyhow::Error {
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{why}\n")).into()
}

/// Writes one line, or several, for whoever called.
///
/// # Errors
/// Where nobody reads any more; not a panic, as `println!` would be.
pub fn say(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// The signing keys, made where there are none and no database either: whoever moves only half
/// of a service to another place must not get new keys for old licenses.
fn keyring_of(config: &Config) -> anyhow::Result<Keyring> {
    let may_create = match &config.database.url {
        DatabaseUrl::Sqlite(path) => !path.exists(),
        DatabaseUrl::Postgres(_) => true,
    };
    let entropy = crate::chance::bytes()?;
    let ring: Result<Keyring, KeyringError> =
        Keyring::open_or_create(&config.signing.key_file, may_create, &entropy);
    Ok(ring?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_has_help() {
        let mut command = Cli::command();
        command.build();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            assert!(command.get_about().is_some(), "{} says nothing", command.get_name());
            open.extend(command.get_subcommands().cloned());
        }
    }
}
