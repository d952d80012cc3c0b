//! Applications that were made for NetLicensing, which ask in its words.

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use super::machine::activated;
use crate::support::databases::Database;
use crate::support::office::{Answer, Call, Office};

const TRIALS: &str = r#"
[products.acme-try]
name = "Acme to try"
trial = "P14D"
key_prefix = "ACME"

[products.acme-other]
trial = "P7D"

[products.acme-late]
name = "Acme <late> & \"more\""
interval = "P1Y"
buffer = "P1D"
grace = "P2D"

[products.acme-asleep]
interval = "P1Y"
start = "activation"
"#;

async fn asks(office: &Office, number: &str, fields: &[(&str, &str)]) -> Answer {
    let call = Call::of_licensee(number).with_form(fields);
    office.call(call.header("Accept", "application/json")).await
}

/// What is told of each product, on a line each.
fn lines(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["infos"]["info"], json!([]));
    let items = answer.json["items"]["item"].as_array().unwrap().iter();
    items
        .map(|item| {
            assert_eq!(item["type"], "ProductModuleValidation");
            let property = |wanted: &str| {
                let mut properties = item["property"].as_array().unwrap().iter();
                properties
                    .find(|one| one["name"] == wanted)
                    .map(|one| one["value"].as_str().unwrap())
            };
            assert_eq!(property("licensingModel"), Some("Subscription"));
            let (product, valid) = (property("productModuleNumber"), property("valid"));
            let until = property("expires").map(|end| format!(" until {end}"));
            format!("{} {}{}", product.unwrap(), valid.unwrap(), until.unwrap_or_default())
        })
        .collect()
}

/// The error that is told, and nothing else.
fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.json["items"]["item"], json!([]));
    assert!(answer.json["ttl"].as_str().unwrap().ends_with(".000Z"), "{}", answer.text);
    let infos = answer.json["infos"]["info"].as_array().unwrap();
    assert_eq!((infos.len(), &infos[0]["type"]), (1, &json!("ERROR")));
    assert!(!infos[0]["value"].as_str().unwrap().is_empty());
    format!("{} {}", answer.status, infos[0]["id"].as_str().unwrap())
}

