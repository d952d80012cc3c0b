//! Every key of `[products.*]`, as configuration writes it.

use super::life::{Life, at, catalogue, line};
use crate::rules::product::{KeyFormat, OnExpiry, ProductSettings, Start, Term};

fn faults(settings: &str) -> Vec<String> {
    let settings: ProductSettings = toml::from_str(settings).unwrap();
    let faults = settings.resolve("pro").unwrap_err();
    faults.into_iter().map(|fault| format!("{} {}", fault.key, fault.message)).collect()
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let pro = &catalogue("[products.pro]").products["pro"][0];
    assert_eq!((pro.name.as_str(), pro.term, pro.start), ("pro", Term::Perpetual, Start::Creation));
    assert_eq!(
        (pro.buffer.to_string(), pro.grace.to_string()),
        ("P1D".to_owned(), "P0D".to_owned())
    );
    assert_eq!((pro.max_activations, pro.max_offline.to_string()), (1, "P30D".to_owned()));
    assert_eq!((pro.on_expiry, pro.key_format), (OnExpiry::Restrict, KeyFormat::Short));
    assert_eq!((pro.key_prefix.as_str(), pro.trial, pro.stack), ("KW", None, false));
}

#[test]
fn what_is_written_is_what_counts() {
    let shop = r#"
        [products.pro]
        name = "Acme Pro"
        interval = "P1Y"
        trial = "P14D"
        max_activations = 3
        max_offline = "P7D"
        on_expiry = "maintain"
        key_format = "signed"
        key_prefix = "ACME"
        features = ["export", "batch"]
    "#;
    let pro = &catalogue(shop).products["pro"][0];
    assert_eq!((pro.name.as_str(), pro.key_prefix.as_str()), ("Acme Pro", "ACME"));
    assert_eq!(pro.trial.map(|trial| trial.to_string()).as_deref(), Some("P14D"));
    assert_eq!((pro.max_activations, pro.max_offline.to_string()), (3, "P7D".to_owned()));
    assert_eq!((pro.on_expiry, pro.key_format), (OnExpiry::Maintain, KeyFormat::Signed));
    assert_eq!(pro.features, ["export", "batch"]);
}

#[test]
fn a_mapping_may_set_what_differs() {
    let shop = r#"
        [products.pro]
        interval = "P1Y"
        max_activations = 2
        features = ["export"]
        [items.quarter]
        product = "pro"
        interval = "P3M"
        max_activations = 5
        [items.to_date]
        product = "pro"
        expires_at = "2027-12-31"
    "#;
    let of = |item: &str| Life::in_shop(shop, &[line("a", item, 1)]).paid("2026-03-05");
    let license = of("quarter").expires("2026-06-05").license();
    assert_eq!((license.product.id.as_str(), license.max_activations), ("pro", 5));
    assert_eq!(license.product.features, ["export"]);
    of("to_date").expires("2027-12-31T23:59:59Z");
    of("pro").expires("2027-03-05");
}

#[test]
fn a_fixed_date_ends_that_day_where_the_vendor_lives() {
    let settings = "expires_at = \"2027-06-30\"\ntime_zone = \"America/New_York\"";
    Life::of(settings).paid("2026-03-05").expires("2027-07-01T03:59:59Z");
    Life::of("expires_at = \"2027-06-30T12:00:00+02:00\"").paid("2026-03-05").expires("2027-06-30");
}

#[test]
fn at_the_instant_of_its_end_a_license_is_still_valid() {
    use crate::rules::license::{Status, status};
    let license =
        Life::of("interval = \"P1Y\"\ngrace = \"P1D\"").sold_once().paid("2026-03-05").license();
    let end = at("2027-03-06");
    assert_eq!(license.valid_until, Some(end));
    assert_eq!(status(license.state, license.valid_until, end), Status::Active);
    let after = end + chrono::TimeDelta::microseconds(1);
    assert_eq!(status(license.state, license.valid_until, after), Status::Expired);
}

#[test]
fn every_fault_is_named_at_once() {
    let both = "interval = \"P1Y\"\nexpires_at = \"2027-12-31\"\ntime_zone = \"Mars/Olympus\"\n\
                key_prefix = \"acme\"\nmax_activations = 0";
    let keys: Vec<String> =
        faults(both).iter().map(|fault| fault.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(keys, ["time_zone", "expires_at", "key_prefix", "max_activations"]);
    assert_eq!(
        faults("interval = \"P0D\""),
        ["interval is zero; leave it out for a perpetual license"]
    );
    assert_eq!(faults("expires_at = \"31.12.2027\"").len(), 1);
}
