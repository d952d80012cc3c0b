//! Who did what; and that nobody wrote it anew.

use chrono::{DateTime, TimeDelta, Utc};
use keywright::store::rows::NewHistory;
use keywright::store::{Store, Tx};
use serde_json::{Value, json};

use crate::cli::Shell;
use crate::support::databases::Database;
use crate::support::process::now;

const CATALOGUE: &str = r#"
[mail]
from = "Acme Licensing <licenses@acme.example>"
[products.acme-pro]
name = "Acme Pro"
interval = "P1Y"
key_prefix = "ACME"
"#;

fn shell(db: &Database) -> Shell {
    let shell = Shell::new();
    let database = format!("[database]\nurl = {}\n", json!(db.address()));
    shell.write("keywright.toml", &format!("{CATALOGUE}{database}"));
    shell
}

fn read(shell: &Shell, command: &str) -> Value {
    serde_json::from_str(&shell.done(&format!("{command} --json"))).unwrap()
}

fn list(shell: &Shell, options: &str) -> Vec<Value> {
    read(shell, &format!("audit list {options}"))["items"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

/// Entries `1..=count` about this, an hour ago.
async fn write(store: &Store, subject: &'static str, count: usize) {
    write_at(store, subject, count, now() - TimeDelta::hours(1)).await;
}

async fn write_at(store: &Store, subject: &'static str, count: usize, at: DateTime<Utc>) {
    let append = move |tx: &mut Tx<'_>| {
        for number in 1..=count {
            tx.history_append(&NewHistory {
                subject: subject.to_owned(),
                at,
                action: "renewed".to_owned(),
                cause_event: None,
                actor: None,
                detail: json!({ "number": number }),
            })?;
        }
        Ok(())
    };
    store.run("write", append).await.unwrap();
}

on_both! {
    async fn every_act_stands_there_with_its_name_and_without_an_address(db: Database) {
        let shell = shell(&db);
        let issue = "licenses issue --product acme-pro --email ann@example.com";
        let license = read(&shell, issue);
        let id = license["id"].as_str().unwrap();
        shell.done(&format!("licenses resend {id} --email ann@new.example"));
        shell.done("mail retry 1");
        let word = license["key"].as_str().unwrap();
        shell.done(&format!("events replay --q {word}"));
        shell.done("events replay --type support.issue --since 2020-01-01");
        shell.done("token new --role support --name Ann");
        let token = read(&shell, "token list")[0]["id"].as_str().unwrap().to_owned();
        shell.done(&format!("token revoke {token}"));
        shell.done(&format!("token revoke {token}"));
        let kid = read(&shell, "keys list")[0]["kid"].as_str().unwrap().to_owned();
        shell.done("keys new");
        shell.done(&format!("keys retire {kid}"));
        shell.done("export licenses");
        shell.done(&format!("licenses revoke {id} --reason charged-back"));

        let all = list(&shell, "");
        assert_eq!(actions(&all), [
            "revoked", "exported", "key_retired", "key_made", "token_revoked", "token_made",
            "events_replayed", "events_replayed", "mail_retried", "resent", "issued",
        ]);
        assert!(all.iter().all(|entry| entry["actor"] == "command line"));
        let subjects = |action: &str| {
            let of = all.iter().find(|entry| entry["action"] == action).unwrap();
            of["subject"].as_str().unwrap().to_owned()
        };
        assert_eq!(subjects("revoked"), format!("license:{id}"));
        assert_eq!(subjects("mail_retried"), "mail:1");
        assert_eq!(subjects("token_made"), format!("token:{token}"));
        assert_eq!(subjects("key_retired"), format!("key:{kid}"));
        assert_eq!(subjects("exported"), "service");
        assert_eq!((&all[0]["reason"], &all[0]["text"]),
            (&json!("charged-back"), &json!("revoked (charged-back)")));
        assert_eq!(all[6]["detail"]["filter"]["type"], "support.issue");
        assert_eq!((&all[6]["detail"]["count"], &all[7]["detail"]["filter"]["by_word"]),
            (&json!(1), &json!(true)));
        let told = json!(all).to_string();
        for personal in ["ann@", word, "Ann"] {
            assert!(!told.contains(personal), "{personal} stands in the audit");
        }
        assert!(shell.done("audit verify").starts_with("the history is whole: 11 entries about 7 "));
        let listed = shell.done("audit list --limit 1");
        assert!(listed.contains("command line") && listed.contains("revoked (charged-back)"));
        assert!(listed.contains("more: --cursor "), "{listed}");
    }

    async fn the_list_is_of_people_and_can_be_narrowed(db: Database) {
        let (shell, store) = (shell(&db), db.node().await);
        write(&store, "license:machine", 2).await;
        shell.done("token new --role admin --name Ann");
        shell.done("export mail");
        assert_eq!(actions(&list(&shell, "")), ["exported", "token_made"]);
        assert_eq!(actions(&list(&shell, "--all")),
            ["exported", "token_made", "renewed", "renewed"]);
        assert_eq!(actions(&list(&shell, "--all --subject license:machine --action renewed")),
            ["renewed", "renewed"]);
        assert_eq!(actions(&list(&shell, "--subject service")), ["exported"]);
        assert_eq!(actions(&list(&shell, "--action token_made")), ["token_made"]);
        assert_eq!(actions(&list(&shell, "--actor nobody")), [""; 0]);
        let ago = (now() - TimeDelta::minutes(30)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(list(&shell, &format!("--all --since {ago}")).len(), 2);
        assert_eq!(list(&shell, &format!("--all --until {ago}")).len(), 2);
        let newest = read(&shell, "audit list --all --limit 3");
        let rest = list(&shell, &format!("--all --cursor {}", newest["next_cursor"].as_str().unwrap()));
        assert_eq!(rest[0]["detail"], json!({ "number": 1 }));
        assert_eq!(rest.len(), 1);
    }

    async fn the_first_entry_that_was_changed_is_named_however_long_the_history(db: Database) {
        let (shell, store) = (shell(&db), db.node().await);
        // More than one part of what is looked at in one go, and the parts end inside of a chain.
        for subject in ["license:a", "license:b", "license:c"] {
            write(&store, subject, 1_700).await;
        }
        assert_eq!(shell.done("audit verify"),
            "the history is whole: 5100 entries about 3 subjects\n");
        db.tamper(
            "UPDATE history SET action = 'revoked' WHERE subject = 'license:c' AND seq = 1650",
        )
        .await;
        let said = shell.refused("audit verify");
        assert!(said.contains("(license:c, number 1650): it was changed after it was written"), "{said}");
        let told = shell.run("audit verify --json");
        assert_eq!(told.status, 1);
        let told: Value = serde_json::from_str(&told.out).unwrap();
        assert_eq!((&told["entries"], &told["fault"]["number"]), (&json!(5049), &json!(1650)));
    }

    async fn a_head_misses_what_the_chains_do_not(db: Database) {
        let (shell, store) = (shell(&db), db.node().await);
        for subject in ["license:a", "license:b", "license:c"] {
            write(&store, subject, 4).await;
        }
        // Too young: a smaller number may still come to light.
        write_at(&store, "license:a", 1, now()).await;
        let head = shell.done("audit head");
        assert_eq!((head.lines().count(), head.matches('.').count()), (1, 2), "alone on its line");
        shell.write("head", &head);
        let verify = "audit verify --head head";
        let said = shell.done(verify);
        assert!(said.starts_with("the history is whole: 13 entries about 3 subjects, with all 12 that"));
        // It goes on, and the head still stands.
        write_at(&store, "license:d", 2, now()).await;
        assert!(shell.done(verify).contains("15 entries about 4 subjects, with all 12 that"));

        // A whole subject, and the end of a chain: no chain shows it.
        db.tamper("DELETE FROM history WHERE subject = 'license:b'").await;
        db.tamper("DELETE FROM history WHERE subject = 'license:c' AND seq = 4").await;
        assert!(shell.done("audit verify").contains("is whole: 10 entries about 3 subjects"));
        let said = shell.refused(verify);
        assert!(said.contains("of the 12 entries that the head counts, 5 are missing"), "{said}");
        // Others in their place, well chained.
        write(&store, "license:e", 5).await;
        if db.is_sqlite() {
            // The largest ids are given again there. Elsewhere these are new and not counted.
            assert!(shell.done("audit verify").contains("is whole"));
        }
        assert!(shell.refused(verify).contains("the head"), "they are not the same");
    }

    async fn what_is_no_head_of_ours_is_refused(db: Database) {
        let shell = shell(&db);
        shell.write("head", &shell.done("audit head"));
        assert!(shell.done("audit verify --head head").contains("with all 0 that"));
        shell.write("head", "eyJ.eyJ.sig");
        assert!(shell.refused("audit verify --head head").starts_with("head is not a signed token"));
        assert!(shell.refused("audit verify --head none").contains("the head none cannot be read"));
        // Of another service.
        let other = Shell::new();
        other.write("keywright.toml", CATALOGUE);
        shell.write("head", &other.done("audit head"));
        assert!(shell.refused("audit verify --head head").contains("names a signing key that is not known"));
    }
}

/// PostgreSQL takes nothing into the column that is no JSON.
#[tokio::test]
async fn what_cannot_be_read_is_named_too() {
    let db = Database::sqlite();
    let (shell, store) = (shell(&db), db.node().await);
    write(&store, "license:a", 3).await;
    db.tamper("UPDATE history SET detail = '[1' WHERE seq = 2").await;
    let said = shell.refused("audit verify");
    assert!(said.contains("history.detail of row 2 holds what cannot be"), "{said}");
}
