//! What a vendor writes, and what becomes of it.

mod console;
mod described;
mod faults;
mod telemetry;

use std::path::PathBuf;

use chrono::TimeDelta;

use super::section::fields;
use super::settings::{
    AccountSettings, ConsoleSettings, DatabaseSettings, HookSettings, MailSettings,
    NetLicensingSettings, RetentionSettings, ServerSettings, SigningSettings, TelemetrySettings,
};
use super::*;

const SECRET: &str = "whsec_kwStripeTestSecret123";
const HOOK_SECRET: &str = "whsec_a2V5d3JpZ2h0LXRlc3QtaG9vay1zZWNyZXQtMTIz";

fn noon() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500) + TimeDelta::hours(12)
}

/// A folder with a `keywright.toml`, gone at the end of the test.
struct Desk {
    folder: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Desk {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keywright.toml"), text).unwrap();
        Self { folder, variables: Vec::new() }
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn load(&self) -> Result<Config, Faults> {
        let file = self.folder.path().join("keywright.toml");
        Config::load_with(&file, self.variables.clone())
    }

    fn warnings(&self) -> Vec<String> {
        self.load().unwrap().warnings(noon())
    }

    /// The faults as people read them, without the folder.
    fn faults(&self) -> Vec<String> {
        let faults = self.load().unwrap_err();
        let folder = format!("{}/", self.folder.path().display());
        faults.to_string().replace(&folder, "").lines().map(str::to_owned).collect()
    }
}

/// The example with every `#` taken away that stands before an example.
fn whole_example() -> String {
    let secrets_elsewhere = |line: &&str| !line.contains("_file = \"/run/");
    let lines = DEFAULT.lines().filter(secrets_elsewhere);
    let bare = lines.map(|line| match line.strip_prefix('#') {
        Some(example) if !example.is_empty() && !example.starts_with(' ') => example,
        _ => line,
    });
    bare.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_item_in_a_variable_keeps_its_letters() {
    let text = "[products.pro]\n[products.lite]\n[providers.a]\nkind = \"paddle\"\n\
                secret = \"pdl_ntfset_01kwtestsecret_AbCdEf0123456789\"\n\
                [providers.a.products]\n\"pri_Pro\" = \"pro\"\n";
    let desk = Desk::with(text)
        .variable("KEYWRIGHT__PROVIDERS__A__PRODUCTS__pri_Lite", "lite")
        .variable("KEYWRIGHT__PROVIDERS__A__PRODUCTS__pri_Pro", "lite");
    let items = &desk.load().unwrap().catalogue.items["a"];
    let sold = items.iter().map(|(item, offer)| (item.as_str(), offer[0].id.as_str()));
    assert_eq!(sold.collect::<Vec<_>>(), [("pri_Lite", "lite"), ("pri_Pro", "lite")]);
    let wrong = Desk::with(text).variable("KEYWRIGHT__PROVIDERS__A__PRODUCTS__pri_Pro", "nix");
    assert!(wrong.faults()[0].starts_with("KEYWRIGHT__PROVIDERS__A__PRODUCTS__pri_Pro"));
}

#[test]
fn the_default_starts_a_service_that_sells_nothing() {
    let config = Desk::with("").load().unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.max_body_bytes, 1_048_576);
    assert_eq!(config.database.url.to_string(), "sqlite://var/keywright.db");
    assert_eq!(config.netlicensing.root.to_string(), "AppLicensing");
    assert!(config.accounts.is_empty() && config.products.is_empty());
    assert_eq!(Desk::with(DEFAULT).warnings(), config.warnings(noon()));
}

#[test]
fn every_example_in_the_default_is_right() {
    let templates = tempfile::tempdir().unwrap();
    let secrets = [SECRET, "whsec_kwStripeOldSecret456", "whsec_kwStripeThird789"];
    let mut text = whole_example().replace("\"templates\"", &format!("{:?}", templates.path()));
    // Its word is taken in an example.
    text = text.replace("trusted_proxies = []", "trusted_proxies = [\"127.0.0.1\"]");
    for secret in secrets.into_iter().chain([HOOK_SECRET]) {
        text = text.replacen("whsec_...", secret, 1);
    }
    let config = Desk::with(&text).load().unwrap_or_else(|faults| panic!("{faults}"));
    let account = &config.accounts["stripe"];
    let tried: Vec<_> = account.credentials.secrets.iter().map(|secret| secret.expose()).collect();
    assert_eq!(tried, secrets);
    let bought = |item: &str| {
        let offer = config.catalogue.offer("stripe", &[item.to_owned()])?;
        Some(offer.iter().map(|product| (product.id.clone(), product.max_activations)).collect())
    };
    assert_eq!(bought("price_1Pro"), Some(vec![("acme-pro".to_owned(), 2)]));
    assert_eq!(bought("price_1Lite"), Some(vec![("acme-lite".to_owned(), 5)]));
    assert_eq!(bought("price_1Shirt"), Some(vec![]));
    assert_eq!(bought("price_unknown"), None);
    let hook = &config.hooks["crm"];
    assert_eq!(hook.url.as_str(), "https://crm.acme.example/hooks/licenses");
    assert_eq!(hook.events, HookEvent::ALL.into());
    let suite = &config.catalogue.products["acme-suite"];
    assert_eq!(suite.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["acme-pro", "acme-lite"]);
}

#[test]
fn every_key_stands_in_the_default() {
    let named = |table: &str, name: &str| {
        let inside = DEFAULT
            .lines()
            .skip_while(|line| !line.trim_start_matches('#').starts_with(&format!("[{table}")));
        let ends = |line: &&str| {
            let line = line.trim_start_matches('#');
            !line.starts_with('[') || line.starts_with(&format!("[{table}"))
        };
        inside.take_while(ends).any(|line| {
            let line = line.trim_start_matches('#');
            line.starts_with(&format!("{name} = ")) || line.ends_with(&format!(".{name}]"))
        })
    };
    for (table, names) in [
        ("server", fields::<ServerSettings>()),
        ("database", fields::<DatabaseSettings>()),
        ("signing", fields::<SigningSettings>()),
        ("mail", fields::<MailSettings>()),
        ("retention", fields::<RetentionSettings>()),
        ("console", fields::<ConsoleSettings>()),
        ("netlicensing", fields::<NetLicensingSettings>()),
        ("telemetry", fields::<TelemetrySettings>()),
        ("products.", fields::<ProductSettings>()),
        ("providers.", fields::<AccountSettings>()),
        ("hooks.", fields::<HookSettings>()),
    ] {
        assert!(!names.is_empty());
        for name in names {
            assert!(named(table, name), "{name} is missing under [{table}");
        }
    }
    assert!(!named("server", "invented"));
}

#[test]
fn the_environment_stands_over_the_file_and_is_named_in_its_faults() {
    let desk = Desk::with(
        "[products.acme-pro]\nmax_activations = 2\n[providers.stripe-eu]\nkind = \"stripe\"\n\
         secret = \"changeme\"\n[providers.stripe-eu.products]\n\"price_1Pro\" = \"acme-pro\"\n",
    )
    .variable("KEYWRIGHT__SERVER__LISTEN", "[::]:0")
    .variable("KEYWRIGHT__SERVER__TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2")
    .variable("KEYWRIGHT__PRODUCTS__ACME_PRO__MAX_ACTIVATIONS", "7")
    .variable("KEYWRIGHT__PRODUCTS__ACME_PRO__STACK", "true")
    .variable("KEYWRIGHT__PRODUCTS__ACME_PRO__FEATURES", "export,batch")
    .variable("KEYWRIGHT__PROVIDERS__STRIPE_EU__SECRET", SECRET)
    .variable("KEYWRIGHT_CONFIG", "elsewhere.toml");
    let config = desk.load().unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(config.server.listen.to_string(), "[::]:0");
    assert_eq!(config.server.trusted_proxies.len(), 2);
    let product = &config.catalogue.products["acme-pro"][0];
    assert_eq!((product.max_activations, product.stack), (7, true));
    assert_eq!(product.features, ["export", "batch"]);
    assert_eq!(config.accounts["stripe-eu"].credentials.secrets[0].expose(), SECRET);

    let desk = Desk::with("[products.acme-pro]\n")
        .variable("KEYWRIGHT__MAIL__SMTP_URL", "smtps://user:hunter22@")
        .variable("KEYWRIGHT__PRODUCTS__ACME_PRO__STACK", "perhaps")
        .variable("KEYWRIGHT__SERVER__LISTN", "[::]:0");
    assert_eq!(
        desk.faults(),
        [
            "KEYWRIGHT__MAIL__SMTP_URL: mail.smtp_url: is not a mail server; write \
             smtps://user:password@mail.example.com",
            "KEYWRIGHT__PRODUCTS__ACME_PRO__STACK: products.acme-pro.stack: is a text; write true \
             or false",
            "KEYWRIGHT__SERVER__LISTN: server.listn: is not a known key; did you mean listen?",
        ]
    );
}

#[test]
fn secrets_come_from_files_without_their_last_newline() {
    let desk = Desk::with("");
    let (stripe, smtp) = (
        desk.file("stripe", &format!("{SECRET}\nwhsec_kwStripeOldSecret456\r\n")),
        desk.file("smtp", "smtps://user:hunter22@mail.example.com\n"),
    );
    let url = desk.file("url", "postgres://user:hunter22@host/db\n");
    desk.file(
        "keywright.toml",
        &format!(
            "[database]\nurl_file = {url:?}\n[mail]\ntransport = \"smtp\"\nsmtp_url_file = {smtp:?}\n\
             [providers.stripe]\nkind = \"stripe\"\nsecret_file = {stripe:?}\n"
        ),
    );
    let config = desk.load().unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(config.database.url.to_string(), "postgres://host/db");
    assert!(matches!(&config.mail.transport, Transport::Smtp { url } if url.port == 465));
    let secrets = &config.accounts["stripe"].credentials.secrets;
    let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose()).collect();
    assert_eq!(secrets, [SECRET, "whsec_kwStripeOldSecret456"]);

    let desk = Desk::with(
        "[database]\nurl = \"sqlite://a.db\"\nurl_file = \"b\"\n[providers.stripe]\n\
         kind = \"stripe\"\nsecret_file = \"/nowhere/stripe\"\n",
    );
    let told = desk.faults();
    assert!(told[0].contains("database.url_file: stands beside database.url"), "{told:?}");
    assert!(told.iter().any(|fault| fault.contains("secret_file: names /nowhere/stripe")));
}

#[test]
fn a_variable_is_meant_over_its_other_form_in_the_file() {
    let desk = Desk::with("[database]\nurl = \"sqlite://a.db\"");
    let file = desk.file("database_url", "postgres://host/db\n");
    let desk = desk.variable("KEYWRIGHT__DATABASE__URL_FILE", file.to_str().unwrap());
    assert_eq!(desk.load().unwrap().database.url.to_string(), "postgres://host/db");
    let desk = Desk::with("[database]\nurl_file = \"/nowhere\"");
    let desk = desk.variable("KEYWRIGHT__DATABASE__URL", "sqlite://b.db");
    assert_eq!(desk.load().unwrap().database.url.to_string(), "sqlite://b.db");
}
