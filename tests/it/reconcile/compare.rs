//! An export of the provider against the licenses that are here.

use keywright::support::compare::{CompareError, Compared};
use serde_json::{Value, json};

use super::list;
use crate::support::databases::Database;
use crate::support::office::Office;

async fn compare(office: &Office, file: &str, columns: &str) -> Result<Compared, CompareError> {
    office.support.compare("shop", file.as_bytes(), columns.parse().unwrap()).await
}

/// The bare reference of a license: as an export has it.
fn subscription(license: &Value) -> String {
    let name = license["subscription"].as_str().unwrap();
    name.trim_start_matches("subscription:").to_owned()
}

on_both! {
    async fn three_lists_tell_how_the_file_and_the_licenses_differ(db: Database) {
        let office = Office::open(&db).await;
        let (ada, bob, eve) =
            (office.sells("ada").await, office.sells("bob").await, office.sells("eve").await);
        let before = list(&office, "/licenses").await;
        // Ada agrees; Bob's end is another; Eve is not in the file; nobody here is sub_lost.
        let file = format!(
            "\u{feff}Subscription ID;E-Mail;Date;Current Period End;Status\r\n\
             {};ada@customer.example;2026-12-01;2027-12-01;active\r\n\
             {};\"bob@customer.example\";01.12.2026;2028-01-31;active\r\n\
             sub_lost;\"lost;found@customer.example\";2026-12-01;2027-12-01;active\r\n\
             sub_back;back@customer.example;2026-12-01;;refunded\r\n",
            subscription(&ada), subscription(&bob)
        );
        let told = compare(&office, &file, "").await.unwrap();
        assert!(!told.agrees() && told.faults.count == 0, "{told:?}");
        assert_eq!((told.rows, told.unpaid_rows), (4, 1));
        let paid = &told.paid_without_license;
        assert_eq!((paid.count, paid.items[0].line), (1, 4));
        assert_eq!(paid.items[0].references, ["sub_lost"]);
        let unpaid = told.license_without_payment.unwrap();
        assert_eq!((unpaid.count, json!(unpaid.items[0].license_id)), (1, eve["id"].clone()));
        let differ = &told.dates_that_differ;
        assert_eq!((differ.count, differ.items[0].line), (1, 3));
        assert_eq!(json!(differ.items[0].license_id), bob["id"]);
        assert_eq!(differ.items[0].exported, "2028-01-31");
        assert_eq!(list(&office, "/licenses").await, before, "nothing is changed");
    }

    async fn of_several_payments_of_one_sale_the_last_end_counts(db: Database) {
        let office = Office::open(&db).await;
        let ada = subscription(&office.sells("ada").await);
        let row = |end: &str| json!({ "subscription": ada, "expires": end }).to_string();
        let lines = [row("2026-12-01"), row("2027-12-01T09:00:00Z"), row("2025-12-01")];
        let told = compare(&office, &lines.join("\n"), "").await.unwrap();
        assert!(told.agrees() && told.rows == 3, "{told:?}");
        let told = compare(&office, &lines[2], "").await.unwrap();
        assert_eq!(told.dates_that_differ.count, 1);
    }

    async fn a_paid_order_whose_license_was_revoked_is_one_without(db: Database) {
        let office = Office::open(&db).await;
        let ada = office.sells("ada").await;
        let file = format!("Our No.,Valid to\n{},2027-12-01\n", subscription(&ada));
        let named = "order=Our No.,expires=Valid to";
        assert!(compare(&office, &file, named).await.unwrap().agrees());
        let id = ada["id"].as_str().unwrap();
        office.post(&format!("/licenses/{id}/revoke"), json!({})).await.ok();
        let told = compare(&office, &file, named).await.unwrap();
        assert_eq!(told.paid_without_license.items[0].revoked.as_deref(), Some(id));
        assert_eq!(told.license_without_payment, None, "the file has no dates");
        assert!(compare(&office, &file, "order=Number").await.is_err());
    }

    async fn by_address_only_where_a_row_has_nothing_else(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let by_address = compare(&office, "email\nADA@customer.example\n", "").await.unwrap();
        assert!(by_address.agrees());
        let other_order = "order,email\n4711,ada@customer.example\n";
        let told = compare(&office, other_order, "").await.unwrap();
        assert_eq!(told.paid_without_license.count, 1, "she bought something else too");
    }

    async fn another_accounts_licenses_are_not_meant(db: Database) {
        let office = Office::open(&db).await;
        let (_api, samples) = crate::reconcile::shop(&office, "ida").await;
        for sample in samples {
            office.hand_in("pay", sample).await;
        }
        office.settle().await;
        let ida = subscription(&list(&office, "/licenses").await[0]);
        let told = compare(&office, &format!("subscription,date\n{ida},2026-12-01\n"), "").await.unwrap();
        assert_eq!(told.paid_without_license.count, 1);
        assert_eq!(told.license_without_payment.unwrap().count, 0);
        let nobody = office.support.compare("nobody", "order\n1\n".as_bytes(), "".parse().unwrap());
        assert_eq!(nobody.await.unwrap_err().to_string(), "there is no account nobody");
    }
}
