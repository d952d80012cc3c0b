//! Mail: what is owed, what went out, what failed.

use serde_json::json;

use super::view::{MailView, MailWhole, Page};
use super::{Asked, Failure, Refusal, Support};
use crate::store::rows::{Cursor, MailCounts, MailFilter};
use crate::store::types::MailStatus;

impl Support {
    /// Mails, newest first. The cursor is the id of the last one seen.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn mail_list(
        &self,
        filter: MailFilter,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Page<MailView>, Failure> {
        self.read("mail list", move |tx| {
            let rows = tx.outbox_list(&filter, cursor, limit + 1)?;
            let page = Page::cut(rows, limit, |row| row.id.to_string());
            Ok(page.map(|row| MailView::from(&row)))
        })
        .await
    }

    /// What stands open.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn mail_counts(&self) -> Result<MailCounts, Failure> {
        self.read("mail counts", |tx| Ok(tx.outbox_counts()?)).await
    }

    /// One mail with its text.
    ///
    /// # Errors
    /// [`Refusal::UnknownMail`]; [`Failure::Store`].
    pub async fn mail(&self, id: i64) -> Result<MailWhole, Failure> {
        self.read("mail show", move |tx| {
            let row = tx.outbox_by_id(id)?.ok_or_else(|| unknown(id))?;
            let message = row.message.as_deref();
            Ok(MailWhole {
                mail: MailView::from(&row),
                message_id: row.message_id.clone(),
                message: message.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            })
        })
        .await
    }

    /// Puts a mail that was given up, or waits, at the head of the queue: the same identity and
    /// the same bytes.
    ///
    /// # Errors
    /// [`Refusal::UnknownMail`], [`Refusal::AlreadySent`], [`Refusal::BeingSent`],
    /// [`Refusal::Erased`]; [`Failure::Store`].
    pub async fn mail_retry(&self, id: i64, asked: Asked) -> Result<MailView, Failure> {
        let now = self.clock.now();
        let mail = self
            .write("mail retry", move |tx| {
                let row = tx.outbox_by_id(id)?.ok_or_else(|| unknown(id))?;
                if !tx.outbox_retry(id, now)? {
                    return Err(match row.status {
                        MailStatus::Sent => Refusal::AlreadySent,
                        MailStatus::Failed => Refusal::Erased,
                        MailStatus::Queued | MailStatus::Held => Refusal::BeingSent,
                    }
                    .into());
                }
                let row = tx.outbox_by_id(id)?.ok_or_else(|| unknown(id))?;
                let detail = json!({ "template": row.template, "license_id": row.license_id });
                let subject = format!("mail:{id}");
                tx.history_append(&asked.note(subject, "mail_retried", detail, now))?;
                Ok(MailView::from(&row))
            })
            .await?;
        self.post.notify_one();
        Ok(mail)
    }
}

fn unknown(id: i64) -> Refusal {
    Refusal::UnknownMail(id.to_string())
}
