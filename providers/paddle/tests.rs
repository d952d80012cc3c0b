//! Paddle's peculiarities, each by name, told by the fixtures.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::notice::{DisputeState, Kind, Line, Notice, Ref};
use crate::secret::Secret;
use crate::{Auth, Need};

const SUBSCRIPTION: &str = "subscription:sub_01k71vf6p2r4t6w8y0a2c4e6gh";

fn body(fixture: &str) -> Vec<u8> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("paddle/fixtures/{fixture}.txt"));
    let bytes = std::fs::read(file).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    bytes[head + 2..].to_vec()
}

fn read_body(body: &[u8]) -> Reading {
    let envelope = frame::envelope(body).unwrap();
    Paddle.read(&Event::of(&envelope, DateTime::UNIX_EPOCH))
}

fn told(fixture: &str) -> Vec<Notice> {
    read_body(&body(fixture)).unwrap()
}

fn kinds(fixture: &str) -> Vec<&'static str> {
    told(fixture).iter().map(|notice| notice.kind.name()).collect()
}

fn lines(fixture: &str) -> Vec<Line> {
    let notices = told(fixture).into_iter();
    notices
        .flat_map(|notice| match notice.kind {
            Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => {
                lines
            }
            _ => Vec::new(),
        })
        .collect()
}

fn names_by_product(fixture: &str) -> BTreeSet<(String, String)> {
    lines(fixture).into_iter().map(|line| (line.item[1].clone(), line.line)).collect()
}

#[test]
fn a_line_keeps_its_name_from_the_checkout_through_renewals_and_plan_changes() {
    let bought = names_by_product("transaction.completed.mixed");
    let renewed = names_by_product("transaction.completed.renewal_with_proration_and_charge");
    assert_eq!(renewed.len(), 2);
    assert!(renewed.is_subset(&bought), "{renewed:?} of {bought:?}");
    let changed: Vec<String> =
        lines("subscription.updated.plan_change").into_iter().map(|line| line.line).collect();
    assert_eq!(changed, [format!("{SUBSCRIPTION}#0"), format!("{SUBSCRIPTION}#1")]);
}

#[test]
fn a_cancelled_subscription_ends_its_own_lines_and_not_what_was_sold_once() {
    let ended: BTreeSet<String> =
        told("subscription.canceled").into_iter().map(|notice| notice.line.unwrap()).collect();
    let sold_once: Vec<Line> = lines("transaction.completed.mixed")
        .into_iter()
        .filter(|line| line.period.is_none())
        .collect();
    assert_eq!(sold_once.len(), 1);
    assert!(!ended.contains(&sold_once[0].line));
    assert_eq!(ended.len(), 2);
}

#[test]
fn the_lines_of_one_transaction_never_share_a_name() {
    for fixture in ["mixed", "one_off_twice", "mixed_without_subscription"] {
        let lines = lines(&format!("transaction.completed.{fixture}"));
        let names: BTreeSet<&str> = lines.iter().map(|line| line.line.as_str()).collect();
        assert_eq!((lines.len(), names.len()), (3, 3), "{fixture}: {names:?}");
    }
    let twice = lines("transaction.completed.one_off_twice");
    assert!(twice[2].line.ends_with("0002") && twice[2].quantity == 3, "{twice:?}");
}

#[test]
fn a_new_period_extends_nothing_before_it_is_paid() {
    for fixture in ["subscription.updated.renewal_begins", "subscription.updated.past_due"] {
        assert_eq!(kinds(fixture), ["changed", "uncanceled"], "{fixture}");
        assert!(lines(fixture).iter().all(|line| line.period.is_none()), "{fixture}");
    }
}

#[test]
fn one_payment_is_told_by_its_completed_transaction_only() {
    for fixture in ["created", "updated", "ready", "paid", "billed", "past_due", "canceled"] {
        assert_eq!(kinds(&format!("transaction.{fixture}")), [""; 0], "{fixture}");
    }
    assert_eq!(kinds("transaction.completed.first_payment"), ["paid"]);
}

#[test]
fn a_plan_change_and_a_charge_cover_no_time_but_are_found_by_their_refund() {
    for fixture in ["plan_change", "charge"] {
        let notices = told(&format!("transaction.completed.{fixture}"));
        assert_eq!(notices.len(), 1);
        let kind = &notices[0].kind;
        assert!(matches!(kind, Kind::Paid { lines, .. } if lines.is_empty()), "{kind:?}");
        let refs: Vec<String> = notices[0].refs.iter().map(Ref::to_string).collect();
        assert_eq!(refs[0], SUBSCRIPTION);
        assert!(refs[1].starts_with("payment:txn_"), "{refs:?}");
    }
}

