//! A license given by hand.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::Customer;

use super::acts::{Telling, tell};
use super::licenses::view;
use super::view::{Issued, LicenseView};
use super::{Asked, Failure, Refusal, Support};
use crate::config::did_you_mean;
use crate::config::values::Mailbox;
use crate::rules::acts::{SUPPORT, Told, What};
use crate::rules::fold::most;
use crate::rules::plain::one_line;
use crate::rules::product::Catalogue;
use crate::store::StoreError;

/// What is given, to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gift {
    pub product: String,
    pub email: String,
    pub name: Option<String>,
    pub company: Option<String>,
    /// The language of the mail.
    pub locale: Option<String>,
    /// `None`: one.
    pub quantity: Option<u32>,
    /// `None`: one interval of the product, or for ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The longest name of a person or a company, in characters.
const NAME_CHARS: usize = 200;

impl Support {
    /// Gives a license, and owes its mail.
    ///
    /// # Errors
    /// [`Refusal::Field`]; [`Failure::Store`].
    pub async fn issue(&self, gift: Gift, asked: Asked) -> Result<Issued, Failure> {
        let (books, event, order) = (self.shelf.now(), self.name()?, self.name()?);
        let clock = Arc::clone(&self.clock);
        let issued = self
            .write_once("support issue", asked.once.clone(), move |tx| {
                let now = clock.now();
                let told = Told {
                    by: asked.by.clone(),
                    reason: asked.reason(),
                    at: now,
                    what: gift.clone().checked(order.clone(), &books.config.catalogue, now)?,
                };
                let telling = Telling { told: &told, event: &event, account: SUPPORT, live: true };
                let applied = tell(tx, &telling, &books, now)?;
                let mut licenses: Vec<LicenseView> = Vec::new();
                for row in &applied.licenses {
                    licenses.push(view(tx, row, now)?);
                }
                let license = licenses
                    .first()
                    .cloned()
                    .ok_or_else(|| StoreError::Refused("the gift gave no license".to_owned()))?;
                Ok(Issued { license, licenses })
            })
            .await?;
        self.post.notify_one();
        Ok(issued)
    }
}

impl Gift {
    fn checked(
        self,
        order: String,
        catalogue: &Catalogue,
        now: DateTime<Utc>,
    ) -> Result<What, Refusal> {
        let Some(offer) = catalogue.products.get(&self.product) else {
            let known = catalogue.products.keys().map(String::as_str);
            let nearest = did_you_mean(&self.product, known);
            return Err(Refusal::field(
                "product",
                format!("is {:?}, and there is no such product{nearest}", self.product),
            ));
        };
        let quantity = self.quantity.unwrap_or(1);
        let most = most(offer);
        if !(1..=most).contains(&quantity) {
            return Err(Refusal::field("quantity", format!("must be between 1 and {most}")));
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::field("expires_at", "is over already; give a date to come"));
        }
        let customer = Customer {
            provider_id: None,
            email: Some(address(&self.email)?),
            name: line("name", self.name)?,
            company: line("company", self.company)?,
            country: None,
            locale: line("locale", self.locale)?,
        };
        let Self { product, expires_at, .. } = self;
        Ok(What::Issue { order, product, quantity, expires_at, customer })
    }
}

/// One plain address, without a name.
pub(crate) fn address(text: &str) -> Result<String, Refusal> {
    let wrong = || Refusal::field("email", "is not an address; write ann@example.com");
    let mailbox = Mailbox::try_from(text.to_owned()).map_err(|_| wrong())?;
    match mailbox.name {
        None if mailbox.email == text.trim() => Ok(mailbox.email),
        _ => Err(wrong()),
    }
}

fn line(field: &'static str, text: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    if text.chars().count() > NAME_CHARS {
        return Err(Refusal::field(field, format!("is longer than {NAME_CHARS} characters")));
    }
    Ok(Some(one_line(&text, NAME_CHARS)).filter(|text| !text.is_empty()))
}
