//! The fields that are used, of what stands in a notification item.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::notice::{Customer, Line, Money, Period, Ref};
use crate::read::{self, Currency, Id, Scalar, Unread, filled};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    psp_reference: Id,
    original_reference: Option<String>,
    event_date: String,
    amount: Amount,
    success: Scalar,
    additional_data: Option<Additional>,
}

#[derive(Deserialize)]
struct Amount {
    value: i64,
    currency: Currency,
}

/// A flat map with dots in its names, as far as the webhook's additional settings tell.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Additional {
    shopper_reference: Option<String>,
    shopper_email: Option<String>,
    shopper_name: Option<String>,
    shopper_country: Option<String>,
    shopper_locale: Option<String>,
    shopper_interaction: Option<String>,
    dispute_status: Option<String>,
    #[serde(rename = "metadata.product")]
    product: Option<String>,
    #[serde(rename = "metadata.quantity")]
    quantity: Option<Scalar>,
    #[serde(rename = "metadata.subscription")]
    subscription: Option<Id>,
    #[serde(rename = "metadata.period_end")]
    period_end: Option<String>,
}

impl Item {
    /// The id of this payment or modification.
    pub(super) fn id(&self) -> &Id {
        &self.psp_reference
    }

    /// The payment that this notification itself is.
    pub(super) fn payment(&self) -> Ref {
        Ref::payment(&self.psp_reference)
    }

    /// The payment that a modification speaks of.
    pub(super) fn original(&self) -> Result<Ref, Unread> {
        let id = filled(self.original_reference.as_deref()).and_then(|id| Id::new(&id));
        let id = id.ok_or_else(|| {
            Unread::value("originalReference", "a modification names the payment that it changes")
        })?;
        Ok(Ref::payment(id))
    }

    pub(super) fn occurred_at(&self) -> Result<DateTime<Utc>, Unread> {
        read::rfc3339("eventDate", &self.event_date)
    }

    /// A text, `true` or `false`.
    pub(super) fn succeeded(&self) -> bool {
        self.success.as_str() == "true"
    }

    pub(super) fn amount(&self) -> Money {
        let currency = self.amount.currency.as_str().to_owned();
        Money { minor: self.amount.value, currency }
    }

    /// The merchant charges without the shopper: a renewal.
    pub(super) fn is_renewal(&self) -> bool {
        self.told(|data| &data.shopper_interaction).as_deref() == Some("ContAuth")
    }

    /// An inquiry's or dispute's time ran out without a defense.
    pub(super) fn is_undefended(&self) -> bool {
        let status = self.told(|data| &data.dispute_status);
        status.is_none_or(|status| ["undefended", "lost"].contains(&&*status.to_lowercase()))
    }

    /// The vendor's own id of the subscription: his server puts it there, no buyer can.
    pub(super) fn subscription(&self) -> Option<Ref> {
        let subscription = self.additional_data.as_ref()?.subscription.as_ref()?;
        Some(Ref::subscription(subscription))
    }

    /// What was bought, as the vendor's server said with the payment. A subscription's line keeps
    /// its name; that of the payment is how a capture knows it.
    /// Over renewals the product may go unsaid, where it can be `known` from before.
    pub(super) fn line(&self, known: bool) -> Result<Line, Unread> {
        let of_payment = Line::at(&self.payment(), 0);
        let (line, alias) = match self.subscription() {
            Some(subscription) => (Line::at(&subscription, 0), vec![of_payment]),
            None => (of_payment, vec![]),
        };
        let product = self.told(|data| &data.product);
        if product.is_none() && (!known || alias.is_empty()) {
            return Err(Unread::Format(
                "the payment does not say what was bought: send metadata.product with it, and \
                 tick metadata in the additional settings of the webhook"
                    .to_owned(),
            ));
        }
        let end = self.told(|data| &data.period_end);
        let end = end.map(|end| read::rfc3339("additionalData.metadata.period_end", &end));
        Ok(Line {
            line,
            alias,
            item: product.into_iter().collect(),
            quantity: self.quantity()?,
            period: end.transpose()?.map(|end| Period { start: None, end }),
        })
    }

    fn quantity(&self) -> Result<u32, Unread> {
        let told = self.additional_data.as_ref().and_then(|data| data.quantity.as_ref());
        told.map_or(Ok(1), |quantity| {
            read::quantity("additionalData.metadata.quantity", quantity.as_str())
        })
    }

    pub(super) fn customer(&self) -> Option<Customer> {
        let customer = Customer {
            provider_id: self.told(|data| &data.shopper_reference),
            email: self.told(|data| &data.shopper_email),
            name: self.told(|data| &data.shopper_name).and_then(|name| plain_name(&name)),
            company: None,
            country: read::country(self.told(|data| &data.shopper_country).as_deref()),
            locale: self.told(|data| &data.shopper_locale),
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }

    fn told(&self, field: impl Fn(&Additional) -> &Option<String>) -> Option<String> {
        filled(field(self.additional_data.as_ref()?).as_deref())
    }
}

/// Adyen writes `[first name=Ada, infix=null, last name=Example, gender=UNKNOWN]`.
fn plain_name(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
        return Some(text.to_owned());
    };
    let parts = inner.split(", ").filter_map(|part| part.split_once('='));
    let of_name = parts.filter(|(name, _)| name.ends_with("name") || *name == "infix");
    let told = of_name.map(|(_, value)| value).filter(|value| !["", "null"].contains(value));
    filled(Some(&told.collect::<Vec<_>>().join(" ")))
}