#[test]
fn a_free_trial_is_no_payment_and_a_paid_one_or_a_full_discount_is() {
    assert_eq!(kinds("transaction.completed.free_trial"), ["linked"]);
    assert_eq!(kinds("subscription.created.trialing"), ["trial"]);
    assert_eq!(kinds("transaction.completed.paid_trial"), ["paid"]);
    assert_eq!(kinds("transaction.completed.discount_of_everything"), ["paid"]);
    let beside_the_trial = lines("transaction.completed.trial_with_one_off");
    assert_eq!(beside_the_trial.len(), 1);
    assert!(beside_the_trial[0].line.starts_with("txnitm_"));
}

#[test]
fn the_purchase_is_named_by_subscription_created() {
    let refs = &told("subscription.created.active")[0].refs;
    let paid = &told("transaction.completed.first_payment")[0].refs;
    assert_eq!(refs, paid);
}

#[test]
fn a_refund_counts_from_its_approval() {
    assert_eq!(kinds("adjustment.created.refund_pending"), [""; 0]);
    assert_eq!(kinds("adjustment.updated.refund_full"), ["refunded"]);
    assert_eq!(kinds("adjustment.updated.refund_rejected"), ["refund_undone"]);
    assert_eq!(kinds("adjustment.updated.refund_reversed"), ["refund_undone"]);
}

#[test]
fn a_refund_names_lines_sold_once_and_tells_a_subscription_by_amount() {
    let returned = |fixture: &str| match told(fixture).remove(0).kind {
        Kind::Refunded { lines, full, .. } => (lines.len(), full),
        kind => panic!("{kind:?}"),
    };
    assert_eq!(returned("adjustment.updated.refund_of_lines"), (1, false));
    assert_eq!(returned("adjustment.updated.refund_full"), (0, true));
    assert_eq!(returned("adjustment.updated.refund_untyped"), (0, false));
    let sold = lines("transaction.completed.one_off").remove(0).line;
    match told("adjustment.updated.refund_of_lines").remove(0).kind {
        Kind::Refunded { lines, .. } => assert_eq!(lines[0].line, sold),
        kind => panic!("{kind:?}"),
    }
}

#[test]
fn a_chargeback_and_its_reversal_are_one_dispute_though_two_adjustments() {
    let dispute = |fixture: &str| match told(fixture).remove(0).kind {
        Kind::Disputed { dispute, state, .. } => (dispute, state),
        kind => panic!("{kind:?}"),
    };
    let (opened, state) = dispute("adjustment.created.chargeback");
    assert_eq!(state, DisputeState::Opened);
    for won in ["adjustment.created.chargeback_reverse", "adjustment.updated.chargeback_reversed"] {
        assert_eq!(dispute(won), (opened.clone(), DisputeState::Won), "{won}");
    }
}

#[test]
fn warnings_and_credits_take_no_money() {
    for fixture in ["chargeback_warning", "chargeback_warning_reverse", "credit", "credit_reverse"]
    {
        assert_eq!(kinds(&format!("adjustment.created.{fixture}")), [""; 0], "{fixture}");
    }
}

#[test]
fn a_declined_checkout_is_no_missed_renewal() {
    assert_eq!(kinds("transaction.payment_failed.checkout"), [""; 0]);
    assert_eq!(kinds("transaction.payment_failed.renewal"), ["payment_failed"; 2]);
}

#[test]
fn a_cancellation_that_is_no_longer_scheduled_is_withdrawn() {
    assert_eq!(kinds("subscription.updated.cancel_scheduled"), ["changed", "canceled"]);
    assert_eq!(kinds("subscription.updated.cancel_withdrawn"), ["changed", "uncanceled"]);
    assert_eq!(kinds("subscription.updated.pause_scheduled"), ["changed", "uncanceled"]);
    assert_eq!(kinds("subscription.updated.canceled"), ["ended"]);
}

#[test]
fn an_import_is_no_sale_but_its_customer_is_known() {
    assert_eq!(kinds("subscription.imported"), [""; 0]);
    assert_eq!(kinds("customer.imported"), ["customer"]);
}

