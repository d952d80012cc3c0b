//! Letters about what may be otherwise by the time that they go out: looked at once more.

use chrono::TimeDelta;
use keywright::post::Done;
use keywright::store::rows::{LicenseRow, NewMail};
use keywright::store::types::LicenseState;
use serde_json::json;

use super::office::{Office, SENT};
use crate::support::databases::Database;

/// A year from the morning on which the office opens: the end of its licenses.
const END: &str = "2027-05-01T08:00:00Z";

/// Whose license, what becomes of it, and why the letter is not sent then.
type Change = (&'static str, fn(&mut LicenseRow), &'static str);

async fn owed(office: &Office, name: &'static str, template: &str) -> i64 {
    let data = if template == "remind" { json!({ "expires_at": END }) } else { json!({}) };
    let mail = NewMail { data, locale: Some("de-AT".to_owned()), ..office.mail(name, template) };
    office.owe_mail(name, mail).await
}

on_both! {
    async fn a_reminder_goes_out_in_the_customers_language(db: Database) {
        let office = Office::open(db, []).await;
        let id = owed(&office, "ada", "remind").await;
        assert_eq!(office.work().await.sent, 1);
        assert_eq!(office.state(id).await, SENT);
        let text = office.copies_of(id).await.remove(0).text;
        assert!(text.contains("1. Mai 2027, 08:00 UTC"), "{text}");
        assert!(text.contains("ACME-ADA"), "{text}");
    }

    async fn a_reminder_that_came_to_nothing_is_not_sent_and_says_why(db: Database) {
        let office = Office::open(db, []).await;
        let changes: [Change; 5] = [
            ("ada", |it| it.expires_at = it.expires_at.map(|end| end + TimeDelta::days(365)),
                "the expiry moved"),
            ("bob", |it| it.state = LicenseState::Suspended, "the license was suspended"),
            ("cyd", |it| it.state = LicenseState::Revoked, "the license was revoked"),
            ("dan", |it| it.subscription_ref = Some("subscription:sub_1".to_owned()),
                "the subscription renews again"),
            ("eve", |it| it.expires_at = None, "the expiry moved"),
        ];
        for (name, how, why) in changes {
            let id = owed(&office, name, "remind").await;
            office.change(name, how).await;
            assert_eq!(office.work().await, Done { canceled: 1, ..Done::default() }, "{name}");
            assert_eq!(office.error(id).await, format!("not sent: {why} before the mail went out"));
        }
        let late = owed(&office, "fay", "remind").await;
        office.advance(TimeDelta::days(366));
        assert_eq!(office.work().await.canceled, 1);
        assert!(office.error(late).await.contains("the license ended"));
        assert!(office.server.copies().is_empty());
    }

    async fn the_key_of_a_license_that_is_long_over_is_not_sent(db: Database) {
        let office = Office::open(db, []).await;
        let (old, late) =
            (owed(&office, "ada", "issued").await, owed(&office, "bob", "issued").await);
        office.change("ada", |it| it.valid_until = Some(it.created_at - TimeDelta::days(400))).await;
        office.change("bob", |it| it.valid_until = Some(it.created_at - TimeDelta::days(10))).await;
        assert_eq!(office.work().await, Done { sent: 1, canceled: 1, ..Done::default() });
        assert!(office.error(old).await.contains("the license was long over"));
        assert_eq!(office.state(late).await, SENT);
    }

    async fn who_was_revoked_is_told_so_unless_he_was_reinstated_meanwhile(db: Database) {
        let office = Office::open(db, []).await;
        let told = owed(&office, "ada", "revoked").await;
        office.change("ada", |license| {
            license.state = LicenseState::Revoked;
            license.flags = json!(["refunded"]);
        }).await;
        let not_told = owed(&office, "bob", "revoked").await;
        assert_eq!(office.work().await, Done { sent: 1, canceled: 1, ..Done::default() });
        assert_eq!(office.state(told).await, SENT);
        let text = office.copies_of(told).await.remove(0).text;
        assert!(text.contains("erstattet"), "{text}");
        assert!(office.error(not_told).await.contains("the license was reinstated"));
    }

    async fn a_payment_that_arrived_meanwhile_is_not_complained_about(db: Database) {
        let office = Office::open(db, []).await;
        let open = owed(&office, "ada", "payment_failed").await;
        office.change("ada", |license| license.flags = json!(["past_due"])).await;
        let paid = owed(&office, "bob", "payment_failed").await;
        assert_eq!(office.work().await, Done { sent: 1, canceled: 1, ..Done::default() });
        assert_eq!(office.state(open).await, SENT);
        assert!(office.error(paid).await.contains("the payment arrived"));
    }
}
