//! Support's work from a shell, on the database itself.

use keywright::store::{Age, DatabaseUrl, Options, Store};
use serde_json::{Value, json};

use crate::cli::Shell;
use crate::support::databases::Database;

const CATALOGUE: &str = r#"
[mail]
from = "Acme Licensing <licenses@acme.example>"
[products.acme-pro]
name = "Acme Pro"
interval = "P1Y"
max_activations = 2
key_prefix = "ACME"
[products.acme-ever]
[products.acme-field]
interval = "P1Y"
start = "activation"
key_format = "signed"
"#;

/// What differs from run to run, each as wide as it is. Dates that a story sets stay.
const MASKS: [(&str, &str); 4] = [
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "<the id of a license, always a UUID>",
    ),
    (r"ACME(-[0-9A-Z]{5}){5}", "<the key of a license, grouped...>"),
    (r"20[2-8]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<the time of now...>"),
    (r"[0-9a-f]{32}", "<an order's name, 32 characters>"),
];

pub(crate) fn shell(db: &Database) -> Shell {
    let shell = Shell::new();
    let database = format!("[database]\nurl = {}\n", json!(db.address()));
    shell.write("keywright.toml", &format!("{CATALOGUE}{database}"));
    shell
}

fn file_url(file: &std::path::Path) -> DatabaseUrl {
    format!("sqlite://{}", file.display()).parse().unwrap()
}

fn read(shell: &Shell, command: &str) -> Value {
    serde_json::from_str(&shell.done(&format!("{command} --json"))).unwrap()
}

/// The id of a license that lasts until the end of January 2090.
fn issue(shell: &Shell) -> String {
    let issued =
        "licenses issue --product acme-pro --email ann@example.com --expires-at 2090-01-31";
    read(shell, issued)["id"].as_str().unwrap().to_owned()
}

