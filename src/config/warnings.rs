//! What is allowed and yet worth a word.

use std::collections::BTreeSet;

use super::console::ProxyRoles;
use super::{Account, Config, Transport};

/// A sentence each, the widest first.
pub(super) fn all(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    mail(config, &mut warnings);
    nameless(config, &mut warnings);
    warnings.extend(config.accounts.values().flat_map(|account| of_account(config, account)));
    if config.accounts.is_empty() {
        warnings.push("no account: add [providers.NAME], or no webhook is taken".to_owned());
    } else {
        unsold(config, &mut warnings);
    }
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
