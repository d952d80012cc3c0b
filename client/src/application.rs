//! What the vendor's application calls.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;

use crate::clock::Clock;
use crate::decide::Place;
use crate::fault::Fault;
use crate::folder::Folder;
use crate::fresh::KeepFresh;
use crate::kept::{Kept, Source};
use crate::keys::PublicKeys;
use crate::reason::Reason;
use crate::server::{Activation, Server};
use crate::setup::Builder;
use crate::status::Status;

/// Between two checks that write down the time, unless there is more to write.
const TIME_KEPT_EVERY: TimeDelta = TimeDelta::minutes(10);

/// One application on one machine. Share it between threads by reference or `Arc`.
#[derive(Debug)]
pub struct Application {
    pub(crate) keys: PublicKeys,
    pub(crate) released_at: DateTime<Utc>,
    pub(crate) products: Vec<String>,
    pub(crate) fingerprint: String,
    pub(crate) name: Option<String>,
    pub(crate) version: String,
    pub(crate) folder: Folder,
    pub(crate) server: Server,
    pub(crate) clock: Box<dyn Clock>,
}

impl Application {
    /// The vendor's server (`https://licenses.example.com`) and the product's id there.
    #[must_use]
    pub fn builder(server: &str, product: &str) -> Builder {
        Builder::new(server, product)
    }

    /// May the application run? Asks nobody: for every start, and as often as you like.
    #[must_use]
    pub fn check(&self) -> Status {
        let now = self.clock.now();
        let mut kept = match self.folder.read() {
            Ok(kept) => kept,
            Err(fault) => return Status::Unreadable(fault),
        };
        let before = kept.seen.clone();
        let status = kept.check(&self.keys, &self.place(), now);
        let is_newer = |time: DateTime<Utc>| {
            before.time.is_none_or(|before| time.signed_duration_since(before) >= TIME_KEPT_EVERY)
        };
        if before.sequences != kept.seen.sequences || kept.seen.time.is_some_and(is_newer) {
            // A folder that cannot be written to must not stop who has a license; all that is
            // lost is a memory of the time.
            let look = |kept: &mut Kept| {
                kept.check(&self.keys, &self.place(), now);
                Ok(())
            };
            drop(self.folder.change(look));
        }
        status
    }

    /// Binds the key to this machine. The same machine again uses no further seat.
    ///
    /// # Errors
    /// [`Fault`]. A license that is held stays.
    pub fn activate(&self, key: &str) -> Result<Status, Fault> {
        let key = key.trim();
        let token = self.server.activate(&self.activation(key))?;
        let received = self.receive_online(&token, Source::Key(key.to_owned()));
        if let Err(Fault::Unusable(Reason::OtherProduct)) = received {
            // A key of another product holds a seat now that nobody uses. If this fails, support
            // can release it.
            drop(self.server.deactivate(key, &self.fingerprint));
        }
        received
    }

    /// Starts the trial of this product on this machine, or goes on with it.
    ///
    /// # Errors
    /// [`Fault`]; [`Denial`](crate::Denial) with the code `no_trial` or `trial_used`.
    pub fn trial(&self, email: Option<&str>) -> Result<Status, Fault> {
        let token = self.ask_trial(email)?;
        self.receive_online(&token, Source::Trial)
    }

    /// Fetches today's machine license. If the server takes it back, it is withdrawn at once.
    ///
    /// # Errors
    /// [`Fault`]; of all but [`Fault::NotActivated`] nothing is lost, and [`check`](Self::check)
    /// decides as before.
    pub fn refresh(&self) -> Result<Status, Fault> {
        let source = self.folder.read()?.source.ok_or(Fault::NotActivated)?;
        let answer = match &source {
            Source::Key(key) => self.server.activate(&self.activation(key)),
            Source::Trial => self.ask_trial(None),
        };
        let now = self.clock.now();
        self.folder.change(|kept| {
            // Another license was activated while the server thought: this answer is not for it.
            if kept.source.as_ref() == Some(&source) {
                match answer {
                    Ok(token) => {
                        self.keep_online(kept, &token, source)?;
                    }
                    Err(Fault::Denied(denial)) if denial.ends_what_was_given() => {
                        kept.withdrawn = Some(denial);
                    }
                    Err(fault) => return Err(fault),
                }
            }
            Ok(kept.check(&self.keys, &self.place(), now))
        })
    }

