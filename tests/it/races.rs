//! Two nodes at work on what belongs together: whoever waits for the other sees what he did.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use keywright_providers::notice::{Act, Customer, Kind, Notice, Ref, Thing};
use tokio::sync::Notify;

use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::told::{notice, paid, told, told_slowly};

const ADA: &str = "ada@customer.example";

/// By the provider's id alone, as payments name him.
fn known_as(id: &str) -> Customer {
    Customer { provider_id: Some(id.to_owned()), ..Customer::default() }
}

/// One node finds out that two sales are one, and takes all the time that the other needs to look
/// past what is not committed yet; that one is told the address of the customer `cus_1`.
async fn merged_while_the_address_is_told(db: &Database, of_the_older: Option<Customer>) {
    let office = Office::open(db).await;
    let node = office.another(db).await;
    let now = office.support.clock.now();
    let (older, newer) = (Ref::order("A-1"), Ref::order("A-2"));
    let first = notice(vec![older.clone()], Kind::Linked, now);
    told(&office, "older", Notice { customer: of_the_older, ..first }).await;
    let bought = paid("A-2", Ref::invoice("in_1"), now, None);
    told(&office, "newer", Notice { customer: Some(known_as("cus_1")), ..bought }).await;

    let (begun, (answered, answer)) = (Arc::new(Notify::new()), mpsc::channel::<()>());
    let (begins, answer) = (Arc::clone(&begun), Mutex::new(answer));
    let link = notice(vec![older, newer], Kind::Linked, now);
    let merging = told_slowly(&office, "link", link, move || {
        begins.notify_one();
        let _ = answer.lock().unwrap().recv_timeout(Duration::from_millis(500));
    });
    let telling = async {
        begun.notified().await;
        let ada = Customer { email: Some(ADA.to_owned()), ..known_as("cus_1") };
        let customer = notice(Vec::new(), Kind::Customer, now);
        told(&node, "customer", Notice { customer: Some(ada), ..customer }).await;
        let _ = answered.send(());
    };
    tokio::join!(merging, telling);

    let licenses = office.get("/licenses").await.ok();
    let holders: Vec<&str> = licenses["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|license| license["customer"]["email"].as_str().unwrap_or("nobody"))
        .collect();
    assert_eq!(holders, [ADA]);
}

/// What the license of this order will be called: names come from what is bought.
async fn id_of_the_license(order: &str) -> String {
    let elsewhere = Database::sqlite();
    let office = Office::open(&elsewhere).await;
    let now = office.support.clock.now();
    told(&office, "bought", paid(order, Ref::invoice("in_1"), now, None)).await;
    let licenses = office.get("/licenses").await.ok();
    licenses["items"][0]["id"].as_str().unwrap().to_owned()
}

on_both! {
    async fn a_sale_is_not_merged_into_one_that_another_node_merges_away(db: Database) {
        let office = Office::open(&db).await;
        let node = office.another(&db).await;
        let now = office.support.clock.now();
        let (older, id) = (Ref::order("X-1"), id_of_the_license("A-1").await);
        told(&office, "older", notice(vec![older.clone()], Kind::Linked, now)).await;
        // Support acted on a license that nothing told of yet.
        let license = Ref::new(Thing::License, &id);
        let suspend = Kind::Adjusted { act: Act::Suspend, by: "ann".to_owned(), reason: None };
        told(&office, "act", notice(vec![license.clone()], suspend, now)).await;

        // One node takes that sale into the older one, while another makes the license.
        let (begun, (answered, answer)) = (Arc::new(Notify::new()), mpsc::channel::<()>());
        let (begins, answer) = (Arc::clone(&begun), Mutex::new(answer));
        let link = notice(vec![license, older], Kind::Linked, now);
        let merging = told_slowly(&office, "link", link, move || {
            begins.notify_one();
            let _ = answer.lock().unwrap().recv_timeout(Duration::from_millis(500));
        });
        let telling = async {
            begun.notified().await;
            told(&node, "bought", paid("A-1", Ref::invoice("in_1"), now, None)).await;
            let _ = answered.send(());
        };
        tokio::join!(merging, telling);

        let path = format!("/licenses/{id}");
        assert_eq!(office.get(&path).await.ok()["status"], "suspended");
        // What is told of it later finds it.
        let later = paid("A-1", Ref::invoice("in_2"), now, None);
        assert_eq!(told(&office, "later", later).await.len(), 1);
    }

    async fn an_address_told_while_two_sales_become_one_reaches_the_license(db: Database) {
        merged_while_the_address_is_told(&db, None).await;
    }

    async fn it_does_where_the_older_sale_was_another_customers(db: Database) {
        merged_while_the_address_is_told(&db, Some(known_as("cus_0"))).await;
    }
}
