//! Everything of one sort, for a spreadsheet or a program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use chrono::TimeDelta;
use keywright::store::rows::{ActivationRow, During, LicenseRow};
use keywright::store::types::LicenseState;
use keywright::store::{Store, Tx};
use keywright::support::Support;
use keywright::support::export::{Format, What};
use keywright_providers::sample::Step;
use serde_json::{Value, json};

use crate::cli::Shell;
use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};
use crate::support::process::now;

/// More than one part, and the second begins among licenses of one moment.
const MANY: usize = 1_100;

async fn parts(support: &Support, what: What, format: Format, during: During) -> Vec<String> {
    let mut export = support.export(what, format, during, by_nobody()).await.unwrap();
    let mut parts = Vec::new();
    while let Some(part) = export.next().await.unwrap() {
        parts.push(part);
    }
    parts
}

async fn lines(support: &Support, what: What, during: During) -> Vec<Value> {
    let text = parts(support, what, Format::JsonLines, during).await.concat();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Licenses of which three each were made at one moment, a second apart.
async fn stock(store: &Store) {
    let start = now() - TimeDelta::days(1);
    let open = move |tx: &mut Tx<'_>| tx.sale_new("shop", true, None, start);
    let sale_id = store.run("sale", open).await.unwrap().id;
    let numbers: Vec<usize> = (0..MANY).collect();
    // Not all at once: many tests share a machine, and no transaction may take long.
    for numbers in numbers.chunks(100) {
        let numbers = numbers.to_vec();
        let fill = move |tx: &mut Tx<'_>| {
            for &number in &numbers {
                let at = start + TimeDelta::seconds(i64::try_from(number / 3).unwrap());
                tx.license_insert(&license(number, sale_id, at))?;
                if number % 100 == 0 {
                    for machine in ["one", "two"] {
                        tx.activation_insert(&activation(number, machine, at))?;
                    }
                }
            }
            Ok(())
        };
        store.run("stock", fill).await.unwrap();
    }
    let merge = move |tx: &mut Tx<'_>| {
        let mut merged = tx.license_by_id("license-00007")?.unwrap();
        merged.merged_into = Some("license-00008".to_owned());
        tx.license_update(&merged, merged.version)
    };
    store.run("merge", merge).await.unwrap();
}