    /// Refreshes when the license asks for it, or does not hold; otherwise only checks.
    ///
    /// # Errors
    /// Those of [`refresh`](Self::refresh).
    pub fn refresh_if_due(&self) -> Result<Status, Fault> {
        let now = self.clock.now();
        let mut kept = self.folder.read()?;
        let status = kept.check(&self.keys, &self.place(), now);
        if kept.is_refresh_due(&status, now) { self.refresh() } else { Ok(self.check()) }
    }

    /// Refreshes in the background, now and then every so often (an hour, say), and tells what
    /// came of it. Ends when what it returns is dropped.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn keep_fresh(
        self: &Arc<Self>,
        every: Duration,
        tell: impl FnMut(Result<Status, Fault>) + Send + 'static,
    ) -> std::io::Result<KeepFresh> {
        KeepFresh::start(Arc::clone(self), every, tell)
    }

    /// Gives this machine's seat back, for another one. Needs the server: a seat that only this
    /// machine believes to be free is lost.
    ///
    /// # Errors
    /// [`Fault`]; then the license is still held.
    pub fn deactivate(&self) -> Result<(), Fault> {
        let source = self.folder.read()?.source.ok_or(Fault::NotActivated)?;
        let Source::Key(key) = &source else { return Err(Fault::Trial) };
        self.server.deactivate(key, &self.fingerprint)?;
        self.folder.change(|kept| {
            if kept.source.as_ref() == Some(&source) {
                kept.give_up(&self.keys);
            }
            Ok(())
        })
    }

    /// A text to carry to a machine with network, where the vendor's page turns it into a machine
    /// license. Also how a license without network is renewed.
    ///
    /// # Errors
    /// [`Fault::Storage`], [`Fault::Chance`].
    pub fn offline_request(&self, key: &str) -> Result<String, Fault> {
        let key = key.trim();
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| Fault::Chance(error.to_string()))?;
        let nonce = HEXLOWER.encode(&nonce);
        let request = Activation { nonce: Some(&nonce), ..self.activation(key) };
        self.folder.change(|kept| {
            kept.asked = Some(Source::Key(key.to_owned()));
            Ok(())
        })?;
        Ok(request.offline_text())
    }

    /// The text that came back.
    ///
    /// # Errors
    /// [`Fault::Unusable`]; a license that is held stays.
    pub fn offline_answer(&self, text: &str) -> Result<Status, Fault> {
        self.receive(text.trim(), |kept| kept.asked.take().or_else(|| kept.source.take()))
    }

    fn receive_online(&self, token: &str, source: Source) -> Result<Status, Fault> {
        let now = self.clock.now();
        self.folder.change(|kept| {
            self.keep_online(kept, token, source)?;
            Ok(kept.check(&self.keys, &self.place(), now))
        })
    }

    /// Of two that ask at once the slower one may come back with the older answer: then the newer
    /// one, which is held already, stands.
    fn keep_online(&self, kept: &mut Kept, token: &str, source: Source) -> Result<(), Fault> {
        let is_held = kept.license.is_some() && kept.source.as_ref() == Some(&source);
        match kept.receive(token, Some(source), &self.keys, &self.place()) {
            Err(Fault::Unusable(Reason::OlderLicense)) if is_held => Ok(()),
            received => received,
        }
    }

    fn receive(
        &self,
        token: &str,
        source: impl FnOnce(&mut Kept) -> Option<Source>,
    ) -> Result<Status, Fault> {
        let now = self.clock.now();
        self.folder.change(|kept| {
            let source = source(kept);
            kept.receive(token, source, &self.keys, &self.place())?;
            Ok(kept.check(&self.keys, &self.place(), now))
        })
    }

    fn ask_trial(&self, email: Option<&str>) -> Result<String, Fault> {
        let product = self.products.first().map_or("", String::as_str);
        self.server.trial(product, &self.fingerprint, email)
    }

    fn activation<'a>(&'a self, key: &'a str) -> Activation<'a> {
        Activation {
            key,
            fingerprint: &self.fingerprint,
            name: self.name.as_deref(),
            platform: std::env::consts::OS,
            version: &self.version,
            nonce: None,
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            products: &self.products,
            fingerprint: &self.fingerprint,
            released_at: self.released_at,
        }
    }
}
