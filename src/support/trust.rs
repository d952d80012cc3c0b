//! A clock that ran ahead, and is right now.

use serde_json::json;

use super::audit::SERVICE;
use super::{Asked, Failure, Support};

impl Support {
    /// Takes this machine's clock for right, though events were received later than it says: they are
    /// dated anew, and webhooks are no longer put off because of them. Says how many there were.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn clock_trust(&self, asked: Asked) -> Result<usize, Failure> {
        let now = self.clock.now();
        self.write("clock trust", move |tx| {
            let events = tx.clock_trust(now)?;
            if events > 0 {
                let detail = json!({ "events": events });
                tx.history_append(&asked.note(SERVICE, "clock_trusted", detail, now))?;
            }
            Ok(events)
        })
        .await
    }
}
