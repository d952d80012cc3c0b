//! What is allowed and yet worth a word.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::console::ProxyRoles;
use super::{Account, Config, Transport};
use crate::rules::product::{OnExpiry, Term};

/// A sentence each, the widest first.
pub(super) fn all(config: &Config, now: DateTime<Utc>) -> Vec<String> {
    let mut warnings = config.stray_variables.clone();
    mail(config, &mut warnings);
    nameless(config, &mut warnings);
    telemetry(config, &mut warnings);
    warnings.extend(config.accounts.values().flat_map(|account| of_account(config, account)));
    if config.accounts.is_empty() {
        warnings.push("no account: add [providers.NAME], or no webhook is taken".to_owned());
    } else {
        unsold(config, &mut warnings);
    }
    over(config, now, &mut warnings);
    endless(config, &mut warnings);
    warnings
}

fn mail(config: &Config, warnings: &mut Vec<String>) {
    match &config.mail.transport {
        Transport::File { directory } => warnings.push(format!(
            "mail.transport is file: mail is written to {} and reaches nobody",
            directory.display()
        )),
        Transport::Smtp { url } => {
            if !config.mail.from.domain().contains('.') {
                warnings.push(format!(
                    "mail.from is {}: mail servers elsewhere will refuse it",
                    config.mail.from
                ));
            }
            if url.security == super::urls::Security::Plain {
                warnings.push("mail.smtp_url has tls=none: keys travel readable".to_owned());
            }
        }
    }
}

/// Users have no addresses as names, so none of them would ever be found.
fn nameless(config: &Config, warnings: &mut Vec<String>) {
    let Some(proxy) = &config.console.proxy else { return };
    if proxy.roles == ProxyRoles::OfUsers && proxy.user_header.contains("mail") {
        warnings.push(format!(
            "console.user_header is {}, and no user has an address as his name: write who may what \
             into [console.people] or [console.groups], or name a header with user names",
            proxy.user_header
        ));
    }
}

fn telemetry(config: &Config, warnings: &mut Vec<String>) {
    let Some(telemetry) = &config.telemetry else { return };
    let url = &telemetry.traces_url;
    let safe = super::urls::callable(url.as_str()).is_some();
    if !safe && !telemetry.headers.is_empty() {
        warnings.push(
            "telemetry.otlp_url is not https: what stands in otlp_headers travels readable"
                .to_owned(),
        );
    }
    if url.port() == Some(4317) {
        warnings.push(
            "telemetry.otlp_url has port 4317, where collectors take gRPC; HTTP is taken at 4318"
                .to_owned(),
        );
    }
}

/// Those that concern one account.
pub(super) fn of_account(config: &Config, account: &Account) -> Vec<String> {
    let (name, mut warnings) = (&account.name, Vec::new());
    if account.mode.is_live() && !config.server.public_url.is_https() {
        warnings.push(format!(
            "providers.{name} is live and server.public_url is not https: webhooks and keys travel \
             readable"
        ));
    }
    let makes_up = |name: &&String| name.starts_with("trigger_");
    if account.mode.is_live()
        && let Some(key) = account.credentials.keys.keys().find(makes_up)
    {
        warnings.push(format!(
            "providers.{name} is live and has {key}: whoever reads this file can make purchases \
             up; take it out, or set mode = \"test\""
        ));
    }
    let sells = config.catalogue.items.get(name);
    if sells.is_none_or(|items| items.values().all(Vec::is_empty)) {
        warnings.push(format!(
            "providers.{name}.products maps nothing to a product: no purchase there gives a license"
        ));
    }
    warnings
}

/// Products that no item of any account leads to.
fn unsold(config: &Config, warnings: &mut Vec<String>) {
    let offers = config.catalogue.items.values().flat_map(|items| items.values());
    let sold: BTreeSet<&str> = offers.flatten().map(|product| product.id.as_str()).collect();
    for id in config.products.iter().filter(|(_, settings)| settings.bundle.is_none()) {
        if !sold.contains(id.0.as_str()) {
            warnings.push(format!("products.{}: no account maps anything to it", id.0));
        }
    }
}

/// Products that never end, and yet say what is to become of them before or at their end.
fn endless(config: &Config, warnings: &mut Vec<String>) {
    let offers = config.catalogue.products.values().flatten();
    let items = config.catalogue.items.values().flat_map(|items| items.values()).flatten();
    let mut told = BTreeSet::new();
    for product in offers.chain(items).filter(|product| product.term == Term::Perpetual) {
        let id = product.id.as_str();
        if product.on_expiry == OnExpiry::Maintain && told.insert((id, "on_expiry")) {
            warnings.push(format!(
                "products.{id}: on_expiry = \"maintain\" and no end, unless the provider tells one: \
                 every version is covered for ever; write interval = \"P1Y\" for a year of versions"
            ));
        }
        if !product.remind.is_empty() && told.insert((id, "remind")) {
            warnings.push(format!(
                "products.{id}: remind and no end, unless the provider tells one: there is nothing \
                 to remind of"
            ));
        }
    }
}

/// Products whose one date is past, whatever they are sold as.
fn over(config: &Config, now: DateTime<Utc>, warnings: &mut Vec<String>) {
    let offers = config.catalogue.products.values().flatten();
    let items = config.catalogue.items.values().flat_map(|items| items.values()).flatten();
    let ends = offers.chain(items).filter_map(|product| match product.term {
        Term::Until(end) if end < now => Some((product.id.as_str(), end)),
        Term::Until(_) | Term::Interval(_) | Term::Perpetual => None,
    });
    for (id, end) in ends.collect::<BTreeSet<_>>() {
        let end = end.format("%Y-%m-%d %H:%M UTC");
        warnings.push(format!(
            "products.{id}: expires_at was {end}: whoever buys it now has a license that has ended"
        ));
    }
}
