//! The alert digest: what needs a person is owed as a mail, by the rule of [`crate::rules::alert`].

use chrono::{DateTime, Utc};

use super::attention::{Attention, Count, OpenEvents, PAID_IN_VAIN_MAX};
use super::{Failure, Support};
use crate::apply::mail_identity;
use crate::config::Mail;
use crate::rules::alert::{Found, State, Trouble, Word, step};
use crate::rules::digest::Told;
use crate::rules::letter::Template;
use crate::store::rows::NewMail;
use crate::store::types::MailStatus;

/// Under which it stands in the store what was told.
const STATE: &str = "alert_state";

impl Support {
    /// Looks at what needs a person, and owes the digest where it is due; says whether it did. To
    /// be called every few minutes; several nodes may, and one digest is owed.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn alert(&self) -> Result<bool, Failure> {
        let books = self.shelf.now();
        let Some(to) = books.config.mail.alert_to.clone() else { return Ok(false) };
        let attention = self.attention().await?;
        let (found, now) = (found(&attention), attention.at);
        let owed = self
            .write("alert", move |tx| {
                let state = tx.meta_get(STATE)?;
                // What cannot be read is begun anew.
                let state: State =
                    state.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
                let (next, word) = step(&state, &found, now);
                if next != state {
                    // Our own types always have a JSON form.
                    tx.meta_put(STATE, &serde_json::to_string(&next).unwrap_or_default())?;
                }
                match word {
                    None => Ok(false),
                    Some(word) => {
                        let mail = digest(word, next.number, &to.email, &books.config.mail, now);
                        Ok(tx.outbox_owe(&mail)?)
                    }
                }
            })
            .await?;
        if owed {
            self.post.notify_one();
        }
        Ok(owed)
    }
}

/// By its number: two nodes that come to the same word owe one mail.
fn digest(word: Word, number: u64, to: &str, mail: &Mail, now: DateTime<Utc>) -> NewMail {
    let key = format!("alert:{number}");
    // A database that was restored may count anew, and no two letters are one.
    let once = format!("{key} {}", now.to_rfc3339());
    let message_id = mail_identity(&once, mail.from.domain());
    let told = match word {
        Word::Trouble(found) => Told { found },
        Word::Well => Told::default(),
    };
    NewMail {
        key,
        template: Template::Alert.as_str().to_owned(),
        license_id: None,
        sale_id: None,
        recipient: Some(to.to_owned()),
        locale: mail.alert_locale.clone(),
        status: MailStatus::Queued,
        next_at: now,
        message_id,
        dated_at: now,
        // Our own types always have a JSON form.
        data: serde_json::to_value(told).unwrap_or_default(),
        created_at: now,
    }
}

fn found(attention: &Attention) -> Vec<Found> {
    let Attention {
        at: _,
        failed,
        waiting,
        mail_failed,
        without_address,
        paid_in_vain,
        hooks_failed,
        silent,
        missed,
    } = attention;
    let some = |trouble, count: Count| Found {
        trouble,
        count: count.count,
        more: count.more,
        since: count.oldest,
    };
    let mut found = Vec::new();
    found.extend(failed.iter().map(|OpenEvents { account, reason, count }| {
        some(Trouble::Failed { account: account.clone(), reason: reason.clone() }, *count)
    }));
    found.extend(waiting.iter().map(|OpenEvents { account, reason, count }| {
        some(Trouble::Waiting { account: account.clone(), reason: reason.clone() }, *count)
    }));
    found.extend((mail_failed.count > 0).then(|| some(Trouble::Mail, *mail_failed)));
    found.extend((without_address.count > 0).then(|| some(Trouble::Address, *without_address)));
    found.extend(paid_in_vain.first().map(|oldest| Found {
        trouble: Trouble::Paid,
        count: paid_in_vain.len(),
        more: paid_in_vain.len() >= PAID_IN_VAIN_MAX,
        since: Some(oldest.since),
    }));
    found.extend(
        hooks_failed.iter().map(|open| some(Trouble::Hook { hook: open.hook.clone() }, open.count)),
    );
    found.extend(silent.iter().map(|silent| Found {
        trouble: Trouble::Silent { account: silent.account.clone() },
        count: 1,
        more: false,
        since: Some(silent.last_event_at),
    }));
    found.extend(missed.iter().map(|missed| Found {
        trouble: Trouble::Missed { account: missed.account.clone() },
        count: missed.gap.events,
        more: false,
        since: Some(missed.gap.since),
    }));
    found
}
