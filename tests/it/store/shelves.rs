//! Lists of licenses and of mail are what a walk through everything would give, page by page.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use keywright::store::rows::{LicenseFilter, LicenseRow, MailFilter, NewMail};
use keywright::store::types::{LicenseState, LicenseStatus, MailStatus};
use keywright::store::{Store, Tx};

use super::licenses::license;
use super::{mail, noon, seconds};
use crate::support::databases::Database;

/// Licenses of a product of which many are valid, of one that is sold no more, and of one without
/// an end; in every state.
fn made(sale: i64) -> Vec<LicenseRow> {
    (0..1_500_i64)
        .map(|n| {
            let product = match n % 50 {
                0 => "given-up",
                1 => "ever",
                _ => "pro",
            };
            let state = match n % 23 {
                4 => LicenseState::Revoked,
                9 if n % 2 == 0 => LicenseState::Suspended,
                11 if n % 3 == 0 => LicenseState::Pending,
                _ => LicenseState::Active,
            };
            // Of those given up one is valid still, and it is old.
            let end = match product {
                "ever" => None,
                "given-up" if n > 0 => Some(noon() - seconds(n % 7 + 1)),
                _ if n % 8 == 0 => Some(noon() - seconds(n % 11)),
                _ => Some(noon() + seconds(n % 11)),
            };
            LicenseRow {
                product: product.to_owned(),
                state,
                valid_until: end,
                email: Some(
                    if n % 40 == 0 { "many@example.com" } else { "one@example.com" }.to_owned(),
                ),
                // Several were made at one moment.
                created_at: noon() - seconds(1_000 - n / 3),
                ..license(&format!("lic-{n:04}"), sale, &format!("KEY-{n}"))
            }
        })
        .collect()
}

fn holds(row: &LicenseRow, filter: &LicenseFilter) -> bool {
    let over = row.valid_until.is_some_and(|end| end < noon());
    let status = match row.state {
        LicenseState::Active if over => LicenseStatus::Expired,
        LicenseState::Active => LicenseStatus::Active,
        LicenseState::Suspended => LicenseStatus::Suspended,
        LicenseState::Revoked => LicenseStatus::Revoked,
        LicenseState::Pending => LicenseStatus::Pending,
    };
    filter.status.is_none_or(|wanted| wanted == status)
        && filter.product.as_ref().is_none_or(|product| *product == row.product)
        && filter.email.is_none_or_same(&row.email)
}

trait Same {
    fn is_none_or_same(&self, other: &Self) -> bool;
}

impl Same for Option<String> {
    fn is_none_or_same(&self, other: &Self) -> bool {
        self.is_none() || self == other
    }
}

/// All of it, a page after the other.
async fn pages(store: &Store, filter: &LicenseFilter, limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::<String>::new(), None::<String>);
    loop {
        let (by, from) = (filter.clone(), cursor.clone());
        let list = move |tx: &mut Tx<'_>| tx.license_list(&by, noon(), from.as_deref(), limit);
        let page = store.read("list", list).await.unwrap();
        let short = page.len() < limit;
        ids.extend(page.into_iter().map(|row| row.id));
        if short {
            return ids;
        }
        cursor = ids.last().cloned();
    }
}

/// Mail of every status, to two people.
async fn letters(store: &Store) -> Vec<i64> {
    let owe = |tx: &mut Tx<'_>| {
        for n in 0..60 {
            let to = if n % 5 == 0 { "Eve@Example.com" } else { "ada@example.com" };
            let status = if n % 13 == 5 { MailStatus::Held } else { MailStatus::Queued };
            tx.outbox_owe(&NewMail { status, ..mail(&format!("m-{n}"), Some(to)) })?;
        }
        for mail in tx.outbox_claim(40, seconds(60), noon())? {
            match mail.id % 4 {
                0 => tx.outbox_failed(mail.id, mail.fence, "no such user")?,
                _ => tx.outbox_sent(mail.id, mail.fence, noon(), false)?,
            }
        }
        tx.outbox_list(&MailFilter::default(), None, 100)
    };
    let all = store.run("letters", owe).await.unwrap();
    assert_eq!(all.len(), 60);
    all.into_iter().map(|mail| mail.id).collect()
}

