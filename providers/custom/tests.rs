//! Descriptions, right and wrong, and what they read.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sample::Step;
use crate::{ALL, Reject, Secret};

/// A shop that says no more than it must.
const SMALL: &str = r#"
[providers.small]
[providers.small.custom]
scheme = "hmac-sha256"
header = "X-Sig"
type = "/type"
[providers.small.custom.places]
payment = "/payment"
[providers.small.custom.events.paid]
notice = "paid"
item = "/item"
[providers.small.custom.events.back]
notice = "refunded"
"#;

const FORMS: &str = include_str!("examples/forms.toml");

fn now() -> DateTime<Utc> {
    "2026-01-10T12:00:00Z".parse().unwrap()
}

fn credentials() -> Credentials {
    let hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    Credentials::of(vec![Secret::new(hex).unwrap()])
}

fn scene(step: Step) -> Scene {
    Scene {
        step,
        tag: "t1".to_owned(),
        cycle: 0,
        at: now(),
        period_start: now(),
        period_end: now() + TimeDelta::days(365),
        item: "pro".to_owned(),
        item_next: "team".to_owned(),
        item_first: "pro".to_owned(),
        quantity: 1,
        email: "ada@example.com".to_owned(),
        name: "Ada Example".to_owned(),
        company: None,
        country: "DE".to_owned(),
        locale: "de".to_owned(),
        live: true,
        subscription: true,
        amount_minor: 9_800,
        currency: "EUR".to_owned(),
        settings: crate::Settings::new(),
    }
}

/// What is wrong with a description: path and sentence, with the words that there are.
fn faults(text: &str) -> Vec<String> {
    let told = |fault: Fault| {
        let known = fault.meant.map(|meant| format!(" {:?}", meant.known)).unwrap_or_default();
        format!("{}: {}{known}", fault.path.join("."), fault.message)
    };
    Custom::from_toml(text).err().unwrap_or_default().into_iter().map(told).collect()
}

fn signed(provider: &Custom, sample: Sample) -> Sample {
    provider.sign(sample, &credentials(), now())
}

/// Takes a signed sample apart: its one event and what that reads as.
fn told(provider: &Custom, sample: &Sample) -> (Envelope, Reading) {
    let request = sample.request();
    let delivery = provider.verify(&request, &credentials(), now()).unwrap();
    let [envelope] = provider.envelopes(&request, &delivery).unwrap().try_into().unwrap();
    let reading = provider.read(&Event::of(&envelope, now()));
    (envelope, reading)
}

#[test]
fn the_guide_shows_the_example_and_the_kind_tells_its_events() {
    assert!(FACTS.guide.contains(EXAMPLE_TEXT), "README.md does not hold examples/shop.toml");
    let described = Custom::from_toml(EXAMPLE_TEXT).unwrap();
    assert_eq!(described.description(), EXAMPLE.description());
    let types = described.description().rules.iter().map(|rule| rule.event_type.as_str());
    let facts: BTreeSet<&str> = FACTS.events.iter().copied().collect();
    assert_eq!(types.collect::<BTreeSet<_>>(), facts);
    let elsewhere = example_tables("elsewhere");
    assert!(!elsewhere.contains("shop.custom") && !elsewhere.contains("secrets"), "{elsewhere}");
    let account = format!("[providers.elsewhere]\n{elsewhere}");
    assert_eq!(Custom::from_toml(&account).unwrap().description(), EXAMPLE.description());
}

