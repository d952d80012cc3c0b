//! A provider that an account describes itself.

use keywright_providers::Request;
use keywright_providers::custom::example_tables;
use keywright_providers::{Reject, Sample};

use super::{Desk, SECRET};
use crate::config::Config;
use crate::trigger::{Scenario, scene, tell};

/// An account of that name, described as the guide's example.
fn account(name: &str, secret: &str) -> String {
    format!(
        "[providers.{name}]\nkind = \"custom\"\nsecret = \"{secret}\"\n\
         [providers.{name}.products]\n\"pro\" = \"acme-pro\"\n{}",
        example_tables(name)
    )
}

const PRODUCT: &str = "[products.acme-pro]\ninterval = \"P1Y\"\n";

fn purchase(config: &Config, name: &str) -> Sample {
    let (account, now) = (&config.accounts[name], "2026-03-05T10:00:00Z".parse().unwrap());
    let scene = scene(account, &config.catalogue, "t1", now).unwrap();
    let steps = Scenario::parse("purchase").unwrap().steps(false);
    tell(account, &scene, &steps, now).unwrap().remove(0).samples.remove(0)
}

#[test]
fn two_accounts_are_described_each_by_itself() {
    let other = account("other", &SECRET.replace("123", "456"))
        .replace("X-Shop-Signature", "X-Other-Signature");
    let text = format!("{PRODUCT}{}{other}", account("shop", SECRET));
    let config = Desk::with(&text).load().unwrap_or_else(|faults| panic!("{faults}"));
    let now = "2026-03-05T10:00:00Z".parse().unwrap();
    for (name, header, elsewhere) in
        [("shop", "X-Shop-Signature", "other"), ("other", "X-Other-Signature", "shop")]
    {
        let sample = purchase(&config, name);
        assert!(sample.header(header).is_some_and(|value| value.starts_with("sha256=")));
        let verify = |name: &str, request: &Request<'_>| {
            let account = &config.accounts[name];
            account.provider.verify(request, &account.credentials, now).map(|_| ())
        };
        assert_eq!(verify(name, &sample.request()), Ok(()));
        assert_eq!(verify(elsewhere, &sample.request()), Err(Reject::Missing));
    }
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn its_mistakes_are_told_with_their_whole_key_and_the_nearest_word() {
    let right = format!("{PRODUCT}{}", account("shop", SECRET));
    for (from, to, told) in [
        (
            "\"hmac-sha256\"",
            "\"hmac-sha265\"",
            "providers.shop.custom.scheme: is none of the words that there are; did you mean \
             hmac-sha256?",
        ),
        (
            "notice = \"paid\"",
            "notice = \"paidd\"",
            "providers.shop.custom.events.\"order.paid\".notice: is none of the words that there \
             are; did you mean paid?",
        ),
        (
            "customer_id = \"/data/customer/id\"",
            "custmer_id = \"/data/customer/id\"",
            "providers.shop.custom.places.custmer_id: is not a known key; did you mean customer_id?",
        ),
        (
            "\"/data/order_id\"",
            "\"data.order_id\"",
            "providers.shop.custom.places.order: is no JSON",
        ),
    ] {
        let told_now = Desk::with(&right.replacen(from, to, 1)).faults();
        assert_eq!(told_now.len(), 1, "{told_now:#?}");
        assert!(told_now[0].starts_with(&format!("keywright.toml: {told}")), "{told_now:#?}");
    }
}

#[test]
fn a_description_stands_where_it_is_needed_and_nowhere_else() {
    let bare = format!("[providers.shop]\nkind = \"custom\"\nsecret = \"{SECRET}\"\n");
    let told = Desk::with(&bare).faults();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("providers.shop.custom: is missing: this kind is described"));

    let elsewhere = account("shop", SECRET).replace("kind = \"custom\"", "kind = \"stripe\"");
    let told = Desk::with(&format!("{PRODUCT}{elsewhere}")).faults();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("providers.shop.custom: is not a known key"));

    let deaf = account("shop", SECRET).replace(&format!("secret = \"{SECRET}\"\n"), "");
    let told = Desk::with(&format!("{PRODUCT}{deaf}")).faults();
    assert!(told[0].contains("providers.shop.secrets: is missing"), "{told:#?}");
}
