//! A provider that is not built in: the guide's own example sells, renews and takes back.

use std::process::Command;

use chrono::{DateTime, Utc};
use keywright::store::Store;
use keywright::store::rows::LicenseRow;
use keywright::store::types::{EventStatus, LicenseState};
use keywright::trigger::{scene, tell};
use keywright_providers::sample::Step;

use crate::support::databases::Database;
use crate::support::process::{Node, Vendor, events, licenses, mails, now, settled};

const SECRET: &str = "kwShopSigningSecret2026";

const GUIDE: &str = include_str!("../../../providers/custom/README.md");

/// The first block of that language in the guide, with the shop's secret where it leaves it out.
fn block(language: &str) -> String {
    let begins = format!("```{language}\n");
    let block = GUIDE.split(begins.as_str()).nth(1).unwrap().split("```").next().unwrap();
    let own = block.replace("\"...\"", &format!("{SECRET:?}"));
    own.replace("SECRET=... ", &format!("SECRET={SECRET} "))
}

/// A vendor who also sells at the shop that the guide describes.
fn vendor(db: &Database) -> Vendor<'_> {
    let vendor = Vendor::new(db);
    describe(&vendor, &block("toml"));
    vendor
}

fn describe(vendor: &Vendor<'_>, description: &str) {
    vendor.configure("\"ITEM\" = \"acme-pro\"");
    let text = std::fs::read_to_string(vendor.file()).unwrap();
    std::fs::write(vendor.file(), format!("{text}\n{description}")).unwrap();
}

/// Tells these steps of one purchase at the shop, whose renewal is due at a fixed time.
async fn told(vendor: &Vendor<'_>, node: &Node, store: &Store, steps: &[Step]) -> LicenseRow {
    told_of(due(), vendor, node, store, steps).await
}

async fn told_of(
    due: DateTime<Utc>,
    vendor: &Vendor<'_>,
    node: &Node,
    store: &Store,
    steps: &[Step],
) -> LicenseRow {
    let config = vendor.config();
    let scene = scene(&config.accounts["shop"], &config.catalogue, "ada", due).unwrap();
    let steps = tell(&config.accounts["shop"], &scene, steps, now()).unwrap();
    for sample in steps.iter().flat_map(|step| &step.samples) {
        assert_eq!(node.send("shop", sample).await.status, 200, "{}", sample.title);
    }
    settled(store).await;
    let [license] = licenses(store, "buyer.ada@customer.example").await.try_into().unwrap();
    license
}

/// A renewal is due then, whenever the story is told: so events that come again are the same.
fn due() -> DateTime<Utc> {
    "2026-03-05T10:00:00Z".parse().unwrap()
}

/// The block as it is, at this node; did all of it succeed?
fn shell(node: &Node, block: &str) -> bool {
    let here = block.replace("https://licenses.example.com", &node.address);
    let shell = Command::new("sh").args(["-euc", &here]).env("no_proxy", "*").output().unwrap();
    shell.status.success()
}

on_both! {
    async fn a_described_provider_sells_renews_and_takes_back(db: Database) {
        let vendor = vendor(&db);
        let (node, store) = (vendor.serve(), vendor.store());
        let date = |license: &LicenseRow| license.expires_at.unwrap().to_rfc3339();

        let bought = told(&vendor, &node, &store, &[Step::Purchase]).await;
        assert_eq!((bought.product.as_str(), bought.account.as_str()), ("acme-pro", "shop"));
        assert_eq!(date(&bought), "2026-03-05T10:00:00+00:00");

        let renewed = told(&vendor, &node, &store, &[Step::Purchase, Step::Renewal]).await;
        assert_eq!((&renewed.key, &renewed.id), (&bought.key, &bought.id));
        assert_eq!(date(&renewed), "2027-03-05T10:00:00+00:00");
        let sent = mails(&store, &renewed.id).await;
        let mut sent: Vec<&str> = sent.iter().map(|mail| mail.template.as_str()).collect();
        sent.sort_unstable();
        assert_eq!(sent, ["issued", "renewed"]);

        let life = [Step::Purchase, Step::Renewal, Step::Refund];
        let refunded = told(&vendor, &node, &store, &life).await;
        assert_eq!((date(&refunded), refunded.state), (date(&bought), LicenseState::Active));
        assert_eq!(events(&store, EventStatus::Failed).await, []);
    }

    async fn who_pays_again_for_what_was_taken_back_is_told_so(db: Database) {
        let vendor = vendor(&db);
        let (node, store) = (vendor.serve(), vendor.store());
        let due = now();
        let life = [Step::Purchase, Step::Refund];
        let gone = told_of(due, &vendor, &node, &store, &life).await;
        assert_eq!(gone.state, LicenseState::Revoked);
        let life = [Step::Purchase, Step::Refund, Step::Renewal];
        let again = told_of(due, &vendor, &node, &store, &life).await;
        assert_eq!((again.state, &again.key), (LicenseState::Active, &gone.key));
        let sent = mails(&store, &again.id).await;
        let sent = |template: &str| sent.iter().filter(|mail| mail.template == template).count();
        assert_eq!((sent("issued"), sent("renewed")), (1, 1));
    }

    async fn the_curl_of_the_guide_is_a_purchase(db: Database) {
        let vendor = vendor(&db);
        let (node, store) = (vendor.serve(), vendor.store());
        let curl = block("sh");
        assert!(shell(&node, &curl));
        settled(&store).await;
        let made = licenses(&store, "ada@example.com").await;
        assert_eq!(made.len(), 1, "{:?}", events(&store, EventStatus::Failed).await);

        // The same under another secret is nobody's.
        assert!(!shell(&node, &curl.replace(SECRET, "kwShopSigningSecret2027")));
    }

    async fn a_description_that_is_mended_reads_again_what_it_could_not(db: Database) {
        let (right, vendor) = (block("toml"), vendor(&db));
        let config = vendor.config();
        let account = &config.accounts["shop"];
        let scene = scene(account, &config.catalogue, "ada", due()).unwrap();
        let told = tell(account, &scene, &[Step::Purchase], now()).unwrap().remove(0);
        describe(&vendor, &right.replace("\"/event\"", "\"/kind\""));
        let (node, store) = (vendor.serve(), vendor.store());
        for sample in &told.samples {
            assert_eq!(node.send("shop", sample).await.status, 200);
        }
        settled(&store).await;
        let aside = [("unknown".to_owned(), Some("no_effect".to_owned()))];
        assert_eq!(events(&store, EventStatus::Ignored).await, aside);
        assert!(node.terminate());

        describe(&vendor, &right);
        let replayed = vendor.run(&["events", "replay", "1"]);
        assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
        assert_eq!(licenses(&store, "buyer.ada@customer.example").await.len(), 1);
    }
}