#[test]
fn each_mistake_is_told_with_its_key_and_what_would_be_right() {
    assert_eq!(faults(SMALL), Vec::<String>::new());
    for (from, to, told) in [
        (
            "hmac-sha256",
            "hmac-sha265",
            "scheme: is none of the words that there are [\"hmac-sha256\"",
        ),
        (
            "scheme = \"hmac-sha256\"\n",
            "",
            "scheme: is missing; there are hmac-sha256, hmac-sha512",
        ),
        ("header = \"X-Sig\"\n", "", "header: is missing"),
        ("\"X-Sig\"", "\"X Sig\"", "header: is no name of a header"),
        ("\"X-Sig\"", "5", "header: is no text"),
        ("\"X-Sig\"", "\"\"", "header: is blank"),
        ("type =", "user = \"a\"\ntype =", "user: has no meaning with scheme = \"hmac-sha256\""),
        ("type =", "tpye = \"a\"\ntype =", "tpye: is not a known key"),
        ("type =", "format = \"xml\"\ntype =", "format: is none of the words"),
        ("type =", "encoding = \"base32\"\ntype =", "encoding: is none of the words"),
        ("type =", "signed = \"{id}.{body}\"\ntype =", "signed: has braces around something else"),
        ("type =", "signed = \"{body\"\ntype =", "signed: has a brace that is not closed"),
        ("type =", "signed = \"{header:X-A}\"\ntype =", "signed: does not cover the body"),
        ("type =", "signed = \"{timestamp}{body}\"\ntype =", "timestamp_header: is missing"),
        (
            "type =",
            "signed = \"{body}\"\ntimestamp_header = \"X-T\"\ntype =",
            "signed: does not cover the timestamp",
        ),
        (
            "type =",
            "timestamp_unit = \"seconds\"\ntype =",
            "timestamp_unit: is that of no timestamp",
        ),
        ("type = \"/type\"\n", "", "type: is missing"),
        (
            "\"/type\"",
            "\"data.type\"",
            "type: is no JSON pointer; write a / before each name, as in /data/id",
        ),
        ("\"/type\"", "\"/a~b\"", "type: is no JSON pointer: a ~"),
        ("\"/type\"", "\"=paid\"", "type: cannot be a fixed text"),
        ("\"/type\"", "\"header:\"", "type: names no header"),
        ("type =", "id = \"header:X-Id\"\ntype =", "id: stands in a header that is not signed"),
        ("type =", "id = \"/payment\"\ntype =", "id: is the place of payment too"),
        ("type =", "occurred_at = \"header:X-T\"\ntype =", "occurred_at: cannot stand in a header"),
        ("type =", "live_value = \"live\"\ntype =", "live_value: says what stands at live"),
        (
            "\"/payment\"",
            "\"/metadata/payment\"",
            "places.payment: leads to what a buyer can write",
        ),
        ("\"/payment\"", "\"=one\"", "places.payment: cannot be a fixed text"),
        (
            "payment = \"/payment\"",
            "paymnt = \"/p\"\npayment = \"/payment\"",
            "places.paymnt: is not a known key",
        ),
        ("\"paid\"\nitem", "\"payed\"\nitem", "events.paid.notice: is none of the words"),
        ("notice = \"paid\"\n", "", "events.paid.notice: is missing; there are paid, trial"),
        (
            "item = \"/item\"\n",
            "",
            "events.paid.item: is missing: say where it stands what was bought",
        ),
        ("item = \"/item\"\n", "item = []\n", "events.paid.item: is missing"),
        ("item =", "amount = \"/a\"\nitem =", "events.paid.currency: is missing"),
        (
            "item =",
            "email = \"/payment\"\nitem =",
            "events.paid.payment: is the same place as email",
        ),
        (
            "item =",
            "order = \"/payment\"\nitem =",
            "events.paid.payment: is the same place as order",
        ),
        ("item =", "when = 5\nitem =", "events.paid.when: is no table"),
        ("item =", "steps = [\"buy\"]\nitem =", "events.paid.steps: has a step that there is not"),
        ("item = \"/item\"", "lines = { item = \"/i\" }", "events.paid.lines.at: is missing"),
        ("item =", "lines = { at = \"/l\" }\nitem =", "events.paid.item: stands beside lines"),
        (
            "[providers.small.custom.events.back]\nnotice = \"refunded\"",
            "[providers.small.custom.events.back]\nnotice = \"refunded\"\npayment = []",
            "events.back.payment: is missing",
        ),
        (
            "\"refunded\"",
            "\"refunded\"\npayment = []\norder = \"/o\"",
            "events.back: names its payment otherwise",
        ),
        (
            "\"refunded\"",
            "\"refunded\"\namount = \"/a\"\ncurrency = \"=EUR\"",
            "events.back.refund: is missing",
        ),
        ("\"refunded\"", "\"trial\"\nitem = \"/i\"", "events.back.ends_at: is missing"),
        ("\"refunded\"", "\"linked\"", "events.back.subscription: is missing: linked ties"),
        ("\"refunded\"", "\"customer\"", "events.back.customer_id: is missing"),
        ("\"refunded\"", "\"ended\"\npayment = []", "events.back.subscription: is missing"),
        ("\"paid\"\nitem", "\"changed\"\nitem", "events: has no event with notice = \"paid\""),
    ] {
        assert!(SMALL.contains(from), "{from}");
        let found = faults(&SMALL.replacen(from, to, 1));
        assert!(found.len() == 1 && found[0].starts_with(told), "{to}\n{told}\n{found:#?}");
    }
}

