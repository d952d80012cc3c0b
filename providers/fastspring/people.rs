//! Who bought: accounts, and what stands in an order.

use crate::notice::Customer;

use super::expandable::Expandable;
use super::names::{tidy, told};
use super::payload::Order;

/// `account.updated`, and the account of all others.
#[derive(serde::Deserialize)]
pub(super) struct Account {
    id: Option<String>,
    account: Option<String>,
    contact: Option<Contact>,
    country: Option<String>,
    language: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct Contact {
    first: Option<String>,
    last: Option<String>,
    email: Option<String>,
    company: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct Address {
    country: Option<String>,
}

impl Expandable<Account> {
    pub(super) fn customer(&self) -> Customer {
        match self {
            Self::Id(id) => Customer { provider_id: owned(tidy(id)), ..Customer::default() },
            Self::Object(account) => account.customer(),
        }
    }
}

impl Account {
    pub(super) fn customer(&self) -> Customer {
        let contact = self.contact.as_ref().map(Contact::customer).unwrap_or_default();
        let id = told(self.id.as_ref()).or_else(|| told(self.account.as_ref()));
        Customer {
            provider_id: owned(id),
            country: country(self.country.as_ref()),
            locale: owned(told(self.language.as_ref())),
            ..contact
        }
    }
}

impl Contact {
    fn customer(&self) -> Customer {
        let names = [told(self.first.as_ref()), told(self.last.as_ref())];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Customer {
            email: owned(told(self.email.as_ref())),
            name: owned(tidy(&name)),
            company: owned(told(self.company.as_ref())),
            ..Customer::default()
        }
    }
}

impl Order {
    /// Who ordered: as written in this order, else as the account says.
    pub(super) fn buyer(&self) -> Customer {
        let account = self.account.as_ref().map(Expandable::<Account>::customer);
        let account = account.unwrap_or_default();
        let here = self.customer.as_ref().map(Contact::customer).unwrap_or_default();
        let address = self.address.as_ref().and_then(|at| country(at.country.as_ref()));
        Customer {
            provider_id: account.provider_id,
            email: here.email.or(account.email),
            name: here.name.or(account.name),
            company: here.company.or(account.company),
            country: address.or(account.country),
            locale: owned(told(self.language.as_ref())).or(account.locale),
        }
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// ISO 3166-1 alpha-2 only.
fn country(text: Option<&String>) -> Option<String> {
    let code = told(text)?.to_ascii_uppercase();
    Some(code).filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
}
