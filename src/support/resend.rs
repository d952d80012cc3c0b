//! A license's key once more: a mail of its own, on record.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use keywright_providers::notice::Customer;
use serde_json::json;

use super::acts::locked;
use super::issue::address;
use super::view::MailView;
use super::{Asked, Failure, Refusal, Support};
use crate::apply::new_mail;
use crate::books::Books;
use crate::rules::difference::Owed;
use crate::store::rows::{LicenseRow, MailFilter, NewHistory, NewMail};
use crate::store::types::LicenseState;
use crate::store::{self, StoreError, Tx};

/// How many mails of a license are looked through for a free number.
const MAILS_MAX: usize = 1_000;

impl Support {
    /// Owes the key again: to the address that is known, or to a corrected one.
    ///
    /// # Errors
    /// [`Refusal::Revoked`], [`Refusal::NoAddress`], [`Refusal::Field`]; [`Failure::Store`].
    pub async fn resend(
        &self,
        name: &str,
        email: Option<&str>,
        asked: Asked,
    ) -> Result<MailView, Failure> {
        let (name, books) = (name.to_owned(), self.shelf.now());
        let corrected = email.map(address).transpose()?;
        let clock = Arc::clone(&self.clock);
        let mail = self
            .write_once("support resend", asked.once.clone(), move |tx| {
                let row = locked(tx, &name, asked.version)?;
                if row.state == LicenseState::Revoked {
                    return Err(Refusal::Revoked.into());
                }
                again(tx, &row, corrected.as_deref(), &asked, &books, clock.now())
            })
            .await?;
        self.post.notify_one();
        Ok(mail)
    }
}

/// Owes the key again, and writes down who wished it. The caller has locked the license's sale.
pub(super) fn again(
    tx: &mut Tx<'_>,
    row: &LicenseRow,
    corrected: Option<&str>,
    asked: &Asked,
    books: &Books,
    now: DateTime<Utc>,
) -> Result<MailView, Failure> {
    let known: Customer = store::json(&row.customer, "licenses.customer", &row.id)?;
    let email = corrected.map(str::to_owned).or_else(|| known.email.clone());
    let customer = Customer { email: Some(email.ok_or(Refusal::NoAddress)?), ..known };
    let mail = owe(tx, &row.id, |key| {
        let owed = Owed { key, template: "issued", license_id: row.id.clone(), data: json!({}) };
        new_mail(&owed, row.sale_id, &customer, books.config.mail.from.domain(), now)
    })?;
    tx.history_append(&NewHistory {
        subject: format!("license:{}", row.id),
        at: now,
        action: "resent".to_owned(),
        cause_event: None,
        actor: Some(asked.by.clone()),
        // Not the address itself: the history holds no personal data.
        detail: json!({
            "mail_id": mail.id,
            "to": if corrected.is_some() { "corrected" } else { "known" },
            "reason": asked.reason(),
        }),
    })?;
    Ok(mail)
}

/// Owes the mail under the next free number: `license:ID:resent:N`.
fn owe(
    tx: &mut Tx<'_>,
    license_id: &str,
    mail: impl Fn(String) -> NewMail,
) -> Result<MailView, Failure> {
    let filter = MailFilter { license_id: Some(license_id.to_owned()), ..MailFilter::default() };
    let owed = tx.outbox_list(&filter, None, MAILS_MAX)?;
    let resent = format!("license:{license_id}:resent:");
    let number = 1 + owed.iter().filter(|mail| mail.key.starts_with(&resent)).count();
    let mail = mail(format!("{resent}{number}"));
    // The sale is locked, so nobody else took the number meanwhile.
    if !tx.outbox_owe(&mail)? {
        return Err(StoreError::Conflict { what: "mail", id: mail.key }.into());
    }
    let owed =
        tx.outbox_list(&filter, None, MAILS_MAX)?.into_iter().find(|row| row.key == mail.key);
    let row = owed.ok_or_else(|| StoreError::Conflict { what: "mail", id: mail.key.clone() })?;
    Ok(MailView::from(&row))
}
