//! What a vendor is told when something is wrong, and that it is never a secret.

use std::path::Path;

use keywright_providers::{ALL, by_kind};

use super::{Desk, HOOK_SECRET, SECRET};
use crate::config::Config;

const OTHER: &str = "pdl_ntfset_01kwtestsecret_AbCdEf0123456789";

fn faults(text: &str) -> Vec<String> {
    Desk::with(text).faults()
}

#[test]
fn all_faults_are_told_at_once_with_what_would_be_right() {
    let text = r#"
        [server]
        listen = "localhost"
        publik_url = "https://a.example"
        trusted_proxies = ["127.0.0.1", "proxy", "10.0.0.0/40"]
        [mail]
        transport = "smpt"
        from = 5
        [databse]
        url = "mysql://root@host/db"
        [database]
        url = "mysql://host/db"
        [products.acme-pro]
        interval = "1 year"
        max_activations = 2.5
        on_refund = "revoked"
        [products.acme-suite]
        bundle = ["acme-pro", "acme-pro", "acme-lite"]
        interval = "P1Y"
        [products.acme-all]
        bundle = ["acme-suite"]
        [providers.Stripe]
        kind = "stripe"
        secrets = ["whsec_...", "${STRIPE_SECRET_FOR_US}", "whsec_short"]
        tolerance = "P1M"
        deliver = "response"
        [providers.Stripe.products]
        "price_1" = "acme-pr"
        "price 2" = { product = "acme-pro", max_activations = 0 }
        "price_3" = true
        [providers.support]
        kind = "strip"
        secrt = "whsec_kwStripeTestSecret123"
    "#;
    let kinds: Vec<&str> = ALL.iter().map(|provider| provider.facts().kind).collect();
    insta::assert_snapshot!(faults(text).join("\n").replace(&kinds.join(", "), "KINDS"));
}

