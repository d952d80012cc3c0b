//! Stories of whole sales: what several events say together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::FastSpring;
use crate::notice::{Kind, Line, Notice, Ref};
use crate::sample::Step;
use crate::{Credentials, Event, Inlet, Provider, Reject, Request, Sample, Scene, Secret};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn scene(step: Step, cycle: u32) -> Scene {
    let at = time("2025-10-09T08:53:20Z") + TimeDelta::days(365 * i64::from(cycle));
    Scene {
        step,
        tag: "t1".to_owned(),
        cycle,
        at,
        period_start: at,
        period_end: at + TimeDelta::days(365),
        item: "kw-pro".to_owned(),
        item_next: "kw-team".to_owned(),
        item_first: "kw-pro".to_owned(),
        quantity: 2,
        email: "jane@example.com".to_owned(),
        name: "Jane Doe".to_owned(),
        company: None,
        country: "US".to_owned(),
        locale: "en".to_owned(),
        live: true,
        subscription: true,
        amount_minor: 19_805,
        currency: "USD".to_owned(),
        settings: crate::Settings::new(),
    }
}

fn credentials() -> Credentials {
    let key = Secret::new("0123456789abcdef0123456789abcdef").unwrap();
    Credentials {
        keys: BTreeMap::from([("private_key".to_owned(), key)]),
        ..Credentials::of(vec![Secret::new("kwFsWebhookSecret2025").unwrap()])
    }
}

/// Signed, verified, taken apart and read.
fn notices(sample: Sample, at: DateTime<Utc>) -> Vec<Notice> {
    let sample = FastSpring.sign(sample, &credentials(), at);
    let request = sample.request();
    let delivery = FastSpring.verify(&request, &credentials(), at).unwrap();
    let envelopes = FastSpring.envelopes(&request, &delivery).unwrap();
    envelopes.iter().flat_map(|e| FastSpring.read(&Event::of(e, at)).unwrap()).collect()
}

fn story(scenes: &[Scene]) -> Vec<Notice> {
    let of = |scene: &Scene| {
        let samples = FastSpring.samples(scene);
        samples.into_iter().flat_map(|sample| notices(sample, scene.at)).collect::<Vec<_>>()
    };
    scenes.iter().flat_map(of).collect()
}

fn event(event_type: &str, data: &serde_json::Value) -> Vec<Notice> {
    let body = serde_json::json!({ "data": data }).to_string();
    let at = time("2025-10-09T08:53:20Z");
    FastSpring.read(&Event::new(event_type, at, body.as_bytes())).unwrap()
}

fn lines(notice: &Notice) -> &[Line] {
    match &notice.kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => lines,
        _ => &[],
    }
}

/// Every name of a line with those that some notice calls the same.
fn groups(notices: &[Notice]) -> Vec<BTreeSet<String>> {
    let told = notices
        .iter()
        .flat_map(lines)
        .map(|line| line.alias.iter().chain([&line.line]).cloned().collect::<BTreeSet<String>>());
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for mut names in told {
        groups.retain(|group| {
            let shared = !group.is_disjoint(&names);
            if shared {
                names.extend(group.iter().cloned());
            }
            !shared
        });
        groups.push(names);
    }
    groups
}

#[test]
fn a_whole_life_is_one_line_although_the_plan_changes() {
    let mut renewed = scene(Step::Renewal, 1);
    renewed.item = "kw-team".to_owned();
    let life = [
        scene(Step::Purchase, 0),
        scene(Step::PlanChange, 0),
        renewed,
        scene(Step::PaymentFailed, 2),
        scene(Step::Cancel, 1),
    ];
    let notices = story(&life);
    let [names] = groups(&notices).try_into().unwrap();
    let expected =
        ["order:KWT-T1-00000/kw-pro", "order:KWT-T1-00001/kw-team", "subscription:kwSub-t1"];
    assert_eq!(names, expected.map(str::to_owned).into());
    let told_of_one = notices.iter().filter_map(|notice| notice.line.as_ref());
    assert!(told_of_one.clone().count() == 2 && told_of_one.into_iter().all(|l| names.contains(l)));
}

#[test]
fn the_request_for_keys_is_the_same_payment_and_line_as_the_order() {
    for subscription in [true, false] {
        let notices = story(&[Scene { subscription, ..scene(Step::Purchase, 0) }]);
        let paid: Vec<_> = notices
            .iter()
            .filter_map(|notice| match &notice.kind {
                Kind::Paid { payment, .. } => Some((notice, payment)),
                _ => None,
            })
            .collect();
        let [(asked, invoice), (ordered, payment)] = paid.try_into().unwrap();
        assert_eq!(invoice, &Ref::invoice("KWT-T1-00000"));
        assert_eq!(payment, &Ref::payment("kwOrd-t1-0"));
        // The order carries both names of its payment, which makes them one.
        assert!(ordered.refs.contains(invoice) && ordered.refs.contains(payment));
        assert!(asked.refs.iter().any(|one| ordered.refs.contains(one)));
        assert_eq!(groups(&[asked.clone(), ordered.clone()]).len(), 1);
        assert_eq!(lines(asked)[0].quantity, lines(ordered)[0].quantity);
    }
}