async fn given(office: &Office, product: &str, quantity: u32) -> Vec<(String, String)> {
    let gift = json!({ "product": product, "email": "ada@customer.example", "quantity": quantity });
    let given = office.post("/licenses", gift).await;
    assert!(given.status < 300, "{}", given.text);
    let found = office.get("/licenses?email=ada@customer.example").await.ok();
    let licenses = found["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    licenses.map(|license| (text(&license["key"]), text(&license["id"]))).collect()
}

on_both! {
    async fn a_key_is_validated_in_the_words_of_netlicensing(db: Database) {
        let office = Office::open(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        let xml = office.call(Call::of_licensee(&key)).await;
        assert_eq!((xml.status, &xml.headers["content-type"], &xml.headers["cache-control"]),
            (200, &"application/xml; charset=utf-8".to_owned(), &"no-store".to_owned()));
        assert_eq!(xml.text, concat!(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#, "\n", r#"<AppLicensing xmlns="http://AppLicensing.Realmocean.com/schema/context" ttl="2026-12-02T09:00:00.000Z"><infos/><items><item type="ProductModuleValidation"><property name="productModuleNumber">acme-pro</property><property name="valid">true</property><property name="expires">2027-12-01T09:00:00.000Z</property><property name="productModuleName">Acme Pro</property><property name="licensingModel">Subscription</property></item></items></AppLicensing>"#, "\n"));
        let told = asks(&office, &key, &[]).await;
        assert_eq!(told.headers["content-type"], "application/json");
        assert_eq!(told.json, json!({
            "infos": { "info": [] },
            "items": { "item": [{
                "type": "ProductModuleValidation",
                "property": [
                    { "name": "productModuleNumber", "value": "acme-pro" },
                    { "name": "valid", "value": "true" },
                    { "name": "expires", "value": "2027-12-01T09:00:00.000Z" },
                    { "name": "productModuleName", "value": "Acme Pro" },
                    { "name": "licensingModel", "value": "Subscription" },
                ],
                "list": [],
            }] },
            "ttl": "2026-12-02T09:00:00.000Z",
        }));
        // As people type it; with whatever else such clients send.
        let typed = key.to_lowercase().replace('-', "%20");
        let more = [("productNumber", "acme-pro"), ("licenseeSecret", "s"), ("dryRun", "true"),
            ("productModuleNumber0", "M-1"), ("action0", "checkOut")];
        assert_eq!(asks(&office, &typed, &more).await.text, told.text);
        let bare = Call::of_licensee(&key).header("Accept", "application/json")
            .header("Authorization", "Basic YXBpS2V5OnNlY3JldA==").with_bytes(b"forOfflineUse=true");
        let kept = office.call(bare).await;
        assert_eq!((lines(&kept), &kept.json["ttl"]),
            (lines(&told), &json!("2026-12-31T09:00:00.000Z")));
        // Nothing is bound by it, and nothing is written.
        let found = office.get("/licenses?email=ada@customer.example").await.ok();
        assert_eq!(found["items"][0]["activations"], 0);
    }

    async fn the_xml_begins_as_the_application_expects_it(db: Database) {
        let office = Office::open(&db).await;
        let theirs = "http://netlicensing.labs64.com/schema/context";
        office.configure(&format!(
            "{TRIALS}[netlicensing]\nroot = \"netlicensing\"\nnamespace = \"{theirs}\"\n"
        ));
        let key = given(&office, "acme-late", 1).await.remove(0).0;
        let xml = office.call(Call::of_licensee(&key).header("Accept", "application/xml")).await.text;
        assert!(xml.contains(&format!("<netlicensing xmlns=\"{theirs}\" ttl=")), "{xml}");
        assert!(xml.ends_with("</items></netlicensing>\n"), "{xml}");
        let name = "\"productModuleName\">Acme &lt;late&gt; &amp; &quot;more&quot;</property>";
        assert!(xml.contains(name), "{xml}");
    }

    async fn it_is_valid_as_long_as_the_license_is(db: Database) {
        let office = Office::open(&db).await;
        office.configure(&format!("\"price_late\" = \"acme-late\"\n{TRIALS}"));
        office.tell(Step::Purchase, "ada", "price_late").await;
        let found = office.get("/licenses?email=ada@customer.example").await.ok();
        let (key, id) = (&found["items"][0]["key"], &found["items"][0]["id"]);
        let (key, id) = (key.as_str().unwrap(), id.as_str().unwrap());
        let told = async || lines(&asks(&office, key, &[]).await).remove(0);
        assert_eq!(told().await, "acme-late true until 2027-12-01T09:00:00.000Z");
        office.post(&format!("/licenses/{id}/suspend"), json!({})).await.ok();
        let suspended = asks(&office, key, &[]).await;
        assert_eq!((lines(&suspended).remove(0).as_str(), &suspended.json["ttl"]),
            ("acme-late false", &json!("2026-12-01T09:10:00.000Z")));
        office.post(&format!("/licenses/{id}/reinstate"), json!({})).await.ok();
        // Within buffer and grace the end that is told is theirs: it is never past and valid.
        office.clock.advance(TimeDelta::days(365));
        assert_eq!(told().await, "acme-late true until 2027-12-01T09:00:00.000Z");
        office.clock.advance(TimeDelta::days(2));
        assert_eq!(told().await, "acme-late true until 2027-12-04T09:00:00.000Z");
        office.clock.advance(TimeDelta::days(1));
        let last = asks(&office, key, &[]).await;
        assert_eq!(last.json["ttl"], "2027-12-04T09:00:00.000Z");
        office.clock.advance(TimeDelta::seconds(1));
        assert_eq!(told().await, "acme-late false");
        office.tell(Step::Refund, "ada", "price_late").await;
        assert_eq!(told().await, "acme-late false");
        // For ever: no end is told.
        let ever = given(&office, "acme-ever", 1).await;
        let (ever, _) = ever.iter().find(|(_, other)| other != id).unwrap();
        assert_eq!(lines(&asks(&office, ever, &[]).await), ["acme-ever true"]);
    }

    async fn what_waits_for_its_first_activation_is_not_begun_by_asking(db: Database) {
        let office = Office::open(&db).await;
        office.configure(TRIALS);
        let key = given(&office, "acme-asleep", 1).await.remove(0).0;
        office.clock.advance(TimeDelta::days(30));
        for _ in 0..2 {
            assert_eq!(lines(&asks(&office, &key, &[]).await), ["acme-asleep false"]);
        }
        activated(&office, &key, "laptop").await;
        assert_eq!(lines(&asks(&office, &key, &[]).await),
            ["acme-asleep true until 2027-12-31T09:00:00.000Z"]);
    }

    async fn a_key_of_a_bundle_tells_what_came_with_it(db: Database) {
        let office = Office::open(&db).await;
        let all = given(&office, "acme-suite", 2).await;
        assert_eq!(all.len(), 4);
        // Each unit of the bundle is a customer of its own: what is revoked with it is its own.
        let mut told = Vec::new();
        let revoked = lines(&asks(&office, &all[0].0, &[]).await);
        office.post(&format!("/licenses/{}/revoke", all[0].1), json!({})).await.ok();
        for (key, _) in &all {
            let mut lines = lines(&asks(&office, key, &[]).await);
            assert!(lines[0].starts_with("acme-") && lines.len() == 2, "{lines:?}");
            lines.sort();
            told.push(lines);
        }
        let whole = ["acme-ever true", "acme-pro true until 2027-12-01T09:00:00.000Z"];
        assert_eq!(told.iter().filter(|lines| **lines == whole).count(), 2, "{told:?}");
        let product = revoked[0].split(' ').next().unwrap();
        let without = told.iter().filter(|lines| lines.contains(&format!("{product} false")));
        assert_eq!(without.count(), 2, "{told:?}");
        assert!(told[0].contains(&format!("{product} false")), "{told:?}");
    }

    async fn a_key_that_nobody_has_is_not_there_and_guessing_is_slow(db: Database) {
        let office = Office::open(&db).await;
        let xml = office.call(Call::of_licensee("ACME-1")).await;
        assert_eq!(xml.status, 404);
        assert_eq!(xml.text, concat!(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#, "\n", r#"<AppLicensing xmlns="http://AppLicensing.Realmocean.com/schema/context" ttl="2026-12-01T09:00:00.000Z"><infos><info id="NotFoundException" type="error">there is no license with this key; look for a typing error, and copy it as a whole</info></infos><items/></AppLicensing>"#, "\n"));
        let long = "A".repeat(5_000);
        for wrong in ["x", "a%00b", "%2Fetc%2Fpasswd", "%C3%A4.b.c", "'%3B--", &long] {
            let told = asks(&office, wrong, &[("productNumber", "acme-pro")]).await;
            assert_eq!(refusal(&told), "404 NotFoundException", "{wrong:.20}");
            office.clock.advance(TimeDelta::minutes(10));
        }
        for _ in 0..12 {
            assert_eq!(refusal(&asks(&office, "ACME-1", &[]).await), "404 NotFoundException");
        }
        let slowed = asks(&office, "ACME-1", &[]).await;
        assert_eq!(refusal(&slowed), "429 TooManyRequestsException");
        assert!(slowed.headers["retry-after"].parse::<u32>().unwrap() > 0);
    }

    async fn what_cannot_be_answered_is_told_in_the_same_words(db: Database) {
        let office = Office::impatient(&db).await;
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        let json = || Call::of_licensee(&key).header("Accept", "application/json");
        let path = format!("/core/v2/rest/licensee/{key}/validate");
        for (call, told) in [
            (json().with(&json!({ "productNumber": "acme-pro" })), "415 NotSupportedException"),
            (json().header("Content-Encoding", "gzip").with_bytes(b"x"), "415 NotSupportedException"),
            (json().with_bytes(&[b'x'; 20_000]), "413 MalformedRequestException"),
            (Call::at(Method::GET, &path).header("Accept", "application/json"), "405 NotAllowedException"),
            (Call::at(Method::GET, "/core/v2/rest/licensee").header("Accept", "application/json"),
                "404 NotFoundException"),
        ] {
            assert_eq!(refusal(&office.call(call).await), told);
        }
        assert_eq!(office.call(Call::at(Method::GET, &path)).await.headers["allow"], "POST");
        db.tamper("ALTER TABLE licenses RENAME TO licenses_away").await;
        let away = asks(&office, &key, &[]).await;
        assert_eq!(refusal(&away), "503 ServiceUnavailableException");
        assert!(away.headers.contains_key("retry-after") && !away.text.contains("licenses_away"));
        db.tamper("ALTER TABLE licenses_away RENAME TO licenses").await;
        assert_eq!(lines(&asks(&office, &key, &[]).await).len(), 1);
    }

    async fn a_machine_that_bought_nothing_tries_once(db: Database) {
        let office = Office::open(&db).await;
        office.configure(TRIALS);
        let wish = [("productNumber", "acme-try"), ("licenseeName", "Ann's laptop")];
        // Nothing begins by itself, nor by rehearsal, nor where there is nothing to try.
        let rehearsal = [("productNumber", "acme-try"), ("dryRun", "true")];
        for fields in [&[][..], &rehearsal, &[("productNumber", "acme-pro")]] {
            assert_eq!(refusal(&asks(&office, "serial-4711", fields).await), "404 NotFoundException");
        }
        // Who mistypes a key gets no trial of it; nor who has one, whatever became of it.
        let key = office.sells("ada").await["key"].as_str().unwrap().to_owned();
        let typo = format!("{}?", key.split_at(key.len() - 1).0).replace('?', "U");
        assert_eq!(refusal(&asks(&office, &typo, &wish).await), "404 NotFoundException");
        assert_eq!(lines(&asks(&office, &key, &wish).await).len(), 1);
        assert_eq!(office.get("/events?type=support.trial").await.ok()["items"], json!([]));

        let begun = ["acme-try true until 2026-12-15T09:00:00.000Z"];
        assert_eq!(lines(&asks(&office, "serial-4711", &wish).await), begun);
        office.clock.advance(TimeDelta::days(13));
        for fields in [&wish[..], &[], &rehearsal] {
            assert_eq!(lines(&asks(&office, "serial-4711", fields).await), begun);
        }
        // Another product is another trial, and the first stays what it was.
        let both = asks(&office, "serial-4711", &[("productNumber", "acme-other")]).await;
        assert_eq!(lines(&both), ["acme-other true until 2026-12-21T09:00:00.000Z", begun[0]]);
        office.clock.advance(TimeDelta::days(2));
        assert_eq!(lines(&asks(&office, "serial-4711", &wish).await),
            ["acme-other true until 2026-12-21T09:00:00.000Z", "acme-try false"]);
        let events = office.get("/events?type=support.trial").await.ok();
        assert_eq!(events["items"].as_array().unwrap().len(), 2);
        // It is the trial that this machine has under /v1, too.
        let body = json!({ "product": "acme-try", "fingerprint": "serial-4711" });
        assert_eq!(office.ask("/licenses/trial", body).await.word(), "409 trial_used");
    }
}
