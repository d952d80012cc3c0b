//! A running service whose mail is held, as a person at a shell does it.

use crate::support::databases::Database;
use crate::support::process::{Vendor, applied, files, settled, until};

fn said(vendor: &Vendor<'_>, arguments: &[&str]) -> String {
    let output = vendor.run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

on_both! {
    async fn nothing_goes_out_until_it_is_released(db: Database) {
        let vendor = Vendor::new(&db);
        // As with a database that was restored: held before the service starts on it.
        let held = said(&vendor, &["mail", "hold", "--reason", "restored"]);
        assert!(held.starts_with("nothing goes out: on hold now ("), "{held}");
        let again = said(&vendor, &["mail", "hold"]);
        assert!(again.starts_with("nothing goes out: on hold already ("), "{again}");

        let node = vendor.serve();
        for sample in vendor.events("stripe", "held", "purchase") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
        let store = vendor.store();
        applied(&store).await;
        until("the log says it", async || vendor.log().contains("nothing goes out")).await;
        until("the figures say it", async || {
            node.get("/metrics").1.contains("keywright_outgoing_on_hold 1")
        })
        .await;
        assert_eq!(node.get("/readyz").0, 200, "whoever watches the service has nothing to say");
        let counts = store.read("counts", |tx| tx.outbox_counts()).await.unwrap();
        assert_eq!((counts.queued, counts.held), (1, 0), "owed, and not `held` one by one");
        assert!(files(&vendor.mail_folder()).is_empty());
        assert_eq!(vendor.log().matches("nothing goes out").count(), 1, "once");

        let released = said(&vendor, &["mail", "release"]);
        assert_eq!(released, "released: 1 mails that are owed go out from now on, while the service runs\n");
        settled(&store).await;
        assert_eq!(files(&vendor.mail_folder()).len(), 1);
        until("the figures say it", async || {
            node.get("/metrics").1.contains("keywright_outgoing_on_hold 0")
        })
        .await;
        assert!(said(&vendor, &["mail", "release"]).starts_with("nothing was on hold"));
        let audit = said(&vendor, &["audit", "list"]);
        assert!(audit.contains("mail and hooks put on hold (restored)"), "{audit}");
        assert!(audit.contains("mail and hooks released"), "{audit}");
        assert!(node.terminate());
    }
}
