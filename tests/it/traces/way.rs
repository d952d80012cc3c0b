//! The way through the house, as a collector sees it.

use data_encoding::HEXLOWER;
use keywright_providers::Inlet;
use reqwest::Client;

use super::{TOKEN, traced};
use crate::support::collector::{Collector, Seen};
use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, licenses, settled};

/// A trace of somebody else's.
const THEIRS: &str = "0af7651916cd43dd8448eb211c80319c";

fn traceparent() -> String {
    format!("00-{THEIRS}-b7ad6b7169203331-01")
}

/// An HTTP client; the sender sees to its cryptography.
fn client(node: &Node) -> Client {
    drop(node.sender());
    Client::new()
}

/// Does anything that was sent hold this text?
fn sent(collector: &Collector, text: &str) -> bool {
    let holds = |body: &[u8]| body.windows(text.len()).any(|part| part == text.as_bytes());
    collector.heard().iter().any(|heard| holds(&heard.body))
}

on_both! {
    async fn a_delivery_is_followed_to_its_mail_and_nothing_secret_is_told(db: Database) {
        let collector = Collector::start([]).await;
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        for sample in vendor.events("stripe", "followed", "purchase") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
        let store = vendor.store();
        settled(&store).await;
        let email = "buyer.followed@customer.example";
        let license = licenses(&store, email).await.remove(0);
        assert!(node.terminate(), "{}", vendor.log());

        let applied = collector.span("apply", |span| span.says("status") == "applied").await;
        assert_eq!((applied.says("account"), applied.says("provider.kind")), ("stripe", "stripe"));
        assert_eq!((applied.says("attempt"), applied.parent.len()), ("1", 0));
        let id = applied.says("event.id").to_owned();
        let keep = collector.span("keep", |span| span.says("event.id") == id).await;
        assert_eq!(keep.says("outcome"), "fresh");
        let webhook = collector.span("webhook", |span| span.id == keep.parent).await;
        assert_eq!((&webhook.trace, webhook.parent.len()), (&keep.trace, 0));
        assert_ne!(webhook.trace, applied.trace);
        let said = ["account", "provider.kind", "outcome", "http.response.status_code"];
        assert_eq!(said.map(|name| webhook.says(name)), ["stripe", "stripe", "kept", "200"]);
        let mail = collector.span("mail send", |span| span.says("template") == "issued").await;
        assert_eq!((mail.says("end"), mail.says("attempt")), ("sent", "1"));

        let all = collector.spans();
        assert!(all.iter().all(|span| span.resource["service.name"] == "keys-of-acme"));
        assert!(all.iter().all(|span| !span.faulty && span.events == 0), "{all:#?}");
        for heard in collector.heard() {
            assert_eq!(heard.path, "/licenses/v1/traces");
            assert_eq!(heard.header("content-type"), "application/x-protobuf");
            assert_eq!(heard.header("authorization"), format!("Bearer {TOKEN}"));
        }
        assert!(sent(&collector, "keys-of-acme"), "what is told is found in the bytes");
        let config = vendor.config();
        let secret = config.accounts["stripe"].credentials.secrets[0].expose();
        let key = license.key.split_once('-').unwrap().1;
        for planted in [secret, email, "customer.example", key, TOKEN, "evt_"] {
            assert!(!sent(&collector, planted), "{planted} was told");
        }
        assert!(!vendor.log().contains(TOKEN) && !vendor.log().contains("\"span"));
    }

    async fn a_stranger_is_refused_with_a_reason_and_names_no_trace(db: Database) {
        let collector = Collector::start([]).await;
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        let mut forged = vendor.events("stripe", "forged", "purchase").remove(0);
        forged.body.push(b' ');
        let forged = forged.with_header("traceparent", traceparent());
        assert_eq!(node.send("stripe", &forged).await.status, 401);
        assert_eq!(node.send("nobody", &forged).await.status, 404);
        let span = collector.span("webhook", |span| span.says("outcome") == "refused").await;
        assert_eq!(span.says("reason"), "signature_wrong");
        assert_eq!(span.says("http.response.status_code"), "401");
        assert_ne!(HEXLOWER.encode(&span.trace), THEIRS);
        assert!(!span.faulty, "a refusal is no fault of ours");
        assert!(!sent(&collector, "nobody"), "an account that is not ours is not told of");
    }

    async fn requests_are_told_of_by_their_route_and_stand_in_the_trace_of_who_may(db: Database) {
        let collector = Collector::start([]).await;
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        let (http, base) = (client(&node), node.address.clone());
        let key = "ACME-BG1MM-DK2HY-E8QBX-SDX6Y-0QWZB";
        let path = format!("{base}/core/v2/rest/licensee/{key}/validate");
        let parent = traceparent();
        http.post(path).header("traceparent", &parent).send().await.unwrap();
        http.get(format!("{base}/v1/{key}")).send().await.unwrap();
        let route = "POST /core/v2/rest/licensee/{number}/validate";
        let asked = collector.span(route, |span| !span.says("http.route").is_empty()).await;
        assert_ne!(HEXLOWER.encode(&asked.trace), THEIRS, "an application is a stranger");
        let lost = collector.span("GET", |span| !span.attributes.contains_key("http.route")).await;
        assert_eq!(lost.says("http.response.status_code"), "404");
        assert!(!sent(&collector, "BG1MM"));

        let token = vendor.run(&["token", "new", "--role", "support", "--name", "desk"]).stdout;
        let token = String::from_utf8(token).unwrap();
        let ask = async |token: &str| {
            let request = http.get(format!("{base}/api/v1/licenses")).bearer_auth(token.trim());
            request.header("traceparent", &parent).send().await.unwrap().status().as_u16()
        };
        assert_eq!((ask("wrong").await, ask(&token).await), (401, 200));
        let of = |status: &'static str| move |span: &Seen| {
            span.says("http.response.status_code") == status
        };
        let refused = collector.span("GET /api/v1/licenses", of("401")).await;
        let known = collector.span("GET /api/v1/licenses", of("200")).await;
        assert_ne!(HEXLOWER.encode(&refused.trace), THEIRS);
        assert_eq!(HEXLOWER.encode(&known.trace), THEIRS);
        assert_eq!(HEXLOWER.encode(&known.parent), "b7ad6b7169203331");
    }

    async fn a_question_to_a_provider_stands_in_the_span_of_its_event(db: Database) {
        let collector = Collector::start([]).await;
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        // Its webhooks name an id and nothing else.
        let account = "mollie-classic";
        let told = vendor.events(account, "asked", "purchase");
        for sample in told.iter().filter(|sample| sample.inlet == Inlet::Webhook) {
            assert_eq!(node.send(account, sample).await.status, 200);
        }
        let asked = collector.span("ask", |span| span.says("account") == account).await;
        assert_eq!(asked.says("http.response.status_code"), "200");
        let apply = collector.span("apply", |span| span.id == asked.parent).await;
        assert_eq!((&apply.trace, apply.says("account")), (&asked.trace, account));
    }
}
