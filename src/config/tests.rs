//! What a vendor writes, and what he is told.

use std::path::PathBuf;

use keywright_providers::ALL;

use super::section::fields;
use super::settings::{
    AccountSettings, DatabaseSettings, MailSettings, ServerSettings, SigningSettings,
};
use super::*;

const SECRET: &str = "whsec_kwStripeTestSecret123";
const OTHER: &str = "pdl_ntfset_01kwtestsecret_AbCdEf0123456789";

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

    /// The faults as people read them, without the folder.
    fn faults(&self) -> Vec<String> {
        let faults = self.load().unwrap_err();
        let folder = format!("{}/", self.folder.path().display());
        faults.to_string().replace(&folder, "").lines().map(str::to_owned).collect()
    }
}

fn faults(text: &str) -> Vec<String> {
    Desk::with(text).faults()
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
fn the_default_starts_a_service_that_sells_nothing() {
    let config = Desk::with("").load().unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.max_body_bytes, 1_048_576);
    assert_eq!(config.database.url.to_string(), "sqlite://var/keywright.db");
    assert!(config.accounts.is_empty() && config.products.is_empty());
    assert_eq!(Desk::with(DEFAULT).load().unwrap().warnings(), config.warnings());
}

#[test]
fn every_example_in_the_default_is_right() {
    let templates = tempfile::tempdir().unwrap();
    let secrets = [SECRET, "whsec_kwStripeOldSecret456", "whsec_kwStripeThird789"];
    let mut text = whole_example().replace("\"templates\"", &format!("{:?}", templates.path()));
    for secret in secrets {
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
        ("products.", fields::<ProductSettings>()),
        ("providers.", fields::<AccountSettings>()),
    ] {
        assert!(!names.is_empty());
        for name in names {
            assert!(named(table, name), "{name} is missing under [{table}");
        }
    }
    assert!(!named("server", "invented"));
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
fn what_is_no_toml_is_told_without_the_line() {
    let told = faults("[mail]\nsmtp_url = \"smtps://user:hunter22secret@mail.example.com\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("keywright.toml: is not TOML at line 2, column "), "{told:?}");
    assert!(!told[0].contains("hunter22secret"), "{told:?}");
    let none = Config::load_with(Path::new("/nowhere/keywright.toml"), []).unwrap_err().to_string();
    assert!(none.contains("keywright init"), "{none}");
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
fn an_account_that_could_verify_nothing_stops_the_start() {
    for provider in ALL {
        let kind = provider.facts().kind;
        let told = faults(&format!("[providers.shop]\nkind = \"{kind}\"\n"));
        let named = told.iter().any(|fault| fault.contains("providers.shop."));
        assert!(named, "{kind}: {told:?}");
    }
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
    let hidden = ["hunter22smtp", "hunter22base", SECRET, OTHER];
    let right = format!(
        "[database]\nurl = \"postgres://user:hunter22base@host/db\"\n[mail]\ntransport = \"smtp\"\n\
         smtp_url = \"smtps://user:hunter22smtp@mail.example.com\"\n[providers.stripe]\n\
         kind = \"stripe\"\nsecrets = [\"{SECRET}\"]\n[providers.paddle]\nkind = \"paddle\"\n\
         secret = \"{OTHER}\"\n"
    );
    let config = Desk::with(&right).load().unwrap();
    let printed = format!("{config:?} {}", config.warnings().join(" "));
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
