//! Accounts as figures: is one silent, and how much was it not told?

use super::{Failure, Support};

impl Support {
    /// Sets the figures of every configured account, for `/metrics`. To be called every few minutes.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn account_gauges(&self) -> Result<(), Failure> {
        let (books, attention) = (self.shelf.now(), self.attention().await?);
        for name in books.config.accounts.keys() {
            let silent = attention.silent.iter().any(|silent| silent.account == *name);
            let missed = attention.missed.iter().find(|missed| missed.account == *name);
            let events = missed.map_or(0, |missed| missed.gap.events);
            metrics::gauge!("keywright_account_silent", "account" => name.clone())
                .set(u8::from(silent));
            metrics::gauge!("keywright_account_missed_events", "account" => name.clone())
                .set(u32::try_from(events).unwrap_or(u32::MAX));
        }
        Ok(())
    }
}
