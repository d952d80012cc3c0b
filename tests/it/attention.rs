//! What needs a person is counted, whatever else is stored.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::types::MailStatus;
use keywright::support::attention::{Attention, Count, OpenEvents, PaidInVain, Silent};
use keywright_providers::sample::{Scene, Step};
use serde_json::json;

use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};

async fn seen(office: &Office) -> Attention {
    office.support.attention().await.unwrap()
}

fn now(office: &Office) -> DateTime<Utc> {
    office.support.clock.now()
}

fn few(count: usize, oldest: DateTime<Utc>) -> Count {
    Count { count, more: false, oldest: Some(oldest) }
}

/// A sale every day at the same hour, for so many days; `rests` says on which there is none.
async fn trades(office: &Office, days: usize, rests: impl Fn(usize) -> bool) {
    for day in 0..days {
        if !rests(day) {
            office.tell(Step::Purchase, &format!("day{day}"), "price_pro").await;
        }
        office.clock.advance(TimeDelta::days(1));
    }
}

async fn silent(office: &Office) -> Vec<Silent> {
    office.support.attention_note_days().await.unwrap();
    seen(office).await.silent
}

on_both! {
    async fn when_all_is_well_nothing_needs_a_person(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        assert!(seen(&office).await.is_empty());
    }

    async fn what_failed_is_told_by_account_and_reason_with_the_oldest(db: Database) {
        let office = Office::open(&db).await;
        office.configure("[providers.other]\nkind = \"stripe\"\nsecrets = [\"whsec_other_other_other\"]\n");
        let since = now(&office);
        office.tell(Step::Purchase, "ada", "price_unknown").await;
        office.clock.advance(TimeDelta::hours(2));
        office.tell(Step::Purchase, "bob", "price_unknown").await;
        let failed = seen(&office).await.failed;
        let [OpenEvents { account, reason, count }] = failed.as_slice() else {
            panic!("{failed:?}")
        };
        assert_eq!((account.as_str(), reason.as_str()), ("shop", "unknown_product"));
        assert_eq!(count.oldest, Some(since));
        assert!(count.count >= 2 && !count.more, "{count:?}");

        // Two more kinds beside it, as they come to be stored.
        let one = "(SELECT min(id) FROM events WHERE status = 'failed')";
        db.tamper(&format!("UPDATE events SET reason = 'api_refused' WHERE id = {one}")).await;
        let one = "(SELECT max(id) FROM events WHERE status = 'failed')";
        db.tamper(&format!("UPDATE events SET account = 'other' WHERE id = {one}")).await;
        let kinds: Vec<(String, String)> = seen(&office).await.failed.into_iter()
            .map(|open| (open.account, open.reason)).collect();
        let kinds: Vec<(&str, &str)> =
            kinds.iter().map(|(account, reason)| (account.as_str(), reason.as_str())).collect();
        assert!(kinds.starts_with(&[("other", "unknown_product"), ("shop", "api_refused")]), "{kinds:?}");
        assert!(!seen(&office).await.is_empty());
    }

    async fn what_waits_is_told_of_after_a_day(db: Database) {
        let office = Office::open(&db).await;
        let since = now(&office);
        office.tell(Step::Refund, "ada", "price_pro").await;
        office.clock.advance(TimeDelta::hours(23));
        assert!(seen(&office).await.is_empty());
        office.clock.advance(TimeDelta::hours(1));
        let waiting = seen(&office).await.waiting;
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0].count.oldest, Some(since));
        office.tell(Step::Purchase, "ada", "price_pro").await;
        assert!(seen(&office).await.is_empty(), "what it waited for has come");
    }

    async fn mail_that_was_given_up_is_told_and_what_was_called_off_is_not(db: Database) {
        let office = Office::open(&db).await;
        let since = now(&office);
        for name in ["ada", "bob"] {
            office.sells(name).await;
        }
        let store = &office.support.store;
        let lease = TimeDelta::minutes(1);
        let claimed = store.run("claim", move |tx| tx.outbox_claim(9, lease, since)).await.unwrap();
        let [ada, bob] = [&claimed[0], &claimed[1]].map(|mail| (mail.id, mail.fence));
        store.run("fail", move |tx| tx.outbox_failed(ada.0, ada.1, "550 nobody")).await.unwrap();
        store.run("cancel", move |tx| tx.outbox_cancel(bob.0, bob.1, "revoked")).await.unwrap();
        assert_eq!(seen(&office).await.mail_failed, few(1, since));
        // Tried again it is no trouble any more, and given up again it is.
        office.support.mail_retry(ada.0, by_nobody()).await.unwrap();
        office.support.mail_retry(bob.0, by_nobody()).await.unwrap();
        assert!(seen(&office).await.is_empty());
        let claimed = store.run("claim", move |tx| tx.outbox_claim(9, lease, since)).await.unwrap();
        assert!(claimed.iter().all(|mail| mail.status == MailStatus::Queued));
        store.run("fail", move |tx| {
            claimed.iter().try_for_each(|mail| tx.outbox_failed(mail.id, mail.fence, "550 nobody"))
        }).await.unwrap();
        assert_eq!(seen(&office).await.mail_failed, few(2, since));
    }

    async fn a_sale_without_an_address_is_told_after_an_hour_once(db: Database) {
        let office = Office::open(&db).await;
        let since = now(&office);
        office.sells("ada").await;
        office.clock.advance(TimeDelta::minutes(1));
        office.tell(Step::Renewal, "ada", "price_pro").await;
        db.tamper("UPDATE outbox SET recipient = NULL").await;
        office.clock.advance(TimeDelta::minutes(58));
        assert!(seen(&office).await.is_empty());
        office.clock.advance(TimeDelta::minutes(1));
        assert_eq!(seen(&office).await.without_address, few(1, since));
        office.clock.advance(TimeDelta::hours(1));
        assert_eq!(seen(&office).await.without_address.count, 1, "one sale, however many mails");
    }

    async fn a_license_that_support_revoked_and_somebody_goes_on_paying_for_is_told(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let id = license["id"].as_str().unwrap();
        let act = async |what: &str| {
            office.post(&format!("/licenses/{id}/{what}"), json!({ "reason": "asked" })).await.ok()
        };
        for (cycle, barred) in [(1, "suspend"), (2, "revoke")] {
            act(barred).await;
            office.clock.advance(TimeDelta::days(30));
            assert!(seen(&office).await.is_empty(), "nobody has paid since");
            let since = now(&office);
            let paid = Scene { cycle, ..office.scene(Step::Renewal, "ada", "price_pro") };
            office.deliver(&paid).await;
            let told = PaidInVain { license_id: id.to_owned(), since };
            assert_eq!(seen(&office).await.paid_in_vain, [told], "{barred}");
            if barred == "suspend" {
                act("reinstate").await;
            } else {
                office.deliver(&Scene { step: Step::Refund, ..paid }).await;
            }
            assert_eq!(seen(&office).await.paid_in_vain, [], "{barred}, and mended");
            office.clock.advance(TimeDelta::days(1));
        }
    }

    async fn what_support_itself_renews_was_not_paid_in_vain(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let path = format!("/licenses/{}", license["id"].as_str().unwrap());
        for act in ["suspend", "renew"] {
            office.clock.advance(TimeDelta::minutes(1));
            office.post(&format!("{path}/{act}"), json!({ "reason": "asked" })).await.ok();
        }
        assert!(seen(&office).await.is_empty());
    }

    async fn who_disputes_one_payment_and_makes_another_is_nobodys_concern_here(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        office.clock.advance(TimeDelta::days(1));
        office.tell(Step::Dispute, "ada", "price_pro").await;
        office.clock.advance(TimeDelta::days(30));
        office.tell(Step::Renewal, "ada", "price_pro").await;
        assert!(seen(&office).await.is_empty());
    }

    async fn messages_that_a_hook_did_not_take_are_told_by_hook(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        db.tamper("UPDATE hooks_outbox SET hook = 'crm', status = 'failed'").await;
        let failed = seen(&office).await.hooks_failed;
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!((failed[0].hook.as_str(), failed[0].count), ("crm", few(1, now(&office))));
    }

    async fn an_account_that_sold_every_day_is_missed_after_one(db: Database) {
        let office = Office::open(&db).await;
        trades(&office, 10, |_| false).await;
        let last = now(&office) - TimeDelta::days(1);
        assert_eq!(silent(&office).await, [], "just a day");
        office.clock.advance(TimeDelta::hours(1));
        let shop = Silent { account: "shop".to_owned(), last_event_at: last, usual_days: 1 };
        assert_eq!(silent(&office).await, [shop]);
        office.sells("ada").await;
        assert_eq!(silent(&office).await, [], "it is heard again");
    }

    async fn an_account_that_rests_on_weekends_is_not_missed_on_one(db: Database) {
        let office = Office::open(&db).await;
        trades(&office, 19, |day| day % 7 > 4).await;
        office.clock.advance(TimeDelta::days(3));
        assert_eq!(silent(&office).await, [], "a long weekend");
        office.clock.advance(TimeDelta::days(3));
        assert_eq!(silent(&office).await.len(), 1);
    }

    async fn what_support_does_is_no_sign_of_life(db: Database) {
        let office = Office::open(&db).await;
        trades(&office, 10, |_| false).await;
        let license = office.sells("ada").await;
        office.clock.advance(TimeDelta::hours(25));
        let path = format!("/licenses/{}/suspend", license["id"].as_str().unwrap());
        office.post(&path, json!({})).await.ok();
        assert_eq!(silent(&office).await.len(), 1);
    }

    async fn an_account_of_which_little_is_known_is_never_missed(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        office.clock.advance(TimeDelta::days(60));
        assert_eq!(silent(&office).await, []);
    }
}
