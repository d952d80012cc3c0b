//! `keywright verify`: is this text genuine, and does it hold? With no server and no database.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use ed25519_dalek::VerifyingKey;

use super::{Context, say};
use crate::clock::{Clock as _, SystemClock};
use crate::keyring::Keyring;
use crate::rules::proof::read_jwks;
use crate::rules::simulation::script::time;
use crate::rules::verified::{Genuine, verified};

/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 64 * 1024;

/// Check a machine license or a signed activation key, with no server
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The file that holds it; `-` reads standard input
    file: PathBuf,
    /// The public keys, as `GET /v1/keys` answers them; by default those of the configuration
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The machine that it must be for
    #[arg(long)]
    fingerprint: Option<String>,
    /// At this time instead of now: 2026-12-31, or 2026-12-31T18:30:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<DateTime<Utc>>,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let keys = self.keys(&context)?;
        let text = read(&self.file)?;
        let at = self.at.unwrap_or_else(|| SystemClock.now());
        match verified(&text, &keys, self.fingerprint.as_deref(), at) {
            Ok(genuine) if self.json => Ok(say(serde_json::to_string_pretty(&genuine)?)?),
            Ok(genuine) => Ok(say(told(&genuine))?),
            Err(reason) => bail!("{}: {reason}", reason.as_str()),
        }
    }

    fn keys(&self, context: &Context) -> anyhow::Result<Vec<(String, VerifyingKey)>> {
        match &self.keys {
            Some(file) => {
                read_jwks(&read(file)?).map_err(|wrong| anyhow!("{} {wrong}", file.display()))
            }
            None => {
                let config = context.config().context("give --keys, or a configuration")?;
                Ok(Keyring::open(&config.signing.key_file)?.public_keys())
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let input: Box<dyn std::io::Read> = match file == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => {
            let opened = std::fs::File::open(file);
            Box::new(opened.with_context(|| format!("{} cannot be read", file.display()))?)
        }
    };
    let mut text = String::new();
    let read = input.take(BYTES_MAX + 1).read_to_string(&mut text);
    let bytes = read.with_context(|| format!("{} is no text", file.display()))?;
    if u64::try_from(bytes).is_ok_and(|bytes| bytes > BYTES_MAX) {
        bail!("{} is larger than {BYTES_MAX} bytes, so it is no license", file.display());
    }
    Ok(text)
}

fn told(genuine: &Genuine) -> String {
    match genuine {
        Genuine::MachineLicense(license) => format!(
            "valid: a machine license for {}, machine {}, sequence {}\npaid until {}; must be \
             refreshed by {}",
            license.product,
            license.fingerprint,
            license.sequence,
            license.expires_at.map_or_else(|| "no end".to_owned(), super::part::time),
            super::part::time(license.offline_until)
        ),
        Genuine::ActivationKey { claims } => format!(
            "genuine: a signed activation key for {}; whether its license is valid today the \
             service knows",
            claims.get("product").and_then(serde_json::Value::as_str).unwrap_or("a product")
        ),
    }
}
