//! A customer's details, told by many events in any order: each field is the latest telling.

use chrono::{DateTime, Utc};
use keywright_providers::notice::Customer;
use serde::{Deserialize, Serialize};

/// Each field with the time of its telling; merging commutes and is idempotent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    pub email: Option<Told>,
    pub name: Option<Told>,
    pub company: Option<Told>,
    pub country: Option<Told>,
    pub locale: Option<Told>,
}

/// A value and when it was told. The later wins; at the same instant the greater text, so that
/// the order of arrival never decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    pub at: DateTime<Utc>,
    pub value: String,
}

impl Details {
    /// Adds what one notice tells. A blank tells nothing.
    pub fn tell(&mut self, customer: &Customer, at: DateTime<Utc>) {
        let told = |value: &Option<String>| {
            let value = value.clone().filter(|value| !value.trim().is_empty());
            value.map(|value| Told { at, value })
        };
        self.merge(&Self {
            email: told(&customer.email),
            name: told(&customer.name),
            company: told(&customer.company),
            country: told(&customer.country),
            locale: told(&customer.locale),
        });
    }

    /// The latest of both, field by field.
    pub fn merge(&mut self, other: &Self) {
        let later = |mine: &mut Option<Told>, theirs: &Option<Told>| {
            if *theirs > *mine {
                mine.clone_from(theirs);
            }
        };
        later(&mut self.email, &other.email);
        later(&mut self.name, &other.name);
        later(&mut self.company, &other.company);
        later(&mut self.country, &other.country);
        later(&mut self.locale, &other.locale);
    }

    /// The values alone.
    #[must_use]
    pub fn values(&self, provider_id: Option<String>) -> Customer {
        let value = |told: &Option<Told>| told.as_ref().map(|told| told.value.clone());
        Customer {
            provider_id,
            email: value(&self.email),
            name: value(&self.name),
            company: value(&self.company),
            country: value(&self.country),
            locale: value(&self.locale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(at: i64, email: Option<&str>, name: Option<&str>) -> Details {
        let mut details = Details::default();
        let text = |text: Option<&str>| text.map(str::to_owned);
        let customer = Customer { email: text(email), name: text(name), ..Customer::default() };
        details.tell(&customer, DateTime::from_timestamp(at, 0).unwrap());
        details
    }

    #[test]
    fn each_field_is_its_latest_telling_in_whatever_order_they_come() {
        let tellings = [
            told(1, Some("old@example.com"), Some("Ada")),
            told(2, Some("new@example.com"), None),
            told(3, Some(" "), None),
            told(2, Some("a@example.com"), None),
        ];
        for turn in 0..tellings.len() {
            let mut details = Details::default();
            for at in 0..tellings.len() {
                details.merge(&tellings[(at + turn) % tellings.len()]);
            }
            let customer = details.values(Some("cus_1".to_owned()));
            assert_eq!(customer.provider_id.as_deref(), Some("cus_1"));
            assert_eq!(customer.email.as_deref(), Some("new@example.com"));
            assert_eq!(customer.name.as_deref(), Some("Ada"));
        }
    }
}