on_both! {
    async fn licenses_are_listed_in_order_whatever_is_asked_for(db: Database) {
        let store = db.node().await;
        let sale = store.run("sale", |tx| tx.sale_new("eu", true, None, noon())).await.unwrap().id;
        let all = made(sale);
        let stored = all.clone();
        store.run("all", move |tx| {
            stored.iter().try_for_each(|row| tx.license_insert(row))
        }).await.unwrap();
        let statuses = std::iter::once(None).chain(LicenseStatus::ALL.iter().copied().map(Some));
        for status in statuses {
            for product in [None, Some("pro"), Some("given-up"), Some("ever"), Some("none")] {
                for email in [None, Some("many@example.com")] {
                    let filter = LicenseFilter {
                        status,
                        product: product.map(str::to_owned),
                        email: email.map(str::to_owned),
                        ..LicenseFilter::default()
                    };
                    let by_end = status == Some(LicenseStatus::Expired) && email.is_none();
                    let place = |row: &&LicenseRow| -> Reverse<(Option<DateTime<Utc>>, String)> {
                        let at = if by_end { row.valid_until } else { Some(row.created_at) };
                        Reverse((at, row.id.clone()))
                    };
                    let mut expected: Vec<&LicenseRow> =
                        all.iter().filter(|row| holds(row, &filter)).collect();
                    expected.sort_by_key(place);
                    let expected: Vec<&str> = expected.iter().map(|row| row.id.as_str()).collect();
                    assert_eq!(pages(&store, &filter, 173).await, expected, "{filter:?}");
                }
            }
        }
    }

    async fn mail_is_listed_in_order_whatever_is_asked_for(db: Database) {
        let store = db.node().await;
        let all = letters(&store).await;
        let whole = store.read("all", |tx| tx.outbox_list(&MailFilter::default(), None, 100)).await;
        let whole = whole.unwrap();
        let mut found = 0;
        for status in std::iter::once(None).chain(MailStatus::ALL.iter().copied().map(Some)) {
            for recipient in [None, Some("Eve@Example.com"), Some("nobody@example.com")] {
                for cursor in [None, Some(all[30])] {
                    let recipient = recipient.map(str::to_owned);
                    let filter = MailFilter { status, recipient, ..MailFilter::default() };
                    let expected: Vec<i64> = whole
                        .iter()
                        .filter(|mail| status.is_none_or(|status| status == mail.status))
                        .filter(|mail| filter.recipient.is_none_or_same(&mail.recipient))
                        .map(|mail| mail.id)
                        .filter(|id| cursor.is_none_or(|cursor| *id < cursor))
                        .take(9)
                        .collect();
                    let by = filter.clone();
                    let list = move |tx: &mut Tx<'_>| tx.outbox_list(&by, cursor, 9);
                    let ids: Vec<i64> = store.read("list", list).await.unwrap()
                        .into_iter().map(|mail| mail.id).collect();
                    assert_eq!(ids, expected, "{filter:?}");
                    found += ids.len();
                }
            }
        }
        assert!(found > 50);
    }

    async fn mail_is_found_by_what_people_know_of_it(db: Database) {
        let store = db.node().await;
        let sale = store.run("sale", |tx| tx.sale_new("eu", true, None, noon())).await.unwrap().id;
        let row = license("lic-1", sale, "KEY-1");
        store.run("mail", move |tx| {
            tx.license_insert(&row)?;
            tx.refs_tie("eu", true, &["invoice:in_9".to_owned()], sale)?;
            let licensed = NewMail {
                license_id: Some("lic-1".to_owned()),
                sale_id: Some(sale),
                ..mail("of-license", Some("corrected@example.com"))
            };
            tx.outbox_owe(&licensed)?;
            tx.outbox_owe(&mail("other", Some("ada@example.com")))
        }).await.unwrap();
        let found = async |word: &str| -> Vec<String> {
            let filter = MailFilter { q: Some(word.to_owned()), ..MailFilter::default() };
            let list = move |tx: &mut Tx<'_>| tx.outbox_list(&filter, None, 9);
            store.read("list", list).await.unwrap().into_iter().map(|mail| mail.key).collect()
        };
        // What ada@example.com bought was mailed to a corrected address.
        assert_eq!(found("ada@example.com").await, ["other", "of-license"]);
        assert_eq!(found("corrected@example.com").await, ["of-license"]);
        for word in ["KEY-1", "lic-1", "77", "order:77", " in_9 "] {
            // Nothing came from the account yet, and still its references lead to the mail.
            assert_eq!(found(word).await, ["of-license"], "{word}");
        }
        assert_eq!(found("nobody").await, Vec::<String>::new());
        assert_eq!(found(" ").await, Vec::<String>::new());
    }
}
