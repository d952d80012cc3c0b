//! What an application says of itself before it asks for a license.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use thiserror::Error;

use crate::application::Application;
use crate::clock::{Clock, SystemClock};
use crate::folder::Folder;
use crate::keys::{KeysError, PublicKeys};
use crate::server::Server;
use crate::transport::Transport;

/// Made by [`Application::builder`].
#[derive(Debug)]
pub struct Builder {
    server: String,
    products: Vec<String>,
    keys: String,
    fingerprint: String,
    folder: PathBuf,
    version: String,
    released: String,
    name: Option<String>,
    transport: Option<Box<dyn Transport>>,
    clock: Box<dyn Clock>,
}

/// What is wrong with it: the programmer's business, so a test of the application should build it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetupError {
    #[error(
        "server {0:?}: must be an https address (http only for this machine: 127.0.0.1, \
         localhost); the key travels there"
    )]
    Server(String),
    #[error("public keys: {0}")]
    Keys(#[from] KeysError),
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("the fingerprint must be 1 to 256 bytes of visible characters, without spaces")]
    Fingerprint,
    #[error("the day of the release {0:?} is no date like 2026-11-15")]
    Released(String),
    #[error("without the feature `ureq` the application must bring a transport")]
    Transport,
}

impl Builder {
    pub(crate) fn new(server: &str, product: &str) -> Self {
        Self {
            server: server.trim_end_matches('/').to_owned(),
            products: vec![product.to_owned()],
            keys: String::new(),
            fingerprint: String::new(),
            folder: PathBuf::new(),
            version: String::new(),
            released: String::new(),
            name: None,
            transport: None,
            clock: Box::new(SystemClock),
        }
    }

    /// Licenses of this product are taken too: a higher edition, say.
    #[must_use]
    pub fn also_product(mut self, product: &str) -> Self {
        self.products.push(product.to_owned());
        self
    }

    /// The vendor's public keys: what `GET /v1/keys` answered, embedded in the application.
    #[must_use]
    pub fn keys(mut self, jwks: &str) -> Self {
        jwks.clone_into(&mut self.keys);
        self
    }

    /// The machine's; see [`fingerprint`](crate::fingerprint()).
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: &str) -> Self {
        fingerprint.clone_into(&mut self.fingerprint);
        self
    }

    /// Where the license is kept: a folder of the application, that of the user or of the
    /// machine. It is made if it is missing.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// The version that runs, and the day on which it was released (`2026-11-15`): what a license
    /// covers whose maintenance has ended.
    #[must_use]
    pub fn version(mut self, version: &str, released: &str) -> Self {
        version.clone_into(&mut self.version);
        released.clone_into(&mut self.released);
        self
    }

    /// How the customer calls this machine; shown where he looks through his machines.
    #[must_use]
    pub fn machine_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// For tests of the application.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// # Errors
    /// [`SetupError`]; nothing is read or asked yet.
    pub fn build(self) -> Result<Application, SetupError> {
        if !is_safe(&self.server) {
            return Err(SetupError::Server(self.server));
        }
        for (name, is_missing) in [
            ("the product", self.products.iter().any(String::is_empty)),
            ("the folder", self.folder.as_os_str().is_empty()),
            ("the version", self.version.is_empty()),
        ] {
            if is_missing {
                return Err(SetupError::Missing(name));
            }
        }
        if !is_visible(&self.fingerprint) {
            return Err(SetupError::Fingerprint);
        }
        Ok(Application {
            keys: PublicKeys::from_jwks(&self.keys)?,
            released_at: day(&self.released).ok_or(SetupError::Released(self.released))?,
            products: self.products,
            fingerprint: self.fingerprint,
            name: self.name,
            version: self.version,
            folder: Folder::new(self.folder),
            server: Server {
                url: self.server,
                transport: self
                    .transport
                    .or_else(default_transport)
                    .ok_or(SetupError::Transport)?,
            },
            clock: self.clock,
        })
    }
}

#[cfg(feature = "ureq")]
fn default_transport() -> Option<Box<dyn Transport>> {
    Some(Box::new(crate::transport::Https::default()))
}

#[cfg(not(feature = "ureq"))]
fn default_transport() -> Option<Box<dyn Transport>> {
    None
}

fn day(text: &str) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

/// What the server takes.
fn is_visible(fingerprint: &str) -> bool {
    (1..=256).contains(&fingerprint.len())
        && fingerprint.chars().all(|c| !c.is_control() && !c.is_whitespace())
}

/// The key is a credential: in the clear it goes no further than this machine.
fn is_safe(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty();
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"21fe31dfa154a261",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn right() -> Builder {
        Builder::new("https://licenses.example.com/", "acme-pro")
            .keys(KEYS)
            .fingerprint("machine-1")
            .folder("acme")
            .version("3.2.1", "2026-11-15")
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        right().build().unwrap();
        for (wrong, error) in [
            (Builder::new("https://licenses.example.com", ""), SetupError::Missing("the product")),
            (right().folder(""), SetupError::Missing("the folder")),
            (right().version("", "2026-11-15"), SetupError::Missing("the version")),
            (right().version("3", "15.11.2026"), SetupError::Released("15.11.2026".to_owned())),
            (right().fingerprint(""), SetupError::Fingerprint),
            (right().fingerprint("two words"), SetupError::Fingerprint),
            (right().fingerprint(&"f".repeat(257)), SetupError::Fingerprint),
            (right().keys(r#"{"keys":[]}"#), SetupError::Keys(KeysError::Empty)),
        ] {
            assert_eq!(wrong.build().unwrap_err(), error);
        }
    }

    #[test]
    fn a_key_is_never_sent_in_the_clear() {
        for safe in [
            "https://licenses.example.com",
            "https://licenses.example.com:8443/keywright",
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:8080",
            "http://[::1]",
        ] {
            assert!(is_safe(safe), "{safe}");
        }
        for wrong in [
            "",
            "licenses.example.com",
            "https://",
            "http://licenses.example.com",
            "http://localhost.example.com",
            "http://localhost@example.com",
            "http://localhost:80@example.com",
            "http://127.0.0.1\\@example.com",
            "ftp://127.0.0.1",
        ] {
            assert!(!is_safe(wrong), "{wrong}");
        }
    }
}
