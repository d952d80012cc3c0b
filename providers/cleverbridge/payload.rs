//! The fields of cleverbridge's JSON that are used.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;

use crate::notice::Customer;
use crate::read::{self, Id, Scalar, Unread, country, filled, full_name};

/// A notification, of whichever model: purchases and subscriptions stand at the top, a
/// reimbursement holds its purchase (in some examples it stands at the top there too).
#[derive(Debug)]
pub(super) struct Document {
    frame: Frame,
    subject: Purchase,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    #[serde(default)]
    meta: Meta,
    reimbursement_id: Option<Id>,
    terminate_recurring_billing: Option<bool>,
    purchase: Option<Purchase>,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(rename = "type")]
    kind: Option<String>,
    date: Option<String>,
}

/// A purchase, or a subscription: their fields do not collide.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Purchase {
    pub(super) purchase_id: Option<Id>,
    reimbursement_id: Option<Id>,
    pub(super) status_id: Option<String>,
    pub(super) creation_time: Option<String>,
    pub(super) payment_arrive_time: Option<String>,
    billing_contact: Option<Contact>,
    delivery_contact: Option<Contact>,
    licensee_contact: Option<Contact>,
    pub(super) items: Option<Vec<Item>>,
    pub(super) subscription_id: Option<Id>,
    pub(super) subscription_items: Option<Vec<Item>>,
    pub(super) customer_id: Option<Id>,
    pub(super) next_billing_date: Option<String>,
    pub(super) end_date: Option<String>,
    pub(super) renewal_type: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Contact {
    firstname: Option<String>,
    lastname: Option<String>,
    company: Option<String>,
    email: Option<String>,
    #[serde(rename = "countryId")]
    country_id: Option<String>,
    locale: Option<String>,
    #[serde(rename = "languageId")]
    language_id: Option<String>,
}

/// A line of a purchase, or of a subscription.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) running_number: Id,
    pub(super) product_id: Option<Id>,
    pub(super) your_product_id: Option<String>,
    pub(super) quantity: Option<Scalar>,
    pub(super) recurring_billing: Option<RecurringBilling>,
    pub(super) customer_price: Option<CustomerPrice>,
    pub(super) status: Option<String>,
    pub(super) deactivation_date: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CustomerPrice {
    pub(super) product_single_price: Option<Price>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Price {
    pub(super) net_price: Option<Scalar>,
    pub(super) gross_price: Option<Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecurringBilling {
    pub(super) subscription_id: Option<Id>,
    pub(super) subscription_item_running_no: Option<Id>,
    #[serde(alias = "subscriptionEventTypeId")]
    pub(super) subscription_eventtype_id: Option<String>,
    pub(super) original_purchase_id: Option<Id>,
    pub(super) original_purchase_item_running_number: Option<Id>,
    pub(super) interval_number: Option<Scalar>,
    pub(super) next_billing_date: Option<String>,
    pub(super) renewal_type: Option<String>,
}

impl Document {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unread> {
        let mut frame: Frame = read::json(body)?;
        let subject = frame.purchase.take().map_or_else(|| read::json(body), Ok)?;
        Ok(Self { frame, subject })
    }

    pub(super) fn kind(&self) -> Option<&str> {
        self.frame.meta.kind.as_deref()
    }

    /// The purchase (or subscription) that it tells of, wherever that stands.
    pub(super) fn subject(&self) -> &Purchase {
        &self.subject
    }

    pub(super) fn reimbursement_id(&self) -> Option<&Id> {
        self.subject.reimbursement_id.as_ref().or(self.frame.reimbursement_id.as_ref())
    }

    pub(super) fn ends_subscription(&self) -> bool {
        self.frame.terminate_recurring_billing == Some(true)
    }

    /// When it was told of.
    pub(super) fn date(&self) -> Result<Option<DateTime<Utc>>, Unread> {
        self.frame.meta.date.as_deref().map(|text| time("meta.date", text)).transpose()
    }
}

impl Purchase {
    /// The lines, under either name.
    pub(super) fn lines(&self) -> &[Item] {
        self.items.as_deref().or(self.subscription_items.as_deref()).unwrap_or_default()
    }

    /// `TST` is a test order.
    pub(super) fn live(&self) -> Option<bool> {
        match self.status_id.as_deref() {
            Some("TST") => Some(false),
            Some("PAY") => Some(true),
            _ => None,
        }
    }

    /// The one whom the license is for; else where it is delivered to, else who pays.
    pub(super) fn customer(&self) -> Option<Customer> {
        let contacts = [&self.licensee_contact, &self.delivery_contact, &self.billing_contact];
        let told = || contacts.into_iter().flatten();
        let reachable = told().find(|contact| filled(contact.email.as_deref()).is_some());
        let contact = reachable.or_else(|| told().next()).cloned().unwrap_or_default();
        let locale = filled(contact.locale.as_deref());
        let customer = Customer {
            provider_id: self.customer_id.as_ref().map(String::from),
            email: filled(contact.email.as_deref()),
            name: full_name(contact.firstname.as_deref(), contact.lastname.as_deref()),
            company: filled(contact.company.as_deref()),
            country: country(contact.country_id.as_deref()),
            locale: locale.or_else(|| filled(contact.language_id.as_deref())),
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Item {
    /// What may be mapped: the vendor's own id, then cleverbridge's.
    pub(super) fn names(&self) -> Vec<String> {
        let own = filled(self.your_product_id.as_deref());
        own.into_iter().chain(self.product_id.as_ref().map(String::from)).collect()
    }

    /// One unit costs nothing.
    pub(super) fn is_free(&self) -> bool {
        let price =
            self.customer_price.as_ref().and_then(|price| price.product_single_price.as_ref());
        let told = price.and_then(|price| price.gross_price.as_ref().or(price.net_price.as_ref()));
        told.is_some_and(|price| price.as_str().trim_matches(['0', '.']).is_empty())
    }
}

impl RecurringBilling {
    /// cleverbridge writes the same number as `S18577447` here and as 18577447 there.
    pub(super) fn subscription(&self) -> Option<String> {
        self.subscription_id.as_ref().map(number)
    }

    /// The interval that began the subscription.
    pub(super) fn is_first(&self) -> bool {
        self.interval_number.as_ref().is_none_or(|number| number.as_str() == "0")
    }

    /// A change in the midst of an interval: what it costs is a difference.
    pub(super) fn is_change(&self) -> bool {
        let event = self.subscription_eventtype_id.as_deref().unwrap_or_default();
        let event = event.to_ascii_lowercase();
        ["upgrade", "downgrade", "update", "change"].iter().any(|word| event.starts_with(word))
    }
}

/// A subscription's number without its letter.
pub(super) fn number(id: &Id) -> String {
    let text = id.as_str();
    let digits = text.strip_prefix(['S', 's']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits } else { text }.to_owned()
}

/// RFC 3339, or the same without a zone, which is UTC then.
pub(super) fn time(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    let format = "%Y-%m-%dT%H:%M:%S%.f";
    if NaiveDateTime::parse_from_str(text, format).is_ok() {
        return read::local(path, text, format, chrono::Offset::fix(&Utc));
    }
    read::rfc3339(path, text)
}