#[test]
fn each_fault_says_what_would_be_right() {
    let stripe = format!("[providers.a]\nkind = \"stripe\"\nsecret = \"{SECRET}\"\n");
    let standard =
        format!("[providers.a]\nkind = \"standard-webhooks\"\nsecret = \"{HOOK_SECRET}\"\n");
    let hook = "[hooks.crm]\nurl = \"https://crm.example/h\"\n";
    let signed = format!("{hook}secret = \"{HOOK_SECRET}\"\n");
    let fastspring = "[providers.a]\nkind = \"fastspring\"\nsecret = \"kwFastSpringSecret123\"\n";
    let adyen = format!("[providers.a]\nkind = \"adyen\"\nsecret = \"{}\"\n", "kw".repeat(32));
    let square = "[providers.a]\nkind = \"square\"\nsecret = \"kwSquareSecret1234567\"\n\
                  api_token = \"EAAAkwSquareToken\"\nnotification_url = \"https://";
    for (text, told) in [
        ("server = 5", "server: is a number; write a table, [server]"),
        ("[products]\na = \"b\"", "products.a: is a text; write a table, [products.a]"),
        ("[products.\"a b\"]", "products.\"a b\": is no product id"),
        ("[products.a]\nbundle = []", "products.a.bundle: is empty"),
        ("[products.a]\ninterval = \"P1Y\"\nexpires_at = 2027-12-31", "expires_at: stands beside"),
        ("[products.a]\nmax_activations = nan", "max_activations: is not a number"),
        ("[products.a]\nremind = [\"P1M\"]", "remind: counts in months, which differ in length"),
        ("[products.a]\nremind = [\"P14\"]", "remind[0]: is not an ISO 8601 duration"),
        ("[products.a]\nremind = [\"PT5M\"]", "remind: must be between PT1H and P366D"),
        ("[products.a]\nremind = [\"P7D\", \"P1W\"]", "remind: must be at most ten different"),
        ("[products.a]\nnotify = [\"revokd\"]", "did you mean revoked?"),
        (hook, "hooks.crm.secret: is missing, so nothing could be signed"),
        (&signed.replace("https", "http"), "hooks.crm.url: is no address that can be called"),
        (&signed.replace(HOOK_SECRET, SECRET), "hooks.crm.secret: is no whsec_ secret"),
        (&format!("{signed}events = []"), "hooks.crm.events: is empty"),
        (
            &format!("{signed}events = [\"license.isued\"]"),
            "hooks.crm.events[0]: is none of license.issued, license.renewed, license.expired, \
             license.suspended, license.reinstated, license.revoked, license.activated, \
             license.deactivated; did you mean license.issued?",
        ),
        (
            &format!("{signed}event = []"),
            "hooks.crm.event: is not a known key; did you mean events?",
        ),
        (&signed.replace("crm", "CRM"), "hooks.CRM: is no hook name"),
        (
            &format!(
                "[products.p]\n{stripe}[providers.a.products]\nx = {{ product = \"p\", remind = [] }}"
            ),
            "x.remind: has no place here",
        ),
        ("[mail]\ntransport = \"smtp\"", "mail.smtp_url: is missing"),
        ("[mail]\ntemplates = \"/nowhere\"", "mail.templates: names /nowhere, which is no folder"),
        ("[mail]\nalert_locale = \"english, please\"", "mail.alert_locale: is not a language"),
        ("[signing]\nkey_file = \"\"", "signing.key_file: is blank"),
        ("[retention]\nevent_bodies = \"P6D\"", "event_bodies: is P6D; write at least P7D"),
        ("[retention]\nmail_bodies = \"PT1H\"", "mail_bodies: is PT1H; write at least P7D"),
        ("[retention]\nidempotency = \"PT23H\"", "is PT23H; write at least P1D"),
        ("[retention]\nhooks = \"30\"", "retention.hooks: is not an ISO 8601 duration"),
        ("[retention]\nbodies = \"P9D\"", "retention.bodies: is not a known key"),
        ("[netlicensing]\nroot = \"1st\"", "netlicensing.root: is no name of an XML element"),
        ("[netlicensing]\nnamespace = \"\"", "netlicensing.namespace: is no address"),
        ("[products.a]\nquantity = 5", "quantity: is a number; write \"keys\" or \"seats\""),
        ("[products.a]\nnotify = [1]", "[0]: is a number; write \"payment_failed\" or \"revoked\""),
        ("[products.a]\nseats = 3", "products.a.seats: is not a known key; there are name"),
        ("[server]\nmax_body = 1048576", "is a number; write a text in quotes: 1MiB or 512KiB"),
        (&format!("{stripe}tolerance = 300"), "is a number; write a text in quotes: P1Y, P3M"),
        (&format!("{stripe}mode = false"), "mode: is a truth value; write \"live\" or \"test\""),
        ("[products.a]\nname = 5", "products.a.name: is a number; write a text in quotes"),
        ("providers = []", "providers: is a list"),
        ("[providers.a]", "providers.a.kind: is missing"),
        (&format!("{stripe}tolerance = \"P8D\""), "tolerance: must be longer than nothing"),
        (&format!("{stripe}tolerance = \"PT0S\""), "tolerance: must be longer than nothing"),
        (&format!("{stripe}deliver = \"response\""), "deliver: cannot be: Stripe takes no keys"),
        (&format!("{stripe}account = [1]"), "providers.a.account: is a list"),
        (&format!("{stripe}account = \"1SGk\""), "account: does not fit; write the id of the"),
        (
            &format!("{standard}key = \"base65\""),
            "key: is none of the words it knows: base64, raw, both; did you mean base64?",
        ),
        (
            &format!("{standard}amounts = \"cents\""),
            "is none of the words it knows: minor, decimal",
        ),
        (
            &format!("{standard}events_paid = \" \""),
            "events_paid: is blank; leave it out, or write",
        ),
        (&format!("{standard}product = \"data/id\""), "product: does not fit; write JSON pointers"),
        (
            &format!("{stripe}[providers.a.products]\nx = {{ name = \"y\" }}"),
            "x.product: is missing",
        ),
        (
            &format!("{stripe}[providers.a.products]\nx = {{ product = 1 }}"),
            "x.product: is a number",
        ),
        (
            "[providers.a]\nkind = \"thrivecart\"\nsecret = \"elevenbytes\"\n",
            "a.secret: is shorter than 12 bytes",
        ),
        (&adyen, "a.secrets: is not written in hexadecimal digits, as Adyen uses"),
        (
            &format!("{adyen}username = \"kw\"\npassword = \"kwAdyenPassword12\"\n"),
            "a.secrets: is not written in hexadecimal digits, as Adyen uses",
        ),
        (&format!("{square}YOUR-HOST/webhooks/a\""), "a.notification_url: is a placeholder; write"),
        (&format!("{fastspring}deliver = \"both\""), "FastSpring asks for keys; set private_key"),
        (
            &format!(
                "[products.p]\n{stripe}[providers.a.products]\nx = {{ product = \"p\", bundle = [\"p\"] }}"
            ),
            "x.bundle: has no place here",
        ),
        (
            &format!(
                "[products.p]\n{stripe}[providers.a.products]\nx = {{ product = \"p\", nam = \"\" }}"
            ),
            "x.nam: is not a known key; did you mean name?",
        ),
    ] {
        let faults = faults(text);
        assert_eq!(faults.len(), 1, "{text}\n{faults:#?}");
        assert!(faults[0].contains(told), "{told}\n{faults:#?}");
    }
}

