//! A post office: a store, a mail server, a clock that stands still, and the worker between.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use keywright::clock::Clock;
use keywright::mailer::{Mailer, PATIENCE, Party, Security};
use keywright::post::{Done, Post, Settings};
use keywright::rules::letters::Letters;
use keywright::store::Store;
use keywright::store::rows::{LicenseRow, MailRow, NewMail};
use keywright::store::types::{LicenseState, MailStatus};
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use crate::support::databases::Database;
use crate::support::smtp::{Act, Copy, MailServer};

/// For servers that never answer.
pub(super) const IMPATIENCE: Duration = Duration::from_millis(200);

pub(super) struct Office {
    pub(super) store: Store,
    pub(super) server: MailServer,
    pub(super) post: Post,
    pub(super) bell: Arc<Notify>,
    clock: Arc<StandingClock>,
    db: Database,
}

#[derive(Debug)]
struct StandingClock(Mutex<DateTime<Utc>>);

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// A mail's status, attempts, and whether there is doubt.
pub(super) type State = (MailStatus, i32, bool);

pub(super) const WAITS: State = (MailStatus::Queued, 0, false);
pub(super) const SENT: State = (MailStatus::Sent, 1, false);

impl Office {
    /// With a server that does this first, and then accepts everything.
    pub(super) async fn open(db: Database, script: impl IntoIterator<Item = Act>) -> Self {
        Self::with_patience(db, PATIENCE, script).await
    }

    pub(super) async fn with_patience(
        db: Database,
        patience: Duration,
        script: impl IntoIterator<Item = Act>,
    ) -> Self {
        let store = db.node().await;
        let server = MailServer::start(Security::Plain, script).await;
        let clock = Arc::new(StandingClock(Mutex::new(morning())));
        let bell = Arc::new(Notify::new());
        let mailer = Mailer::to_server(server.server(), patience).unwrap();
        let post = Post::new(store.clone(), settings(mailer), clock.clone(), Arc::clone(&bell));
        Self { store, server, post, bell, clock, db }
    }

    /// Another process: it shares nothing with the first but the database and the mail server.
    pub(super) async fn another_post(&self, mailer: Option<Mailer>) -> Post {
        let server = || Mailer::to_server(self.server.server(), PATIENCE).unwrap();
        let mailer = mailer.unwrap_or_else(server);
        let store = self.db.node().await;
        Post::new(store, settings(mailer), self.clock.clone(), Arc::new(Notify::new()))
    }

    /// Owes `NAME@example.com` the mail with a new key; gives the mail's id.
    pub(super) async fn owe(&self, name: &'static str) -> i64 {
        self.owe_to(name, Some(&format!("{name}@example.com"))).await
    }

    pub(super) async fn owe_to(&self, name: &'static str, recipient: Option<&str>) -> i64 {
        let mail = NewMail { recipient: recipient.map(str::to_owned), ..self.mail(name, "issued") };
        self.owe_mail(name, mail).await
    }