on_both! {
    async fn a_license_is_given_renewed_and_explained(db: Database) {
        let shell = shell(&db);
        let id = issue(&shell);
        shell.done(&format!("licenses renew {id} --reason anniversary"));
        shell.done(&format!("licenses renew {id} --interval P3M"));
        let license = read(&shell, &format!("licenses show {id}"));
        assert_eq!(license["expires_at"], "2091-04-30T23:59:59Z");
        let key = license["key"].as_str().unwrap();
        insta::with_settings!({ filters => MASKS }, {
            insta::assert_snapshot!("licenses_list", shell.done("licenses list"));
            insta::assert_snapshot!("licenses_show", shell.done(&format!("licenses show {key}")));
            let explained = shell.done(&format!("licenses show {id} --explain"));
            insta::assert_snapshot!("licenses_explain", explained);
        });
        let set = shell.done(&format!("licenses set-expiry {id} 2090-06-30"));
        assert_eq!(set, format!("license {id} is active, expiry 2090-06-30T23:59:59Z\n"));
        let suspended = shell.done(&format!("licenses suspend {key}"));
        assert!(suspended.starts_with(&format!("license {id} is suspended")));
        assert!(shell.done(&format!("licenses reinstate {id}")).contains("is active"));
        assert!(shell.done(&format!("licenses revoke {id}")).contains("is revoked"));
        assert_eq!(
            shell.refused(&format!("licenses renew {id}")),
            "the license is revoked; reinstate it first\n"
        );
    }

    async fn a_key_longer_than_a_line_is_whole_where_one_looks_at_its_license(db: Database) {
        let shell = shell(&db);
        let given = read(&shell, "licenses issue --product acme-field --email ann@example.com");
        let key = given["key"].as_str().unwrap();
        let list = shell.done("licenses list");
        let widest = list.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest < 180 && !list.contains(key), "{list}");
        assert!(list.contains("from activation"), "{list}");
        let one = shell.done(&format!("licenses show {}", given["id"].as_str().unwrap()));
        assert!(one.contains(key) && one.contains("expires      from activation"), "{one}");
    }

    async fn what_there_is_not_is_said_in_a_sentence(db: Database) {
        let shell = shell(&db);
        for (command, sentence) in [
            ("licenses show ACME-1", "there is no license ACME-1\n"),
            ("events show 7", "there is no event 7\n"),
            ("mail retry 7", "there is no mail 7\n"),
            ("token revoke 7", "there is no token 7\n"),
            (
                "licenses issue --product acme-por --email ann@example.com",
                "product is \"acme-por\", and there is no such product; did you mean acme-pro?\n",
            ),
        ] {
            assert_eq!(shell.refused(command), sentence, "{command}");
        }
        for wrong in ["licenses renew", "events list --status broken", "token new --role root --name a",
            "events replay 1 --status failed"] {
            assert_eq!(shell.run(wrong).status, 2, "{wrong}");
        }
    }

    async fn a_name_of_nothing_is_no_empty_list(db: Database) {
        let shell = shell(&db);
        issue(&shell);
        for command in ["events list --account nope", "events replay --account nope"] {
            let refused = shell.refused(command);
            assert_eq!(refused, "there is no account \"nope\"; none is configured\n", "{command}");
        }
        assert!(shell.refused("hooks list --hook nope").contains("there is no hook \"nope\""));
        assert!(shell.done("events list --account support").contains("support.issue"));
        // Of an account that is gone its events are there still.
        db.tamper("UPDATE events SET account = 'gone'").await;
        assert!(shell.done("events list --account gone").contains("support.issue"));
    }

    async fn events_and_mail_are_seen_and_moved(db: Database) {
        let shell = shell(&db);
        let id = issue(&shell);
        let events = read(&shell, "events list");
        let event = events["items"][0]["id"].as_str().unwrap();
        assert_eq!(
            shell.done(&format!("events replay {event} --dry-run")),
            format!("event {event} would be applied\n  nothing changes\n")
        );
        assert_eq!(shell.done("events replay"), "replayed 0 events\n");
        assert_eq!(shell.done("events replay --type support.issue"), "replayed 1 event\n");
        assert_eq!(read(&shell, "events list")["items"][0]["status"], "applied");
        assert!(shell.refused(&format!("events ignore {event}")).contains("the event is applied"));
        shell.done(&format!("licenses resend {id} --email ann@new.example"));
        insta::with_settings!({ filters => MASKS }, {
            insta::assert_snapshot!("events_list", shell.done("events list"));
            insta::assert_snapshot!("mail_list", shell.done("mail list"));
        });
        let newest = shell.done("mail list --limit 1");
        let cursor = newest.trim_end().rsplit_once("more: ").unwrap().1;
        let rest = read(&shell, &format!("mail list {cursor}"));
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        assert_eq!(rest["items"][0]["to"], "ann@example.com");
    }

    async fn only_the_service_brings_an_older_database_up_to_date(db: Database) {
        let shell = shell(&db);
        issue(&shell);
        let steps = "__diesel_schema_migrations";
        db.tamper(&format!(
            "DELETE FROM {steps} WHERE version = '0009'; ALTER TABLE events DROP COLUMN lapsed"
        ))
        .await;
        for command in ["licenses list", "token new --role admin --name Ann", "audit verify"] {
            let refused = shell.refused(command);
            assert!(refused.contains("start `keywright serve` once"), "{refused}");
        }
        // A database that was restored must hold its mail before the service starts on it.
        assert!(shell.done("mail hold").contains("nothing goes out"));
        assert_eq!(db.open(Options::default()).age().await.unwrap(), Age::Older);
        if let Some(file) = db.file() {
            // What stands before an upgrade.
            assert!(shell.done("backup before.db").contains(" 1 license and"));
            let copy = Store::open(&file_url(&shell.path("before.db")), Options::default()).unwrap();
            let original = Store::open(&file_url(&file), Options::default()).unwrap();
            for store in [copy, original] {
                assert_eq!(store.age().await.unwrap(), Age::Older);
            }
        }
        db.node().await;
        shell.done("licenses list");
        db.tamper(&format!("INSERT INTO {steps} (version) VALUES ('9999')")).await;
        let refused = shell.refused("licenses list");
        assert!(refused.contains("of a newer keywright"), "{refused}");
    }

    async fn a_replay_that_fails_again_and_templates_that_are_wrong_end_with_1(db: Database) {
        let shell = shell(&db);
        issue(&shell);
        let id = read(&shell, "events list")["items"][0]["id"].as_str().unwrap().to_owned();
        shell.done(&format!("events replay {id}"));
        db.tamper("DELETE FROM payloads").await;
        let again = shell.run(&format!("events replay {id}"));
        assert_eq!(again.status, 1, "{}", again.out);

        std::fs::create_dir(shell.path("letters")).unwrap();
        shell.write("letters/issued.txt", "{{ key");
        let file = std::fs::read_to_string(shell.path("keywright.toml")).unwrap();
        let own = file.replacen("[mail]", "[mail]\ntemplates = \"letters\"", 1);
        shell.write("keywright.toml", &own);
        assert!(shell.refused("check").starts_with("mail.templates: "));
    }

    async fn a_token_is_shown_once_and_works_until_it_is_revoked(db: Database) {
        let shell = shell(&db);
        let token = shell.done("token new --role support --name Ann");
        assert!(token.starts_with("kw_") && token.trim_end().len() == 55, "alone on its line");
        let listed = read(&shell, "token list");
        assert_eq!((&listed[0]["name"], &listed[0]["role"]), (&json!("Ann"), &json!("support")));
        assert!(!shell.done("token list").contains(token.trim()));
        let id = listed[0]["id"].as_str().unwrap();
        assert_eq!(
            shell.done(&format!("token revoke {id}")),
            format!("token {id} of Ann is revoked\n")
        );
        assert!(read(&shell, "token list")[0]["revoked_at"].is_string());
    }
}
