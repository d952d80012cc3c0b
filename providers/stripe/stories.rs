//! What Stripe does that other providers do not, each told by events as it sends them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Stripe;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{Event, Reading, Unread};
use crate::sample::{Scene, Step};
use crate::{Inlet, Provider};

fn day(days: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap() + TimeDelta::days(days)
}

fn scene(step: Step, cycle: u32) -> Scene {
    let start = i64::from(cycle) * 365;
    Scene {
        step,
        tag: "story".to_owned(),
        cycle,
        at: day(start),
        period_start: day(start),
        period_end: day(start + 365),
        item: "price_1SGkPro".to_owned(),
        item_next: "price_1SGkTeam".to_owned(),
        item_first: "price_1SGkPro".to_owned(),
        quantity: 3,
        email: "jane.doe@example.com".to_owned(),
        name: "Jane Doe".to_owned(),
        company: None,
        country: "GB".to_owned(),
        locale: "en-GB".to_owned(),
        live: true,
        subscription: true,
        amount_minor: 9900,
        currency: "EUR".to_owned(),
        settings: crate::Settings::new(),
    }
}

fn single(step: Step) -> Scene {
    Scene { subscription: false, item: "acme-pro".to_owned(), ..scene(step, 0) }
}

fn read(event_type: &str, body: &[u8]) -> Reading {
    Stripe.read(&Event::new(event_type, day(0), body))
}

/// All notices of a step's whole burst.
fn told(scene: &Scene) -> Vec<Notice> {
    let samples = Stripe.samples(scene);
    samples.iter().flat_map(|sample| read(&sample.title, &sample.body).unwrap()).collect()
}

/// One event of a step, with something changed in its object.
fn changed(scene: &Scene, event_type: &str, changes: &[(&str, Value)]) -> Reading {
    let samples = Stripe.samples(scene);
    let sample = samples.iter().find(|sample| sample.title == event_type).unwrap();
    let mut event: Value = serde_json::from_slice(&sample.body).unwrap();
    for (pointer, value) in changes {
        let place = event.pointer_mut(&format!("/data/object{pointer}"));
        *place.unwrap_or_else(|| panic!("{event_type} has no {pointer}")) = value.clone();
    }
    read(event_type, event.to_string().as_bytes())
}

fn only(reading: Reading) -> Notice {
    let [notice] = reading.unwrap().try_into().unwrap();
    notice
}

fn paid(notices: &[Notice]) -> Vec<(&Ref, &[Line])> {
    notices
        .iter()
        .filter_map(|notice| match &notice.kind {
            Kind::Paid { payment, lines, .. } => Some((payment, lines.as_slice())),
            _ => None,
        })
        .collect()
}

#[test]
fn one_purchase_fires_many_events_and_is_paid_once() {
    let scene = scene(Step::Purchase, 0);
    let notices = told(&scene);
    let [(payment, [line])] = paid(&notices)[..] else { panic!("{notices:?}") };
    assert_eq!(*payment, Ref::invoice("in_3Kwstory0000"));
    assert_eq!((line.line.as_str(), line.quantity), ("si_Kwstory", 3));
    assert_eq!(line.period.unwrap().end, day(365));
    let customer = notices.iter().find(|notice| notice.kind == Kind::Customer).unwrap();
    assert!(customer.refs.is_empty(), "a customer buys many things");
}

#[test]
fn a_renewal_keeps_the_line_and_moves_its_end() {
    let notices = told(&scene(Step::Renewal, 1));
    let [(payment, [line])] = paid(&notices)[..] else { panic!("{notices:?}") };
    assert_eq!(*payment, Ref::invoice("in_3Kwstory0001"));
    assert_eq!(line.line, "si_Kwstory");
    assert_eq!(line.period.unwrap().end, day(730));
}

/// It is the cycle before: a renewal would end where it begins.
#[test]
fn the_period_of_the_invoice_itself_is_not_looked_at() {
    let wild = ("/period_end", json!(day(9999).timestamp()));
    let notice = only(changed(&scene(Step::Renewal, 1), "invoice.paid", &[wild]));
    let Kind::Paid { lines, .. } = notice.kind else { panic!("{notice:?}") };
    assert_eq!(lines[0].period.unwrap().end, day(730));
}

