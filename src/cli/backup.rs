//! `keywright backup`: a copy of the embedded database, also while the service runs.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{Context, NEWER, say};
use crate::clock::{Clock as _, SystemClock};
use crate::rules::plain::counted;
use crate::store::{Age, CopyError, DatabaseUrl, Options, Store};
use crate::support::Asked;
use crate::support::backup::backup;

/// Copy the embedded database to a new file, also while the service runs
///
/// The copy is checked, on disk, and readable by its owner alone. Nothing goes out of it, neither
/// mail nor messages to hooks, until `keywright mail release`. Keep the signing file with it.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// A file that is not there yet
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let config = context.config()?;
        match &config.database.url {
            DatabaseUrl::Postgres(_) => return Err(CopyError::NotBuiltIn.into()),
            DatabaseUrl::Sqlite(path) if !path.exists() => {
                context.at_home(&config)?;
                bail!("there is no database at {} yet", path.display());
            }
            DatabaseUrl::Sqlite(_) => {}
        }
        let store = Store::open(&config.database.url, Options::default())?;
        match store.age().await? {
            // As it is: it is made before a newer program changes the schema.
            Age::Current | Age::Older => {}
            Age::New => bail!("there is nothing in {} yet", config.database.url),
            Age::Newer => bail!(NEWER),
        }
        let (asked, now) = (Asked::at_the_shell(None), SystemClock.now());
        let copied = backup(&store, self.file.clone(), asked, now).await?;
        say(format!(
            "{} holds {}, {} and their history, in {} bytes",
            self.file.display(),
            counted(copied.events, "event", "events"),
            counted(copied.licenses, "license", "licenses"),
            copied.size_bytes,
        ))?;
        say(format!(
            "owed in it: {}, {}; they wait there for `keywright mail release`",
            counted(copied.mail_queued, "mail", "mails"),
            counted(copied.hooks_queued, "message to a hook", "messages to hooks"),
        ))?;
        say(format!("keep {} with it", config.signing.key_file.display()))?;
        Ok(())
    }
}
