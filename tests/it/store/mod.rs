//! The store's promises, told on both databases.

mod claims;
mod figures;
mod history;
mod keep;
mod licenses;
mod lists;
mod moved;
mod outbox;
mod sales;
mod schema;
mod shelves;
mod shown;
mod silence;
mod transactions;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::{Kept, NewEvent, NewMail};
use keywright::store::types::{Bytes, Digest, MailStatus};
use keywright::store::{Store, dedupe};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A quiet Monday.
fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_315_200, 0).unwrap()
}

fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

/// Long enough for anything on this machine.
fn later() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn digest(text: &str) -> Digest {
    Bytes(Sha256::digest(text).into())
}

/// An event of this account and id with this content.
fn event(account: &str, id: &str, content: &str) -> NewEvent {
    let content_digest = digest(content);
    NewEvent {
        account: account.to_owned(),
        kind: "stripe".to_owned(),
        provider_event_id: Some(id.to_owned()),
        dedupe: dedupe(account, Some(id), &content_digest),
        content_digest,
        event_type: "invoice.paid".to_owned(),
        received_at: noon(),
        occurred_at: noon() - seconds(3),
        live: Some(true),
        headers: json!({"content-type": "application/json"}),
        body: content.as_bytes().to_vec(),
    }
}

async fn keep(store: &Store, events: Vec<NewEvent>) -> Vec<Kept> {
    store.keep(events, later()).await.unwrap()
}

/// Keeps events `0..count` of an account and gives their rows' ids.
async fn keep_many(store: &Store, account: &str, count: usize) -> Vec<i64> {
    let events = (0..count).map(|n| event(account, &format!("{account}-{n}"), "{}")).collect();
    keep(store, events).await.into_iter().map(|kept| kept.id).collect()
}

fn mail(key: &str, recipient: Option<&str>) -> NewMail {
    NewMail {
        key: key.to_owned(),
        template: "issued".to_owned(),
        license_id: None,
        sale_id: None,
        recipient: recipient.map(str::to_owned),
        locale: Some("en".to_owned()),
        status: MailStatus::Queued,
        next_at: noon(),
        message_id: format!("<{key}@acme.example>"),
        dated_at: noon(),
        data: json!({"product": "Acme Pro"}),
        created_at: noon(),
    }
}
