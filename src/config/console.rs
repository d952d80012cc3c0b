//! `[console]`: whose word it takes that somebody is signed in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Server;
use super::fault::{Key, Report, did_you_mean};
use super::section::{kind, section, table};
use super::settings::ConsoleSettings;
use super::urls::callable;
use crate::store::types::Role;

/// `[console]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Console {
    /// `None`: everybody signs in here, with a token or by name and password.
    pub proxy: Option<SignInProxy>,
}

/// What proxies in front of this service (`server.trusted_proxies`) say of people whom they have
/// signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInProxy {
    /// The header with the name, in lower case.
    pub user_header: String,
    pub roles: ProxyRoles,
    /// Where one signs out of the proxy: an address, or a path on this host.
    pub sign_out_url: Option<String>,
}

/// Where the role of such a person stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyRoles {
    /// With the user of the same name.
    OfUsers,
    /// In the configuration. Of several the highest one counts.
    Written {
        /// By name.
        people: BTreeMap<String, Role>,
        groups: Option<ProxyGroups>,
    },
}

/// Roles that groups give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyGroups {
    /// The header with the groups, in lower case.
    pub header: String,
    pub roles: BTreeMap<String, Role>,
}

/// Longer than any name of a header that is in use.
const HEADER_BYTES_MAX: usize = 64;

/// Reads `[console]`. `server` is known where nothing was wrong with it.
pub(super) fn console(report: &mut Report<'_>, server: Option<&Server>) -> Console {
    let key = Key::of(&["console"]);
    let written = table(report, &key);
    let settings: ConsoleSettings = section(report, &key, written, &[]);
    if settings.user_header.is_none() {
        nothing_else(report, &key, &settings);
        return Console::default();
    }
    let user_header = header(report, &key.at("user_header"), settings.user_header.as_deref());
    believed(report, &key.at("user_header"), server);
    let sign_out_url = settings.sign_out_url.filter(|address| {
        let leads = leads_out(address);
        if !leads {
            let right = "leads nowhere; write a path on this host, as in /oauth2/sign_out, or \
                         https://HOST/PATH";
            report.add(&key.at("sign_out_url"), right);
        }
        leads
    });
    let named = settings.groups_header.as_deref();
    let groups = groups(report, &key, user_header.as_deref(), (named, settings.groups));
    let roles = match (settings.people.is_empty(), groups) {
        (true, None) => ProxyRoles::OfUsers,
        (_, groups) => {
            let people = roles(report, &key.at("people"), settings.people);
            ProxyRoles::Written { people, groups }
        }
    };
    let proxy = user_header.map(|user_header| SignInProxy { user_header, roles, sign_out_url });
    Console { proxy }
}

/// Whoever writes a role here believes that somebody has it.
fn nothing_else(report: &mut Report<'_>, key: &Key, settings: &ConsoleSettings) {
    let stand = [
        ("groups_header", settings.groups_header.is_some()),
        ("groups", !settings.groups.is_empty()),
        ("people", !settings.people.is_empty()),
        ("sign_out_url", settings.sign_out_url.is_some()),
    ];
    for (name, _) in stand.into_iter().filter(|(_, stands)| *stands) {
        let right = "does nothing without console.user_header; write in which header the proxy \
                     names people, or leave this out";
        report.add(&key.at(name), right);
    }
}

/// The header with the groups, and what each of them gives: both or none.
fn groups(
    report: &mut Report<'_>,
    key: &Key,
    user_header: Option<&str>,
    (named, written): (Option<&str>, BTreeMap<String, Value>),
) -> Option<ProxyGroups> {
    let (header_key, groups_key) = (key.at("groups_header"), key.at("groups"));
    let right = match (named, written.is_empty()) {
        (None, true) => return None,
        (None, false) => {
            "is missing; write in which header the proxy names a person's groups, or leave \
             [console.groups] out"
        }
        (Some(_), true) => {
            "stands without [console.groups], so no group would give a role; write \
             \"GROUP\" = \"support\" there"
        }
        (Some(_), false) => {
            for group in written.keys().filter(|group| group.contains([',', '|'])) {
                let right = "has a comma or |, by which proxies part the groups from each other";
                report.add(&groups_key.at(group), right);
            }
            let header = header(report, &header_key, named)?;
            if user_header != Some(header.as_str()) {
                let roles = roles(report, &groups_key, written);
                return Some(ProxyGroups { header, roles });
            }
            "is the header of the name; write the one of the groups"
        }
    };
    report.add(&header_key, right);
    None
}

/// A header counts only where a proxy sends it, so there has to be one, and not everybody.
fn believed(report: &mut Report<'_>, key: &Key, server: Option<&Server>) {
    let Some(server) = server else { return };
    if server.trusted_proxies.is_empty() {
        let right = "takes the word of a proxy, and server.trusted_proxies is empty, so nobody \
                     would ever be believed; write the proxy's address there, as in \
                     trusted_proxies = [\"127.0.0.1\"]";
        report.add(key, right);
    }
    if server.trusted_proxies.iter().any(|network| network.is_everybody()) {
        let right = "takes the word of a proxy, and server.trusted_proxies holds every address \
                     there is, so anybody could name himself; write the proxy's own address there";
        report.add(key, right);
    }
}

/// The name of a header, in lower case.
fn header(report: &mut Report<'_>, key: &Key, written: Option<&str>) -> Option<String> {
    let name = written?;
    // A token of RFC 9110.
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || name.len() > HEADER_BYTES_MAX || !name.chars().all(fits) {
        report.add(key, "is no name of a header; write it as in X-Forwarded-User");
        return None;
    }
    Some(name.to_ascii_lowercase())
}

fn roles(
    report: &mut Report<'_>,
    key: &Key,
    written: BTreeMap<String, Value>,
) -> BTreeMap<String, Role> {
    let words = || Role::ALL.iter().map(|role| role.as_str());
    let mut roles = BTreeMap::new();
    for (name, value) in written {
        let key = key.at(&name);
        let there_are = words().collect::<Vec<_>>().join(", ");
        match &value {
            Value::String(word) => match word.parse::<Role>() {
                Ok(role) => {
                    roles.insert(name, role);
                }
                Err(_) => {
                    let hint = did_you_mean(word, words());
                    report.add(&key, format!("is none of {there_are}{hint}"));
                }
            },
            other => {
                report.add(&key, format!("is {}; write a role: {there_are}", kind(other)));
            }
        }
    }
    roles
}

/// It stands in a link, so it must lead to a page and nowhere into one.
fn leads_out(address: &str) -> bool {
    let path = address.starts_with('/') && !address.starts_with("//") && !address.contains('\\');
    address.chars().all(|c| c.is_ascii_graphic()) && (path || callable(address).is_some())
}
