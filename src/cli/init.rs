//! `keywright init`: a first configuration and the signing key.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Context, keyring_of, say};
use crate::config::DEFAULT;

/// Write a commented keywright.toml and make the signing key
#[derive(Debug, Args)]
pub(super) struct Init {}

impl Init {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let file = &context.config_file;
        write_new(file, DEFAULT)?;
        let config = context.config()?;
        let key_file = &config.signing.key_file;
        let had_key = key_file.exists();
        let ring = keyring_of(&config)?;
        let (file, key_file) = (file.display(), key_file.display());
        let done = if had_key { "is kept" } else { "is made" };
        say(format!(
            "{file} is written: every key stands in it with a comment.\n\
             {key_file} {done} (key {}): back it up, it cannot be made again.\n\
             \n\
             Next:\n\
             1. Put your products and payment providers into {file}.\n\
             2. keywright check    tells what is wrong, and the webhook addresses.\n\
             3. keywright serve    starts the service.",
            ring.kid()
        ))?;
        Ok(())
    }
}

/// Never over another file. Readable by its owner alone, since secrets will stand in it.
fn write_new(file: &Path, text: &str) -> anyhow::Result<()> {
    let place = || format!("{} cannot be written", file.display());
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(place)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = match options.open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already and stays as it is; `keywright check` looks at it", {
                file.display()
            });
        }
        result => result.with_context(place)?,
    };
    open.write_all(text.as_bytes()).with_context(place)
}
