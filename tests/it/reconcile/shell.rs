//! `keywright reconcile`, as a person at a shell meets it.

use chrono::TimeDelta;
use keywright_providers::sample::{Scene, Step};
use serde_json::{Value, json};

use super::{page, stripe};
use crate::cli::Shell;
use crate::support::api::Api;
use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::process::now;

fn shell(db: &Database, api: &Api) -> Shell {
    let shell = Shell::new();
    shell.write(
        "keywright.toml",
        &format!(
            "[mail]\nfrom = \"Acme <licenses@acme.example>\"\n[database]\nurl = {}\n\
             [products.acme-pro]\ninterval = \"P1Y\"\n\
             [providers.gum]\nkind = \"gumroad\"\nsecret = \"gumroad-secret-of-the-office\"\n\
             api_token = \"gumroad-token-of-the-office\"\n\
             [providers.pay]\nkind = \"stripe\"\nsecret = \"whsec_office_office_office_2\"\n\
             api_key = \"rk_test_officeReadsEvents1\"\napi_url = \"{}\"\n\
             [providers.pay.products]\nprice_pro = \"acme-pro\"\n",
            json!(db.address()),
            api.base
        ),
    );
    shell
}

on_both! {
    async fn what_is_missing_is_shown_and_then_kept(db: Database) {
        let api = Api::open([]).await;
        // Only for its samples: its database is its own.
        let elsewhere = Database::sqlite();
        let office = Office::open(&elsewhere).await;
        stripe(&office, &api.base);
        let (at, scene) = (now(), office.scene(Step::Purchase, "ida", "price_pro"));
        let period_end = at + TimeDelta::days(365);
        let scene = Scene { at, period_start: at, period_end, ..scene };
        let account = office.support.shelf.now().account("pay").unwrap().clone();
        let samples = account.provider.samples(&scene);
        api.knows("/v1/events", page(&samples, false));
        let shell = shell(&db, &api);

        let shown = shell.done("reconcile pay --since 2026-11-01");
        assert!(shown.starts_with("HAPPENED") && shown.contains("invoice.paid"), "{shown}");
        assert!(shown.ends_with("keep and apply: --apply\n"), "{shown}");
        assert_eq!(shell.done("licenses list").lines().count(), 1, "only the head");

        let done: Value = serde_json::from_str(&shell.done("reconcile pay --apply --json")).unwrap();
        let missing = done["missing"].as_array().unwrap();
        assert_eq!((&done["kept"], &done["failed"]), (&json!(missing.len()), &json!([])));
        assert_eq!(shell.done("licenses list").lines().count(), 2, "and the license");
        assert!(shell.done("mail list").contains("issued"));
        let again = shell.done("reconcile pay --apply");
        assert!(again.starts_with("nothing is missing: "), "{again}");

        let long_ago = shell.run("reconcile pay --since 2020-01-01");
        assert_eq!(long_ago.status, 0);
        assert!(long_ago.err.starts_with("the list of pay goes no further back than 20"), "{}", long_ago.err);
        assert!(long_ago.err.ends_with("reconcile pay --file EXPORT\n"), "{}", long_ago.err);
        assert_eq!(shell.run("reconcile pay").err, "", "all that was asked for");

        let told = shell.refused("reconcile gum");
        assert!(told.starts_with("Gumroad has no list of what it sent"), "{told}");
        assert_eq!(shell.refused("reconcile pya"), "there is no account pya\n");
        for wrong in ["reconcile", "reconcile pay --since soon", "reconcile pay --apply --file x",
            "reconcile pay --columns order=No", "reconcile pay --file x --columns colour=Red"] {
            assert_eq!(shell.run(wrong).status, 2, "{wrong}");
        }

        shell.write("export.csv", "Subscription;Date\nsub_lost;2026-12-01\nsub_odd;01/02/2026\n");
        let told = shell.done("reconcile pay --file export.csv");
        assert!(told.contains("paid without license: 1\n") && told.contains("sub_lost"), "{told}");
        assert!(told.contains("rows that cannot be read: 1\nline 3: \"01/02/2026\""), "{told}");
        let told: Value = serde_json::from_str(&shell.done("reconcile pay --file export.csv --json")).unwrap();
        assert_eq!(told["paid_without_license"]["items"][0]["references"], json!(["sub_lost"]));
        shell.write("names.csv", "Name\nIda\n");
        let told = shell.refused("reconcile pay --file names.csv");
        assert!(told.starts_with("names.csv: no column tells"), "{told}");
        assert!(shell.refused("reconcile pay --file nowhere.csv").starts_with("nowhere.csv: "));
    }
}
