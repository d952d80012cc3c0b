//! Notices told to an office as if an event of its shop had said them.

use chrono::{DateTime, Utc};
use keywright::apply::{Saying, sale};
use keywright::store::dedupe;
use keywright::store::rows::NewEvent;
use keywright::store::types::Digest;
use keywright_providers::notice::{Kind, Line, Notice, Period, Ref};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::office::Office;

/// Of the shop, without a customer.
pub(crate) fn notice(refs: Vec<Ref>, kind: Kind, at: DateTime<Utc>) -> Notice {
    Notice { refs, occurred_at: at, line: None, kind, customer: None }
}

/// A payment for a year, as an order tells of it; some know its period.
pub(crate) fn paid(order: &str, payment: Ref, at: DateTime<Utc>, period: Option<Period>) -> Notice {
    let order = Ref::order(order);
    let line = Line {
        line: Line::at(&order, 0),
        alias: Vec::new(),
        item: vec!["price_pro".to_owned()],
        quantity: 1,
        period,
    };
    notice(vec![order], Kind::Paid { payment, amount: None, lines: vec![line] }, at)
}

/// Applies a notice as an event of the shop; the keys of the licenses that it tells of.
pub(crate) async fn told(office: &Office, name: &'static str, notice: Notice) -> Vec<String> {
    told_slowly(office, name, notice, || {}).await
}

/// As [`told`]; `before_end` is done before what came of it is committed.
pub(crate) async fn told_slowly(
    office: &Office,
    name: &'static str,
    notice: Notice,
    before_end: impl Fn() + Send + 'static,
) -> Vec<String> {
    let (books, now) = (office.support.shelf.now(), office.support.clock.now());
    let event = event(name, now);
    let applied = office.support.store.run("told", move |tx| {
        let kept = tx.event_keep(std::slice::from_ref(&event))?;
        let row = tx.event_by_id(kept[0].id)?.unwrap();
        let applied = sale::apply(
            tx,
            &row,
            true,
            &Saying::new(vec![notice.clone()], &row, &books),
            &books,
            now,
        )?;
        tx.event_settle(row.id, row.fence, &applied.settled)?;
        before_end();
        Ok(applied)
    });
    applied.await.unwrap().licenses.into_iter().map(|row| row.key).collect()
}

fn event(name: &str, now: DateTime<Utc>) -> NewEvent {
    let content_digest = Digest::from(<[u8; 32]>::from(Sha256::digest(name)));
    NewEvent {
        account: "shop".to_owned(),
        kind: "stripe".to_owned(),
        provider_event_id: Some(name.to_owned()),
        dedupe: dedupe("shop", Some(name), &content_digest),
        content_digest,
        event_type: "told".to_owned(),
        received_at: now,
        occurred_at: now,
        live: Some(true),
        headers: json!({}),
        body: Vec::new(),
    }
}
