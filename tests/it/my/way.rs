//! The way in: an address, a mail, a link that opens once, and nothing for anybody else.

use chrono::TimeDelta;
use keywright::post::Done;
use serde_json::json;

use super::{Call, Mailbox, Method, SITE, asks, sent_by};
use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};
use crate::support::tab::Tab;

const ADA: &str = "ada@customer.example";

/// The database has this text nowhere.
async fn stands_nowhere(db: &Database, text: &str) {
    if db.is_sqlite() {
        let file = db.address().trim_start_matches("sqlite://").to_owned();
        let held = |text: &str| {
            ["", "-wal"].iter().any(|end| {
                let bytes = std::fs::read(format!("{file}{end}")).unwrap_or_default();
                bytes.windows(text.len()).any(|window| window == text.as_bytes())
            })
        };
        assert!(held(ADA), "this search finds nothing at all");
        assert!(!held(text));
        return;
    }
    // Fails, and the test with it, where a row has it.
    db.tamper(&format!(
        "SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE outbox::text LIKE '%{text}%'
             OR convert_from(coalesce(message, ''), 'UTF8') LIKE '%{text}%')
         OR EXISTS (SELECT 1 FROM links WHERE links::text LIKE '%{text}%') THEN 0 ELSE 1 END)"
    ))
    .await;
}

