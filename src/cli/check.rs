//! `keywright check`: every fault of the configuration, or what it amounts to.

use std::fmt::Write as _;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Args;

use super::{Context, say};
use crate::clock::{Clock as _, SystemClock};
use crate::config::console::{ProxyRoles, SignInProxy};
use crate::config::{Account, Config, Telemetry, Transport};
use crate::keyring::{Keyring, KeyringError};
use crate::post::settings::letters;
use crate::rules::product::{Product, ProductSettings, Term};
use crate::store::DatabaseUrl;

/// Tell every fault of the configuration, or what it amounts to
#[derive(Debug, Args)]
pub(super) struct Check {}

/// Keys are made where nothing is there yet.
fn has_database(config: &Config) -> bool {
    matches!(&config.database.url, DatabaseUrl::Sqlite(path) if path.exists())
}

impl Check {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let config = context.config()?;
        let key = match Keyring::open(&config.signing.key_file) {
            Ok(ring) => format!("key {}", ring.kid()),
            Err(KeyringError::Missing(_)) if has_database(&config) => {
                "missing; put it back, or no license that is there can be served".to_owned()
            }
            Err(KeyringError::Missing(_)) => "made on the first start".to_owned(),
            Err(error) => return Err(error.into()),
        };
        letters(config.mail.templates.as_deref())?;
        say(format!("{} is right.\n", context.config_file.display()))?;
        say(summary(&config, &key)?)?;
        if is_open_to_all(&context.config_file) {
            let file = context.config_file.display();
            say(format!(
                "\nwarning: everyone on this machine can read {file}: chmod o-rwx {file}"
            ))?;
        }
        Ok(())
    }
}

/// Its own group may read it, as where root writes it for the service; others may not.
#[cfg(unix)]
fn is_open_to_all(file: &Path) -> bool {
    let mode = std::fs::metadata(file).map(|file| file.permissions().mode());
    mode.is_ok_and(|mode| mode & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open_to_all(_: &Path) -> bool {
    false
}

/// What people read; secrets have no way in, since their types cannot be printed.
fn summary(config: &Config, key: &str) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let mail = match &config.mail.transport {
        Transport::File { directory } => format!("written to {}", directory.display()),
        Transport::Smtp { url } => format!("through {}:{}", url.host, url.port),
    };
    writeln!(text, "listens   {}, reached at {}", config.server.listen, config.server.public_url)?;
    writeln!(text, "database  {}", config.database.url)?;
    writeln!(text, "signing   {} ({key})", config.signing.key_file.display())?;
    writeln!(text, "mail      {mail}, from {}", config.mail.from)?;
    if let Some(proxy) = &config.console.proxy {
        writeln!(text, "console   {}", by_proxy(proxy))?;
    }
    if let Some(telemetry) = &config.telemetry {
        let Telemetry { traces_url, service_name, sample, .. } = telemetry;
        writeln!(text, "traces    to {traces_url}, as {service_name}, share: {sample}")?;
    }
    for account in config.accounts.values() {
        account_lines(config, account, &mut text)?;
    }
    for hook in config.hooks.values() {
        let events: Vec<&str> = hook.events.iter().map(|event| event.as_str()).collect();
        writeln!(text, "\nhook {}: {}", hook.name, hook.url)?;
        writeln!(text, "  told of   {}", events.join(", "))?;
    }
    for (id, settings) in &config.products {
        let offer = config.catalogue.products.get(id).into_iter().flatten();
        let is = product_line(settings, &offer.map(|product| &**product).collect::<Vec<_>>());
        writeln!(text, "\nproduct {id}: {is}")?;
    }
    for warning in config.warnings(SystemClock.now()) {
        writeln!(text, "\nwarning: {warning}")?;
    }
    Ok(text.trim_end().to_owned())
}

/// Whose word is taken, and where the roles stand.
fn by_proxy(proxy: &SignInProxy) -> String {
    let roles = match &proxy.roles {
        ProxyRoles::OfUsers => "those of users".to_owned(),
        ProxyRoles::Written { people, groups: None } => format!("of people {}", people.len()),
        ProxyRoles::Written { people, groups: Some(groups) } => {
            let (people, known) = (people.len(), groups.roles.len());
            format!("of people {people}, of groups {known} ({})", groups.header)
        }
    };
    format!("takes a trusted proxy's word in {}; roles: {roles}", proxy.user_header)
}

fn account_lines(config: &Config, account: &Account, text: &mut String) -> std::fmt::Result {
    let (name, title) = (&account.name, account.provider.facts().title);
    let address = |inlet: &str| config.server.public_url.join(&format!("/{inlet}/{name}"));
    let items = config.catalogue.items.get(name).map_or(0, |items| items.len());
    writeln!(text, "\naccount {name}: {title}, {}, items: {items}", account.mode.as_str())?;
    writeln!(text, "  webhooks  {}", address("webhooks"))?;
    if account.deliver.in_answer() {
        writeln!(text, "  keys      in the answer at {}", address("fulfil"))?;
    }
    if account.deliver.by_mail() {
        writeln!(text, "  keys      by our mail")?;
    }
    Ok(())
}

fn product_line(settings: &ProductSettings, offer: &[&Product]) -> String {
    match (&settings.bundle, offer) {
        (None, [product]) => {
            let term = match product.term {
                Term::Perpetual => "perpetual".to_owned(),
                Term::Interval(interval) => format!("{interval} a payment"),
                Term::Until(end) => format!("until {}", end.format("%Y-%m-%d %H:%M:%S UTC")),
            };
            format!("{}, {term}, machines: {}", product.name, product.max_activations)
        }
        (_, members) => {
            let ids: Vec<&str> = members.iter().map(|product| product.id.as_str()).collect();
            format!("one license each of {}", ids.join(", "))
        }
    }
}
