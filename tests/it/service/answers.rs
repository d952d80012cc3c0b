//! What providers are answered: 200 for what is stored, one 401 for all that is not trusted.

use keywright::store::types::EventStatus;
use keywright_providers::Inlet;
use keywright_providers::sample::Sample;

use crate::support::databases::Database;
use crate::support::process::{Vendor, events, licenses, now, settled};

/// Spoils a sample whose signature is the header at that place.
type Spoil = fn(&mut Sample, usize);

on_both! {
    async fn whatever_is_not_authentic_is_answered_alike_and_leaves_nothing(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let config = vendor.config();
        for (kind, account) in &config.accounts {
            let good = vendor.events(kind, "forged", "purchase");
            let good = good.iter().find(|sample| sample.inlet == Inlet::Webhook).unwrap();
            let signature = good.headers.len() - 1;
            let spoiled: [(&str, Spoil); 5] = [
                ("missing", |sample, at| drop(sample.headers.remove(at))),
                ("doubled", |sample, at| sample.headers.push(sample.headers[at].clone())),
                ("truncated", |sample, at| sample.headers[at].1.truncate(20)),
                ("another body", |sample, _| sample.body.push(b' ')),
                ("empty", |sample, at| sample.headers[at].1.clear()),
            ];
            let mut refused = 0;
            for (how, spoil) in spoiled {
                let mut forged = good.clone();
                spoil(&mut forged, signature);
                // A token shows only who sent it, and some signatures stand in the body.
                let provider = &account.provider;
                if provider.verify(&forged.request(), &account.credentials, now()).is_ok() {
                    continue;
                }
                refused += 1;
                let answered = node.send(kind, &forged).await;
                assert_eq!((answered.status, answered.body.as_str()), (401, ""), "{kind}: {how}");
            }
            let nameless = Sample { headers: Vec::new(), query: String::new(), ..good.clone() };
            let nameless = Sample { body: b"{}".to_vec(), ..nameless };
            assert_eq!(node.send(kind, &nameless).await.status, 401, "{kind}: after {refused}");
        }
        let store = vendor.store();
        for status in EventStatus::ALL.iter().copied() {
            assert_eq!(events(&store, status).await, []);
        }
    }

    async fn what_is_too_large_encoded_or_misdirected_is_refused_by_its_status(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let good = vendor.events("stripe", "limits", "purchase").remove(0);
        let large = Sample { body: vec![b'x'; 1024 * 1024 + 1], ..good.clone() };
        assert_eq!(node.send("stripe", &large).await.status, 413);
        let packed = good.clone().with_header("Content-Encoding", "gzip");
        assert_eq!(node.send("stripe", &packed).await.status, 415);
        assert_eq!(node.send("nobody", &good).await.status, 404);
        assert_eq!(node.send("stripe", &Sample { inlet: Inlet::Fulfil, ..good.clone() }).await.status, 404);
        assert_eq!(node.send("stripe", &good).await.status, 200);
    }

    async fn what_we_sign_for_anybody_opens_nothing(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let challenge = "20f9f8ed05f77439fe955c977e4c8a53";
        let (status, signature) = node.get(&format!("/webhooks/braintree?bt_challenge={challenge}"));
        assert_eq!((status, signature.contains('|')), (200, true));
        let fields = [("bt_signature", signature.as_str()), ("bt_payload", challenge)];
        let forged = Sample::form("forged", fields);
        assert_eq!(node.send("braintree", &forged).await.status, 401);
        let store = vendor.store();
        for status in EventStatus::ALL.iter().copied() {
            assert_eq!(events(&store, status).await, []);
        }
    }

    async fn where_there_is_no_key_no_answer_passes_for_one(db: Database) {
        let vendor = Vendor::new(&db);
        let kinds: Vec<String> = vendor.config().accounts.into_keys().collect();
        let asking = kinds.iter().filter_map(|kind| {
            let told = vendor.events(kind, "nothing", "purchase");
            let asking = told.into_iter().find(|sample| sample.inlet == Inlet::Fulfil)?;
            Some((kind, asking))
        });
        let asking: Vec<_> = asking.collect();
        assert!(asking.len() > 5, "{asking:?}");
        // What they sell is no product of ours.
        vendor.configure("\"other\" = \"acme-pro\"");
        let node = vendor.serve();
        for (kind, sample) in asking {
            let answered = node.send(kind, &sample).await;
            let (status, body) = (answered.status, answered.body);
            assert!(!body.contains("ACME-"), "{kind}: {body}");
            match kind.as_str() {
                // It reads nothing but the XML of a 200.
                "bmtmicro" => {
                    assert_eq!(status, 200);
                    assert!(body.contains("<registrationkey><errorcode>1</errorcode>"), "{body}");
                    assert!(!body.contains("<keydata>"), "{body}");
                }
                _ => assert_eq!(status, 503, "{kind}"),
            }
        }
    }

    async fn keys_in_the_answer_are_those_of_the_later_order(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let told = vendor.events("fastspring", "asked", "purchase");
        let (asking, later): (Vec<_>, Vec<_>) =
            told.iter().partition(|sample| sample.inlet == Inlet::Fulfil);
        let first = node.send("fastspring", asking[0]).await;
        let again = node.send("fastspring", asking[0]).await;
        assert_eq!((first.status, &first.body), (200, &again.body));
        for sample in later {
            assert_eq!(node.send("fastspring", sample).await.status, 200);
        }
        let store = vendor.store();
        settled(&store).await;
        let licenses = licenses(&store, "buyer.asked@customer.example").await;
        let keys: Vec<&str> = licenses.iter().map(|license| license.key.as_str()).collect();
        assert_eq!(keys, first.body.lines().collect::<Vec<_>>());
    }

    async fn who_asks_again_for_more_is_answered_what_was_bought(db: Database) {
        let vendor = Vendor::new(&db);
        let node = vendor.serve();
        let told = vendor.events("fastspring", "more", "purchase");
        let asking = told.iter().find(|sample| sample.inlet == Inlet::Fulfil).unwrap();
        let first = node.send("fastspring", asking).await;
        let config = vendor.config();
        let account = &config.accounts["fastspring"];
        // The same id, with another content: it is kept, and counts for nothing.
        let text = String::from_utf8(asking.body.clone()).unwrap();
        let fields = text.split('&').filter(|field| !field.starts_with("security_request_hash="));
        let more = fields.map(|field| {
            if field.starts_with("quantity=") { "quantity=3" } else { field }
        });
        let more = Sample { body: more.collect::<Vec<_>>().join("&").into(), ..asking.clone() };
        let more = account.provider.sign(more, &account.credentials, now());
        assert_ne!(more.body, asking.body);
        let second = node.send("fastspring", &more).await;
        assert_eq!((second.status, &second.body), (200, &first.body));
        let store = vendor.store();
        assert_eq!(events(&store, EventStatus::Failed).await.len(), 1);
        assert_eq!(licenses(&store, "buyer.more@customer.example").await.len(), 1);
    }
}
