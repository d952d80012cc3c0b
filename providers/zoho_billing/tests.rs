//! What is special about Zoho Billing.

use serde_json::{Value, json};

use super::*;
use crate::Secret;
use crate::notice::{Kind, Notice, Ref};

const BODY: &[u8] = br#"{"event_id":"9001","event_type":"subscription_renewed"}"#;

fn judge(query: &str, signature: &str) -> Result<(), Reject> {
    let headers = vec![(SIGNATURE.to_owned(), signature.to_owned())];
    let request = Request { query, ..Request::post(&headers, BODY) };
    let credentials = Credentials::of(vec![Secret::new("kwzohosecrettoken").unwrap()]);
    ZohoBilling.verify(&request, &credentials, DateTime::UNIX_EPOCH).map(drop)
}

fn subscription(more: &Value) -> Value {
    let subscription = json!({
        "subscription_id": "S", "status": "live",
        "plan": { "plan_code": "kw-pro", "quantity": 2 },
        "current_term_starts_at": "2025-10-09", "current_term_ends_at": "2025-11-09",
    });
    json!({ "subscription": crate::sample::extended(subscription, more.clone()) })
}

fn read(event_type: &str, data: &Value) -> Vec<Notice> {
    let body = json!({ "data": data }).to_string();
    let at = "2025-10-09T08:53:20Z".parse().unwrap();
    ZohoBilling.read(&Event::new(event_type, at, body.as_bytes())).unwrap()
}

#[test]
fn the_digest_may_be_hexadecimal_or_base64() {
    let hex = "13c47866f1473a7c2d1cac247939ff289f8458e9f33c9a7cd0abd1f05dfa8d2a";
    let base64 = "E8R4ZvFHOnwtHKwkeTn/KJ+EWOnzPJp80KvR8F36jSo=";
    assert_eq!(judge("", hex), Ok(()));
    assert_eq!(judge("", base64), Ok(()));
    assert_eq!(judge("", &base64.replace('E', "F")), Err(Reject::Wrong));
    assert_eq!(judge("", "13c4"), Err(Reject::Wrong));
}

#[test]
fn the_query_is_signed_by_name_decoded() {
    let signature = "0499201e377de453182e9cb5429476f5a2cea1309862afa7b34bec65f5a96ffc";
    assert_eq!(judge("plan=pro&org=42", signature), Ok(()));
    assert_eq!(judge("org=42&plan=%70ro", signature), Ok(()));
    assert_eq!(judge("plan=pro", signature), Err(Reject::Wrong));
    assert_eq!(judge("plan=pro&org=42&org=42", signature), Err(Reject::Malformed));
}

#[test]
fn all_that_tells_of_one_term_is_one_payment() {
    let payment = |event_type: &str, data: &Value| {
        read(event_type, data).into_iter().find_map(|notice| match notice.kind {
            Kind::Paid { payment, .. } => Some(payment),
            _ => None,
        })
    };
    let first = subscription(&json!({ "child_invoice_id": "" }));
    let of_term = Some(Ref::payment("S@2025-10-09"));
    for event_type in ["subscription_created", "subscription_activation", "payment_thankyou"] {
        assert_eq!(payment(event_type, &first), of_term, "{event_type}");
    }
    let next = subscription(&json!({ "current_term_starts_at": "2025-11-09" }));
    assert_eq!(payment("subscription_renewed", &next), Some(Ref::payment("S@2025-11-09")));
}

#[test]
fn a_term_that_is_not_paid_covers_nothing_until_its_money_comes() {
    let kind = |event_type: &str, status: &str| {
        let told = read(event_type, &subscription(&json!({ "status": status })));
        told.last().map(|notice| notice.kind.name())
    };
    assert_eq!(kind("subscription_renewed", "past_due"), Some("changed"));
    assert_eq!(kind("subscription_renewed", "unpaid"), Some("changed"));
    assert_eq!(kind("payment_thankyou", "past_due"), Some("linked"));
    assert_eq!(kind("payment_thankyou", "live"), Some("paid"));
    assert_eq!(kind("subscription_created", "future"), None);
    assert_eq!(kind("subscription_created", "LIVE"), Some("paid"));
}

#[test]
fn a_cancellation_waits_for_the_end_only_where_the_subscription_runs_on() {
    let told = |status: &str, end: &str| {
        let more = json!({ "status": status, "current_term_ends_at": end });
        read("subscription_cancelled", &subscription(&more))[0].kind.clone()
    };
    let end = "2025-11-10T00:00:00Z".parse().unwrap();
    let now = "2025-10-09T08:53:20Z".parse().unwrap();
    assert_eq!(told("non_renewing", "2025-11-09"), Kind::Canceled { at: Some(end) });
    assert_eq!(told("cancelled", "2025-11-09"), Kind::Ended { at: now });
    assert_eq!(told("non_renewing", "2025-10-01"), Kind::Ended { at: now });
}

#[test]
fn a_reactivated_term_is_covered_anew_although_its_payment_lies_before_the_end() {
    let told = read("subscription_reactivated", &subscription(&json!({})));
    let [uncanceled, paid] = told.try_into().unwrap();
    assert_eq!(uncanceled.kind, Kind::Uncanceled);
    let Kind::Paid { payment, amount, .. } = paid.kind else { panic!("{:?}", paid.kind) };
    assert_eq!((payment, amount), (Ref::payment("S@2025-10-09/reactivated"), None));
}

#[test]
fn a_payment_of_several_invoices_is_none_of_them() {
    let payment = |invoices: &[&str]| {
        let invoices: Vec<Value> = invoices.iter().map(|id| json!({ "invoice_id": id })).collect();
        json!({ "payment": { "payment_id": "P", "invoices": invoices } })
    };
    let refs = [Ref::invoice("I"), Ref::payment("P")];
    assert_eq!(read("payment_thankyou", &payment(&["I"]))[0].refs, refs);
    assert_eq!(read("payment_thankyou", &payment(&["I", "J"])), []);
}

#[test]
fn each_add_on_is_a_line_of_its_own_once() {
    let addon = |code: &str| json!({ "addon_code": code, "quantity": 1 });
    let more = json!({ "addons": [addon("seats"), addon("seats"), addon("help")] });
    let told = read("subscription_updated", &subscription(&more));
    let Kind::Changed { lines, .. } = &told[0].kind else { panic!("{told:?}") };
    let names: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
    assert_eq!(names, ["subscription:S#0", "subscription:S/seats", "subscription:S/help"]);
}
