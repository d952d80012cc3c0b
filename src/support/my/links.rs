//! The way to a customer's page: a link that is mailed to the address on file.
//!
//! Whoever asks is answered before anything is looked up, so neither the answer nor its time tells
//! whether an address is known. What the link says is computed when its mail goes out, from a name
//! in the mail's row and the seed of the signing keys: the store has only its hash.

use std::sync::Arc;

use chrono::TimeDelta;
use keywright_providers::notice::Customer;
use serde_json::json;
use tokio::sync::{Mutex, mpsc, watch};

use super::super::sessions::{Holder, SessionText, begun};
use super::super::{Failure, Support};
use crate::apply::mail_identity;
use crate::rules::letter::{LINK_LASTS, Template};
use crate::store::rows::{LicenseFilter, LicenseRow, LinkRow, NewMail, SessionRow};
use crate::store::types::{Digest, MailStatus};
use crate::store::{self, StoreError, Tx};

/// Links to one address within [`COUNTED`].
pub const LINKS_MAX: i64 = 3;

/// Within what time links are counted.
pub const COUNTED: TimeDelta = TimeDelta::hours(1);

/// How long it is remembered that there was a link.
const KEPT: TimeDelta = TimeDelta::days(1);

/// Those who may wait to be looked up. Each client may ask only now and then, so there are more
/// only while somebody floods the service: then some are left out, and ask again.
const WAITING_MAX: usize = 1_000;

/// Hex digits of a link's secret.
const SECRET_DIGITS: usize = 32;

/// Addresses whose owners asked for a link. Clones are one.
#[derive(Debug, Clone)]
pub struct Links {
    support: Support,
    door: mpsc::Sender<String>,
    waiting: Arc<Mutex<mpsc::Receiver<String>>>,
}

impl Links {
    #[must_use]
    pub fn new(support: Support) -> Self {
        let (door, waiting) = mpsc::channel(WAITING_MAX);
        Self { support, door, waiting: Arc::new(Mutex::new(waiting)) }
    }

    /// Somebody who says that this is his address asks for a link. Takes the same time for every
    /// address.
    pub fn ask(&self, email: &str) {
        if self.door.try_send(email.trim().to_lowercase()).is_err() {
            metrics::counter!("keywright_my_links_left_out_total").increment(1);
        }
    }

    /// Looks up whoever asks, until told to stop; those who asked before that are still looked up.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut waiting = self.waiting.lock().await;
        while !*stop.borrow() {
            tokio::select! {
                email = waiting.recv() => match email {
                    Some(email) => self.look_up(&email).await,
                    None => break,
                },
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        while let Ok(email) = waiting.try_recv() {
            self.look_up(&email).await;
        }
    }

    /// Looks up everybody who asked so far.
    pub async fn run_once(&self) {
        let mut waiting = self.waiting.lock().await;
        while let Ok(email) = waiting.try_recv() {
            self.look_up(&email).await;
        }
    }

    /// Whose request is lost to a fault asks again; the log never says who.
    async fn look_up(&self, email: &str) {
        if let Err(error) = self.support.link_owe(email).await {
            tracing::warn!(%error, "a customer's link cannot be made now: {error}");
        }
    }
}

impl Support {
    /// Owes a link to a known address that did not get too many lately. True: it is owed.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn link_owe(&self, email: &str) -> Result<bool, Failure> {
        let email = email.to_owned();
        // Strangers' addresses cost no turn of the writer.
        let look = email.clone();
        if self.read("link look up", move |tx| Ok(newest(tx, &look)?.is_none())).await? {
            return Ok(false);
        }
        let (name, books, clock) = (self.name()?, self.shelf.now(), Arc::clone(&self.clock));
        let owed = self
            .write("link owe", move |tx| {
                let Some(license) = newest(tx, &email)? else { return Ok(false) };
                // One at a time for one address, on whatever node.
                tx.sale_lock(&[license.sale_id])?;
                let now = clock.now();
                if tx.links_since(&email, now - COUNTED)? >= LINKS_MAX {
                    return Ok(false);
                }
                tx.links_sweep(now - KEPT)?;
                tx.link_insert(&LinkRow {
                    hash: Digest::of(books.link_secret(&name)),
                    email: email.clone(),
                    created_at: now,
                    used_at: None,
                })?;
                let key = format!("{}:{name}", Template::MyLink);
                let customer: Customer =
                    store::json(&license.customer, "licenses.customer", &license.id)?;
                // To the address on file, to the letter: two that were typed differently can be
                // the same in lower case and yet be different people's.
                let on_file = customer.email.filter(|known| known.trim().to_lowercase() == email);
                tx.outbox_owe(&NewMail {
                    message_id: mail_identity(&key, books.config.mail.from.domain()),
                    key,
                    template: Template::MyLink.as_str().to_owned(),
                    license_id: None,
                    sale_id: None,
                    recipient: Some(on_file.unwrap_or_else(|| email.clone())),
                    locale: customer.locale,
                    status: MailStatus::Queued,
                    next_at: now,
                    dated_at: now,
                    data: json!({ "name": name }),
                    created_at: now,
                })?;
                Ok(true)
            })
            .await?;
        if owed {
            self.post.notify_one();
        }
        Ok(owed)
    }

    /// Signs a customer in by what his link says. `None`: there is no such link, it was used, or
    /// its time is over.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn link_use(&self, secret: &str) -> Result<Option<SessionText>, Failure> {
        // What cannot be one costs no look into the store.
        if secret.len() != SECRET_DIGITS || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let (hash, now) = (Digest::of(secret), self.clock.now());
        // Whose session it is, only the link says.
        let (text, session) = self.session_new(&Holder::Customer(String::new()))?;
        // In one transaction: a link that was used up and let nobody in would be lost.
        let used = self
            .write("link use", move |tx| {
                let Some(email) = tx.link_use(&hash, now - LINK_LASTS, now)? else {
                    return Ok(false);
                };
                let holder = Holder::Customer(email).text();
                begun(tx, &SessionRow { holder, ..session.clone() }, None)?;
                Ok(true)
            })
            .await?;
        Ok(used.then_some(text))
    }
}

/// The newest license of an address.
fn newest(tx: &mut Tx<'_>, email: &str) -> Result<Option<LicenseRow>, StoreError> {
    let filter = LicenseFilter { email: Some(email.to_owned()), ..LicenseFilter::default() };
    // The time only matters to a filter by status.
    Ok(tx.license_list(&filter, chrono::DateTime::UNIX_EPOCH, None, 1)?.pop())
}