fn license(number: usize, sale_id: i64, at: chrono::DateTime<chrono::Utc>) -> LicenseRow {
    LicenseRow {
        id: format!("license-{number:05}"),
        sale_id,
        slot: number.to_string(),
        account: "shop".to_owned(),
        live: true,
        key: format!("ACME-{number}"),
        product: "acme-pro".to_owned(),
        state: LicenseState::Active,
        starts_at: at,
        expires_at: None,
        valid_until: None,
        max_activations: 2,
        quantity: 1,
        features: json!([]),
        flags: json!(["trial", "past_due"]),
        email: None,
        customer: json!({}),
        order_ref: None,
        subscription_ref: None,
        merged_into: None,
        sequence: 0,
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

fn activation(number: usize, machine: &str, at: chrono::DateTime<chrono::Utc>) -> ActivationRow {
    ActivationRow {
        id: format!("{machine}-{number}"),
        license_id: format!("license-{number:05}"),
        fingerprint: machine.to_owned(),
        name: None,
        platform: None,
        version: None,
        first_at: at,
        last_at: at,
        released_at: (machine == "two").then_some(at),
        sequence: 1,
    }
}

on_both! {
    async fn however_many_there_are_each_is_there_once_oldest_first(db: Database) {
        let office = Office::open(&db).await;
        stock(&office.support.store).await;
        let all = parts(&office.support, What::Licenses, Format::Csv, During::default()).await;
        assert_eq!(all.len(), 2, "a part at a time");
        let csv = all.concat();
        let ids: Vec<&str> = csv.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        let mut wanted: Vec<String> = (0..MANY).map(|number| format!("license-{number:05}")).collect();
        // It went into another, and that one is there.
        wanted.remove(7);
        assert_eq!(ids, wanted);
        let seats = |row: &Value| row["activations"].as_u64().unwrap();
        let rows = lines(&office.support, What::Licenses, During::default()).await;
        assert_eq!(rows.iter().map(seats).sum::<u64>(), 11, "seats that are held, and no others");
        assert_eq!(seats(&rows[0]), 1);
        let since = office.support.store.read("one", |tx| tx.license_by_id("license-00600")).await;
        let since = Some(since.unwrap().unwrap().created_at);
        let during = During { since, until: None };
        assert_eq!(lines(&office.support, What::Licenses, during).await.len(), MANY - 600);
        let during = During { since: None, until: since };
        assert_eq!(lines(&office.support, What::Licenses, during).await.len(), 600 - 1);
    }

    async fn a_row_says_what_the_api_says(db: Database) {
        let office = Office::open(&db).await;
        for tag in ["ada", "bob"] {
            office.sells(tag).await;
        }
        for (what, path) in
            [(What::Licenses, "/licenses"), (What::Events, "/events"), (What::Mail, "/mail")]
        {
            let mut listed = office.get(path).await.ok()["items"].as_array().unwrap().clone();
            listed.reverse();
            assert!(!listed.is_empty());
            assert_eq!(lines(&office.support, what, During::default()).await, listed, "{path}");
        }
    }

    async fn a_buyer_who_writes_formulas_is_quoted(db: Database) {
        let office = Office::open(&db).await;
        let mut scene = office.scene(Step::Purchase, "eve", "price_pro");
        scene.name = "=HYPERLINK(\"https://evil.example\",\"click\"), \u{1b}]0;x\u{7} <b>".to_owned();
        scene.company = Some("@SUM(1+1)*cmd|' /C calc'!A0".to_owned());
        office.deliver(&scene).await;
        let csv = parts(&office.support, What::Licenses, Format::Csv, During::default()).await.concat();
        assert!(csv.contains("\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"click\"\")"), "{csv}");
        assert!(csv.chars().all(|c| !c.is_control() || c == '\r' || c == '\n'), "{csv:?}");
        for begin in ["=", "@", "+", "-"] {
            for cell in [format!(",{begin}"), format!(",\"{begin}"), format!("\n{begin}")] {
                assert!(!csv.contains(&cell), "{cell:?} in {csv}");
            }
        }
        assert_eq!(csv.matches("\r\n").count(), 2, "the head and one license");
    }

    async fn an_export_goes_to_a_file_that_is_whole_and_its_owners_alone(db: Database) {
        let shell = Shell::new();
        let text = "[mail]\nfrom = \"Acme <a@acme.example>\"\n[products.acme-pro]\ninterval = \"P1Y\"\n";
        shell.write("keywright.toml", &format!("{text}[database]\nurl = {}\n", json!(db.address())));
        shell.done("licenses issue --product acme-pro --email ann@example.com");
        let printed = shell.done("export licenses");
        assert!(printed.starts_with("id,key,product,status,starts_at,expires_at,valid_until,customer.email,"));
        assert!(printed.contains(",ann@example.com,"));
        shell.write("licenses.csv", "of yesterday");
        assert_eq!(shell.done("export licenses --out licenses.csv"), "licenses: 1, in licenses.csv\n");
        let written = fs::read_to_string(shell.path("licenses.csv")).unwrap();
        // The time of now decides what a license is: nothing of it has changed meanwhile.
        assert_eq!(written, printed);
        assert_eq!(fs::metadata(shell.path("licenses.csv")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(shell.done("export mail --format jsonl --until 2020-01-01 --out m"), "mail: 0, in m\n");
        assert_eq!(fs::read_to_string(shell.path("m")).unwrap(), "");
        let events = shell.done("export events --format jsonl");
        let event: Value = serde_json::from_str(&events).unwrap();
        assert_eq!((&event["type"], event.get("body")), (&json!("support.issue"), None));
        assert!(shell.refused("export mail --out no/such/folder").contains("cannot be written"));
        assert_eq!(shell.run("export everything").status, 2);
    }
}