    pub(super) async fn owe_mail(&self, name: &'static str, mail: NewMail) -> i64 {
        let now = self.now();
        let key = mail.key.clone();
        let owed = move |tx: &mut keywright::store::Tx<'_>| {
            if tx.license_by_id(&format!("license-{name}"))?.is_none() {
                let sale = tx.sale_new("stripe", true, None, now)?;
                tx.license_insert(&license(name, sale.id, now))?;
            }
            tx.outbox_owe(&mail)
        };
        assert!(self.store.run("owe", owed).await.unwrap(), "owed once");
        self.mails().await.into_iter().find(|mail| mail.key == key).unwrap().id
    }

    pub(super) fn mail(&self, name: &str, template: &str) -> NewMail {
        NewMail {
            key: format!("license:license-{name}:{template}"),
            template: template.to_owned(),
            license_id: Some(format!("license-{name}")),
            sale_id: None,
            recipient: Some(format!("{name}@example.com")),
            locale: Some("en".to_owned()),
            status: MailStatus::Queued,
            next_at: self.now(),
            message_id: format!("<{template}-{name}@acme.example>"),
            dated_at: morning(),
            data: json!({}),
            created_at: self.now(),
        }
    }

    pub(super) async fn revoke(&self, name: &'static str) {
        self.change(name, |license| license.state = LicenseState::Revoked).await;
    }

    /// Something becomes of a license.
    pub(super) async fn change(&self, name: &'static str, how: fn(&mut LicenseRow)) {
        let change = move |tx: &mut keywright::store::Tx<'_>| {
            let mut license = tx.license_by_id(&format!("license-{name}"))?.unwrap();
            how(&mut license);
            tx.license_update(&license, license.version)
        };
        self.store.run("change", change).await.unwrap();
    }

    /// Sends all that is due.
    pub(super) async fn work(&self) -> Done {
        self.post.run_once().await.unwrap()
    }

    pub(super) fn advance(&self, time: TimeDelta) {
        *self.clock.0.lock().unwrap() += time;
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) async fn row(&self, id: i64) -> MailRow {
        self.store.read("row", move |tx| tx.outbox_by_id(id)).await.unwrap().unwrap()
    }

    pub(super) async fn state(&self, id: i64) -> State {
        let row = self.row(id).await;
        (row.status, row.attempts, row.in_doubt)
    }

    /// Why it has not gone out.
    pub(super) async fn error(&self, id: i64) -> String {
        self.row(id).await.error.unwrap_or_default()
    }

    /// As support does in the console.
    pub(super) async fn retry(&self, id: i64) {
        let now = self.now();
        assert!(self.store.run("retry", move |tx| tx.outbox_retry(id, now)).await.unwrap());
    }

    /// The claims of a dead process run out.
    pub(super) async fn let_claims_run_out(&self) {
        self.db.tamper("UPDATE outbox SET claimed_until = NULL").await;
    }

    pub(super) async fn tamper(&self, sql: &str) {
        self.db.tamper(sql).await;
    }

    pub(super) async fn mails(&self) -> Vec<MailRow> {
        let list = |tx: &mut keywright::store::Tx<'_>| {
            tx.outbox_list(&keywright::store::rows::MailFilter::default(), None, 1000)
        };
        self.store.read("mails", list).await.unwrap()
    }

    /// Nothing is left to do: every copy that arrived is, to the byte, the message in the row.
    pub(super) async fn copies_of(&self, id: i64) -> Vec<Copy> {
        let row = self.row(id).await;
        let to = row.recipient.as_deref().unwrap_or_default();
        let copies: Vec<_> =
            self.server.copies().into_iter().filter(|copy| copy.to == to).collect();
        for copy in &copies {
            assert_eq!(Some(copy.text.as_bytes()), row.message.as_deref());
            assert!(copy.text.contains(&format!("\r\nMessage-ID: {}\r\n", row.message_id)));
            assert!(copy.text.contains("Date: Fri, 01 May 2026 08:00:00 +0000\r\n"));
        }
        copies
    }
}

/// A worker in a runtime of its own, so that it can die at once and with all its hands.
pub(super) struct Process {
    kill: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Process {
    pub(super) fn start(post: Post) -> Self {
        let (kill, killed) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                tokio::select! {
                    done = post.run_once() => panic!("nobody killed it: {done:?}"),
                    _ = killed => {}
                }
            });
        });
        Self { kill, thread }
    }

    /// Returns when nothing of it is left.
    pub(super) async fn kill(self) {
        self.kill.send(()).unwrap();
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap();
    }
}

/// An empty database of the same kind.
pub(super) async fn another(db: &Database) -> Database {
    if db.is_sqlite() { Database::sqlite() } else { Database::postgres().await }
}

pub(super) fn settings(mailer: Mailer) -> Settings {
    Settings {
        mailer,
        letters: Letters::built_in(),
        from: Party { name: Some("Acme".to_owned()), address: "keys@acme.example".to_owned() },
        reply_to: None,
        support: None,
        public_url: "https://licenses.acme.example".to_owned(),
        links: Arc::new(|name| format!("{name:0>32}")),
        products: Arc::new(|id| (id == "acme-pro").then(|| "Acme Pro".to_owned())),
    }
}

fn morning() -> DateTime<Utc> {
    "2026-05-01T08:00:00Z".parse().unwrap()
}

fn license(name: &str, sale_id: i64, now: DateTime<Utc>) -> LicenseRow {
    LicenseRow {
        id: format!("license-{name}"),
        sale_id,
        slot: name.to_owned(),
        account: "stripe".to_owned(),
        live: true,
        key: format!("ACME-{}", name.to_uppercase()),
        product: "acme-pro".to_owned(),
        state: LicenseState::Active,
        starts_at: now,
        expires_at: Some(now + TimeDelta::days(365)),
        valid_until: Some(now + TimeDelta::days(366)),
        max_activations: 2,
        quantity: 1,
        features: json!(["export"]),
        flags: json!([]),
        email: Some(format!("{name}@example.com")),
        customer: json!({"name": name, "company": null}),
        order_ref: Some("order:A-1".to_owned()),
        subscription_ref: None,
        merged_into: None,
        sequence: 1,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