#[test]
fn a_refund_finds_its_invoice_through_the_payment_intent() {
    let linked = told(&scene(Step::Purchase, 0));
    let refunds = told(&scene(Step::Refund, 0));
    let intent = Ref::payment("pi_3Kwstory0000");
    let invoice = Ref::invoice("in_3Kwstory0000");
    assert!(linked.iter().any(|n| n.refs.contains(&intent) && n.refs.contains(&invoice)));
    for notice in &refunds {
        let Kind::Refunded { payment, .. } = &notice.kind else { panic!("{notice:?}") };
        assert_eq!(*payment, intent);
    }
    assert_eq!(refunds.len(), 3, "created, updated, and the charge's running total");
}

#[test]
fn a_plan_change_keeps_the_line_and_covers_nothing() {
    let notices = told(&scene(Step::PlanChange, 0));
    let [(_, [])] = paid(&notices)[..] else { panic!("prorations cover no time: {notices:?}") };
    let lines: Vec<&Line> = notices
        .iter()
        .filter_map(|notice| match &notice.kind {
            Kind::Changed { lines, .. } => Some(lines),
            _ => None,
        })
        .flatten()
        .collect();
    let [line] = lines[..] else { panic!("{notices:?}") };
    assert_eq!(line.line, "si_Kwstory");
    assert_eq!(line.item[0], "price_1SGkTeam");
}

/// Stripe tells some prorations as an invoice item and some as the subscription's own item.
#[test]
fn a_proration_covers_nothing_however_it_is_told() {
    let flag = "/lines/data/0/parent/subscription_item_details/proration";
    let told = [("/billing_reason", json!("subscription_update")), (flag, json!(true))];
    let notice = only(changed(&scene(Step::Renewal, 1), "invoice.paid", &told));
    assert!(matches!(&notice.kind, Kind::Paid { lines, .. } if lines.is_empty()), "{notice:?}");
}

/// Where a subscription begins between two dates of its cycle, the part until the next one.
#[test]
fn a_first_payment_is_one_though_it_is_a_proration() {
    let flag = "/lines/data/0/parent/subscription_item_details/proration";
    let notice = only(changed(&scene(Step::Purchase, 0), "invoice.paid", &[(flag, json!(true))]));
    let Kind::Paid { lines, .. } = notice.kind else { panic!("{notice:?}") };
    assert_eq!(lines[0].line, "si_Kwstory");
    assert_eq!(lines[0].period.unwrap().end, day(365));
}

#[test]
fn a_change_that_begins_a_new_period_is_paid_for_that_period() {
    let told = [("/billing_reason", json!("subscription_update"))];
    let notice = only(changed(&scene(Step::Renewal, 1), "invoice.paid", &told));
    let Kind::Paid { lines, .. } = notice.kind else { panic!("{notice:?}") };
    assert_eq!(lines[0].period.unwrap().end, day(730));
}

#[test]
fn the_invoice_of_a_trial_is_no_payment_but_a_coupon_of_all_of_it_is() {
    let scene = scene(Step::Purchase, 0);
    let nothing = ("/amount_paid", json!(0));
    let trial = [nothing.clone(), ("/lines/data/0/amount", json!(0))];
    assert_eq!(only(changed(&scene, "invoice.paid", &trial)).kind, Kind::Linked);
    let coupon = only(changed(&scene, "invoice.paid", &[nothing]));
    let Kind::Paid { amount, .. } = coupon.kind else { panic!("{coupon:?}") };
    assert_eq!(amount.unwrap().minor, 0);
}

#[test]
fn usage_that_is_billed_early_covers_nothing() {
    let early = [("/billing_reason", json!("subscription_threshold"))];
    let notice = only(changed(&scene(Step::Renewal, 1), "invoice.paid", &early));
    assert!(matches!(&notice.kind, Kind::Paid { lines, .. } if lines.is_empty()), "{notice:?}");
}

#[test]
fn a_billing_reason_that_is_not_known_yet_does_not_lose_the_payment() {
    let reason = [("/billing_reason", json!("subscription_revived"))];
    let notice = only(changed(&scene(Step::Renewal, 1), "invoice.paid", &reason));
    assert!(matches!(notice.kind, Kind::Paid { .. }));
}

#[test]
fn lines_that_do_not_fit_into_the_event_are_not_guessed() {
    let scene = scene(Step::Purchase, 0);
    let cut = [("/lines/has_more", json!(true))];
    assert!(matches!(changed(&scene, "invoice.paid", &cut), Err(Unread::Format(_))));
}