on_both! {
    async fn a_customer_is_led_to_his_licenses_by_a_mail(db: Database) {
        let office = Office::open(&db).await;
        let bought = office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        // However he types it: the mail goes to the address on file.
        let tab = asks(&office, " Ada@Customer.Example ").await;
        tab.page.says("If we know this address, a link is on its way to it.");
        assert_eq!(mailbox.brings().await.sent, 2, "the key that he bought, and the link");
        assert_eq!(mailbox.links().await[0].recipient.as_deref(), Some(ADA));

        // Programs that look through his mail follow the link as often as they like.
        let link = mailbox.newest().await;
        let mut tab = Tab::new(&office);
        for _ in 0..3 {
            tab.open(&link).await;
            assert_eq!((tab.page.status, tab.cookie().as_str()), (200, ""));
        }
        tab.send("Continue", &[]).await;
        assert_eq!(tab.page.address, "/my");
        assert!(tab.cookie().starts_with("__Host-keywright-my="), "{}", tab.cookie());
        tab.page.says("Acme Pro active");
        tab.page.says(bought["key"].as_str().unwrap());
        tab.page.says("It is paid until 2027-12-01 09:00:00 UTC (in 365 days) and renews by itself.");
        tab.page.says("0 of 2 in use");
        tab.page.says(ADA);
        assert!(tab.page.headers["content-security-policy"].contains("script-src 'self'"));
        assert_eq!(tab.page.headers["cache-control"], "no-store");

        // Pressed twice he is in all the same; by another the link cannot be used again.
        tab.open(&link).await;
        tab.send("Continue", &[]).await;
        assert_eq!(tab.page.address, "/my");
        let mut other = Tab::new(&office);
        other.open(&link).await;
        other.send("Continue", &[]).await;
        assert_eq!(other.page.status, 422);
        other.page.says("This link was used already, or its time is over.");
        assert_eq!(other.cookie(), "");
    }

    async fn a_link_that_a_fault_kept_from_opening_opens_later(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let link = Mailbox::of(&office).link_for(ADA).await;
        let mut tab = Tab::new(&office);
        tab.open(&link).await;
        db.tamper("ALTER TABLE sessions RENAME TO away").await;
        tab.send("Continue", &[]).await;
        assert_eq!((tab.page.status, tab.cookie().as_str()), (503, ""));
        db.tamper("ALTER TABLE away RENAME TO sessions").await;
        tab.open(&link).await;
        tab.send("Continue", &[]).await;
        assert_eq!((tab.page.status, tab.page.address.as_str()), (200, "/my"));
    }

    async fn whether_an_address_is_known_is_told_to_its_owner_alone(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        mailbox.brings().await;
        let known = asks(&office, ADA).await.page;
        let unknown = asks(&office, "eve@customer.example").await.page;
        assert_eq!(known.status, 200);
        assert_eq!((known.status, &known.headers), (unknown.status, &unknown.headers));
        assert_eq!(known.source, unknown.source);
        assert_eq!(mailbox.brings().await, Done { sent: 1, ..Done::default() });
        let links = mailbox.links().await;
        assert_eq!(links.len(), 1);
        assert_eq!((links[0].recipient.as_deref(), &links[0].license_id), (Some(ADA), &None));
        for wrong in ["ada", "@customer.example", "a b@customer.example"] {
            let refused = asks(&office, wrong).await.page;
            assert_eq!(refused.status, 422);
            refused.says("That is not an e-mail address");
        }
    }

    async fn a_link_that_is_over_or_none_opens_nothing(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        let refused = async |link: &str| {
            let mut tab = Tab::new(&office);
            tab.open(link).await;
            tab.send("Continue", &[]).await;
            (tab.page.status, tab.cookie()) == (422, String::new())
        };
        let late = mailbox.link_for(ADA).await;
        office.clock.advance(TimeDelta::minutes(30));
        assert!(refused(&late).await);
        for wrong in ["0".repeat(32), "x".repeat(32), "1".to_owned(), "9".repeat(9_000)] {
            assert!(refused(&format!("/my/in?link={wrong}")).await, "{wrong}");
        }
        let last_minute = mailbox.link_for(ADA).await;
        assert_ne!(late, last_minute);
        office.clock.advance(TimeDelta::minutes(29));
        assert!(!refused(&last_minute).await);
        let mut tab = Tab::new(&office);
        tab.open("/my/in").await.says("The link is not whole.");
    }

    async fn a_link_mail_that_is_late_is_not_sent_any_more(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        asks(&office, ADA).await;
        office.links.run_once().await;
        office.clock.advance(TimeDelta::minutes(30));
        let done = mailbox.brings().await;
        assert_eq!((done.sent, done.canceled), (1, 1), "the key is late, and goes out");
        let mail = mailbox.links().await.remove(0);
        assert_eq!(
            mail.error.as_deref(),
            Some("not sent: its link was over before the mail went out")
        );
        assert!(!mailbox.file(&mail).exists());
    }

    async fn an_address_gets_three_links_an_hour_and_a_client_asks_a_dozen_times(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        for _ in 0..12 {
            assert_eq!(asks(&office, ADA).await.page.status, 200);
        }
        let thirteenth = asks(&office, "bob@customer.example").await.page;
        assert_eq!(thirteenth.status, 429);
        thirteenth.says("too many attempts came from your network");
        mailbox.brings().await;
        assert_eq!(mailbox.links().await.len(), 3);
        office.clock.advance(TimeDelta::hours(1));
        assert_eq!(asks(&office, ADA).await.page.status, 200);
        mailbox.brings().await;
        assert_eq!(mailbox.links().await.len(), 3, "an hour after the third it is still an hour");
        office.clock.advance(TimeDelta::seconds(1));
        asks(&office, ADA).await;
        mailbox.brings().await;
        assert_eq!(mailbox.links().await.len(), 4);
    }

    async fn whoever_tries_links_is_slowed_down(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let right = Mailbox::of(&office).link_for(ADA).await;
        let right = right.strip_prefix("/my/in?link=").unwrap();
        let mut tab = Tab::new(&office);
        let mut tries = 0;
        while tab.post("/my/in", &[("link", &format!("{tries:032x}"))]).await.status == 422 {
            tries += 1;
            assert!(tries <= 12, "a dozen at once are enough");
        }
        assert_eq!(tab.page.status, 429);
        assert_eq!(tab.post("/my/in", &[("link", right)]).await.status, 429, "the right one too");
        office.clock.advance(TimeDelta::minutes(1));
        assert_eq!(tab.post("/my/in", &[("link", right)]).await.address, "/my");
    }

    async fn the_next_customer_at_a_machine_ends_the_session_before(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        office.sells("bob").await;
        let mailbox = Mailbox::of(&office);
        let mut tab = mailbox.signed_in(ADA).await;
        let of_ada = tab.cookie();
        tab.open(&mailbox.link_for("bob@customer.example").await).await;
        tab.send("Continue", &[]).await.says("bob@customer.example");
        let again = office.visit(Call::at(Method::GET, "/my").header("cookie", &of_ada)).await;
        assert!(again.text.contains("Enter the e-mail address"), "{}", again.text);
    }

    async fn what_the_link_says_stands_in_no_database_and_is_shown_to_nobody(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        let link = mailbox.link_for(ADA).await;
        let secret = link.strip_prefix("/my/in?link=").unwrap();
        assert_eq!(secret.len(), 32);
        stands_nowhere(&db, secret).await;
        let mail = mailbox.links().await.remove(0);
        let shown = office.support.mail(mail.id).await.unwrap();
        assert_eq!((shown.mail.status.as_str(), shown.message), ("sent", None));
        assert!(!serde_json::to_string(&shown.mail).unwrap().contains(secret));
        let listed = office.get("/mail?status=sent").await.text;
        assert!(listed.contains("my_link") && !listed.contains(secret));
    }

    async fn a_session_ends_by_itself_by_its_button_and_with_the_customer(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        let mut tab = mailbox.signed_in(ADA).await;
        office.clock.advance(TimeDelta::minutes(119));
        tab.open("/my").await.says("Your licenses Acme Pro");
        office.clock.advance(TimeDelta::minutes(1));
        tab.open("/my").await.says("Enter the e-mail address");
        assert_eq!(tab.open("/my/offline").await.address, "/my");

        let mut tab = mailbox.signed_in(ADA).await;
        let before = tab.cookie();
        let form = format!("form={}", tab.token());
        tab.send("Sign out", &[]).await.says("Enter the e-mail address");
        assert_eq!(tab.cookie(), "");
        assert_ne!(before, "");
        let replayed = Call::at(Method::POST, "/my/out").header("cookie", &before);
        let replayed = replayed.header("origin", SITE).with_bytes(form.as_bytes());
        let replayed = office.visit(replayed).await;
        assert_eq!(replayed.headers["location"], "/my");

        // Erased: no way leads in any more.
        let mut tab = mailbox.signed_in(ADA).await;
        let unused = mailbox.link_for(ADA).await;
        office.support.customer_erase(ADA, by_nobody()).await.unwrap();
        tab.open("/my").await.says("Enter the e-mail address");
        let mut tab = Tab::new(&office);
        tab.open(&unused).await;
        assert_eq!(tab.send("Continue", &[]).await.status, 422);
        asks(&office, ADA).await;
        assert_eq!(mailbox.brings().await, Done::default(), "nothing is sent to nobody");
        assert!(mailbox.mails().await.iter().all(|mail| mail.recipient.is_none()));
    }

    async fn a_session_of_the_console_is_none_here_and_the_other_way_round(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let support = Tab::signed_in(&office, "admin").await;
        let ada = Mailbox::of(&office).signed_in(ADA).await;
        let value = |tab: &Tab<'_>| tab.cookie().split_once('=').unwrap().1.to_owned();
        let seen = async |path: &str, cookie: String| {
            let call = Call::at(Method::GET, path).header("cookie", &cookie);
            office.visit(call).await
        };
        let page = seen("/my", format!("__Host-keywright-my={}", value(&support))).await;
        assert!(page.text.contains("Enter the e-mail address"), "{}", page.text);
        let page = seen("/console", format!("__Host-keywright={}", value(&ada))).await;
        assert_eq!(page.headers["location"], "/console/sign-in");
    }

    async fn where_it_is_off_there_is_nothing(db: Database) {
        let office = Office::open(&db).await;
        office.configure("[my]\nenabled = false\n");
        let mut tab = Tab::new(&office);
        for path in ["/my", "/my/in?link=1", "/my/offline"] {
            assert_eq!(tab.open(path).await.status, 404, "{path}");
        }
        assert_eq!(tab.post("/my", &[("email", ADA)]).await.status, 404);
    }

    async fn a_form_of_another_site_does_nothing(db: Database) {
        let office = Office::open(&db).await;
        office.sells("ada").await;
        let mailbox = Mailbox::of(&office);
        let stranger = Tab::new(&office);
        let asked = sent_by(&stranger, &office, "https://evil.example", "/my", "email=ada%40customer.example").await;
        assert_eq!(asked.status, 403);
        mailbox.brings().await;
        assert_eq!(mailbox.links().await, []);
        // Nor may another make Ada's browser be signed in as himself.
        let link = mailbox.link_for(ADA).await;
        let body = link.strip_prefix("/my/in?").unwrap();
        let entered = sent_by(&stranger, &office, "https://evil.example", "/my/in", body).await;
        assert_eq!(entered.status, 403);
        let entered = sent_by(&stranger, &office, SITE, "/my/in", body).await;
        assert_eq!(entered.status, 303, "the link was not used up: {}", json!(entered.headers));
    }
}
