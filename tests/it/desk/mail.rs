//! Mail that is owed, and keys sent again.

use keywright::store::Tx;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::Office;

fn resend(license: &Value) -> String {
    format!("/licenses/{}/resend", license["id"].as_str().unwrap())
}

on_both! {
    async fn a_key_goes_out_again_as_a_mail_of_its_own_on_record(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let first = office.post(&resend(&license), json!({})).await.ok();
        let corrected = json!({ "email": "ada@new.example", "reason": "moved" });
        let second = office.post(&resend(&license), corrected).await.ok();
        assert_eq!((&first["to"], &second["to"]),
            (&json!("ada@customer.example"), &json!("ada@new.example")));
        assert_eq!((&first["status"], &first["template"]), (&json!("queued"), &json!("issued")));
        let mails = office.get("/mail?status=queued").await.ok();
        assert_eq!(mails["items"].as_array().unwrap().len(), 3);
        let whole = format!("/licenses/{}", license["id"].as_str().unwrap());
        let history = office.get(&whole).await.ok()["history"].clone();
        let told: Vec<String> = history.as_array().unwrap().iter()
            .map(|entry| entry["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told[1..], ["key sent again", "key sent again, to a corrected address (moved)"]);
        assert!(!history.to_string().contains("new.example"), "no address in the history");
        // The license itself stays as it was.
        assert_eq!(office.get(&whole).await.ok()["customer"], license["customer"]);
    }

    async fn what_is_no_address_is_refused(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        for wrong in ["ada", "ada@", "Ada <ada@a.example>", "a@b.example, c@d.example",
            "a@b.example\r\nBcc: c@d.example", ""] {
            let answer = office.post(&resend(&license), json!({ "email": wrong })).await;
            assert_eq!(answer.word(), "422 invalid_field", "{wrong:?}");
            assert_eq!(answer.json["field"], "email");
        }
        assert_eq!(office.get("/mail").await.ok()["items"].as_array().unwrap().len(), 1);
    }

    async fn a_mail_that_was_given_up_is_queued_again_and_a_sent_one_is_not(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let now = office.support.clock.now();
        let store = &office.support.store;
        let lease = chrono::TimeDelta::minutes(1);
        let claim = async || {
            let claimed = store.run("claim", move |tx| tx.outbox_claim(9, lease, now)).await;
            claimed.unwrap().remove(0)
        };
        let mail = claim().await;
        let (id, fence) = (mail.id, mail.fence);
        store.run("fail", move |tx| tx.outbox_failed(id, fence, "550 no such user")).await.unwrap();
        let failed = office.get("/mail?status=failed").await.ok();
        assert_eq!(failed["items"][0]["error"], "550 no such user");
        let retry = format!("/mail/{id}/retry");
        assert_eq!(office.post(&retry, json!({})).await.ok()["status"], "queued");
        let mail = claim().await;
        let (id, fence) = (mail.id, mail.fence);
        let text = move |tx: &mut Tx<'_>| tx.outbox_doubt(id, fence, true, lease, now);
        store.run("text", text).await.unwrap();
        // A second copy would follow the one that is on its way.
        assert_eq!(office.post(&retry, json!({})).await.word(), "409 changed_meanwhile");
        store.run("sent", move |tx| tx.outbox_sent(id, fence, now, false)).await.unwrap();
        assert_eq!(office.post(&retry, json!({})).await.word(), "409 already_sent");
        let sent = office.get(&format!("/mail/{id}")).await.ok();
        assert_eq!((&sent["status"], &sent["sent_at"]), (&json!("sent"), &json!("2026-12-01T09:00:00Z")));
    }
}