#[test]
fn mistakes_of_other_schemes_and_formats_are_told_too() {
    let scheme = |keys: &str| SMALL.replace("scheme = \"hmac-sha256\"\nheader = \"X-Sig\"", keys);
    for (text, told) in [
        (scheme("scheme = \"basic\""), "user: is missing"),
        (scheme("scheme = \"token\"\nprefix = \"Bearer \""), "prefix: stands before a token"),
        (scheme("scheme = \"standard-webhooks\"\nkey = \"hex\""), "key: is none of the words"),
        (
            scheme("scheme = \"timestamped\"\nheader = \"X\"\nsignature_field = \"t\""),
            "signature_field: is the timestamp's field too",
        ),
        (
            FORMS.replace("\"topic\"", "\"/topic\""),
            "type: is a JSON pointer, and the format is form",
        ),
        (
            FORMS.replace("item = \"sku\"", "lines = { at = \"/l\" }"),
            "events.order.paid.lines: a form has no lists of tables",
        ),
        (
            FORMS.replace("order = \"order[id]\"", "order = \"custom[id]\""),
            "places.order: leads to what a buyer can write",
        ),
        (
            EXAMPLE_TEXT.replace("when = { \"/data/status\" = \"opened\" }", ""),
            "events.dispute.updated.1: is never reached",
        ),
        ("[providers.a]\ncustom = 5".to_owned(), ": is no table"),
        ("= what".to_owned(), ": is no TOML"),
    ] {
        let found = faults(&text);
        assert!(found.iter().any(|fault| fault.starts_with(told)), "{told}\n{found:#?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_no_value_with_them() {
    let text = SMALL
        .replace("hmac-sha256", "whsec_kwStripeTestSecret123")
        .replace("\"/type\"", "\"whsec_kwStripeTestSecret123/x\"")
        .replace("\"paid\"\n", "\"whsec_kwStripeTestSecret123\"\n")
        .replace("\"refunded\"", "\"refunded\"\nwhen = { a = 1 }");
    let found = faults(&text);
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(!found.concat().contains("whsec"), "{found:#?}");
}

#[test]
fn every_scheme_signs_what_it_verifies_and_nothing_else() {
    for scheme in [
        "scheme = \"hmac-sha1\"\nheader = \"X-Sig\"",
        "scheme = \"hmac-sha512\"\nheader = \"X-Sig\"\nencoding = \"base64\"\nprefix = \"v0=\"",
        "scheme = \"hmac-sha256\"\nheader = \"X-Sig\"\nkey = \"hex\"",
        "scheme = \"hmac-sha256\"\nheader = \"X-Sig\"\nsigned = \"{header:X-Topic}|{body}|end\"",
        "scheme = \"hmac-sha256\"\nheader = \"X-Sig\"\ntimestamp_header = \"X-T\"\ntimestamp_unit = \"milliseconds\"",
        "scheme = \"timestamped\"\nheader = \"X-Sig\"",
        "scheme = \"standard-webhooks\"\nkey = \"raw\"",
        "scheme = \"token\"\nheader = \"Authorization\"\nprefix = \"Bearer \"",
        "scheme = \"token\"",
        "scheme = \"basic\"\nuser = \"shop\"",
    ] {
        let text = SMALL.replace("scheme = \"hmac-sha256\"\nheader = \"X-Sig\"", scheme);
        let provider =
            Custom::from_toml(&text).unwrap_or_else(|faults| panic!("{scheme} {faults:?}"));
        let sample = provider.samples(&scene(Step::Purchase)).remove(0);
        let good = signed(&provider, sample.with_header("X-Topic", "orders"));
        let verify = |sample: &Sample, credentials: &Credentials| {
            provider.verify(&sample.request(), credentials, now()).map(|_| ())
        };
        assert_eq!(verify(&good, &credentials()), Ok(()), "{scheme}");
        let other =
            Credentials::of(vec![Secret::new(&"4b".repeat(32).replace("4b4b", "4c5d")).unwrap()]);
        assert_eq!(verify(&good, &other), Err(Reject::Wrong), "{scheme}");
        let none = Credentials::of(Vec::new());
        assert_eq!(verify(&good, &none), Err(Reject::NoSecret), "{scheme}");
        let fulfil = Sample { inlet: Inlet::Fulfil, ..good.clone() };
        assert_eq!(verify(&fulfil, &credentials()), Err(Reject::NotTaken), "{scheme}");
        let delivery = provider.verify(&good.request(), &credentials(), now()).unwrap();
        if !delivery.sender_only() {
            let grown = Sample { body: [&good.body[..], b" "].concat(), ..good.clone() };
            assert_eq!(verify(&grown, &credentials()), Err(Reject::Wrong), "{scheme}");
        }
        if delivery.signed_at().is_some() {
            let late = now() + FIVE_MINUTES + TimeDelta::seconds(1);
            let stale = provider.verify(&good.request(), &credentials(), late).map(|_| ());
            assert_eq!(stale, Err(Reject::Stale), "{scheme}");
        }
        if scheme.contains("X-Topic") {
            let moved = good.clone().with_header("X-Topic", "other");
            assert_eq!(verify(&moved, &credentials()), Err(Reject::Wrong), "{scheme}");
        }
    }
}

#[test]
fn a_list_of_signatures_has_one_time_and_any_number_of_them() {
    let provider = Custom::from_toml(FORMS).unwrap();
    let sample = provider.samples(&scene(Step::Purchase)).remove(0);
    let good = signed(&provider, sample);
    let value = good.header("X-Forms-Signature").unwrap().to_owned();
    let (time, signature) = value.split_once(',').unwrap();
    for (value, answer) in [
        (format!("{time},sig=AAAA,{signature}"), Ok(())),
        (format!("{signature}; {time}; v2=x"), Ok(())),
        (format!("{time},{time},{signature}"), Err(Reject::Malformed)),
        (signature.to_owned(), Err(Reject::Malformed)),
        (time.to_owned(), Err(Reject::Malformed)),
        (String::new(), Err(Reject::Malformed)),
    ] {
        let sample = good.clone().with_header("X-Forms-Signature", &value);
        let told = provider.verify(&sample.request(), &credentials(), now()).map(|_| ());
        assert_eq!(told, answer, "{value}");
    }
    let answer = provider.answer(&good.request(), &credentials(), now());
    assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
}

#[test]
fn a_type_in_a_header_makes_another_event_of_the_same_bytes() {
    let text = SMALL.replace("\"/type\"", "\"header:X-Topic\"");
    let provider = Custom::from_toml(&text).unwrap();
    let body = json!({ "payment": "pay_1", "item": "pro" });
    let event = |topic: &str| {
        let sample = Sample::json("event", &body).with_header("X-Topic", topic);
        told(&provider, &signed(&provider, sample))
    };
    let ((paid, sold), (back, returned)) = (event("paid"), event("back"));
    assert_eq!((paid.event_type.as_str(), back.event_type.as_str()), ("paid", "back"));
    assert_ne!(paid.content, back.content);
    assert_eq!(
        (sold.unwrap()[0].kind.name(), returned.unwrap()[0].kind.name()),
        ("paid", "refunded")
    );
    assert_eq!(event("else").1, Ok(Vec::new()));
}

#[test]
fn a_payment_without_an_id_is_that_of_its_period() {
    let text = SMALL
        .replace("payment = \"/payment\"", "subscription = \"/sub\"")
        .replace("item = \"/item\"", "item = \"/item\"\nperiod_end = \"/until\"")
        .replace("notice = \"refunded\"", "notice = \"ended\"");
    let provider = Custom::from_toml(&text).unwrap();
    let paid = |body: Value| told(&provider, &signed(&provider, Sample::json("paid", &body))).1;
    let told = paid(json!({"type": "paid", "sub": 5, "item": "pro", "until": 1_800_000_000}));
    let kind = serde_json::to_value(&told.unwrap()[0].kind).unwrap();
    assert_eq!(kind["payment"]["id"], "5/1800000000");
    assert_eq!(kind["lines"][0]["line"], "subscription:5#0");
    let undated = paid(json!({"type": "paid", "sub": 5, "item": "pro"}));
    assert!(undated.unwrap_err().to_string().contains("period_end"));
}

#[test]
fn the_kind_is_registered_with_its_example() {
    let listed = ALL.iter().find(|provider| provider.facts().kind == KIND).unwrap();
    assert_eq!(listed.samples(&scene(Step::Purchase)), EXAMPLE.samples(&scene(Step::Purchase)));
}

/// Values that may come to stand anywhere in a description.
fn anything() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "/",
        "/a",
        "/data/id",
        "/data/items",
        "/data/items/0",
        "/data/customer/email",
        "/a~",
        "a[b]",
        "=x",
        "=",
        "header:X-A",
        "header:",
        "{body}",
        "{timestamp}{body}",
        "{",
        "form",
        "json",
        "token",
        "basic",
        "timestamped",
        "standard-webhooks",
        "hmac-sha1",
        "decimal",
        "minor",
        "paid",
        "customer",
        "linked",
        "changed",
        "ended",
        "trial",
        "refunded",
        "purchase",
        "true",
    ];
    let word = proptest::sample::select(words.to_vec());
    prop_oneof![
        word.clone().prop_map(Value::from),
        proptest::collection::vec(word, 0..3).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({})),
        Just(json!({ "at": "/data/items", "item": "/id", "line": "/id" })),
        Just(json!([{ "notice": "ended" }, { "notice": "paid", "when": { "/data": "x" } }])),
    ]
}

