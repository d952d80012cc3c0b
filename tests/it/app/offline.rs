//! A machine without network: a file goes out, a file comes back.

use actix_web::http::Method;
use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use keywright::rules::machine::MachineLicense;
use keywright::rules::proof;
use keywright::web::app::offline::TEXT_FORM;
use keywright_providers::sample::Step;
use serde_json::json;

use super::machine::{code, deactivate, published, told};
use crate::support::databases::Database;
use crate::support::office::{Answer, Call, Office};

/// Carries a file to the service.
async fn carries(office: &Office, file: &str) -> Answer {
    let call = Call::of_app(Method::POST, "/licenses/offline").with_bytes(file.as_bytes());
    office.call(call.header("content-type", "application/octet-stream")).await
}

/// The license in the file that comes back, verified by keys that were there before.
async fn brought(office: &Office, file: &str) -> MachineLicense {
    let keys = published(office).await;
    let answer = carries(office, file).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"license.jws\"");
    let line = answer.text.strip_suffix('\n').unwrap();
    proof::verify(line, &keys, proof::MACHINE_LICENSE).unwrap()
}

fn request(key: &str, machine: &str) -> String {
    let json = json!({ "key": key, "fingerprint": machine, "nonce": "n-1" }).to_string();
    format!("{TEXT_FORM}{}\n", BASE64URL_NOPAD.encode(json.as_bytes()))
}

on_both! {
    async fn a_license_is_carried_and_renewed_and_refused_as_over_the_network(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let key = bought["key"].as_str().unwrap();
        let first = brought(&office, &request(key, "press")).await;
        assert_eq!((first.fingerprint.as_str(), first.nonce.as_deref()), ("press", Some("n-1")));
        assert_eq!(first.expires_at, Some("2027-12-01T09:00:00Z".parse().unwrap()));
        let plain = json!({ "key": key, "fingerprint": "lathe", "name": "Lathe 2" }).to_string();
        assert_eq!(brought(&office, &plain).await.nonce, None);
        let third = carries(&office, &request(key, "mill")).await;
        assert_eq!(third.word(), "409 too_many_activations");

        // Renewed: the same file again brings the new date.
        office.clock.advance(TimeDelta::days(364));
        told(&office, Step::Renewal, 1).await;
        let renewed = brought(&office, &request(key, "press")).await;
        assert_eq!(renewed.activation_id, first.activation_id);
        assert!(renewed.sequence > first.sequence);
        for file in [request(key, "press"), plain] {
            let renewed = brought(&office, &file).await;
            assert_eq!(renewed.expires_at, Some("2028-11-30T09:00:00Z".parse().unwrap()));
        }

        deactivate(&office, key, "lathe").await;
        brought(&office, &request(key, "mill")).await;
        told(&office, Step::Refund, 1).await;
        told(&office, Step::Refund, 0).await;
        for machine in ["press", "mill"] {
            assert_eq!(carries(&office, &request(key, machine)).await.word(), "403 revoked");
            assert_eq!(code(&office, key, machine).await, "revoked");
        }
    }

    async fn what_is_no_request_file_is_answered_with_what_would_be(db: Database) {
        let office = Office::open(&db).await;
        for (file, word) in [
            ("", "400 malformed"),
            ("keywright-request.1.e3", "400 malformed"),
            ("keywright-request.1.e30", "422 invalid_field"),
            ("{\"key\":\"K\",\"fingerprint\":\"f\",\"nonec\":\"n\"}", "422 unknown_field"),
            ("{\"key\":\"K\",\"fingerprint\":\"f\"}", "404 unknown_key"),
        ] {
            assert_eq!(carries(&office, file).await.word(), word, "{file}");
        }
        let packed = Call::of_app(Method::POST, "/licenses/offline").with_bytes(b"{}");
        let packed = office.call(packed.header("content-encoding", "gzip")).await;
        assert_eq!(packed.word(), "415 unsupported_media_type");
    }
}
