//! The configuration: TOML, then environment, checked once and then only typed values.
//!
//! Loading reads files and nothing else, so a running service loads anew as often as it is told
//! to, and keeps the old configuration where the new one is faulty.
//!
//! - [`layers`]: the default, the file and the environment, laid over each other
//! - [`section`]: one table read into its struct; unknown keys and wrong types become faults
//! - [`settings`]: the keys that there are
//! - [`check`]: settings into values that cannot be wrong
//! - [`catalogue`]: products, bundles, and what stands on order lines
//! - [`accounts`], [`described`], [`secrets`]: connections to payment providers, those that are
//!   described here, and what proves them
//! - [`console`]: whose word the console takes that somebody is signed in
//! - [`telemetry`]: where traces go; [`standard`]: what OpenTelemetry's own variables mean here
//! - [`retention`]: how long what is not needed any more is kept
//! - [`hooks`]: the vendor's own systems that are told
//! - [`fault`]: what is wrong, and what would be right
//! - [`hidden`], [`urls`], [`values`], [`xml`]: the types that carry the rules
//! - [`warnings`]: what is allowed and yet worth a word

pub mod console;
pub mod fault;
pub mod hidden;
pub mod urls;
pub mod values;
pub mod xml;

mod accounts;
mod catalogue;
mod check;
mod described;
mod hooks;
mod layers;
mod retention;
mod secrets;
mod section;
mod settings;
mod standard;
mod telemetry;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use keywright_providers::{Credentials, Handle, Secret};
use serde::Deserialize;

use crate::rules::hook::HookEvent;
use crate::rules::product::{Catalogue, ProductSettings};
use crate::rules::span::Interval;
use crate::store::DatabaseUrl;

pub use self::console::Console;
pub use self::fault::Faults;
pub(crate) use self::fault::did_you_mean;
use self::layers::Layers;
pub use self::retention::Retention;
pub(crate) use self::section::fields;
pub use self::telemetry::Telemetry;
use self::urls::{PublicUrl, SmtpUrl};
use self::values::{Mailbox, Network};
use self::xml::{Namespace, Root};

/// The documented example, and at once what holds where nothing else is said.
pub const DEFAULT: &str = include_str!("../../deploy/keywright.toml");

/// Everything that the service is told, complete and checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub signing: Signing,
    pub mail: Mail,
    pub retention: Retention,
    pub my: My,
    pub console: Console,
    pub netlicensing: NetLicensing,
    /// `[telemetry]`; `None`: nothing is exported.
    pub telemetry: Option<Telemetry>,
    pub catalogue: Catalogue,
    /// The products as written, for people to read.
    pub products: BTreeMap<String, ProductSettings>,
    /// By name.
    pub accounts: BTreeMap<String, Account>,
    /// By name.
    pub hooks: BTreeMap<String, Hook>,
    /// Variables of the environment that look like ours and set nothing, each in a sentence.
    pub stray_variables: Vec<String>,
}

/// `[server]`
#[derive(Debug, Clone)]
pub struct Server {
    /// Port 0: any free one.
    pub listen: SocketAddr,
    pub public_url: PublicUrl,
    /// Largest body of a request.
    pub max_body_bytes: usize,
    /// Only these are believed when they name the client's address.
    pub trusted_proxies: Vec<Network>,
}

/// `[database]`
#[derive(Debug, Clone)]
pub struct Database {
    pub url: DatabaseUrl,
}

/// `[signing]`
#[derive(Debug, Clone)]
pub struct Signing {
    pub key_file: PathBuf,
}

/// `[mail]`
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: Mailbox,
    pub transport: Transport,
    /// A folder whose templates stand before the built-in ones.
    pub templates: Option<PathBuf>,
    /// Gets a digest of the events that need a person.
    pub alert_to: Option<Mailbox>,
    /// The language that it is written in; `None`: the default one.
    pub alert_locale: Option<String>,
}

/// `[my]`: the customer's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct My {
    /// Is there one?
    pub enabled: bool,
    /// How many machines of one license a customer may release within a period.
    pub releases: u32,
    /// Longer than zero.
    pub release_period: Interval,
}

/// `[netlicensing]`: what the XML answers to clients of NetLicensing begin with.
#[derive(Debug, Clone)]
pub struct NetLicensing {
    pub root: Root,
    pub namespace: Namespace,
}

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Transport {
    /// One `.eml` a message, in this folder.
    File {
        directory: PathBuf,
    },
    Smtp {
        url: SmtpUrl,
    },
}

/// One connection to a payment provider.
#[derive(Clone)]
pub struct Account {
    pub name: String,
    pub provider: Handle,
    pub credentials: Credentials,
    pub mode: Mode,
    pub deliver: Deliver,
}

/// One of the vendor's own systems, which is told what becomes of licenses.
#[derive(Debug, Clone)]
pub struct Hook {
    pub name: String,
    /// By https, or on this very machine.
    pub url: url::Url,
    /// `whsec_` and base64: signs every message.
    pub secret: Secret,
    pub events: BTreeSet<HookEvent>,
}

/// Which events an account applies; those of the other mode are stored and ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Live,
    Test,
}

/// How keys reach the customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deliver {
    /// By our mail.
    #[default]
    Email,
    /// In the answer; the provider sends them.
    Response,
    Both,
}

impl Config {
    /// Reads the file, then the environment over it.
    ///
    /// # Errors
    /// Every fault that there is, not only the first.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        Self::load_with(path, std::env::vars_os())
    }

    /// As [`Config::load`], with these variables instead of the process's own.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(
        path: &Path,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Faults> {
        check::config(&Layers::read(path, variables)?)
    }

    /// What is allowed and yet worth a word at this time, a sentence each.
    #[must_use]
    pub fn warnings(&self, now: DateTime<Utc>) -> Vec<String> {
        warnings::all(self, now)
    }

    /// Those of [`Config::warnings`] that concern one of its accounts.
    #[must_use]
    pub fn warnings_of(&self, account: &Account) -> Vec<String> {
        warnings::of_account(self, account)
    }
}

impl Mode {
    /// Real money?
    #[must_use]
    pub fn is_live(self) -> bool {
        match self {
            Self::Live => true,
            Self::Test => false,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl Deliver {
    /// Do we owe the customer a mail with the key?
    #[must_use]
    pub fn by_mail(self) -> bool {
        match self {
            Self::Email | Self::Both => true,
            Self::Response => false,
        }
    }

    /// Do keys go back in the answer at `/fulfil/{account}`?
    #[must_use]
    pub fn in_answer(self) -> bool {
        match self {
            Self::Response | Self::Both => true,
            Self::Email => false,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Response => "response",
            Self::Both => "both",
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("kind", &self.provider.facts().kind)
            .field("credentials", &self.credentials)
            .field("mode", &self.mode)
            .field("deliver", &self.deliver)
            .finish()
    }
}

#[cfg(test)]
mod tests;
