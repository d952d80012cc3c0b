//! Accounts as figures: is one silent, and how much was it not told?

use super::attention::{missed, silent};
use super::{Failure, Support};

/// One configured account at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountGauges {
    pub account: String,
    /// It has sent nothing for much longer than is usual for it.
    pub silent: bool,
    /// Events that were found in its list and never told; 0 where nothing is missing.
    pub missed_events: usize,
}

impl Support {
    /// The figures of every account that is configured now. Looked up anew each time, so that of one
    /// that was taken out of the configuration nothing is left.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn account_gauges(&self) -> Result<Vec<AccountGauges>, Failure> {
        let (now, books) = (self.clock.now(), self.shelf.now());
        self.read("account gauges", move |tx| {
            let accounts = books.config.accounts.keys();
            let names = || accounts.clone().map(String::as_str);
            let (silent, missed) = (silent(tx, names(), now)?, missed(tx, names(), now)?);
            let gauges = accounts.clone().map(|name| AccountGauges {
                account: name.clone(),
                silent: silent.iter().any(|silent| silent.account == *name),
                missed_events: missed
                    .iter()
                    .find(|missed| missed.account == *name)
                    .map_or(0, |missed| missed.gap.events),
            });
            Ok(gauges.collect())
        })
        .await
    }
}
