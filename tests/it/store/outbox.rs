//! Mail is owed once for each purpose, and goes out from one hand.

use keywright::store::rows::{MailFilter, MailRow, NewMail};
use keywright::store::types::MailStatus;
use keywright::store::{Store, StoreError, Tx};

use super::licenses::license;
use super::{mail, noon, seconds};
use crate::support::databases::Database;

on_both! {
    async fn a_purpose_is_owed_once_however_many_causes_tell_of_it(db: Database) {
        let nodes = [db.node().await, db.node().await];
        let owing: Vec<_> = (0..10)
            .map(|n| {
                let store = nodes[n % 2].clone();
                tokio::spawn(async move { owe(&store, mail("license:1:issued", None)).await })
            })
            .collect();
        let mut new = 0;
        for owed in owing {
            new += usize::from(owed.await.unwrap());
        }
        assert_eq!(new, 1);
        assert_eq!(list(&nodes[0], MailFilter::default()).await.len(), 1);
    }

    async fn a_mail_goes_out_from_one_hand(db: Database) {
        let (old, new) = (db.node().await, db.node().await);
        owe(&old, mail("a", Some("ada@example.com"))).await;
        let frozen =
            old.run("claim", |tx| tx.outbox_claim(9, seconds(-1), noon())).await.unwrap().remove(0);
        let taken = claim(&new).await.remove(0);
        assert_eq!((taken.id, taken.fence), (frozen.id, 2));
        assert!(claim(&new).await.is_empty());
        let late = sent(&old, &frozen).await;
        assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
        sent(&new, &taken).await.unwrap();
        let row = by_id(&new, taken.id).await;
        assert_eq!((row.status, row.attempts, row.sent_at), (MailStatus::Sent, 1, Some(noon())));
    }

    async fn a_hook_with_many_failures_hides_no_other(db: Database) {
        let store = db.node().await;
        let epoch = if db.is_sqlite() { "0" } else { "to_timestamp(0)" };
        db.tamper(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1100)
             INSERT INTO hooks_outbox (
                 key, hook, type, license_id, status, attempts, next_at, fence, message_id, dated_at
             )
             SELECT 'key ' || n, CASE WHEN n < 1100 THEN 'crm' ELSE 'erp' END, 'license.expired', '1',
                 'failed', 1, {epoch}, 0, 'msg', {epoch} FROM numbers"
        ))
        .await;
        let troubles = store.read("troubles", |tx| tx.hook_troubles()).await.unwrap();
        let told: Vec<_> =
            troubles.iter().map(|one| (one.hook.as_str(), one.tally.count, one.tally.more)).collect();
        assert_eq!(told, [("crm", 1_000, true), ("erp", 1, false)]);
    }

    async fn a_claim_that_holds_is_prolonged_and_nothing_else(db: Database) {
        let store = db.node().await;
        for key in ["held", "settled", "lost"] {
            owe(&store, mail(key, Some("ada@example.com"))).await;
        }
        let [held, settled, lost] = <[MailRow; 3]>::try_from(claim(&store).await).unwrap();
        again(&store, &settled, "later", true).await;
        let claims = [(held.id, held.fence), (settled.id, settled.fence), (lost.id, lost.fence - 1)];
        let renew = |lease| {
            let store = store.clone();
            async move {
                let renew = move |tx: &mut Tx<'_>| tx.outbox_renew(&claims, lease, noon());
                store.run("renew", renew).await.unwrap()
            }
        };
        assert_eq!(renew(seconds(3600)).await, 1);
        let prolonged = by_id(&store, held.id).await.claimed_until;
        assert!(prolonged > held.claimed_until);
        assert_eq!(renew(seconds(1)).await, 0, "and never cut short");
        assert_eq!(by_id(&store, held.id).await.claimed_until, prolonged);
        assert_eq!(by_id(&store, settled.id).await.claimed_until, None);
        assert_eq!(by_id(&store, lost.id).await.claimed_until, lost.claimed_until);
    }

    async fn doubt_is_written_down_by_the_one_who_holds_the_claim(db: Database) {
        let store = db.node().await;
        owe(&store, mail("a", Some("ada@example.com"))).await;
        let held = claim(&store).await.remove(0);
        let doubt = |fence: i64, in_doubt: bool| {
            let (store, id) = (store.clone(), held.id);
            let write =
                move |tx: &mut Tx<'_>| tx.outbox_doubt(id, fence, in_doubt, seconds(30), noon());
            async move { store.run("doubt", write).await }
        };
        let stranger = doubt(held.fence + 1, true).await;
        assert!(matches!(stranger, Err(StoreError::Conflict { .. })), "{stranger:?}");
        assert!(!by_id(&store, held.id).await.in_doubt);
        doubt(held.fence, true).await.unwrap();
        assert!(by_id(&store, held.id).await.in_doubt);
        doubt(held.fence, false).await.unwrap();
        assert!(!by_id(&store, held.id).await.in_doubt);
    }

    async fn the_bytes_are_fixed_by_the_first_who_renders_them(db: Database) {
        let store = db.node().await;
        owe(&store, mail("a", Some("ada@example.com"))).await;
        let first = claim(&store).await.remove(0);
        let render = |mail: &MailRow, text: &'static str| {
            let (store, id, fence) = (store.clone(), mail.id, mail.fence);
            let fix = move |tx: &mut Tx<'_>| tx.outbox_message(id, fence, text.as_bytes());
            async move { store.run("render", fix).await }
        };
        assert_eq!(render(&first, "the first").await.unwrap(), b"the first");
        again(&store, &first, "451 later", true).await;
        let second = claim(&store).await.remove(0);
        assert_eq!(second.attempts, 1);
        assert_eq!(second.error.as_deref(), Some("451 later"));
        assert_eq!(render(&second, "another").await.unwrap(), b"the first");
        assert!(render(&first, "too late").await.is_err());
        again(&store, &second, "the server is away", false).await;
        assert_eq!(by_id(&store, second.id).await.attempts, 1);
    }

    async fn a_mail_without_an_address_waits_for_it(db: Database) {
        let store = db.node().await;
        let sale = store.run("sale", |tx| tx.sale_new("eu", true, None, noon())).await.unwrap().id;
        store
            .run("license", move |tx| tx.license_insert(&license("lic-1", sale, "KEY-1")))
            .await
            .unwrap();
        let of_license = |key: &str, recipient| NewMail {
            license_id: Some("lic-1".to_owned()),
            ..mail(key, recipient)
        };
        owe(&store, of_license("a", None)).await;
        owe(&store, of_license("b", Some("first@example.com"))).await;
        assert_eq!(claim(&store).await.len(), 1);
        let late = |tx: &mut Tx<'_>| tx.outbox_unaddressed(noon() + seconds(1), 9);
        assert_eq!(store.read("late", late).await.unwrap().len(), 1);
        let counts = store.read("count", |tx| tx.outbox_counts()).await.unwrap();
        assert_eq!((counts.queued, counts.unaddressed), (2, 1));
        assert_eq!(counts.oldest_queued, Some(noon()));
        let tell =
            |tx: &mut Tx<'_>| tx.outbox_recipient("lic-1", "ada@example.com", Some("de"));
        assert_eq!(store.run("tell", tell).await.unwrap(), 1);
        let claimed = claim(&store).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].recipient.as_deref(), Some("ada@example.com"));
        assert_eq!(claimed[0].locale.as_deref(), Some("de"));
    }

    async fn what_is_held_or_not_due_does_not_go_out(db: Database) {
        let store = db.node().await;
        owe(&store, NewMail { status: MailStatus::Held, ..mail("held", Some("a@b.example")) }).await;
        let tomorrow = noon() + seconds(86_400);
        owe(&store, NewMail { next_at: tomorrow, ..mail("tomorrow", Some("a@b.example")) }).await;
        assert!(claim(&store).await.is_empty());
        let due = store.run("claim", move |tx| tx.outbox_claim(9, seconds(60), tomorrow)).await;
        assert_eq!(due.unwrap()[0].key, "tomorrow");
    }

    async fn what_failed_stays_visible_and_can_be_tried_again(db: Database) {
        let store = db.node().await;
        owe(&store, mail("a", Some("ada@example.com"))).await;
        owe(&store, mail("b", Some("bob@example.com"))).await;
        let [a, b] = claim(&store).await.try_into().unwrap();
        let (a_id, b_id) = (a.id, b.id);
        store
            .run("fail", move |tx| {
                tx.outbox_failed(a.id, a.fence, "550 no such user")?;
                tx.outbox_cancel(b.id, b.fence, "the license was revoked")
            })
            .await
            .unwrap();
        let failed = MailFilter { status: Some(MailStatus::Failed), ..MailFilter::default() };
        let rows = list(&store, failed).await;
        assert_eq!(rows.iter().map(|row| row.attempts).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(rows[1].error.as_deref(), Some("550 no such user"));

        let retry = |id| store.run("retry", move |tx| tx.outbox_retry(id, noon()));
        assert!(retry(a_id).await.unwrap());
        let again = claim(&store).await.remove(0);
        assert_eq!((again.id, again.message_id.as_str()), (a_id, "<a@acme.example>"));
        sent(&store, &again).await.unwrap();
        assert!(!retry(a_id).await.unwrap());
        assert!(retry(b_id).await.unwrap());
        assert_eq!(retry(4711).await.unwrap_err().name(), "conflict");
    }
}

async fn owe(store: &Store, mail: NewMail) -> bool {
    store.run("owe", move |tx| tx.outbox_owe(&mail)).await.unwrap()
}

async fn claim(store: &Store) -> Vec<MailRow> {
    store.run("claim", |tx| tx.outbox_claim(9, seconds(60), noon())).await.unwrap()
}

async fn sent(store: &Store, mail: &MailRow) -> Result<(), StoreError> {
    let (id, fence) = (mail.id, mail.fence);
    store.run("sent", move |tx| tx.outbox_sent(id, fence, noon(), false)).await
}

async fn again(store: &Store, mail: &MailRow, error: &'static str, count: bool) {
    let (id, fence) = (mail.id, mail.fence);
    store.run("again", move |tx| tx.outbox_again(id, fence, noon(), error, count)).await.unwrap();
}

async fn list(store: &Store, filter: MailFilter) -> Vec<MailRow> {
    store.read("list", move |tx| tx.outbox_list(&filter, None, 9)).await.unwrap()
}

async fn by_id(store: &Store, id: i64) -> MailRow {
    store.read("mail", move |tx| tx.outbox_by_id(id)).await.unwrap().unwrap()
}
