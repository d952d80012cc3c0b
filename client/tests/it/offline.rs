//! A machine that never sees a network.

use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use keywright_client::{Fault, Reason};
use serde_json::Value;

use super::standin::{KEY, Mood};
use super::world::{MACHINE, World};

fn read(request: &str) -> Value {
    let json = request.strip_prefix("keywright-request.1.").unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(json.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_request_is_carried_out_and_its_answer_back() {
    let world = World::new();
    world.server_is(Mood::HangsUp);
    let application = world.start();
    let request = application.offline_request(KEY).unwrap();
    let body = read(&request);
    assert_eq!((&body["key"], &body["fingerprint"]), (&KEY.into(), &MACHINE.into()));
    assert_eq!(body["nonce"].as_str().unwrap().len(), 32);
    assert_ne!(request, application.offline_request(KEY).unwrap(), "each is its own");
    assert_eq!(application.check().word(), "missing");

    let answer = world.vendor(|vendor| vendor.issue(MACHINE, false));
    let status = application.offline_answer(&format!("{answer}\r\n")).unwrap();
    assert_eq!(status.word(), "valid");
    assert_eq!(world.start().check().word(), "valid");
    assert_eq!(world.asked("activate"), 0);
}

#[test]
fn a_machine_that_comes_online_goes_on_with_the_same_key() {
    let world = World::new();
    let application = world.start();
    application.offline_request(KEY).unwrap();
    let answer = world.vendor(|vendor| vendor.issue(MACHINE, false));
    application.offline_answer(&answer).unwrap();
    world.days_pass(2);
    assert_eq!(application.refresh_if_due().unwrap().word(), "valid");
    let (_, body) = world.vendor(|vendor| vendor.asked[0].clone());
    assert_eq!(body["key"], KEY);
}

#[test]
fn the_answer_to_another_machine_is_of_no_use() {
    let world = World::new();
    let application = world.start();
    application.offline_request(KEY).unwrap();
    let answer = world.vendor(|vendor| vendor.issue("machine-2", false));
    let fault = application.offline_answer(&answer).unwrap_err();
    assert!(matches!(fault, Fault::Unusable(Reason::OtherMachine)), "{fault}");
    let cut = answer.split_at(answer.len() - 1).0;
    for text in ["", "Dear customer", cut] {
        let fault = application.offline_answer(text).unwrap_err();
        assert!(matches!(fault, Fault::Unusable(_)), "{fault}");
    }
    assert_eq!(application.check().word(), "missing");
}

#[test]
fn a_renewal_is_carried_the_same_way_and_an_old_answer_is_not_taken_again() {
    let world = World::new();
    let application = world.start();
    let (old, new) = world.vendor(|vendor| {
        (vendor.issue(MACHINE, false), {
            vendor.now += TimeDelta::days(29);
            vendor.issue(MACHINE, false)
        })
    });
    application.offline_answer(&old).unwrap();
    world.set_clock(TimeDelta::days(31));
    assert_eq!(application.check().word(), "refresh_due");
    assert_eq!(application.offline_answer(&new).unwrap().word(), "valid");
    let fault = application.offline_answer(&old).unwrap_err();
    assert!(matches!(fault, Fault::Unusable(Reason::OlderLicense)), "{fault}");
    assert_eq!(application.check().word(), "valid");
}
