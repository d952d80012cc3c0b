//! A backup while the service works, and the service that is started from it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use keywright::store::Store;
use keywright::store::rows::MailFilter;
use keywright::store::types::MailStatus;

use crate::cli::Shell;
use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, applied, files, licenses, settled, until};

/// Purchases before the backup begins.
const EARLY: usize = 15;

/// What the vendor's command said.
fn run(vendor: &Vendor<'_>, arguments: &[&str]) -> Result<String, String> {
    said(vendor.run(arguments))
}

fn said(output: Output) -> Result<String, String> {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// One more purchase, answered 200; its tag.
async fn buys(vendor: &Vendor<'_>, node: &Node, tags: &mut Vec<String>) {
    let tag = format!("t{}", tags.len());
    for sample in vendor.events("stripe", &tag, "purchase") {
        assert_eq!(node.send("stripe", &sample).await.status, 200);
    }
    tags.push(tag);
}

fn buyer(tag: &str) -> String {
    format!("buyer.{tag}@customer.example")
}

async fn owed(store: &Store) -> BTreeSet<String> {
    let filter = MailFilter { status: Some(MailStatus::Queued), ..MailFilter::default() };
    let mails = store.read("owed", move |tx| tx.outbox_list(&filter, None, 1_000)).await.unwrap();
    mails.into_iter().map(|mail| mail.message_id).collect()
}

/// The Message-IDs of what went out.
fn sent(folder: &Path) -> BTreeSet<String> {
    let read = |name: &String| {
        let mail = fs::read_to_string(folder.join(name)).unwrap();
        let line = mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        line.trim().to_owned()
    };
    files(folder).iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_made_while_events_pour_in_is_whole_and_holds_its_mail() {
    let db = Database::sqlite();
    let vendor = Vendor::new(&db);
    let node = vendor.serve();
    // Mail that is owed at the moment of the backup: the original holds it, too.
    run(&vendor, &["mail", "hold"]).unwrap();
    let mut tags = Vec::new();
    for _ in 0..EARLY {
        buys(&vendor, &node, &mut tags).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let backup = ["backup", file.to_str().unwrap()];
    let mut backing_up = vendor.begin(&backup);
    // They pour in until it is done, and go on.
    while backing_up.try_wait().unwrap().is_none() {
        buys(&vendor, &node, &mut tags).await;
    }
    buys(&vendor, &node, &mut tags).await;
    let told = said(backing_up.wait_with_output().unwrap()).unwrap();
    assert!(told.contains(" events, ") && told.contains("signing.pem"), "{told}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names, ["backup.db"], "nothing else is left beside it");
    let again = run(&vendor, &backup).unwrap_err();
    assert!(again.contains("is there already and stays as it is"), "{again}");

    // The original sends on, and is lost.
    run(&vendor, &["mail", "release"]).unwrap();
    settled(&vendor.store()).await;
    assert_eq!(files(&vendor.mail_folder()).len(), tags.len());
    node.kill();
    let original = db.file().unwrap();
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", original.display()));
    }
    fs::remove_dir_all(vendor.mail_folder()).unwrap();

    fs::copy(&file, &original).unwrap();
    assert!(run(&vendor, &["check"]).is_ok());
    let node = vendor.serve();
    assert_eq!(node.get("/readyz").0, 200);
    let store = vendor.store();
    applied(&store).await;
    for tag in &tags[..EARLY] {
        assert_eq!(licenses(&store, &buyer(tag)).await.len(), 1, "{tag} was there at the backup");
    }
    // The provider tells again what the copy lacks, and something new.
    for tag in &tags[EARLY..] {
        for sample in vendor.events("stripe", tag, "purchase") {
            assert_eq!(node.send("stripe", &sample).await.status, 200);
        }
    }
    applied(&store).await;
    for tag in &tags {
        assert_eq!(licenses(&store, &buyer(tag)).await.len(), 1, "{tag} has one license");
    }
    until("it was looked for mail", async || vendor.log().contains("nothing goes out")).await;
    assert!(vendor.log().contains("this is a backup of that time"), "{}", vendor.log());
    assert!(files(&vendor.mail_folder()).is_empty());
    let owed = owed(&store).await;
    assert_eq!(owed.len(), tags.len());
    assert!(run(&vendor, &["audit", "verify"]).unwrap().starts_with("the history is whole"));

    run(&vendor, &["mail", "release"]).unwrap();
    settled(&store).await;
    assert_eq!(sent(&vendor.mail_folder()), owed, "exactly what is owed");
    assert!(node.terminate());
}

#[tokio::test]
async fn where_there_can_be_no_backup_it_is_said_and_nothing_is_left() {
    let shell = Shell::new();
    shell.done("init");
    let said = shell.refused("backup copy.db");
    assert!(said.contains("there is no database at var/keywright.db yet"), "{said}");
    shell.done("events list");
    assert!(shell.refused("backup no/such/folder/copy.db").contains("cannot be made"));
    shell.write("copy.db.part", "");
    assert!(shell.refused("backup copy.db").contains("or one was cut off; then remove it"));
    fs::remove_file(shell.path("copy.db.part")).unwrap();
    assert!(shell.done("backup copy.db").contains("keep var/signing.pem with it"));
    // A name that SQLite would take for an address.
    shell.done("backup file:copy.db?mode=memory");
    assert!(fs::metadata(shell.path("file:copy.db?mode=memory")).unwrap().len() > 10_000);
    // A damaged database gives no backup that looks like one.
    let file = shell.path("var/keywright.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[8_192..].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let done = shell.run("backup damaged.db");
    assert_eq!(done.status, 1);
    for name in ["damaged.db", "damaged.db.part"] {
        assert!(!shell.path(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn postgres_has_its_own() {
    let db = Database::postgres().await;
    let vendor = Vendor::new(&db);
    let said = run(&vendor, &["backup", "copy.db"]).unwrap_err();
    assert!(
        said.contains("pg_dump --format=custom") && said.contains("keywright mail hold"),
        "{said}"
    );
}