#[test]
fn a_single_sale_is_told_by_its_session_and_waits_for_the_money() {
    let scene = single(Step::Purchase);
    let notices = told(&scene);
    let [(payment, [line])] = paid(&notices)[..] else { panic!("{notices:?}") };
    assert_eq!(*payment, Ref::payment("pi_3Kwstory0000"));
    assert_eq!(line.line, "session:cs_live_a1Kwstory#0");
    assert_eq!((line.item.as_slice(), line.quantity), (&["acme-pro".to_owned()][..], 3));

    let unpaid = [("/payment_status", json!("unpaid"))];
    let notice = only(changed(&scene, "checkout.session.completed", &unpaid));
    assert_eq!(notice.kind, Kind::Linked);
}

/// Two tellings with different line names would be two licenses.
#[test]
fn a_session_that_makes_an_invoice_leaves_the_telling_to_it() {
    let scene = single(Step::Purchase);
    let invoiced = [("/invoice_creation/enabled", json!(true))];
    let notice = only(changed(&scene, "checkout.session.completed", &invoiced));
    assert_eq!(notice.kind, Kind::Linked);
}

#[test]
fn what_a_buyer_can_write_ties_nothing_and_names_no_product() {
    let written = [
        ("/client_reference_id", json!("sub_of_someone_else")),
        ("/custom_fields", json!([{ "key": "product", "text": { "value": "acme-ultimate" } }])),
        ("/metadata", json!({ "note": "acme-ultimate" })),
        ("/payment_link", json!("plink_1SGkLink")),
    ];
    let notice = only(changed(&single(Step::Purchase), "checkout.session.completed", &written));
    let Kind::Paid { lines, .. } = &notice.kind else { panic!("{notice:?}") };
    assert_eq!(lines[0].item, ["plink_1SGkLink"]);
    assert_eq!(notice.refs.len(), 2, "session and payment intent: {:?}", notice.refs);
}

#[test]
fn a_session_that_names_no_product_says_what_the_vendor_can_do() {
    let scene = single(Step::Purchase);
    let reading = changed(&scene, "checkout.session.completed", &[("/metadata", json!({}))]);
    let words = reading.unwrap_err().to_string();
    for way in ["keywright_product", "payment link", "invoice_creation"] {
        assert!(words.contains(way), "{words}");
    }
}

#[test]
fn a_thin_event_is_kept_and_refused_with_a_way_out() {
    let body = br#"{"id": "evt_65", "object": "v2.core.event", "type": "v1.invoice.paid",
                    "created": "2025-10-09T08:53:20.000Z", "livemode": true}"#;
    assert_eq!(super::envelope::envelope(body).unwrap().occurred_at, Some(day(0)));
    let words = read("v1.invoice.paid", body).unwrap_err().to_string();
    assert!(words.contains("Snapshot"), "{words}");
}

#[test]
fn the_shape_before_basil_reads_as_the_one_since() {
    for (before, since) in [
        (
            include_str!("fixtures/invoice.paid.cycle.mixed_intervals.before_basil.txt"),
            include_str!("fixtures/invoice.paid.cycle.mixed_intervals.txt"),
        ),
        (
            include_str!("fixtures/invoice.paid.update.new_cycle.before_basil.txt"),
            include_str!("fixtures/invoice.paid.update.new_cycle.txt"),
        ),
    ] {
        let kind = |fixture: &str| {
            let (_, body) = fixture.split_once("\n\n").unwrap();
            only(read("invoice.paid", body.as_bytes())).kind
        };
        assert_eq!(kind(before), kind(since));
    }
}

#[test]
fn samples_leave_no_word_unfilled() {
    for subscription in [true, false] {
        for step in Step::ALL {
            let samples = Stripe.samples(&Scene { subscription, ..scene(step, 2) });
            for sample in &samples {
                let body = String::from_utf8(sample.body.clone()).unwrap();
                assert!(!body.contains("\"$"), "{}: {body}", sample.title);
                assert_eq!(sample.inlet, Inlet::Webhook);
            }
            let none = !subscription
                && matches!(
                    step,
                    Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange
                );
            assert_eq!(samples.is_empty(), none, "{step:?}");
        }
    }
}

#[test]
fn what_a_scene_says_is_data_and_no_template() {
    let name = "\"}, $amount \u{7f}".to_owned();
    let notices = told(&Scene { name: name.clone(), ..scene(Step::Purchase, 0) });
    assert!(notices.iter().filter_map(|n| n.customer.as_ref()?.name.as_ref()).all(|n| *n == name));
}
