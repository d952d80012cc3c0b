//! What `trigger` tells ends as the name of its scenario promises, at every kind of provider.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::Ref;
use keywright_providers::sample::answers_to;
use keywright_providers::{ALL, Answers, Auth, Fetched, Provider, Reading};
use toml::{Table, Value};

use super::*;
use crate::config::{Account, Config};
use crate::rules::fold::{self, Folded, License, fold};
use crate::rules::gather::ties;
use crate::rules::license::{Flag, State};

const RANDOM: &str = "5e0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd";

/// What it sells renews; where nothing is said, it is sold once.
const MONTHLY: Option<&str> = Some("P1M");

fn noon() -> DateTime<Utc> {
    "2026-03-05T12:00:00Z".parse().unwrap()
}

/// The account that the guide of this kind shows, with secrets that are some, and with these
/// settings; with those, too, that it shows behind a `#`. What it sells first is `pro`, all else
/// `plus`.
fn of_the_guide(
    provider: &dyn Provider,
    with_all: bool,
    interval: Option<&str>,
    more: &[(&str, &str)],
) -> Config {
    let facts = provider.facts();
    let block = facts.guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let lines = block.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if with_all && setting.contains(" = ") => setting,
        _ => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n").replace("YOUR-HOST", "licenses.example.com");
    let mut shown: Table = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let Some(Value::Table(mut providers)) = shown.remove("providers") else { panic!("{text}") };
    let account = providers.iter_mut().next().unwrap().1;
    let account = account.as_table_mut().unwrap();
    account.retain(|name, _| name != "secrets" && !name.ends_with("_file"));
    let example: BTreeMap<&str, String> = facts.made_up(RANDOM).into_iter().collect();
    account.insert("secret".to_owned(), RANDOM.into());
    for setting in facts.settings {
        let shown = account.contains_key(setting.name);
        // What the vendor alone can know.
        let own = setting.secret
            || account.get(setting.name).is_some_and(|told| *told == Value::from("..."));
        match example.get(setting.name) {
            Some(text) if own || !shown => {
                account.insert(setting.name.to_owned(), text.clone().into());
            }
            None if own && shown => {
                account.insert(setting.name.to_owned(), format!("{RANDOM}{}", setting.name).into());
            }
            Some(_) | None => {}
        }
    }
    let asks = facts.settings.iter().any(|setting| {
        setting.secret && setting.name.starts_with("api_") && account.contains_key(setting.name)
    });
    if asks && facts.settings.iter().any(|setting| setting.name == "api_url") {
        account.insert("api_url".to_owned(), "http://127.0.0.1:1".into());
    }
    account.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    let items = account["products"].as_table_mut().unwrap();
    if items.len() == 1 {
        items.insert(format!("{}2", items.keys().next().unwrap()), "".into());
    }
    for (position, (_, product)) in items.iter_mut().enumerate() {
        *product = if position == 0 { "pro" } else { "plus" }.into();
    }
    let product = |name: &str| {
        let terms = interval.map(|interval| ("interval".to_owned(), Value::from(interval)));
        (name.to_owned(), Value::from(Table::from_iter(terms)))
    };
    let whole = Table::from_iter([
        ("products".to_owned(), Value::from(Table::from_iter([product("pro"), product("plus")]))),
        ("providers".to_owned(), providers.into()),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keywright.toml");
    let lines = whole.iter().map(|(name, value)| format!("{name} = {}\n", written(value)));
    let text: String = lines.collect();
    std::fs::write(&file, &text).unwrap();
    Config::load_with(&file, []).unwrap_or_else(|faults| panic!("{text}: {faults}"))
}

/// On one line.
fn written(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let fields = table.iter().map(|(name, value)| format!("{name:?} = {}", written(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => format!("{text:?}"),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(_) | Value::Datetime(_) => panic!("no guide shows {value:?}"),
    }
}

/// One event, read with every question answered as these samples know it.
fn read(account: &Account, envelope: &Envelope, at: DateTime<Utc>, known: &[Sample]) -> Reading {
    let credentials = &account.credentials;
    let set = |name: &&str| {
        credentials.keys.contains_key(*name) || credentials.settings.contains_key(*name)
    };
    let asked = |ask: &Ask| ask.need == Need::Always || ask.auth.settings().iter().all(set);
    let mut answers = Answers::new();
    loop {
        let settings = &credentials.settings;
        let event = Event { settings, answers: &answers, ..Event::of(envelope, at) };
        let asks = account.provider.asks(&event)?;
        let open: Vec<&Ask> =
            asks.iter().filter(|ask| asked(ask) && !answers.contains_key(&ask.name)).collect();
        if open.is_empty() {
            return account.provider.read(&event);
        }
        let more: Vec<_> =
            open.into_iter().map(|ask| (ask.name.clone(), told(ask, known))).collect();
        answers.extend(more);
    }
}

/// What was told last counts.
fn told(ask: &Ask, known: &[Sample]) -> Fetched {
    let question = ask.body.as_ref().map_or(&[][..], |(_, body)| body);
    let mut answers = known.iter().flat_map(|sample| &sample.answers).rev();
    if let Auth::ClientCredentials { token_path, .. } = ask.auth {
        let token = answers.clone().find(|(name, _)| name == token_path);
        assert!(token.is_some(), "no token at {token_path}");
    }
    let told = answers.find(|(name, _)| answers_to(name, &ask.path, question));
    let (_, told) = told.unwrap_or_else(|| panic!("no answer to {}", ask.path));
    let body = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
    Fetched { status: 200, body: body.into_bytes() }
}

/// When an API is asked about an event.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// Before the next one is sent.
    AtOnce,
    /// When all were sent.
    Late,
}

/// Its names, and what is told of it.
type Sale = (BTreeSet<Ref>, Vec<fold::Told>);

/// What the events come to, each sale for itself.
fn sales(config: &Config, samples: &[Sample], asked: Asked) -> Vec<Folded> {
    let account = config.accounts.values().next().unwrap();
    let (mut sales, mut seen) = (Vec::<Sale>::new(), BTreeSet::new());
    for (number, sample) in (1..).zip(samples) {
        let known = match asked {
            Asked::AtOnce => &samples[..number],
            Asked::Late => samples,
        };
        let received_at = noon() + TimeDelta::milliseconds(i64::try_from(number).unwrap());
        for envelope in envelopes(account, sample, noon()) {
            let again = envelope.id.iter().any(|id| !seen.insert(id.clone()));
            assert!(!again, "{}: another event of that id", sample.title);
            let notices = read(account, &envelope, received_at, known)
                .unwrap_or_else(|unread| panic!("{}: {unread}", sample.title));
            let latest =
                notices.iter().map(|one| one.occurred_at).chain(envelope.occurred_at).max();
            assert!(latest <= Some(noon() + TimeDelta::hours(1)), "{} lies ahead", sample.title);
            let refs = ties(&notices, &config.catalogue, &account.name);
            let event_id = i64::try_from(number).unwrap();
            let told = notices.into_iter().map(|notice| fold::Told::new(notice, event_id));
            let (same, others) = sales.into_iter().partition(|(of, _)| !of.is_disjoint(&refs));
            sales = others;
            let one = |(mut refs, mut all): Sale, (of, told): Sale| {
                refs.extend(of);
                all.splice(0..0, told);
                (refs, all)
            };
            let sale = same.into_iter().fold((refs, told.collect()), one);
            sales.extend(Some(sale).filter(|(refs, _)| !refs.is_empty()));
        }
    }
    sales.iter().map(|(_, told)| fold(told, &config.catalogue, &account.name)).collect()
}

/// The signed events of these steps, at noon.
fn made(config: &Config, steps: &[Step]) -> Result<Vec<Told>, Impossible> {
    let account = config.accounts.values().next().unwrap();
    let goods = goods(account, &config.catalogue, None).unwrap();
    let start = goods.bought_at(steps, noon());
    let scene = scene_of(account, goods, &tag_of(start, "abc"), start);
    tell(account, &scene, steps, noon())
}

fn samples(told: Vec<Told>) -> Vec<Sample> {
    told.into_iter().flat_map(|told| told.samples).collect()
}

/// The one license that these events give; a word where it is another number of them.
fn license(config: &Config, samples: &[Sample], asked: Asked) -> Result<License, String> {
    let sales = sales(config, samples, asked);
    match sales.as_slice() {
        [sale] if sale.problems.is_empty() && sale.dangling.is_empty() => {
            match sale.licenses.as_slice() {
                [license] => Ok(license.clone()),
                others => Err(format!("{} licenses", others.len())),
            }
        }
        others => Err(format!("{others:#?}")),
    }
}

/// Is it what the scenario's name promises?
fn as_promised(step: Step, license: &License) -> bool {
    let has = |flag: Flag| license.flags.contains(&flag);
    let days = license.expires_at.map(|end| (end - noon()).num_days());
    let months = |days_min: i64| days.is_none_or(|days| days >= days_min);
    let sold = license.product.id == if step == Step::PlanChange { "plus" } else { "pro" };
    sold && match step {
        Step::Purchase => license.state == State::Active && license.flags.is_empty() && months(27),
        // Bought a month ago.
        Step::Renewal => license.state == State::Active && license.flags.is_empty() && months(20),
        Step::Cancel => license.state == State::Active && has(Flag::Canceled) && months(27),
        Step::PlanChange => license.state == State::Active && license.flags.is_empty(),
        Step::PaymentFailed => license.state == State::Active && has(Flag::PastDue),
        Step::Refund => license.state == State::Revoked && has(Flag::Refunded),
        Step::Dispute => has(Flag::Disputed) && license.state != State::Active,
    }
}

/// After a whole life: what the customer moved to, of which the renewal went back; disputed, where
/// the provider says so before the money is gone.
fn as_told(told: &[Told], license: &License) -> bool {
    let tells = |step| told.iter().any(|told| told.step == step && !told.samples.is_empty());
    let flagged = [
        (Step::PaymentFailed, Flag::PastDue),
        (Step::Cancel, Flag::Canceled),
        (Step::Dispute, Flag::Disputed),
        (Step::Refund, Flag::Refunded),
    ];
    let renewed = tells(Step::Renewal) && !tells(Step::Refund);
    let days = license.expires_at.map(|end| (end - noon()).num_days());
    let once = !tells(Step::Renewal) && tells(Step::Refund);
    license.product.id == if tells(Step::PlanChange) { "plus" } else { "pro" }
        && (license.state == State::Revoked) == once
        && flagged.into_iter().all(|(step, flag)| !tells(step) || license.flags.contains(&flag))
        && (once || days.is_none_or(|days| if renewed { days > 20 } else { days.abs() < 5 }))
}

/// What is wrong with any scenario of this account.
fn broken(config: &Config) -> Vec<String> {
    let mut broken = Vec::new();
    for step in Step::ALL {
        let told = match made(config, &Scenario::One(step).steps(false)) {
            Ok(told) => samples(told),
            Err(Impossible::NoEvents { .. }) => continue,
            Err(other) => return vec![other.to_string()],
        };
        for asked in [Asked::AtOnce, Asked::Late] {
            match license(config, &told, asked) {
                Ok(license) if as_promised(step, &license) => {}
                other => broken.push(format!("{} {asked:?}: {other:#?}", step.as_str())),
            }
        }
    }
    let life = made(config, &LIFE).unwrap();
    match license(config, &samples(life.clone()), Asked::AtOnce) {
        Ok(license) if as_told(&life, &license) => {}
        other => broken.push(format!("lifecycle: {other:#?}")),
    }
    broken
}

/// Looks at each kind on a thread of its own; fails once, with all that was found.
fn each_kind(check: impl Fn(&dyn Provider) -> Vec<String> + Sync) {
    let check = &check;
    let found: Vec<String> = std::thread::scope(|threads| {
        let looks: Vec<_> = ALL
            .iter()
            .map(|provider| (provider.facts().kind, threads.spawn(move || check(*provider))))
            .collect();
        let ended = looks.into_iter().flat_map(|(kind, look)| {
            let faults = look.join().unwrap_or_else(|_| vec!["panicked".to_owned()]);
            faults.into_iter().map(move |fault| format!("{kind}: {fault}"))
        });
        ended.collect()
    });
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_scenario_of_every_kind_ends_as_its_name_says() {
    each_kind(|provider| {
        let each = [false, true].into_iter();
        each.flat_map(|with_all| broken(&of_the_guide(provider, with_all, MONTHLY, &[]))).collect()
    });
}

#[test]
fn what_is_sold_once_ends_as_its_scenario_says() {
    each_kind(|provider| broken(&of_the_guide(provider, true, None, &[])));
}

/// What an account can say of itself, in other words than its guide: what is told of it must be of
/// that very account.
const OWN_WORDS: &[(&str, &[(&str, &str)])] = &[
    ("2checkout", &[("timezone", "GMT-08:00"), ("early", "yes")]),
    ("adyen", &[("capture", "manual")]),
    ("bigcommerce", &[("store_hash", "ours7")]),
    ("bluesnap", &[("url_token", RANDOM), ("invoice_field", "referenceNumber")]),
    ("braintree", &[("item_field", "sold_item"), ("quantity_add_on", "units")]),
    ("chargebee", &[("username", "somebody")]),
    (
        "fastspring",
        &[
            ("private_key", RANDOM),
            ("field_reference", "order_no"),
            ("field_product", "what"),
            ("field_quantity", "how_many"),
            ("field_subscription", "plan"),
            ("field_email", "who"),
            ("field_name", "whose"),
            ("field_company", "firm"),
        ],
    ),
    ("gocardless", &[("paid_when", "submitted")]),
    ("gumroad", &[("seller_id", "ours==")]),
    ("maxio", &[("currency", "GBP"), ("quantity_component", "seats")]),
    ("paddle-classic", &[("field_email", "who"), ("field_name", "whose")]),
    (
        "paypal-ipn",
        &[("receiver", "OURS2"), ("prices", "acme-lite = 200.00 USD; acme-pro = 300.00 USD")],
    ),
    ("shopify", &[("shop", "ours.myshopify.com"), ("contracts", "own")]),
    (
        "standard-webhooks",
        &[
            ("events_paid", "shop.sold shop.renewed"),
            ("events_changed", "shop.moved"),
            ("events_canceled", "shop.stops"),
            ("events_payment_failed", "shop.declined"),
            ("events_refunded", "shop.back"),
            ("events_disputed", "shop.dispute"),
            ("order_id", "/order/no"),
            ("subscription_id", "/plan/no"),
            ("payment_id", "/bill/no"),
            ("refund_id", "/back/no"),
            ("dispute_id", "/claim/no"),
            ("customer_id", "/who/no"),
            ("email", "/who/mail"),
            ("product", "/lines/1/what"),
            ("quantity", "/lines/1/many"),
            ("period_end", "/plan/ends"),
            ("amount", "/bill/sum"),
            ("refund_amount", "/back/sum"),
            ("currency", "/bill/currency"),
            ("amounts", "decimal"),
        ],
    ),
    ("stripe", &[("account", "acct_1Ours")]),
    ("ultracart", &[("username", "somebody")]),
    ("woocommerce", &[("paid_status", "processing"), ("free_items", "no")]),
];

#[test]
fn what_an_account_says_of_itself_its_events_say() {
    each_kind(|provider| {
        let kind = provider.facts().kind;
        let own = OWN_WORDS.iter().filter(|(of, _)| *of == kind);
        own.flat_map(|(_, words)| broken(&of_the_guide(provider, false, MONTHLY, words))).collect()
    });
}

#[test]
fn what_the_account_would_refuse_is_not_sent_and_said() {
    let paypal = keywright_providers::by_kind("paypal").unwrap();
    let config = of_the_guide(paypal, false, MONTHLY, &[]);
    let mut account = config.accounts.values().next().unwrap().clone();
    account.credentials.keys.remove("trigger_key");
    let config = Config { accounts: [(account.name.clone(), account)].into(), ..config };
    for steps in [&LIFE[..1], &LIFE] {
        assert_eq!(
            made(&config, steps).unwrap_err().to_string(),
            "the account paypal would refuse what is made for purchase with its own settings (the \
             signature is missing): in the guide of paypal, the section on testing says what \
             `trigger` needs"
        );
    }
}

#[test]
fn what_comes_when_a_warranty_ends_is_told_when_it_has_ended() {
    let hotmart = keywright_providers::by_kind("hotmart").unwrap();
    let config = of_the_guide(hotmart, false, MONTHLY, &[]);
    let titles = |steps: &[Step]| -> Vec<String> {
        let purchase = made(&config, steps).unwrap().remove(0);
        purchase.samples.into_iter().map(|sample| sample.title).collect()
    };
    let before = ["PURCHASE_APPROVED", "CLUB_FIRST_ACCESS"];
    assert_eq!(titles(&[Step::Purchase]), before);
    let later = [&before[..], &["PURCHASE_COMPLETE"]].concat();
    assert_eq!(titles(&[Step::Purchase, Step::Renewal]), later);
}

#[test]
fn a_purchase_is_continued_by_the_name_that_it_was_given() {
    let start = DateTime::from_timestamp(1_795_414_670, 0).unwrap();
    let tag = tag_of(start, "abcdefgh");
    assert_eq!((tag.as_str(), begun(&tag)), ("0toxytqabc", Some(start)));
    for of_somebody_else in ["", "ada", "0toxytq", "0toxytqabcd", "helloworld", "0toxyt-abc"] {
        assert_eq!(begun(of_somebody_else), None, "{of_somebody_else}");
    }
}

#[test]
fn what_is_not_renewed_was_bought_just_now() {
    let now = DateTime::from_timestamp(1_795_414_670, 0).unwrap();
    let goods = Goods { item: String::new(), item_next: String::new(), term: None };
    assert_eq!(goods.bought_at(&[Step::Purchase], now), now);
    let canceled = goods.bought_at(&[Step::Purchase, Step::Cancel], now);
    assert!(canceled < now && now - canceled < TimeDelta::days(1));
    assert!(goods.bought_at(&LIFE, now) < now - TimeDelta::days(360));
}