#[test]
fn what_is_no_toml_is_told_without_the_line() {
    let told = faults("[mail]\nsmtp_url = \"smtps://user:hunter22secret@mail.example.com\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("keywright.toml: is not TOML at line 2, column "), "{told:?}");
    assert!(!told[0].contains("hunter22secret"), "{told:?}");
    let none = Config::load_with(Path::new("/nowhere/keywright.toml"), []).unwrap_err().to_string();
    assert!(none.contains("keywright init"), "{none}");
}

#[test]
fn a_file_that_is_there_is_not_to_be_made() {
    let desk = Desk::with("");
    let path = desk.folder.path().join("keywright.toml");
    let told = || desk.faults().concat();
    std::fs::write(&path, b"# M\xfcller GmbH\n").unwrap();
    assert!(told().contains("is not UTF-8; save it as UTF-8"), "{}", told());
    assert!(!told().contains("keywright init"), "{}", told());
    // Half of it would be a whole file of its own.
    std::fs::write(&path, "# a remark\n".repeat(500_000)).unwrap();
    assert!(told().contains("it is larger than 4 MiB"), "{}", told());
}

#[test]
fn a_variable_that_names_no_account_or_no_value_is_blamed_itself() {
    let stripe = format!("[providers.stripe-eu]\nkind = \"stripe\"\nsecret = \"{SECRET}\"\n");
    let named = |name: &str| Desk::with(&stripe).variable(name, OTHER);
    assert_eq!(
        named("KEYWRIGHT__PROVIDERS__STRIPEEU__SECRET").faults(),
        [
            "KEYWRIGHT__PROVIDERS__STRIPEEU__SECRET: providers.stripeeu: is no account of the file; did \
          you mean stripe-eu?"
        ]
    );
    let told = |name: &str| {
        let warnings = named(name).warnings();
        warnings.into_iter().filter(|warning| warning.starts_with(name)).collect::<Vec<_>>()
    };
    assert_eq!(
        told("KEYWRIGHT_MAIL__SMTP_URL"),
        [
            "KEYWRIGHT_MAIL__SMTP_URL sets nothing: the variable of a value begins with KEYWRIGHT and \
          two underscores, as in KEYWRIGHT__MAIL__SMTP_URL"
        ]
    );
    for known in ["KEYWRIGHT_LOG", "KEYWRIGHT_CONFIG", "KEYWRIGHT_SERVICE_HOST", "KEYWRIGHT_PORT"] {
        assert!(told(known).is_empty(), "{known}");
    }
}

#[test]
fn what_is_said_of_an_end_that_never_comes_is_worth_a_word() {
    let warned = |more: &str| {
        let text = format!("[products.pro]\n{more}on_expiry = \"maintain\"\nremind = [\"P7D\"]\n");
        Desk::with(&text).warnings().iter().filter(|told| told.contains("and no end")).count()
    };
    assert_eq!((warned(""), warned("interval = \"P1Y\"\n")), (2, 0));
}

#[test]
fn an_account_that_could_verify_nothing_stops_the_start() {
    for provider in ALL {
        let kind = provider.facts().kind;
        let told = faults(&format!("[providers.shop]\nkind = \"{kind}\"\n"));
        let named = told.iter().any(|fault| fault.contains("providers.shop."));
        assert!(named, "{kind}: {told:?}");
    }
}

/// What a reader of a guide has to replace, and did not.
#[test]
fn what_a_guide_writes_for_a_secret_stops_the_start() {
    // What stands behind a comment sign is there to be taken in.
    let line = |line: &'static str| match line.strip_prefix("# ") {
        Some(rest) if rest.split(' ').nth(1) == Some("=") => rest,
        _ => line,
    };
    for provider in ALL {
        let facts = provider.facts();
        for block in facts.guide.split("```toml\n").skip(1) {
            let block: Vec<&str> = block.split("```").next().unwrap().lines().map(line).collect();
            let table: toml::Table = toml::from_str(&block.join("\n")).unwrap();
            let Some(accounts) = table.get("providers") else { continue };
            let (of, account) = accounts.as_table().unwrap().iter().next().unwrap();
            let told = faults(&block.join("\n"));
            for (name, value) in account.as_table().unwrap() {
                let secret = name.starts_with("secret")
                    || facts.settings.iter().any(|known| known.name == name && known.secret);
                let text = format!("{value:?}");
                let placeholder = text.contains("...\"") || text.contains("YOUR-");
                let refused = |fault: &String| {
                    fault.contains(&format!("providers.{of}.{name}"))
                        && fault.contains("is a placeholder")
                };
                assert_eq!(secret || placeholder, told.iter().any(refused), "{name}: {told:#?}");
            }
        }
    }
}