#[test]
fn what_a_buyer_can_write_is_never_read() {
    let plain = String::from_utf8(body("transaction.completed.first_payment")).unwrap();
    let written = r#""custom_data":{"subscription_id":"sub_of_another","email":"eve@example.com"}"#;
    let spoiled = plain.replace(r#""custom_data":null"#, written);
    assert_ne!(plain, spoiled);
    assert_eq!(read_body(plain.as_bytes()), read_body(spoiled.as_bytes()));
}

#[test]
fn an_empty_id_ties_no_strangers_together() {
    let text = String::from_utf8(body("transaction.completed.first_payment")).unwrap();
    let spoiled = text.replace("\"sub_01k71vf6p2r4t6w8y0a2c4e6gh\"", "\"\"");
    assert_ne!(text, spoiled);
    match read_body(spoiled.as_bytes()).unwrap_err() {
        Unread::Content { path, .. } => assert_eq!(path, "data.subscription_id"),
        unread => panic!("{unread}"),
    }
}

#[test]
fn every_event_in_the_facts_is_understood_and_no_other() {
    let read = |event_type: &str| {
        let body = br#"{"data":"not an entity"}"#;
        Paddle.read(&Event::new(event_type, DateTime::UNIX_EPOCH, body))
    };
    for event_type in Paddle.facts().events {
        assert!(read(event_type).is_err(), "{event_type}");
    }
    assert_eq!(read("payout.created"), Ok(Vec::new()));
}

fn verify(inlet: Inlet, signature: &str) -> Result<(), Reject> {
    let secret = Secret::new("pdl_ntfset_01kwtestsecret_AbCdEf0123456789").unwrap();
    let credentials = Credentials::of(vec![secret]);
    let headers = [("paddle-signature".to_owned(), signature.to_owned())];
    let body = body("vector");
    let body = body.strip_suffix(b"\n").unwrap();
    let request = Request { inlet, ..Request::post(&headers, body) };
    let now = DateTime::from_timestamp(1_760_000_005, 0).unwrap();
    Paddle.verify(&request, &credentials, now).map(|_| ())
}

#[test]
fn a_header_may_hold_several_signatures_and_parts_of_tomorrow_but_one_time() {
    let right = "6d9c1c362011d0b8a48bab4476674b3a24aafbb0fc6d377ab75aa43049ced0e0";
    let other = "0".repeat(64);
    for (header, verdict) in [
        (format!("ts=1760000000;h1={right}"), Ok(())),
        (format!("ts=1760000000;h1={other};h1={right}"), Ok(())),
        (format!("ts=1760000000;h1={right};h1={other};h2=abc"), Ok(())),
        (format!("ts=1760000000;h1={other}"), Err(Reject::Wrong)),
        (format!("ts=1760000000;h2={right}"), Err(Reject::Malformed)),
        (format!("ts=1760000000;ts=1760000000;h1={right}"), Err(Reject::Doubled)),
        (format!("h1={right}"), Err(Reject::Malformed)),
        (format!("ts=1760000000,h1={right}"), Err(Reject::Malformed)),
        (format!("ts=1760000000;h1={right};"), Err(Reject::Malformed)),
        (String::new(), Err(Reject::Malformed)),
    ] {
        assert_eq!(verify(Inlet::Webhook, &header), verdict, "{header}");
    }
    let header = format!("ts=1760000000;h1={right}");
    assert_eq!(verify(Inlet::Fulfil, &header), Err(Reject::NotTaken));
}

#[test]
fn who_paid_is_asked_of_a_purchase_and_a_renewal_and_of_nothing_that_extends_nothing() {
    let asks = |fixture: &str| {
        let body = body(fixture);
        let envelope = frame::envelope(&body).unwrap();
        Paddle.asks(&Event::of(&envelope, DateTime::UNIX_EPOCH)).unwrap()
    };
    for fixture in ["first_payment", "one_off", "renewal"] {
        let asks = asks(&format!("transaction.completed.{fixture}"));
        let [ask] = asks.as_slice() else { panic!("{fixture}: {asks:?}") };
        assert!(ask.path.starts_with("/customers/ctm_"), "{}", ask.path);
        assert_eq!((ask.auth, ask.need), (Auth::Bearer("api_key"), Need::Helpful));
    }
    for fixture in ["completed.plan_change", "completed.charge", "payment_failed.renewal", "paid"] {
        assert_eq!(asks(&format!("transaction.{fixture}")), [], "{fixture}");
    }
    assert_eq!(asks("subscription.created.active"), []);
}
