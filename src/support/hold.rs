//! Mail and messages to hooks, on hold until a person agrees: after a restore, or before one.

use serde::Serialize;
use serde_json::json;

use super::audit::SERVICE;
use super::{Asked, Failure, Support};
use crate::rules::plain::one_line;
use crate::store::Tx;
use crate::store::hold::Hold;
use crate::store::rows::HookFilter;
use crate::store::types::MailStatus;

/// What came of holding or releasing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outgoing {
    /// False: it stood so before.
    pub changed: bool,
    /// Why nothing goes out, or went out until now.
    pub why: Option<String>,
    /// Mails that are owed.
    pub mail_queued: i64,
    /// Whether messages to hooks are owed, too.
    pub hooks_queued: bool,
}

/// The longest name of whoever holds, in characters.
const NAME_CHARS: usize = 80;

impl Support {
    /// Whether everything that goes out is on hold, since when, and why.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn outgoing_hold(&self) -> Result<Option<Hold>, Failure> {
        self.read("outgoing hold", |tx| Ok(tx.outgoing_hold()?)).await
    }

    /// From now on nothing more goes out, on any node; what is under way at this moment does. Where
    /// it is on hold already, that stays as it is.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn mail_hold(&self, asked: Asked) -> Result<Outgoing, Failure> {
        let now = self.clock.now();
        self.write("mail hold", move |tx| {
            let before = tx.outgoing_hold()?;
            let changed = before.is_none();
            // The reason stands in the audit. This is logged, and a reason may name somebody.
            let why = format!("held by {}", one_line(&asked.by, NAME_CHARS));
            let hold = before.unwrap_or(Hold { since: Some(now), why });
            if changed {
                tx.outgoing_hold_put(&hold)?;
                tx.history_append(&asked.note(SERVICE, "mail_held", json!({}), now))?;
            }
            outgoing(tx, changed, Some(&hold))
        })
        .await
    }

    /// What is owed goes out.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn mail_release(&self, asked: Asked) -> Result<Outgoing, Failure> {
        let now = self.clock.now();
        let released = self
            .write("mail release", move |tx| {
                let before = tx.outgoing_hold()?;
                if before.is_some() {
                    tx.outgoing_release()?;
                    tx.history_append(&asked.note(SERVICE, "mail_released", json!({}), now))?;
                }
                outgoing(tx, before.is_some(), before.as_ref())
            })
            .await?;
        self.post.notify_one();
        Ok(released)
    }
}

fn outgoing(tx: &mut Tx<'_>, changed: bool, hold: Option<&Hold>) -> Result<Outgoing, Failure> {
    let queued = HookFilter { status: Some(MailStatus::Queued), ..HookFilter::default() };
    Ok(Outgoing {
        changed,
        why: hold.map(ToString::to_string),
        mail_queued: tx.outbox_counts()?.queued,
        hooks_queued: !tx.hook_list(&queued, None, 1)?.is_empty(),
    })
}
