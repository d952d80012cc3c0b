//! The running program, asked by an application over HTTP.

use keywright::rules::machine::MachineLicense;
use keywright::rules::proof;
use serde_json::{Value, json};

use super::machine::read_keys;
use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, licenses, settled};

async fn post(node: &Node, path: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::new();
    let answer = client.post(format!("{}/v1{path}", node.address)).json(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

on_both! {
    async fn a_purchase_told_to_one_node_is_activated_on_another(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        // SQLite belongs to one process.
        let other = (!db.is_sqlite()).then(|| vendor.serve());
        let there = other.as_ref().unwrap_or(&node);
        let store = vendor.store();
        for sample in vendor.events("stripe", "app", "purchase") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
        settled(&store).await;
        let bought = licenses(&store, "buyer.app@customer.example").await.remove(0);
        let body = json!({ "key": bought.key, "fingerprint": "laptop" });
        let (status, answer) = post(there, "/licenses/activate", &body).await;
        assert_eq!((status, &answer["license_id"]), (200, &json!(bought.id)));
        // Verified with what the other node publishes.
        let keys: Value =
            reqwest::get(format!("{}/v1/keys", node.address)).await.unwrap().json().await.unwrap();
        let proven: MachineLicense = proof::verify(
            answer["license"].as_str().unwrap(),
            &read_keys(&keys),
            proof::MACHINE_LICENSE,
        )
        .unwrap();
        assert_eq!(proven.fingerprint, "laptop");
        let second = json!({ "key": bought.key, "fingerprint": "desktop" });
        let (status, answer) = post(&node, "/licenses/activate", &second).await;
        assert_eq!((status, &answer["code"]), (409, &json!("too_many_activations")));
        // An application that was made for NetLicensing asks at its own address.
        let path = format!("/core/v2/rest/licensee/{}/validate", bought.key);
        let asked = reqwest::Client::new().post(format!("{}{path}", node.address));
        let told = asked.send().await.unwrap().text().await.unwrap();
        assert!(told.contains("<property name=\"valid\">true</property>"), "{told}");
        let figures = reqwest::get(format!("{}/metrics", there.address)).await.unwrap();
        let figures = figures.text().await.unwrap();
        assert!(figures.contains("keywright_activations_total{outcome=\"taken\"} 1"), "{figures}");
        assert!(!vendor.log().contains(&bought.key), "{}", vendor.log());
    }
}
