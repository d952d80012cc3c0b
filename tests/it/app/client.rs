//! The vendor's application with the client that we offer, against the running program.

use keywright_client::{Application, Fault, Status, fingerprint};
use tempfile::TempDir;

use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, licenses, settled};

async fn application(node: &Node, machine: &str, folder: &TempDir) -> Application {
    let keys = reqwest::get(format!("{}/v1/keys", node.address)).await.unwrap();
    Application::builder(&node.address, "acme-pro")
        .keys(&keys.text().await.unwrap())
        .fingerprint(&fingerprint("acme-pro", &[machine]))
        .folder(folder.path().join(machine))
        .version("3.2.1", "2026-11-15")
        .machine_name(machine)
        .build()
        .unwrap()
}

/// The client blocks, as applications do.
async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(act).await.unwrap()
}

on_both! {
    async fn the_client_lives_through_purchase_refresh_move_and_refund(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let store = vendor.store();
        for sample in vendor.events("stripe", "client", "purchase") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
        settled(&store).await;
        let key = licenses(&store, "buyer.client@customer.example").await.remove(0).key;

        let folder = TempDir::new().unwrap();
        let laptop = application(&node, "laptop", &folder).await;
        let desktop = application(&node, "desktop", &folder).await;
        let (laptop, desktop) = blocking(move || {
            assert_eq!(laptop.check().word(), "missing");
            assert_eq!(laptop.activate(&key).unwrap().word(), "valid");
            let first = laptop.check().license().unwrap().sequence;
            assert!(laptop.refresh().unwrap().license().unwrap().sequence > first);

            // One machine is paid for: its seat moves.
            let Err(Fault::Denied(denial)) = desktop.activate(&key) else { panic!("one seat") };
            assert_eq!(denial.code, "too_many_activations");
            laptop.deactivate().unwrap();
            assert_eq!(laptop.check().word(), "missing");
            assert!(desktop.offline_request(&key).unwrap().starts_with("keywright-request.1."));
            assert_eq!(desktop.activate(&key).unwrap().word(), "valid");
            (laptop, desktop)
        })
        .await;

        // Carried to the server by hand, and back.
        let key = licenses(&store, "buyer.client@customer.example").await.remove(0).key;
        let request = desktop.offline_request(&key).unwrap();
        let offline = format!("{}/v1/licenses/offline", node.address);
        let answer = reqwest::Client::new().post(offline).body(request).send().await.unwrap();
        let answer = answer.text().await.unwrap();
        assert_eq!(desktop.offline_answer(&answer).unwrap().word(), "valid");
        assert!(laptop.offline_answer(&answer).is_err(), "it is for the desktop");

        // The money goes back: the next refresh ends it, at every later start too.
        for sample in vendor.events("stripe", "client", "refund") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
        settled(&store).await;
        blocking(move || {
            let Ok(Status::Withdrawn(denial)) = desktop.refresh() else { panic!("refunded") };
            assert_eq!(denial.code, "revoked");
            assert_eq!(desktop.check().word(), "revoked");
        })
        .await;
    }
}