#[test]
fn what_opens_only_the_providers_api_may_be_as_short_as_it_is_there() {
    let account = |user: &str, password: &str| {
        format!(
            "[providers.a]\nkind = \"cleverbridge\"\nsecret = \"{OTHER}\"\n\
             username = \"shop\"\napi_user = \"{user}\"\napi_password = \"{password}\"\n"
        )
    };
    let config = Desk::with(&account("acme", "9 letters")).load().unwrap();
    let credentials = &config.accounts["a"].credentials;
    assert_eq!(credentials.settings["api_user"], "acme");
    assert_eq!(faults(&account("acme", "short")).len(), 1);
}

#[test]
fn a_key_that_makes_deliveries_up_is_worth_a_word_at_a_live_account() {
    let trigger_key = |mode: &str| {
        let facts = by_kind("paddle-classic").unwrap().facts();
        let own = facts.made_up("").into_iter().map(|(name, text)| format!("{name} = {text:?}\n"));
        let own: String = own.collect();
        let text = format!("[providers.a]\nkind = \"paddle-classic\"\nmode = {mode:?}\n{own}");
        let warnings = Desk::with(&text).warnings();
        warnings.iter().filter(|warning| warning.contains("trigger_key")).count()
    };
    assert_eq!((trigger_key("live"), trigger_key("test")), (1, 0));
}

#[test]
fn a_product_that_has_ended_before_it_is_sold_is_worth_a_word() {
    let warned = |end: &str| {
        let text = format!("[products.pro]\nexpires_at = \"{end}\"\n");
        let warnings = Desk::with(&text).warnings();
        warnings.into_iter().filter(|warning| warning.contains("expires_at")).collect::<Vec<_>>()
    };
    // A date ends with its day.
    assert!(warned("2026-02-16").is_empty());
    assert_eq!(
        warned("2026-02-15"),
        [
            "products.pro: expires_at was 2026-02-15 23:59 UTC: whoever buys it now has a license that \
          has ended"
        ]
    );
}

#[test]
fn no_two_accounts_share_a_secret() {
    let account = |name: &str, secret: &str| {
        format!("[providers.{name}]\nkind = \"paddle\"\nsecrets = [\"{secret}\"]\n")
    };
    let desk = Desk::with(&(account("eu", OTHER) + &account("us", &OTHER.replace("01kw", "02kw"))));
    assert_eq!(desk.load().unwrap().accounts.len(), 2);
    let told = faults(&(account("eu", OTHER) + &account("us", OTHER)));
    assert_eq!(
        told,
        ["keywright.toml: providers.us.secrets: has a secret of account eu; each needs its own"]
    );
}

#[test]
fn no_secret_is_ever_printed() {
    let hidden = ["hunter22smtp", "hunter22base", SECRET, OTHER, HOOK_SECRET];
    let right = format!(
        "[database]\nurl = \"postgres://user:hunter22base@host/db\"\n[mail]\ntransport = \"smtp\"\n\
         smtp_url = \"smtps://user:hunter22smtp@mail.example.com\"\n[providers.stripe]\n\
         kind = \"stripe\"\nsecrets = [\"{SECRET}\"]\n[providers.paddle]\nkind = \"paddle\"\n\
         secret = \"{OTHER}\"\n[hooks.crm]\nurl = \"https://crm.example\"\n\
         secret = \"{HOOK_SECRET}\"\n"
    );
    let config = Desk::with(&right).load().unwrap();
    let printed = format!("{config:?} {}", config.warnings(super::noon()).join(" "));
    assert!(hidden.iter().all(|secret| !printed.contains(secret)), "{printed}");

    // The same values in places where they do not belong.
    let wrong = format!(
        "[database]\nurl = \"postgres://user:hunter22base@host/db?sslmode=hunter22base\"\n[mail]\n\
         smtp_url = \"ftp://user:hunter22smtp@mail.example.com\"\n[providers.stripe]\n\
         kind = \"stripe\"\nsecrets = \"{SECRET}\"\nmode = \"{OTHER}\"\ntolerance = \"{OTHER}\"\n\
         [providers.paddle]\nkind = \"{OTHER}\"\nsecret = {{ value = \"{OTHER}\" }}\n\
         products = \"{OTHER}\"\n"
    );
    let told = faults(&wrong);
    assert_eq!(told.len(), 8, "{told:#?}");
    assert!(hidden.iter().all(|secret| !told.concat().contains(secret)), "{told:#?}");
}
