//! Maxio's peculiarities, each by name.

use super::*;
use crate::notice::{Kind, Notice};
use crate::read::Settings;
use crate::{Answers, Fetched};

const SUBSCRIPTION: &str = "payload[subscription][id]=777\
    &payload[subscription][current_period_started_at]=2026-01-10 07:00:00 -0500\
    &payload[subscription][current_period_ends_at]=2026-02-10 07:00:00 -0500\
    &payload[subscription][product][handle]=pro&payload[subscription][product][id]=12";

fn told(event: &str, fields: &str) -> Reading {
    told_with(event, fields, &Settings::new(), &Answers::new()).1
}

fn told_with(
    event: &str,
    fields: &str,
    settings: &Settings,
    answers: &Answers,
) -> (Result<Vec<String>, Unread>, Reading) {
    let body = format!("id=9&event={event}&{SUBSCRIPTION}&{fields}").replace(' ', "%20");
    let envelope = payload::envelope(body.as_bytes()).unwrap();
    let event = Event::of(&envelope, DateTime::UNIX_EPOCH);
    let event = Event { settings, answers, ..event };
    let asked = Maxio.asks(&event).map(|asks| asks.into_iter().map(|ask| ask.path).collect());
    (asked, Maxio.read(&event))
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.kind.name()).collect()
}

fn refs(notice: &Notice) -> Vec<String> {
    notice.refs.iter().map(ToString::to_string).collect()
}

#[test]
fn a_period_is_paid_once_whatever_tells_of_it() {
    let renewal = told(
        "renewal_success",
        "payload[subscription][state]=active&payload[transaction][id]=55\
         &payload[transaction][type]=Payment&payload[transaction][amount_in_cents]=4900",
    )
    .unwrap();
    let recovered = told(
        "subscription_state_change",
        "payload[subscription][state]=active&payload[subscription][previous_state]=past_due",
    )
    .unwrap();
    let period = "invoice:777@1770724800";
    assert_eq!(refs(&renewal[0]), ["subscription:777", period, "payment:55"]);
    assert_eq!(
        (kinds(&recovered), refs(&recovered[0])),
        (vec!["paid"], vec!["subscription:777".to_owned(), period.to_owned()])
    );
}

#[test]
fn a_payment_in_between_extends_nothing() {
    let notices = told(
        "payment_success",
        "payload[subscription][state]=active&payload[transaction][id]=56\
         &payload[transaction][kind]=component_proration",
    )
    .unwrap();
    assert_eq!(
        (kinds(&notices), refs(&notices[0])),
        (vec!["linked"], vec!["subscription:777".to_owned(), "payment:56".to_owned()])
    );
}

#[test]
fn a_sign_up_is_a_payment_or_a_trial_or_nothing_yet() {
    let kinds_of = |state: &str| {
        let fields = format!(
            "payload[subscription][state]={state}&payload[subscription][signup_revenue]=0.00"
        );
        kinds(&told("signup_success", &fields).unwrap())
    };
    assert_eq!(kinds_of("active"), ["paid"]);
    assert_eq!(kinds_of("trialing"), ["trial"]);
    assert_eq!(kinds_of("awaiting_signup"), Vec::<&str>::new());
}

#[test]
fn a_change_of_state_means_what_it_comes_from() {
    for (from, to, kind) in [
        ("active", "past_due", Some("payment_failed")),
        ("active", "soft_failure", Some("payment_failed")),
        ("past_due", "unpaid", Some("ended")),
        ("active", "canceled", Some("ended")),
        ("active", "expired", Some("ended")),
        ("trialing", "trial_ended", Some("ended")),
        ("active", "suspended", Some("ended")),
        ("active", "on_hold", Some("paused")),
        ("on_hold", "active", Some("resumed")),
        ("past_due", "active", Some("paid")),
        ("canceled", "active", Some("paid")),
        ("trialing", "active", None),
        ("", "active", None),
        ("active", "assessing", None),
    ] {
        let fields = format!(
            "payload[subscription][state]={to}&payload[subscription][previous_state]={from}"
        );
        let notices = told("subscription_state_change", &fields).unwrap();
        assert_eq!(kinds(&notices), Vec::from_iter(kind), "{from} to {to}");
    }
}