/// Puts a value somewhere in a document: on the way to a leaf that the numbers choose.
fn spoil(document: &mut Value, way: &[usize], value: Value) {
    let Some((first, rest)) = way.split_first() else {
        *document = value;
        return;
    };
    let child = match document {
        Value::Object(fields) if !fields.is_empty() => {
            let chosen = first % fields.len();
            fields.values_mut().nth(chosen)
        }
        Value::Array(items) if !items.is_empty() => {
            let chosen = first % items.len();
            items.get_mut(chosen)
        }
        _ => None,
    };
    match child {
        Some(child) => spoil(child, rest, value),
        None => *document = value,
    }
}

fn spoiled(text: &str, changes: Vec<(Vec<usize>, Value)>) -> Value {
    let mut table = account_in(text).unwrap()[TABLE].take();
    for (way, value) in changes {
        spoil(&mut table, &way, value);
    }
    table
}

fn changes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Vec<usize>, Value)>> {
    let way = proptest::collection::vec(0_usize..32, 1..5);
    proptest::collection::vec((way, anything()), count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever is described and whatever is sent: a fault, a refusal, or notices that keep to the
    /// rules; never a panic.
    #[test]
    fn no_description_and_no_bytes_bring_it_down(
        text in proptest::sample::select(vec![EXAMPLE_TEXT, FORMS, SMALL]),
        described in changes(0..3),
        sent in changes(0..4),
        noise in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        match Custom::from_table(&spoiled(text, described)) {
            Err(faults) => prop_assert!(faults.iter().all(|fault| !fault.message.is_empty())),
            Ok(provider) => {
                let mut samples: Vec<Sample> =
                    Step::ALL.into_iter().flat_map(|step| provider.samples(&scene(step))).collect();
                let bodies: Vec<Vec<u8>> = samples.iter().map(|sample| sample.body.clone()).collect();
                for body in bodies {
                    let mut document = serde_json::from_slice(&body).unwrap_or_default();
                    for (way, value) in &sent {
                        spoil(&mut document, way, value.clone());
                    }
                    let bare = Sample::json("spoiled", &document);
                    samples.extend([Sample { body: noise.clone(), ..bare.clone() }, bare]);
                }
                for sample in samples {
                    let sample = signed(&provider, sample);
                    let request = sample.request();
                    let Ok(delivery) = provider.verify(&request, &credentials(), now()) else { continue };
                    for envelope in provider.envelopes(&request, &delivery).unwrap_or_default() {
                        let notices = provider.read(&Event::of(&envelope, now())).unwrap_or_default();
                        for notice in notices {
                            let is_customer = notice.kind.name() == "customer";
                            prop_assert_eq!(is_customer, notice.refs.is_empty());
                            prop_assert!(notice.refs.iter().all(|r| !r.id.is_empty()));
                        }
                    }
                }
            }
        }
    }
}
