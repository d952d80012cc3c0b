//! Lists in parts, requests that come twice, and requests that cannot be read.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::{Answer, Call, Office};

fn gift(email: &str) -> Value {
    json!({ "product": "acme-pro", "email": email })
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Walks a list to its end; something new comes in after each part.
async fn walk(office: &Office, list: &str) -> (Vec<String>, usize) {
    let (mut all, mut parts, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = office.get(&format!("{list}?limit=3{cursor}")).await.ok();
        all.extend(ids(&page));
        parts += 1;
        office.clock.advance(chrono::TimeDelta::seconds(1));
        office.post("/licenses", gift(&format!("late{parts}@example.com"))).await.ok();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (all, parts),
        }
    }
}

async fn once(office: &Office, key: &str, body: &Value) -> Answer {
    let call = Call::to(Method::POST, "/licenses").header("Idempotency-Key", key);
    office.call(call.by(office.token("admin")).with(body)).await
}

on_both! {
    async fn a_list_read_in_parts_shows_each_once_whatever_comes_in(db: Database) {
        let office = Office::open(&db).await;
        for n in 0..7 {
            office.clock.advance(chrono::TimeDelta::seconds(1));
            office.post("/licenses", gift(&format!("a{n}@example.com"))).await.ok();
        }
        for list in ["/licenses", "/events", "/mail"] {
            let before = ids(&office.get(&format!("{list}?limit=200")).await.ok());
            let (seen, parts) = walk(&office, list).await;
            assert_eq!(seen, before, "{list}");
            assert_eq!(parts, before.len().div_ceil(3), "{list}");
        }
        let all = ids(&office.get("/licenses?limit=200").await.ok()).len();
        let exact = office.get(&format!("/licenses?limit={all}")).await.ok();
        assert_eq!((ids(&exact).len(), &exact["next_cursor"]), (all, &Value::Null));
    }

    async fn a_request_that_comes_twice_is_done_once(db: Database) {
        let office = Office::open(&db).await;
        let first = once(&office, "order-1", &gift("ann@example.com")).await;
        let again = once(&office, "order-1", &gift("ann@example.com")).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.json, again.json);
        assert_eq!(ids(&office.get("/licenses").await.ok()).len(), 1);
        let other = once(&office, "order-1", &gift("bob@example.com")).await;
        assert_eq!(other.word(), "422 idempotency_conflict");
        // Another's keys are his own.
        let license = &first.json["id"].as_str().unwrap();
        let renew = |name: &str| {
            let call = Call::to(Method::POST, &format!("/licenses/{license}/renew"));
            let call = call.header("Idempotency-Key", "order-1").by(office.token(name));
            office.call(call)
        };
        assert_eq!(renew("admin").await.word(), "422 idempotency_conflict");
        assert_eq!(renew("support").await.ok()["expires_at"], "2028-12-01T09:00:00Z");
        assert_eq!(renew("support").await.ok()["expires_at"], "2028-12-01T09:00:00Z");
    }

    async fn a_request_that_was_refused_may_come_again(db: Database) {
        let office = Office::open(&db).await;
        let wrong = json!({ "product": "acme-por", "email": "ann@example.com" });
        assert_eq!(once(&office, "order-1", &wrong).await.word(), "422 invalid_field");
        assert_eq!(once(&office, "order-1", &gift("ann@example.com")).await.status, 201);
    }

    async fn two_nodes_that_get_one_request_at_once_do_it_once(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        for n in 0..8 {
            let (key, body) = (format!("race-{n}"), gift(&format!("a{n}@example.com")));
            let (one, two) = tokio::join!(once(&office, &key, &body), once(&other, &key, &body));
            assert_eq!((one.status, two.status), (201, 201), "{} {}", one.json, two.json);
            assert_eq!(one.json, two.json);
        }
        assert_eq!(ids(&office.get("/licenses").await.ok()).len(), 8);
        assert_eq!(ids(&office.get("/mail").await.ok()).len(), 8);
    }

    async fn what_no_database_keeps_is_refused_and_never_a_fault(db: Database) {
        let office = Office::open(&db).await;
        let license = office.post("/licenses", gift("ann@example.com")).await.ok();
        let license = format!("/licenses/{}", license["id"].as_str().unwrap());
        for (path, body) in [
            ("/licenses".to_owned(), json!({ "product": "acme-pro", "email": "a\0@b.example" })),
            ("/licenses".to_owned(), json!({ "product": "acme\0", "email": "a@b.example" })),
            (format!("{license}/suspend"), json!({ "reason": "a\0b" })),
            (format!("{license}/resend"), json!({ "email": "a\0@b.example" })),
            ("/events/replay".to_owned(), json!({ "q": "a\0b" })),
            ("/events/replay".to_owned(), json!({ "type": "a\0b" })),
        ] {
            let answer = office.post(&path, body.clone()).await;
            assert_eq!(answer.word(), "422 invalid_field", "{path} {body}");
        }
        for query in ["/licenses?email=%00", "/licenses?key=%00", "/licenses?order=%00",
            "/events?q=%00", "/events?account=%00", "/mail?to=%00", "/hooks?hook=%00"] {
            assert_eq!(office.get(query).await.word(), "400 invalid_parameter", "{query}");
        }
        let path = format!("{license}/activations/%00");
        let released = office.call(Call::to(Method::DELETE, &path).by(office.token("admin"))).await;
        assert_eq!(released.word(), "404 unknown_activation");
    }

    async fn what_cannot_be_read_is_answered_with_what_would_be_right(db: Database) {
        let office = Office::open(&db).await;
        let mut told = Vec::new();
        let mut note = |name: &str, answer: Answer| {
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.json["status"], answer.status);
            told.push(format!("{name}\n{:#}", answer.json));
        };
        for query in ["limit=0", "limit=many", "cursor=x", "stats=failed", "status=broken",
            "status=failed&status=failed", "since=yesterday", "q=%00"] {
            note(query, office.get(&format!("/events?{query}")).await);
        }
        for body in [
            json!({}),
            json!({ "product": "acme-pro" }),
            json!({ "product": "acme-por", "email": "a@b.example" }),
            json!({ "product": "acme-pro", "email": "nobody" }),
            json!({ "product": "acme-pro", "email": "a@b.example", "quanity": 2 }),
            json!({ "product": "acme-pro", "email": "a@b.example", "quantity": "two" }),
            json!({ "product": "acme-pro", "email": "a@b.example", "quantity": 1001 }),
            json!({ "product": "acme-pro", "email": "a@b.example", "expires_at": "soon" }),
            json!({ "product": "acme-pro", "email": "a@b.example", "expires_at": "2020-01-01" }),
        ] {
            note(&body.to_string(), office.post("/licenses", body).await);
        }
        let post = || Call::to(Method::POST, "/licenses").by(office.token("admin"));
        let json = || post().header("content-type", "application/json");
        note("no JSON", office.call(json().with_bytes(b"{\"product\": ")).await);
        note("no object", office.call(json().with_bytes(b"[1]")).await);
        let nested = "[".repeat(100_000 / 2);
        note("deep", office.call(json().with_bytes(nested.as_bytes())).await);
        note("a form", office.call(post().with_bytes(b"product=acme-pro")).await);
        let packed = json().header("content-encoding", "gzip").with_bytes(b"{}");
        note("packed", office.call(packed).await);
        note("large", office.call(json().with_bytes(&[b' '; 64 * 1024 + 1])).await);
        note("reload", office.post("/reload", json!({})).await);
        insta::assert_snapshot!("problems", told.join("\n\n"));
        assert_eq!(office.get("/licenses").await.ok()["items"], json!([]));
    }
}
