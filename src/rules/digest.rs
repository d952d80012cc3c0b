//! What the alert digest tells, as its templates see it. Nobody's name or address is in it.

use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::alert::{Found, Trouble};
use super::letter::SUBJECT_CHARS;
use super::plain::one_line;
use super::tongue::Tongue;

/// What a query of a link cannot hold as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// What stands in the outbox until the digest is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Nothing: all is well again.
    pub found: Vec<Found>,
}

/// A digest, with what stands on every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    pub told: Told,
    /// Who writes.
    pub vendor: String,
    /// Of this service: links begin so.
    pub public_url: String,
}

impl Digest {
    /// A digest with every kind of trouble, and one that says that all is well.
    #[must_use]
    pub fn samples() -> [Self; 2] {
        let of = |trouble| Found {
            trouble,
            count: 3,
            more: false,
            since: DateTime::from_timestamp(1_801_389_600, 0),
        };
        let (account, reason) = ("shop".to_owned(), "unknown_product".to_owned());
        let found = vec![
            of(Trouble::Failed { account: account.clone(), reason }),
            of(Trouble::Waiting {
                account: account.clone(),
                reason: "purchase_unknown".to_owned(),
            }),
            Found { more: true, count: 1_000, ..of(Trouble::Mail) },
            of(Trouble::Address),
            of(Trouble::Paid),
            of(Trouble::Hook { hook: "crm".to_owned() }),
            of(Trouble::Silent { account: account.clone() }),
            of(Trouble::Missed { account }),
        ];
        let [vendor, public_url] =
            ["Acme Licensing", "https://licenses.acme.example"].map(str::to_owned);
        let well = Self { told: Told::default(), vendor, public_url };
        [Self { told: Told { found }, ..well.clone() }, well]
    }

    /// What the templates see. A template that names anything else does not render.
    pub(super) fn facts(&self, tongue: Tongue) -> Value {
        let item = |found: &Found| self.item(found, tongue);
        context! {
            well => self.told.found.is_empty(),
            items => self.told.found.iter().map(item).collect::<Vec<_>>(),
            vendor => one_line(&self.vendor, SUBJECT_CHARS),
            public_url => self.public_url.as_str(),
        }
    }

    fn item(&self, found: &Found, tongue: Tongue) -> Value {
        let (kind, account, reason, hook) = match &found.trouble {
            Trouble::Failed { account, reason } => {
                ("failed", account.as_str(), reason.as_str(), "")
            }
            Trouble::Waiting { account, reason } => {
                ("waiting", account.as_str(), reason.as_str(), "")
            }
            Trouble::Mail => ("mail", "", "", ""),
            Trouble::Address => ("address", "", "", ""),
            Trouble::Paid => ("paid", "", "", ""),
            Trouble::Hook { hook } => ("hook", "", "", hook.as_str()),
            Trouble::Silent { account } => ("silent", account.as_str(), "", ""),
            Trouble::Missed { account } => ("missed", account.as_str(), "", ""),
        };
        context! {
            kind => kind,
            account => account,
            reason => reason,
            hook => hook,
            count => format!("{}{}", found.count, if found.more { "+" } else { "" }),
            since => found.since.map(|at: DateTime<Utc>| tongue.date(at)),
            link => format!("{}{}", self.public_url, path(&found.trouble)),
        }
    }
}

/// Where the console shows it.
fn path(trouble: &Trouble) -> String {
    let events = |status: &str, account: &str, reason: &str| {
        let [account, reason] =
            [account, reason].map(|word| utf8_percent_encode(word, ESCAPED).to_string());
        format!("/console/events?status={status}&account={account}&reason={reason}")
    };
    match trouble {
        Trouble::Failed { account, reason } => events("failed", account, reason),
        Trouble::Waiting { account, reason } => events("waiting", account, reason),
        Trouble::Mail => "/console/mail?status=failed".to_owned(),
        Trouble::Address => "/console/mail?status=queued".to_owned(),
        Trouble::Paid | Trouble::Hook { .. } => "/console".to_owned(),
        Trouble::Silent { .. } | Trouble::Missed { .. } => "/console/providers".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_what_it_tells_of_and_nowhere_else() {
        let of = |account: &str, reason: &str| {
            path(&Trouble::Failed { account: account.to_owned(), reason: reason.to_owned() })
        };
        assert_eq!(
            of("shop", "unknown_product"),
            "/console/events?status=failed&account=shop&reason=unknown_product"
        );
        assert_eq!(of("a&b", "x#y"), "/console/events?status=failed&account=a%26b&reason=x%23y");
    }
}
