//! The limits of the machine.

use crate::support::databases::Database;
use crate::support::process::{Vendor, licenses, settled};

#[tokio::test]
async fn a_file_that_may_not_grow_puts_webhooks_off_and_ends_nothing() {
    let db = Database::sqlite();
    let vendor = Vendor::new(&db);
    assert!(vendor.serve().terminate(), "the database is there");
    let node = vendor.serve_within(4_000);
    let mut kept = 0;
    let put_off = loop {
        assert!(kept < 1_000, "there was no limit");
        let told = vendor.events("stripe", &format!("buyer{kept}"), "purchase");
        let mut answers = Vec::new();
        for sample in &told {
            answers.push(node.send("stripe", sample).await.status);
        }
        if answers.contains(&503) {
            break told;
        }
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        kept += 1;
    };
    assert_eq!(node.get("/healthz").0, 200);
    assert!(node.terminate());

    let node = vendor.serve();
    for sample in &put_off {
        assert_eq!(node.send("stripe", sample).await.status, 200);
    }
    let store = vendor.store();
    settled(&store).await;
    for n in 0..=kept {
        let email = format!("buyer.buyer{n}@customer.example");
        assert_eq!(licenses(&store, &email).await.len(), 1, "{email}");
    }
}
