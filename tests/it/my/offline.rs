//! A machine without network, activated and renewed over its customer's page.

use data_encoding::BASE64URL_NOPAD;
use keywright::rules::machine::MachineLicense;
use keywright::rules::proof;
use keywright::web::app::offline::TEXT_FORM;
use keywright_providers::sample::Step;
use scraper::{Html, Selector};
use serde_json::json;

use super::{Call, Mailbox, Method, SITE};
use crate::app::machine::{activated, published, told};
use crate::support::databases::Database;
use crate::support::office::{Answer, Office};
use crate::support::tab::{Page, Tab};

const ADA: &str = "ada@customer.example";

fn request(key: &str, machine: &str) -> String {
    let json = json!({ "key": key, "fingerprint": machine, "nonce": "n-1" }).to_string();
    format!("{TEXT_FORM}{}", BASE64URL_NOPAD.encode(json.as_bytes()))
}

/// The license that is shown to be copied.
fn shown(page: &Page) -> String {
    let document = Html::parse_document(&page.source);
    let text = Selector::parse("textarea[readonly]").unwrap();
    let text = document.select(&text).next().unwrap_or_else(|| panic!("{}", page.text()));
    text.text().collect()
}

async fn verified(office: &Office, license: &str) -> MachineLicense {
    let keys = published(office).await;
    proof::verify(license.trim_end(), &keys, proof::MACHINE_LICENSE).unwrap()
}

/// As a browser sends the form with a file chosen.
async fn uploads(tab: &Tab<'_>, office: &Office, file: &[u8]) -> Answer {
    let part = |name: &str, more: &str, content: &[u8]| {
        let head = format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"{more}");
        [head.as_bytes(), b"\r\n\r\n", content, b"\r\n"].concat()
    };
    let body = [
        part("form", "", tab.token().as_bytes()),
        part("file", "; filename=\"press.request\"", file),
        part("request", "", b""),
        b"--XyZ--\r\n".to_vec(),
    ];
    let call = Call::at(Method::POST, "/my/offline").header("cookie", &tab.cookie());
    let call = call.header("origin", SITE).header("sec-fetch-site", "same-origin");
    let call = call.header("content-type", "multipart/form-data; boundary=XyZ");
    office.visit(call.with_bytes(&body.concat())).await
}

on_both! {
    async fn a_license_goes_out_as_text_and_as_a_file_and_is_renewed_the_same_way(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        let mut tab = Mailbox::of(&office).signed_in(ADA).await;
        tab.follow("Activate offline").await;
        tab.send("Make the license", &[("request", &request(key, "press"))]).await;
        let first = verified(&office, &shown(&tab.page)).await;
        assert_eq!((first.fingerprint.as_str(), first.nonce.as_deref()), ("press", Some("n-1")));
        tab.page.says("The license is paid until 2027-12-01 09:00:00 UTC.");
        tab.send("Download as a file", &[]).await;
        assert_eq!(tab.page.headers["content-disposition"], "attachment; filename=\"license.jws\"");
        let file = verified(&office, &tab.page.source).await;
        assert_eq!(file.activation_id, first.activation_id);

        told(&office, Step::Renewal, 1).await;
        tab.open("/my").await.says("1 of 2 in use");
        let plain = json!({ "key": key, "fingerprint": "press" }).to_string();
        let answer = uploads(&tab, &office, plain.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = Page { source: answer.text, ..Page::default() };
        let renewed = verified(&office, &shown(&page)).await;
        assert_eq!(renewed.expires_at, Some("2028-11-30T09:00:00Z".parse().unwrap()));
        assert_eq!(renewed.activation_id, first.activation_id);
    }

    async fn what_does_not_fit_is_told_and_activates_nothing(db: Database) {
        let office = Office::open(&db).await;
        let (adas, bobs) = (office.sells("ada").await, office.sells("bob").await);
        let (key, bobs_key) = (adas["key"].as_str().unwrap(), bobs["key"].as_str().unwrap());
        for machine in ["m-1", "m-2"] {
            activated(&office, key, machine).await;
        }
        let mut tab = Mailbox::of(&office).signed_in(ADA).await;
        for (file, status, why) in [
            ("hello".to_owned(), 400, "That is no request file."),
            (request(key, ""), 422, "That is no request file."),
            (request(bobs_key, "press"), 404, "is none of your licenses"),
            (request("ACME-0", "press"), 404, "is none of your licenses"),
            (request(key, "press"), 409, "in use on 2 of 2 machines"),
        ] {
            tab.open("/my/offline").await;
            tab.send("Make the license", &[("request", &file)]).await.says(why);
            assert_eq!(tab.page.status, status, "{file}");
            assert!(tab.page.source.contains(&file), "what was typed is still there");
        }
        assert_eq!(uploads(&tab, &office, &[0xff, 0xfe]).await.status, 400);
        let list = office.support.activation_list(bobs["id"].as_str().unwrap()).await.unwrap();
        assert_eq!(list.items, []);
        told(&office, Step::Refund, 0).await;
        tab.open("/my/offline").await;
        let file = request(key, "m-1");
        tab.send("Make the license", &[("request", &file)]).await.says("the license is revoked");
        assert_eq!(tab.page.status, 403);
    }
}
