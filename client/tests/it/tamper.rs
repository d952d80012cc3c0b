//! Somebody sets clocks back and puts old files in place.

use chrono::TimeDelta;
use keywright_client::{Fault, Status};
use serde_json::Value;

use super::standin::{KEY, Mood};
use super::world::World;

#[test]
fn a_clock_that_is_set_back_is_noticed_after_an_hour() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    world.server_is(Mood::HangsUp);
    world.days_pass(20);
    assert_eq!(application.check().word(), "valid");
    world.set_clock(-TimeDelta::minutes(60));
    assert_eq!(world.start().check().word(), "valid", "clocks are put right by minutes");
    world.set_clock(-TimeDelta::seconds(1));
    assert_eq!(world.start().check().word(), "clock_went_back");
    world.set_clock(TimeDelta::seconds(1));
    assert_eq!(world.start().check().word(), "valid");
}

#[test]
fn setting_the_clock_back_does_not_prolong_the_time_offline() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    world.server_is(Mood::HangsUp);
    world.days_pass(31);
    assert_eq!(application.check().word(), "refresh_due");
    world.set_clock(-TimeDelta::days(10));
    assert_eq!(application.check().word(), "clock_went_back");
}

/// A flat battery, a typing error: what the server signs is right, and ends it.
#[test]
fn a_clock_that_stood_far_ahead_by_mistake_is_forgiven_with_the_next_license() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    world.set_clock(TimeDelta::days(30_000));
    assert_eq!(application.check().word(), "expired");
    world.set_clock(-TimeDelta::days(30_000));
    assert_eq!(application.check().word(), "clock_went_back");
    world.set_clock(TimeDelta::days(31));
    assert_eq!(application.check().word(), "refresh_due", "not a word of the far future");
    world.set_clock(-TimeDelta::days(31));
    assert_eq!(application.refresh_if_due().unwrap().word(), "valid");
    world.server_is(Mood::HangsUp);
    assert_eq!(world.start().check().word(), "valid");
}

#[test]
fn an_older_license_put_back_is_refused() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let mut old = Value::Null;
    world.edit(|kept| old = kept["license"].clone());
    world.days_pass(1);
    application.refresh().unwrap();
    world.edit(|kept| kept["license"] = old);
    assert_eq!(world.start().check().word(), "older_license");
}

#[test]
fn a_license_that_was_given_back_does_not_return_with_a_copy() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let mut copy = Value::Null;
    world.edit(|kept| copy = kept["license"].clone());
    application.deactivate().unwrap();
    world.edit(|kept| kept["license"] = copy);
    assert_eq!(world.start().check().word(), "older_license");
    assert_eq!(application.activate(KEY).unwrap().word(), "valid");
}

#[test]
fn a_file_from_another_machine_is_of_no_use() {
    let world = World::new();
    world.start().activate(KEY).unwrap();
    let thief = world.start_on("machine-2", world.folder.path().join("acme"));
    let Status::Refused { reason, license: Some(_) } = thief.check() else {
        panic!("must be refused")
    };
    assert_eq!(reason.as_str(), "other_machine");
}

#[test]
fn an_answer_for_another_machine_replaces_nothing() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let foreign = world.vendor(|vendor| vendor.issue("machine-2", false));
    assert!(matches!(application.offline_answer(&foreign), Err(Fault::Unusable(_))));
    assert_eq!(application.check().word(), "valid");
}
