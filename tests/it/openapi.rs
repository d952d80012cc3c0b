//! The description of the API: whole, right, and what is served.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use keywright::store::types::{EventStatus, LicenseStatus, MailStatus};
use keywright::web::problem::Code;
use keywright::web::support::auth::WRONG_TOKENS_MAX;
use keywright::web::support::reload::ReloadDone;
use keywright::web::support::table::TABLE;
use keywright_providers::Inlet;
use keywright_providers::sample::{Sample, Scene, Step};
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::description::DESCRIPTION;
use crate::support::office::{Answer, Call, Office};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A product to try, and an account of each kind that a story needs.
fn more() -> String {
    let mut text = String::from("[products.acme-try]\ninterval = \"P1Y\"\ntrial = \"P14D\"\n");
    for kind in ["fastspring", "2checkout"] {
        let provider = keywright_providers::ALL.iter().find(|one| one.facts().kind == kind);
        let secret = data_encoding::HEXLOWER.encode(kind.as_bytes()).repeat(4);
        text += &format!("[providers.{kind}]\nkind = \"{kind}\"\nsecrets = [\"{secret}\"]\n");
        for (name, value) in provider.unwrap().facts().made_up(&secret) {
            text += &format!("{name} = \"{value}\"\n");
        }
        text += &format!("[providers.{kind}.products]\n\"item\" = \"acme-pro\"\n");
    }
    text
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// A delivery as its provider sends it.
fn delivery(account: &str, sample: &Sample) -> Call {
    let inlet = match sample.inlet {
        Inlet::Webhook => "webhooks",
        Inlet::Fulfil => "fulfil",
    };
    let method = Method::from_bytes(sample.method.as_bytes()).unwrap();
    let call = Call::at(method, &format!("/{inlet}/{account}?{}", sample.query));
    let call = call.with_bytes(&sample.body);
    sample.headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

async fn providers_tell(office: &Office) {
    let scene = Scene { item: "item".to_owned(), ..office.scene(Step::Purchase, "eve", "item") };
    let account = office.support.shelf.now().account("fastspring").unwrap().clone();
    for sample in account.provider.samples(&scene) {
        let sample =
            account.provider.sign(sample, &account.credentials, office.support.clock.now());
        assert_eq!(office.call(delivery("fastspring", &sample)).await.status, 200);
    }
    office.settle().await;
    for (method, path) in [
        (Method::GET, "/webhooks/2checkout"),
        (Method::HEAD, "/webhooks/2checkout"),
        (Method::GET, "/fulfil/2checkout"),
        (Method::GET, "/healthz"),
        (Method::HEAD, "/healthz"),
        (Method::GET, "/readyz"),
        (Method::HEAD, "/readyz"),
        (Method::GET, "/metrics"),
        (Method::HEAD, "/metrics"),
    ] {
        assert_eq!(office.call(Call::at(method, path)).await.status, 200, "{path}");
    }
    assert_eq!(office.call(Call::at(Method::GET, "/webhooks/shop")).await.status, 405);
    assert_eq!(office.call(Call::at(Method::POST, "/webhooks/shop")).await.status, 401);
    assert_eq!(office.call(Call::at(Method::POST, "/webhooks/other")).await.status, 404);
}

/// Ada's machines; her license is full at the end.
async fn machines_ask(office: &Office, key: &str) {
    let ask = json!({ "key": key, "fingerprint": "laptop", "name": "Ada's", "platform": "macOS 27",
        "version": "1.0" });
    let activated = office.ask("/licenses/activate", ask).await.ok();
    claims_are_as_described(activated["license"].as_str().unwrap());
    let file = json!({ "key": key, "fingerprint": "press", "nonce": "n-1" });
    let offline = office.ask("/licenses/offline", file).await;
    claims_are_as_described(offline.text.trim());
    let ask =
        json!({ "key": key, "fingerprint": "laptop", "released_at": "2026-01-01", "nonce": "n" });
    office.ask("/licenses/validate", ask).await.ok();
    office.ask("/licenses/validate", json!({ "key": "ACME-OTHER" })).await.ok();
    let trial =
        json!({ "product": "acme-try", "fingerprint": "laptop", "email": "ada@customer.example" });
    office.ask("/licenses/trial", trial).await.ok();
    let machine = |name: &str| json!({ "key": key, "fingerprint": name });
    for (path, body, word) in [
        ("activate", machine("phone"), "409 too_many_activations"),
        ("activate", json!({ "key": "ACME-OTHER", "fingerprint": "f" }), "404 unknown_key"),
        ("activate", json!({ "key": key }), "422 invalid_field"),
        ("deactivate", machine("phone"), "404 not_activated"),
        ("trial", json!({ "product": "acme-pro", "fingerprint": "f" }), "403 no_trial"),
        ("deactivate", machine("press"), "204"),
        ("activate", machine("desktop"), "200"),
    ] {
        assert_eq!(office.ask(&format!("/licenses/{path}"), body).await.word(), word, "{path}");
    }
    office.call(Call::of_app(Method::GET, "/keys")).await.ok();
    for kind in ["application/json", "application/xml"] {
        let asked = Call::of_licensee(key).header("accept", kind);
        assert_eq!(office.call(asked).await.status, 200, "{kind}");
    }
}

fn claims_are_as_described(license: &str) {
    let claims = BASE64URL_NOPAD.decode(license.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    DESCRIPTION.hold_value(DESCRIPTION.schema("MachineLicense"), &claims, "a machine license");
}

async fn support_looks(office: &Office, license: &str) {
    for path in [
        "/openapi.json",
        "/events",
        "/events?status=applied&account=shop&limit=2",
        "/licenses?status=active&product=acme-pro&limit=1",
        "/mail?status=queued",
        "/hooks?status=failed",
    ] {
        office.get(path).await.ok();
    }
    for path in ["", "/activations"] {
        office.get(&format!("/licenses/{license}{path}")).await.ok();
    }
    for list in ["/events", "/mail"] {
        for item in office.get(list).await.ok()["items"].as_array().unwrap() {
            office.get(&format!("{list}/{}", id(item))).await.ok();
        }
    }
}

async fn support_acts(office: &Office, license: &str) {
    let path = |act: &str| format!("/licenses/{license}{act}");
    let gift = json!({ "product": "acme-suite", "email": "bob@customer.example", "name": "Bob",
        "company": "Bob & Co", "locale": "de", "quantity": 2, "expires_at": "2027-12-31", "reason": "sorry" });
    office.post("/licenses", gift).await.ok();
    office.post(&path("/renew"), json!({ "interval": "P1M", "reason": "sorry" })).await.ok();
    office.post(&path("/renew"), json!({ "expires_at": "2029-01-31T00:00:00Z" })).await.ok();
    office.post(&path("/suspend"), json!({ "reason": "asked" })).await.ok();
    office.post(&path("/reinstate"), json!({})).await.ok();
    office.post(&path("/resend"), json!({ "email": "ada@new.example" })).await.ok();
    let date = Call::to(Method::PATCH, &path("")).with(&json!({ "expires_at": "2028-01-31" }));
    let whole = office.call(date.by(office.token("admin"))).await.ok();
    let stale = json!({ "version": whole["version"].as_i64().unwrap() - 1 });
    assert_eq!(office.post(&path("/suspend"), stale).await.word(), "409 changed_meanwhile");
    let machines = office.get(&path("/activations")).await.ok();
    let machine = path(&format!("/activations/{}", id(&machines["items"][0])));
    let free = Call::to(Method::DELETE, &machine).by(office.token("admin"));
    assert_eq!(office.call(free).await.status, 204);
    let mail = office.get("/mail").await.ok();
    office.post(&format!("/mail/{}/retry", id(&mail["items"][0])), json!({})).await.ok();
    office.post(&path("/revoke"), json!({})).await.ok();
    assert_eq!(office.post(&path("/renew"), json!({})).await.word(), "409 license_revoked");
    assert_eq!(office.post("/reload", json!({})).await.word(), "422 configuration_faulty");
}

/// A purchase of what nobody mapped, and a refund of what nobody bought.
async fn support_repairs(office: &Office) {
    office.tell(Step::Purchase, "late", "price_late").await;
    office.tell(Step::Refund, "never", "price_pro").await;
    let failed = office.get("/events?status=failed").await.ok()["items"][0].clone();
    let of = |event: &Value, act: &str| format!("/events/{}{act}", id(event));
    office.configure(&format!("\"price_late\" = \"acme-ever\"\n{}", more()));
    office.post(&of(&failed, "/replay?dry_run=true"), json!({})).await.ok();
    office.post("/events/replay?dry_run=true", json!({ "status": "failed" })).await.ok();
    office.post("/events/replay", json!({ "status": "failed", "account": "shop" })).await.ok();
    office.settle().await;
    office.post(&of(&failed, "/replay"), json!({ "reason": "mapped" })).await.ok();
    let waiting = office.get("/events?status=waiting").await.ok()["items"][0].clone();
    office.post(&of(&waiting, "/ignore"), json!({ "reason": "by mistake" })).await.ok();
    assert_eq!(office.post(&of(&waiting, "/ignore"), json!({})).await.word(), "409 event_not_open");
}

async fn what_is_wrong_is_refused(office: &Office) {
    let get = |path: &str, token: &str| office.call(Call::to(Method::GET, path).by(token));
    let admin = office.token("admin");
    for (path, word) in [
        ("/events?limit=0", "400 invalid_parameter"),
        ("/events?stats=failed", "400 unknown_parameter"),
        ("/events/1000000", "404 unknown_event"),
        ("/elsewhere", "404 not_found"),
        ("/reload", "405 method_not_allowed"),
    ] {
        assert_eq!(get(path, admin).await.word(), word, "{path}");
    }
    let post = || Call::to(Method::POST, "/licenses").by(admin);
    let large =
        post().header("content-type", "application/json").with_bytes(&[b' '; 64 * 1024 + 1]);
    assert_eq!(office.call(large).await.word(), "413 too_large");
    assert_eq!(office.call(post().with_bytes(b"a=b")).await.word(), "415 unsupported_media_type");
    let by_support = Call::to(Method::POST, "/reload").by(office.token("support"));
    assert_eq!(office.call(by_support).await.word(), "403 forbidden");
    for _ in 0..WRONG_TOKENS_MAX {
        assert_eq!(get("/events", "kw_wrong").await.word(), "401 unauthorized");
    }
    assert_eq!(get("/events", "kw_wrong").await.word(), "429 too_many_attempts");
    let guess = json!({ "key": "ACME-OTHER" });
    let mut words = Vec::new();
    for _ in 0..13 {
        words.push(office.ask("/licenses/validate", guess.clone()).await.word());
    }
    assert!(words.contains(&"429 too_many_requests".to_owned()), "{words:?}");
}

on_both! {
    async fn every_operation_answers_as_it_is_described(db: Database) {
        let office = Office::open(&db).await;
        office.configure(&more());
        let ada = office.sells("ada").await;
        providers_tell(&office).await;
        machines_ask(&office, ada["key"].as_str().unwrap()).await;
        office.clock.advance(TimeDelta::hours(1));
        support_acts(&office, id(&ada)).await;
        support_repairs(&office).await;
        support_looks(&office, id(&ada)).await;
        what_is_wrong_is_refused(&office).await;
        // Whatever was answered was held against the description; here, that all of it was.
        let seen = office.seen();
        let unseen: Vec<String> = DESCRIPTION.operations().iter().filter_map(|one| {
            let done = one.told["responses"].as_object().unwrap().keys().next().unwrap();
            let name = format!("{} {done}", one.told["operationId"].as_str().unwrap());
            (!seen.contains(&name)).then_some(name)
        }).collect();
        // What this office would reload is faulty, always; hooks have stories of their own.
        assert_eq!(unseen, ["hook_retry 200", "reload 200"]);
        let done = ReloadDone { warnings: vec!["mail reaches nobody".to_owned()], ..ReloadDone::default() };
        let done = serde_json::to_value(done).unwrap();
        DESCRIPTION.hold_value(DESCRIPTION.schema("Reloaded"), &done, "a reload");
    }

    async fn what_is_there_is_described_and_what_is_described_is_there(db: Database) {
        let office = Office::open(&db).await;
        office.configure(&more());
        let described: BTreeSet<String> = DESCRIPTION.paths().map(str::to_owned).collect();
        // Pages are for people, and described by themselves; the bare address leads to one.
        let page = |address: &String| {
            address == "/" || address.starts_with("/console") || address.starts_with("/my")
        };
        let served = office.addresses().await.into_iter().filter(|address| !page(address));
        assert_eq!(served.collect::<BTreeSet<_>>(), described);
        for path in DESCRIPTION.paths() {
            let address = path.replace("{account}", "fastspring").replace("{aid}", NOBODY);
            let address = address.replace("{number}", "ACME-OTHER");
            let some = if path.contains("/licenses/") { NOBODY } else { "999999" };
            let address = address.replace("{id}", some);
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
                // So many calls of one client would be slowed down.
                office.clock.advance(TimeDelta::minutes(1));
                let call = Call::at(Method::from_bytes(method.as_bytes()).unwrap(), &address);
                let call = call.by(office.token("admin")).with(&json!({}));
                let answer = office.call(call).await;
                let at = format!("{method} {path} {}", answer.word());
                // A described answer was held against its description already.
                match DESCRIPTION.operation(method, &address) {
                    Some(_) => assert!(!leads_nowhere(&answer), "{at}"),
                    None => assert!([404, 405].contains(&answer.status), "{at} is not described"),
                }
            }
        }
    }

    async fn anybody_may_read_the_description_and_keep_it(db: Database) {
        let office = Office::open(&db).await;
        let answer = office.call(Call::to(Method::GET, "/openapi.json")).await;
        assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.ok(), DESCRIPTION.0);
    }
}

/// No such address, and nobody who would say more of it.
fn leads_nowhere(answer: &Answer) -> bool {
    answer.status == 404 && [Value::Null, json!("not_found")].contains(&answer.json["code"])
}

/// What a response says that its problem's code may be.
fn codes(response: &Value) -> Vec<&str> {
    let schema = &response["content"]["application/problem+json"]["schema"];
    let words = schema["properties"]["code"]["enum"].as_array();
    words.into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn every_code_of_a_problem_is_told_with_its_status() {
    let status: BTreeMap<&str, String> =
        Code::ALL.iter().map(|code| (code.as_str(), code.status().as_str().to_owned())).collect();
    let mut told = BTreeSet::new();
    for operation in DESCRIPTION.operations() {
        for (answer, response) in operation.told["responses"].as_object().unwrap() {
            for code in codes(DESCRIPTION.schemas().meant(response)) {
                assert_eq!(
                    status.get(code),
                    Some(answer),
                    "{} {}: {code}",
                    operation.method,
                    operation.path
                );
                told.insert(code);
            }
        }
    }
    // Those of every other address and every other method.
    for other in ["NotFound", "MethodNotAllowed"] {
        told.extend(codes(&DESCRIPTION.0["components"]["responses"][other]));
    }
    let untold: Vec<&&str> = status.keys().filter(|code| !told.contains(**code)).collect();
    // Tokens and users are the business of the command line.
    assert_eq!(untold, [&"unknown_token", &"unknown_user"]);
}

#[test]
fn the_words_are_ours() {
    fn words<T>(all: &[T], word: impl Fn(&T) -> &'static str) -> BTreeSet<&'static str> {
        all.iter().map(word).collect()
    }
    fn told(schema: &Value) -> BTreeSet<&str> {
        schema["enum"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
    }
    let code = &DESCRIPTION.schema("Problem")["properties"]["code"];
    assert_eq!(told(code), words(Code::ALL, |code| code.as_str()));
    for (name, ours) in [
        ("EventStatus", words(EventStatus::ALL, |status| status.as_str())),
        ("LicenseStatus", words(LicenseStatus::ALL, |status| status.as_str())),
        ("MailStatus", words(MailStatus::ALL, |status| status.as_str())),
    ] {
        assert_eq!(told(DESCRIPTION.schema(name)), ours, "{name}");
    }
    assert_eq!(DESCRIPTION.0["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_roles_are_those_of_the_table_of_routes() {
    let mut told: BTreeMap<(&str, String), Value> = DESCRIPTION
        .operations()
        .iter()
        .map(|one| ((one.method, one.path.to_owned()), one.told["security"].clone()))
        .collect();
    for cell in TABLE {
        let here = (cell.method.as_str(), format!("/api/v1{}", cell.path));
        let needs = json!([{ "bearer": [cell.role.as_str()] }]);
        assert_eq!(told.remove(&here), Some(needs), "{cell:?}");
    }
    for (here, security) in told {
        assert_eq!(security, json!([]), "{here:?} takes no token");
    }
}

#[test]
fn the_document_is_well_formed() {
    let mut names = BTreeSet::new();
    for operation in DESCRIPTION.operations() {
        let name = operation.told["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} stands twice");
        let parameters = DESCRIPTION.parameters(&operation);
        let told: BTreeSet<&str> = parameters
            .iter()
            .filter(|one| one["in"] == "path")
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        let there: BTreeSet<&str> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(told, there, "{name}");
    }
    let mut used = BTreeSet::new();
    for object in DESCRIPTION.objects() {
        if let Some(name) = object.get("$ref") {
            DESCRIPTION.schemas().meant(&json!({ "$ref": name }));
            used.insert(name.as_str().unwrap());
        }
        for name in object.get("required").and_then(Value::as_array).into_iter().flatten() {
            assert!(
                object["properties"].get(name.as_str().unwrap()).is_some(),
                "{name} is required"
            );
        }
    }
    let mut unused = BTreeSet::new();
    for group in ["schemas", "responses", "parameters", "headers"] {
        let all = DESCRIPTION.0["components"][group].as_object().unwrap().keys();
        let all = all.map(|name| format!("#/components/{group}/{name}"));
        unused.extend(all.filter(|name| !used.contains(name.as_str())));
    }
    // What is signed, and what every other address answers, nothing refers to.
    let whole = ["schemas/MachineLicense", "responses/NotFound", "responses/MethodNotAllowed"];
    assert_eq!(unused, whole.map(|name| format!("#/components/{name}")).into());
}