#[test]
fn times_are_those_of_the_us_east() {
    let body = b"id=9&event=test&payload[subscription][updated_at]=2016-11-08%2016:06:42%20-0500";
    let at = payload::envelope(body).unwrap().occurred_at.unwrap();
    assert_eq!(at.to_rfc3339(), "2016-11-08T21:06:42+00:00");
    assert!(payload::envelope(&body.to_ascii_lowercase()[..body.len() - 5]).is_err());
}

#[test]
fn a_component_that_counts_is_asked_for_where_it_is_not_told() {
    let settings = |names: &[(&str, &str)]| -> Settings {
        names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let both = settings(&[(QUANTITY_COMPONENT, "seats"), (API_URL, "https://kw.chargify.com")]);
    let answers = |name: &str, body: &str| {
        let fetched = Fetched { status: 200, body: body.as_bytes().to_vec() };
        Answers::from([(name.to_owned(), fetched)])
    };
    let none = Answers::new();
    let active = "payload[subscription][state]=active";
    let ask = |event: &str, fields: &str, settings: &Settings| {
        told_with(event, fields, settings, &none).0
    };
    assert_eq!(ask("signup_success", active, &Settings::new()), Ok(vec![]));
    assert_eq!(
        ask("signup_success", active, &both),
        Ok(vec!["/subscriptions/777/components.json".to_owned()])
    );
    assert!(ask("signup_success", active, &settings(&[(QUANTITY_COMPONENT, "seats")])).is_err());
    assert!(told_with("signup_success", active, &both, &none).1.is_err());

    let components = r#"[{"component":{"component_id":1,"component_handle":"storage","allocated_quantity":9}},
        {"component":{"component_id":2,"component_handle":"seats","allocated_quantity":"5.0"}}]"#;
    let (asked, paid) =
        told_with("signup_success", active, &both, &answers("components", components));
    let paid = paid.unwrap();
    let Kind::Paid { lines, .. } = &paid[0].kind else { panic!("{paid:?}") };
    assert_eq!((asked, lines[0].quantity), (Ok(vec![]), 5));

    let allocation =
        "payload[component][id]=2&payload[component][handle]=seats&payload[new_allocation]=7";
    assert_eq!(
        ask("component_allocation_change", allocation, &both),
        Ok(vec!["/subscriptions/777.json".to_owned()])
    );
    let product = r#"{"subscription":{"product":{"id":12,"handle":"pro"}}}"#;
    let product = answers("subscription", product);
    let changed = told_with("component_allocation_change", allocation, &both, &product).1.unwrap();
    let Kind::Changed { lines, .. } = &changed[0].kind else { panic!("{changed:?}") };
    assert_eq!((lines[0].quantity, lines[0].item[0].as_str()), (7, "pro"));
    let other = "payload[component][handle]=storage&payload[new_allocation]=7";
    assert_eq!(
        told_with("component_allocation_change", other, &both, &none),
        (Ok(vec![]), Ok(vec![]))
    );
}

#[test]
fn amounts_are_in_the_currency_of_the_site() {
    let refund = "payload[payment_id]=55&payload[transaction][id]=60";
    let minor = |fields: &str, settings: &Settings| {
        let fields = format!("{refund}&{fields}");
        let notices = told_with("refund_success", &fields, settings, &Answers::new()).1.unwrap();
        match &notices[0].kind {
            Kind::Refunded { amount: Some(money), .. } => (money.minor, money.currency.clone()),
            other => panic!("{other:?}"),
        }
    };
    let euro = Settings::from([(CURRENCY.to_owned(), "EUR".to_owned())]);
    let cents = "payload[transaction][amount_in_cents]=4900";
    assert_eq!(minor(cents, &Settings::new()), (4_900, "USD".to_owned()));
    assert_eq!(minor("payload[refund_amount]=49.00", &euro), (4_900, "EUR".to_owned()));
    assert_eq!(minor(&format!("{cents}&payload[subscription][currency]=GBP"), &euro).1, "GBP");
    assert!(told("refund_success", refund).is_err());
}
