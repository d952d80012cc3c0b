//! A mail that was not written yet, as it would be now. Nothing is stored.

use super::Post;
use super::draft::{gone, render};
use crate::store::{StoreError, Tx};

/// Stands for an address that is not known yet: mail can never go there.
const NOBODY: &str = "nobody@not-known-yet.invalid";

/// What a mail would be if it went out now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// These bytes, but for an address that is not known yet.
    Message(Vec<u8>),
    /// Nothing: what it was to tell is not so any more. A sentence.
    Gone(String),
    /// Nothing: it cannot be written. Why, in a sentence.
    Impossible(String),
    /// It tells of no license, so what it says (a link that signs somebody in) is for its receiver
    /// alone.
    Private,
}

impl Post {
    /// How this mail would look now; `None` where there is no such mail.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn preview(&self, id: i64) -> Result<Option<Preview>, StoreError> {
        let (post, now) = (self.clone(), self.0.clock.now());
        let look = move |tx: &mut Tx<'_>| {
            let Some(mail) = tx.outbox_by_id(id)? else { return Ok(None) };
            if mail.license_id.is_none() {
                return Ok(Some(Preview::Private));
            }
            if let Some(reason) = gone(tx, &mail, now)? {
                return Ok(Some(Preview::Gone(reason)));
            }
            let to = mail.recipient.as_deref().unwrap_or(NOBODY);
            Ok(Some(match render(tx, &mail, to, &post.0.settings)? {
                Ok(bytes) => Preview::Message(bytes),
                Err(reason) => Preview::Impossible(reason),
            }))
        };
        self.0.store.read("mail preview", look).await
    }
}
