//! The keys that there are, as they are written. Defaults stand in `deploy/keywright.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::hidden::Hidden;
use super::urls::PublicUrl;
use super::values::{Listen, Locale, Mailbox, Size};
use super::xml::{Namespace, Root};
use super::{Deliver, Mode};
use crate::rules::span::Interval;

/// The tables of the configuration, by name.
pub(super) const TABLES: [&str; 12] = [
    "server",
    "database",
    "signing",
    "mail",
    "retention",
    "my",
    "console",
    "netlicensing",
    "telemetry",
    "products",
    "providers",
    "hooks",
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ServerSettings {
    pub(super) listen: Option<Listen>,
    pub(super) public_url: Option<PublicUrl>,
    pub(super) max_body: Option<Size>,
    pub(super) trusted_proxies: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DatabaseSettings {
    pub(super) url: Option<Hidden>,
    pub(super) url_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SigningSettings {
    pub(super) key_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MailSettings {
    pub(super) from: Option<Mailbox>,
    pub(super) transport: Option<TransportName>,
    pub(super) directory: Option<PathBuf>,
    pub(super) smtp_url: Option<Hidden>,
    pub(super) smtp_url_file: Option<PathBuf>,
    pub(super) templates: Option<PathBuf>,
    pub(super) alert_to: Option<Mailbox>,
    pub(super) alert_locale: Option<Locale>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RetentionSettings {
    pub(super) event_bodies: Option<Interval>,
    pub(super) mail_bodies: Option<Interval>,
    pub(super) hooks: Option<Interval>,
    pub(super) released_activations: Option<Interval>,
    pub(super) idempotency: Option<Interval>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TransportName {
    File,
    Smtp,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MySettings {
    pub(super) enabled: Option<bool>,
    pub(super) releases: Option<u32>,
    pub(super) release_period: Option<Interval>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConsoleSettings {
    pub(super) user_header: Option<String>,
    pub(super) groups_header: Option<String>,
    pub(super) sign_out_url: Option<String>,
    pub(super) people: BTreeMap<String, Value>,
    pub(super) groups: BTreeMap<String, Value>,
}

/// One of the vendor's own hooks.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HookSettings {
    pub(super) url: Option<String>,
    pub(super) secret: Option<Hidden>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) events: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NetLicensingSettings {
    pub(super) root: Option<Root>,
    pub(super) namespace: Option<Namespace>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TelemetrySettings {
    pub(super) otlp_url: Option<String>,
    pub(super) otlp_headers: Option<Hidden>,
    pub(super) otlp_headers_file: Option<PathBuf>,
    pub(super) service_name: Option<String>,
    pub(super) sample: Option<f64>,
}

/// What an account of every kind has; each kind adds its own (`Facts::settings`).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AccountSettings {
    pub(super) kind: Option<String>,
    pub(super) secrets: Option<Vec<Hidden>>,
    pub(super) secret: Option<Hidden>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) tolerance: Option<Interval>,
    pub(super) mode: Option<Mode>,
    pub(super) deliver: Option<Deliver>,
    pub(super) products: BTreeMap<String, Value>,
}
