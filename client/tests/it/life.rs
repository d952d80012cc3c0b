//! A license's life on a machine with network.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use chrono::TimeDelta;
use keywright_client::{Fault, Reason, Status};

use super::standin::{KEY, Mood};
use super::world::World;

#[test]
fn a_key_is_entered_once_and_the_application_starts_without_network() {
    let world = World::new();
    assert_eq!(world.start().check().word(), "missing");
    let status = world.start().activate(&format!("  {KEY}\n")).unwrap();
    assert!(status.license().unwrap().has_feature("export"));
    world.server_is(Mood::HangsUp);
    for _ in 0..3 {
        assert_eq!(world.start().check().word(), "valid");
    }
    let (_, body) = world.vendor(|vendor| vendor.asked[0].clone());
    assert_eq!(body["key"], KEY);
    assert_eq!(body["fingerprint"], "machine-1");
    assert_eq!(body["name"], "Ada's laptop");
    assert_eq!(body["version"], "3.2.1");
    assert_eq!(body["platform"], std::env::consts::OS);
    assert_eq!(body.get("nonce"), None);
}

#[test]
fn a_renewal_comes_with_the_next_refresh() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    application.refresh_if_due().unwrap();
    assert_eq!(world.asked("activate"), 1, "nothing is due on the first day");

    world.days_pass(1);
    let renewed = world.vendor(|vendor| {
        vendor.expires_at = vendor.expires_at.map(|end| end + TimeDelta::days(365));
        vendor.expires_at
    });
    let status = application.refresh_if_due().unwrap();
    assert_eq!(status.license().unwrap().expires_at, renewed);
    assert_eq!(world.start().check().license().unwrap().expires_at, renewed);
    assert_eq!(world.vendor(|vendor| vendor.machines.len()), 1, "the same seat");
}

#[test]
fn a_server_that_is_away_takes_nothing_until_the_time_offline_is_over() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let moods = [
        Mood::HangsUp,
        Mood::Says(503, r#"{"code":"unavailable","title":"Not now."}"#),
        Mood::Says(429, r#"{"code":"too_many_requests","title":"Not so fast."}"#),
        Mood::Says(502, "<html>Bad gateway</html>"),
        Mood::Says(403, "<html>Proxy: not allowed</html>"),
        Mood::Says(200, "<html>Welcome to the hotel</html>"),
        Mood::Says(302, ""),
    ];
    for mood in moods {
        world.days_pass(4);
        world.server_is(mood.clone());
        let fault = application.refresh_if_due().unwrap_err();
        assert!(
            matches!(fault, Fault::Unreachable(_) | Fault::Unavailable { .. }),
            "{mood:?}: {fault}"
        );
        assert_eq!(application.check().word(), "valid", "{mood:?}");
    }
    world.days_pass(3);
    assert_eq!(application.check().word(), "refresh_due");
    world.server_is(Mood::Well);
    assert_eq!(application.refresh_if_due().unwrap().word(), "valid");
}

#[test]
fn what_the_vendor_takes_back_ends_with_the_next_refresh_and_can_come_back() {
    for code in ["revoked", "suspended", "expired", "too_many_activations"] {
        let world = World::new();
        let application = world.start();
        application.activate(KEY).unwrap();
        world.days_pass(1);
        world.server_is(Mood::Denies(403, code));
        assert_eq!(application.refresh_if_due().unwrap().word(), code);
        assert_eq!(world.start().check().word(), code, "also at the next start");
        world.server_is(Mood::Well);
        assert_eq!(application.refresh_if_due().unwrap().word(), "valid");
        assert_eq!(world.start().check().word(), "valid");
    }
}

#[test]
fn a_server_that_forgot_the_key_ends_nothing() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    world.days_pass(2);
    world.server_is(Mood::Denies(404, "unknown_key"));
    let fault = application.refresh_if_due().unwrap_err();
    assert_eq!(fault.to_string(), "No, not now. (unknown_key)");
    assert_eq!(application.check().word(), "valid");
}

#[test]
fn a_subscription_that_is_not_renewed_ends_on_its_day() {
    let world = World::new();
    world.vendor(|vendor| vendor.expires_at = Some(vendor.now + TimeDelta::days(10)));
    let application = world.start();
    application.activate(KEY).unwrap();
    world.server_is(Mood::HangsUp);
    world.days_pass(10);
    assert_eq!(application.check().word(), "valid", "the last second");
    world.set_clock(TimeDelta::seconds(1));
    let Status::Refused { reason: Reason::Expired, license: Some(license) } = application.check()
    else {
        panic!("must be expired")
    };
    assert_eq!(license.product, "acme-pro");
}