#[test]
fn a_request_for_keys_that_knows_no_subscription_is_still_the_line_that_became_one() {
    let at = time("2025-10-09T08:53:20Z");
    let asked = Event::new("fulfil.request", at, b"reference=R&product=pro&quantity=1");
    let asked = FastSpring.read(&asked).unwrap();
    let item = serde_json::json!({"product": "pro", "quantity": 1, "subtotal": 9.0,
        "subscription": "S"});
    let order = serde_json::json!({"order": "o", "reference": "R", "items": [item]});
    let ordered = event("order.completed", &order);
    assert_eq!(lines(&asked[0])[0].line, "order:R/pro");
    assert_eq!(lines(&ordered[0])[0].line, "subscription:S");
    assert_eq!(groups(&[ordered, asked].concat()).len(), 1);
}

#[test]
fn two_subscriptions_of_one_order_stay_apart_when_one_becomes_the_product_of_the_other() {
    let item = |product: &str, subscription: &str| {
        serde_json::json!({"product": product, "quantity": 1, "subtotal": 9.0,
            "subscription": subscription})
    };
    let ordered = event(
        "order.completed",
        &serde_json::json!({"order": "o", "reference": "R",
            "items": [item("pro", "A"), item("lite", "B")]}),
    );
    let changed = event(
        "subscription.updated",
        &serde_json::json!({"id": "A", "product": "lite", "quantity": 1,
            "initialOrderReference": "R"}),
    );
    assert_eq!(groups(&[ordered, changed].concat()).len(), 2);
}

#[test]
fn an_end_that_lies_behind_the_charge_is_that_of_the_period_before() {
    let charge = |next: &str| {
        let subscription = serde_json::json!({"id": "S", "product": "pro", "quantity": 1,
            "next": time(next).timestamp_millis()});
        let charge = serde_json::json!({"order": "o2", "subscription": subscription});
        lines(&event("subscription.charge.completed", &charge)[0])[0].period
    };
    assert_eq!(charge("2025-10-09T00:00:00Z"), None);
    let end = charge("2026-10-09T00:00:00Z").map(|period| period.end);
    assert_eq!(end, Some(time("2026-10-09T00:00:00Z")));
}

#[test]
fn a_proration_never_pays_for_time() {
    let told = |order: serde_json::Value| {
        let subscription = serde_json::json!({"id": "S", "product": "team", "quantity": 1});
        let charge = serde_json::json!({"order": order, "subscription": subscription});
        event("subscription.charge.completed", &charge)[0].kind.name()
    };
    let item = |part: f64| serde_json::json!({"product": "team", "quantity": 1, "proratedItemChangeAmount": part});
    assert_eq!(told(serde_json::json!({"id": "o", "items": [item(8.5)]})), "changed");
    assert_eq!(told(serde_json::json!({"id": "o", "items": [item(0.0)]})), "paid");
    let kind = |kind: &str| serde_json::json!({"id": "o", "items": [item(0.0)], "acquisitionTransactionType": kind});
    assert_eq!(told(kind("GROUP_PRORATED")), "changed");
    assert_eq!(told(kind("GROUP_REGULAR_PERIOD")), "paid");
}

#[test]
fn what_a_buyer_can_write_is_no_reference() {
    let notices = story(&[scene(Step::Purchase, 0)]);
    let written = ["jane@example.com", "Jane Doe", "kwAcc-t1"];
    let ids: Vec<_> = notices.iter().flat_map(|notice| &notice.refs).map(|r| &r.id).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| !written.contains(&id.as_str())));
}

#[test]
fn keys_are_answered_one_a_line_and_none_is_a_failure() {
    let keys = ["KW-A".to_owned(), "KW-B".to_owned()];
    let answer = |keys: &[String]| {
        let at = time("2025-10-09T08:53:20Z");
        FastSpring.keys_answer(keys, &Request::post(&[], b""), &credentials(), at)
    };
    let empty = answer(&[]);
    let answer = answer(&keys);
    assert_eq!((answer.status, answer.body.as_str()), (200, "KW-A\nKW-B"));
    assert!(answer.content_type.starts_with("text/plain"));
    assert_eq!(empty.status, 503);
}

#[test]
fn a_batch_that_is_stored_in_part_is_acknowledged_in_part() {
    let answer = FastSpring.partial_answer(&["e1".to_owned(), "e3".to_owned()]).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (202, "e1\ne3"));
}

#[test]
fn a_webhook_secret_opens_no_request_for_keys_and_the_other_way_round() {
    let at = time("2025-10-09T08:53:20Z");
    let mut without_key = credentials();
    without_key.keys.clear();
    let mut without_secret = credentials();
    without_secret.secrets.clear();
    let refused = |inlet: Inlet, known: &Credentials| {
        let samples = FastSpring.samples(&scene(Step::Purchase, 0));
        let sample = samples.into_iter().find(|sample| sample.inlet == inlet).unwrap();
        let sample = FastSpring.sign(sample, &credentials(), at);
        FastSpring.verify(&sample.request(), known, at).err()
    };
    assert_eq!(refused(Inlet::Fulfil, &without_key), Some(Reject::NoSecret));
    assert_eq!(refused(Inlet::Webhook, &without_secret), Some(Reject::NoSecret));
    assert_eq!(refused(Inlet::Fulfil, &without_secret), None);
    assert_eq!(refused(Inlet::Webhook, &without_key), None);
}

#[test]
fn a_single_sale_has_no_life_of_a_subscription() {
    for step in Step::ALL {
        let sold = FastSpring.samples(&Scene { subscription: false, ..scene(step, 0) });
        assert_eq!(sold.is_empty(), !matches!(step, Step::Purchase | Step::Refund), "{step:?}");
    }
}