#[test]
fn a_wrong_key_is_refused_and_what_was_held_stays() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    let Err(Fault::Denied(denial)) = application.activate("ACME-TYPO") else {
        panic!("must be refused")
    };
    assert_eq!(denial.code, "unknown_key");
    assert_eq!(application.check().word(), "valid");
}

#[test]
fn a_key_of_another_product_is_refused_and_its_seat_given_back() {
    let world = World::new();
    world.vendor(|vendor| vendor.product = "acme-lite");
    let fault = world.start().activate(KEY).unwrap_err();
    assert!(matches!(fault, Fault::Unusable(Reason::OtherProduct)), "{fault}");
    assert_eq!(world.vendor(|vendor| vendor.machines.len()), 0);
    assert_eq!(world.start().check().word(), "missing");
}

#[test]
fn a_seat_given_back_is_free_for_another_machine() {
    let world = World::new();
    world.vendor(|vendor| vendor.machines_max = 1);
    let (first, second) =
        (world.start(), world.start_on("machine-2", world.folder.path().join("second")));
    first.activate(KEY).unwrap();
    let Err(Fault::Denied(denial)) = second.activate(KEY) else { panic!("must be refused") };
    assert_eq!(denial.code, "too_many_activations");

    world.server_is(Mood::HangsUp);
    assert!(matches!(first.deactivate(), Err(Fault::Unreachable(_))));
    assert_eq!(first.check().word(), "valid", "a seat is not lost on the way");

    world.server_is(Mood::Well);
    first.deactivate().unwrap();
    assert_eq!(first.check().word(), "missing");
    assert!(matches!(first.deactivate(), Err(Fault::NotActivated)));
    assert_eq!(second.activate(KEY).unwrap().word(), "valid");
}

#[test]
fn a_machine_that_support_released_can_be_released_here_too() {
    let world = World::new();
    let application = world.start();
    application.activate(KEY).unwrap();
    world.vendor(|vendor| vendor.machines.clear());
    application.deactivate().unwrap();
    assert_eq!(application.check().word(), "missing");
}

#[test]
fn a_trial_is_kept_fresh_without_a_key_and_turns_into_a_license() {
    let world = World::new();
    let application = world.start();
    assert!(application.trial(Some("ada@example.com")).unwrap().license().unwrap().trial);
    assert!(!std::fs::read_to_string(world.file()).unwrap().contains("ada@example.com"));
    assert!(matches!(application.deactivate(), Err(Fault::Trial)));
    world.days_pass(1);
    assert!(application.refresh_if_due().unwrap().is_valid());
    let (_, body) = world.vendor(|vendor| vendor.asked[1].clone());
    assert_eq!(body, serde_json::json!({"product": "acme-pro", "fingerprint": "machine-1"}));

    assert!(!application.activate(KEY).unwrap().license().unwrap().trial);
    world.days_pass(1);
    application.refresh().unwrap();
    assert_eq!((world.asked("trial"), world.asked("activate")), (2, 2));
}

#[test]
fn maintenance_ends_and_this_version_runs_on() {
    let world = World::new();
    world.vendor(|vendor| {
        vendor.on_expiry = "maintain";
        vendor.expires_at = Some("2027-01-01T00:00:00Z".parse().unwrap());
    });
    assert_eq!(world.start().activate(KEY).unwrap().word(), "valid");
    world.vendor(|vendor| vendor.expires_at = Some("2026-11-14T23:59:59Z".parse().unwrap()));
    assert_eq!(world.start().refresh().unwrap().word(), "not_covered");
}

#[test]
fn a_thread_keeps_the_license_fresh_and_ends_with_its_handle() {
    let world = World::new();
    let application = Arc::new(world.start());
    application.activate(KEY).unwrap();
    world.days_pass(1);
    let (tell, told) = mpsc::channel();
    let keep = application
        .keep_fresh(Duration::from_millis(1), move |status| {
            drop(tell.send(status.map(|status| status.word().to_owned())));
        })
        .unwrap();
    assert_eq!(told.recv().unwrap().unwrap(), "valid");
    assert_eq!(world.asked("activate"), 2);
    world.days_pass(1);
    while world.asked("activate") < 3 {
        told.recv().unwrap().unwrap();
    }
    drop(keep);
    // The channel closes when the thread is gone.
    while told.recv().is_ok() {}
}
