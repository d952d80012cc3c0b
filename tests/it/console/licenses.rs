//! Licenses in the console: found, read, and mended, by people who see one page at a time.

use chrono::TimeDelta;
use keywright_providers::sample::Step;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::office::Office;
use crate::support::tab::{Page, Tab};

fn address(license: &Value) -> String {
    format!("/console/licenses/{}", license["id"].as_str().unwrap())
}

/// The last entry of its history: what, by whom, why.
async fn audited(office: &Office, license: &Value) -> String {
    let path = format!("/licenses/{}", license["id"].as_str().unwrap());
    let whole = office.get(&path).await.ok();
    let last = whole["history"].as_array().unwrap().last().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let (action, by) = (text(&last["action"]), text(&last["actor"]));
    format!("{action} by {by}: {}", text(&last["detail"]["reason"]))
}

/// A machine takes a seat.
async fn activate(office: &Office, license: &Value, machine: &str) -> String {
    let body = json!({ "key": license["key"], "fingerprint": machine, "name": machine });
    office.ask("/licenses/activate", body).await.word()
}

/// What stands in the source, as markup.
fn has(page: &Page, selector: &str) -> bool {
    let found = Selector::parse(selector).unwrap();
    Html::parse_document(&page.source).select(&found).next().is_some()
}

on_both! {
    async fn a_license_is_found_by_whatever_the_customer_sent(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.clock.advance(TimeDelta::hours(1));
        office.sells("bob").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.follow("Licenses").await;
        tab.page.says("ada@customer.example");
        tab.page.says("bob@customer.example");
        let key = license["key"].as_str().unwrap().to_lowercase().replace('-', " ");
        let words = [
            key.as_str(),
            "ADA@customer.example",
            license["id"].as_str().unwrap(),
            license["subscription"].as_str().unwrap(),
        ];
        for word in words {
            tab.send("Show", &[("q", word)]).await;
            tab.page.says("ada@customer.example");
            tab.page.is_silent_about("bob@customer.example");
        }
        assert!(tab.page.address.contains("q="), "the list can be linked: {}", tab.page.address);
        tab.open("/console/licenses?status=suspended").await;
        tab.page.says("Nothing matches");
        tab.open("/console/licenses?status=gone").await;
        assert_eq!(tab.page.status, 400);
        tab.page.says("suspended");
        tab.open("/console/licenses?q=order-9").await;
        assert_eq!(tab.page.link("Look among the events"), "/console/events?q=order-9");
        tab.open("/console/licenses?product=acme-pro&email=ada@customer.example").await;
        tab.follow("ada@customer.example").await;
        assert_eq!(tab.page.address, address(&license));
        tab.page.says("active until 2027-12-01 09:00 UTC, then 24 h of buffer");
        // By its id alone: a key in an address would stand in the logs of every proxy.
        let key = license["key"].as_str().unwrap();
        assert_eq!(tab.open(&format!("/console/licenses/{key}")).await.status, 404);
    }

    async fn the_drawing_and_the_list_below_it_tell_the_same_life(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        activate(&office, &license, "desk").await;
        office.clock.advance(TimeDelta::days(30));
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open(&address(&license)).await;
        for drawn in ["today 2026-12-31", "expires 2027-12-01", "Covered", "Payments", "Machines"] {
            assert!(tab.page.source.contains(drawn), "{drawn}");
        }
        assert!(has(&tab.page, "svg .bar-covered rect") && has(&tab.page, "svg .mark-paid circle"));
        assert!(!has(&tab.page, "svg .bar-withdrawn"));
        tab.page.says("activated on a machine");
        assert!(has(&tab.page, ".life a[href^='/console/events/']"), "each entry leads to its event");
        tab.send("Suspend", &[("reason", "card stolen")]).await;
        assert!(has(&tab.page, "svg .bar-stopped rect"));
        tab.page.says("Reason: card stolen");

        office.tell(Step::Refund, "ada", "price_pro").await;
        tab.open(&address(&license)).await;
        assert!(has(&tab.page, "svg .bar-withdrawn line"), "what went back is struck");
        assert!(has(&tab.page, "svg .mark-returned"));
        tab.page.says("the money went back");
    }

    async fn each_act_stands_in_the_audit_with_its_reason_and_has_its_way_back(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open(&address(&license)).await;

        tab.send("Renew", &[("interval", "P3M"), ("reason", "sorry for the wait")]).await;
        assert_eq!(tab.page.status, 200, "{}", tab.page.text());
        tab.page.says("Renewed: the license lasts longer now.");
        tab.page.says("active until 2028-03-01 09:00 UTC");
        assert_eq!(audited(&office, &license).await, "renewed by admin: sorry for the wait");
        tab.send("Undo: back to 2027-12-01 09:00:00 UTC", &[]).await;
        tab.page.says("active until 2027-12-01 09:00 UTC");
        assert_eq!(audited(&office, &license).await, "shortened by admin: taken back");

        tab.send("Renew", &[("expires_at", "2029-06-30")]).await;
        tab.page.says("active until 2029-06-30 23:59 UTC");
        tab.send("Set the expiry", &[("expires_at", "2027-01-31"), ("reason", "typo")]).await;
        tab.page.says("active until 2027-01-31 23:59 UTC");
        assert_eq!(audited(&office, &license).await, "shortened by admin: typo");
        tab.send("Undo: back to 2029-06-30 23:59:59 UTC", &[]).await;
        tab.page.says("active until 2029-06-30 23:59 UTC");

        for (button, reason, status, action) in [
            ("Suspend", "card stolen", "suspended", "suspended"),
            ("Undo: reinstate it", "taken back", "active", "reinstated"),
            ("Revoke", "fraud", "revoked", "revoked"),
            ("Undo: reinstate it", "taken back", "active", "reinstated"),
        ] {
            tab.send(button, &[("reason", reason)]).await;
            tab.page.says(&format!("for ada@customer.example {status}"));
            assert_eq!(audited(&office, &license).await, format!("{action} by admin: {reason}"));
        }
    }

    async fn what_takes_away_needs_a_reason_and_says_so(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        activate(&office, &license, "desk").await;
        let mut tab = Tab::signed_in(&office, "admin").await;
        for (button, values) in [
            ("Suspend", vec![("reason", "  ")]),
            ("Revoke", vec![]),
            ("Release", vec![]),
            ("Set the expiry", vec![("expires_at", "2027-01-31")]),
        ] {
            tab.open(&address(&license)).await;
            tab.send(button, &values).await;
            assert_eq!(tab.page.status, 422, "{button}");
            tab.page.says("say why");
            tab.follow("See the license as it is now").await;
            tab.page.says("active until 2027-12-01 09:00 UTC");
        }
        // A longer date takes nothing from anybody.
        tab.send("Set the expiry", &[("expires_at", "2028-01-31")]).await;
        tab.page.says("active until 2028-01-31 23:59 UTC");
    }

    async fn of_two_people_at_once_the_second_is_told_who_was_faster(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let mut ann = Tab::signed_in(&office, "admin").await;
        let mut bob = Tab::signed_in(&office, "support").await;
        ann.open(&address(&license)).await;
        bob.open(&address(&license)).await;
        ann.send("Suspend", &[("reason", "card stolen")]).await;
        for (button, values) in [("Renew", [("interval", "P1Y")]), ("Send the key again", [("email", "")])] {
            bob.open(&address(&license)).await;
            let seen = bob.page.clone();
            ann.send(if button == "Renew" { "Reinstate" } else { "Suspend" }, &[("reason", "again")]).await;
            bob.page = seen;
            bob.send(button, &values).await;
            assert_eq!(bob.page.status, 409, "{button}");
            bob.page.says("Nothing was done: the license was changed meanwhile");
            bob.page.says("by admin");
            assert_eq!(bob.page.link("See the license as it is now"), address(&license));
        }
        bob.follow("See the license as it is now").await;
        bob.page.says("suspended: no machine may use it");
        bob.page.says("2027-12-01 09:00 UTC");
    }

    async fn a_button_that_is_pressed_twice_counts_once(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open(&address(&license)).await;
        let form = tab.page.clone();
        for _ in 0..2 {
            tab.page = form.clone();
            tab.send("Renew", &[]).await;
            tab.page.says("active until 2028-12-01 09:00 UTC");
        }
        tab.send("Renew", &[]).await;
        tab.page.says("active until 2029-12-01 09:00 UTC");
        tab.open("/console/licenses/new").await;
        let form = tab.page.clone();
        for _ in 0..2 {
            tab.page = form.clone();
            tab.send("Give it", &[("email", "eve@customer.example")]).await;
            assert_eq!(tab.page.status, 200, "{}", tab.page.text());
        }
        let given = office.get("/licenses?email=eve@customer.example").await.ok();
        assert_eq!(given["items"].as_array().unwrap().len(), 1);
    }

    async fn support_is_offered_what_support_may_do(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        activate(&office, &license, "desk").await;
        let mut support = Tab::signed_in(&office, "support").await;
        support.open(&address(&license)).await;
        for (button, offered) in [
            ("Renew", true),
            ("Send the key again", true),
            ("Set the expiry", false),
            ("Suspend", false),
            ("Revoke", false),
            ("Release", false),
        ] {
            assert_eq!(support.page.has_button(button), offered, "{button}");
        }
        support.send("Renew", &[]).await;
        support.page.says("Renewed");
        assert!(!support.page.source.contains("Undo"), "only an admin shortens a license");
        support.send("Renew", &[("expires_at", "2027-01-31")]).await;
        assert_eq!(support.page.status, 422);
        support.page.says("setting an earlier date is not a renewal");
        support.open("/console/licenses/new").await;
        assert_eq!(support.page.status, 403);
    }

    async fn a_key_goes_to_a_corrected_address(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open(&address(&license)).await;
        tab.send("Send the key again", &[("email", "ada at home")]).await;
        assert_eq!(tab.page.status, 422);
        tab.page.says("write ann@example.com");
        tab.follow("See the license as it is now").await;
        let corrected = [("email", "ada@home.example"), ("reason", "mistyped in the shop")];
        tab.send("Send the key again", &corrected).await;
        tab.page.says("The key is on its way");
        tab.page.says("ada@home.example");
        let mail = office.get("/mail?status=queued").await.ok();
        assert_eq!(mail["items"][0]["to"], "ada@home.example");
        assert_eq!(audited(&office, &license).await, "resent by support: mistyped in the shop");
    }

    async fn a_machine_is_released_and_its_seat_is_free(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        for machine in ["desk", "lap"] {
            assert_eq!(activate(&office, &license, machine).await, "200");
        }
        assert_eq!(activate(&office, &license, "new").await, "409 too_many_activations");
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open(&address(&license)).await;
        tab.page.says("2 of 2 all seats are taken");
        tab.send("Release", &[("reason", "sold the machine")]).await;
        tab.page.says("Released: the seat is free");
        tab.page.says("1 of 2");
        let entry = audited(&office, &license).await;
        assert_eq!(entry, "activation_released by admin: sold the machine");
        assert_eq!(activate(&office, &license, "new").await, "200");
    }

    async fn a_machine_is_released_only_from_what_was_seen(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        assert_eq!(activate(&office, &license, "desk").await, "200");
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open(&address(&license)).await;
        let suspend = format!("/licenses/{}/suspend", license["id"].as_str().unwrap());
        office.post(&suspend, json!({ "reason": "card stolen" })).await.ok();
        tab.send("Release", &[("reason", "sold the machine")]).await;
        assert_eq!(tab.page.status, 409);
        tab.page.says("Nothing was done: the license was changed meanwhile");
        tab.open(&address(&license)).await.says("1 of 2");
        tab.send("Release", &[("reason", "sold the machine")]).await.says("Released");
    }

    async fn a_license_is_given_and_whatever_its_customer_is_called_is_text(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = Tab::signed_in(&office, "admin").await;
        tab.open("/console/licenses").await;
        tab.follow("Give a license").await;
        let name = "<script>alert(1)</script><b title=\"x\">Eve</b>";
        tab.send("Give it", &[
            ("product", "acme-ever"),
            ("email", "eve@customer.example"),
            ("name", name),
            ("company", "=cmd|' /C calc'!A0"),
            ("reason", "<i>prize</i>"),
        ]).await;
        assert_eq!(tab.page.status, 200, "{}", tab.page.text());
        tab.page.says("Given: the key is on its way");
        tab.page.says(name);
        tab.page.says("active, without an end");
        tab.page.says("given by support");
        tab.page.says("Reason: <i>prize</i>");
        assert!(!tab.page.source.contains("<script>alert") && !has(&tab.page, "main b, main i"));
        let given = tab.page.address.clone();
        tab.open("/console/licenses").await;
        tab.page.says(name);
        assert!(!has(&tab.page, "main b"));
        tab.open(given.split('?').next().unwrap()).await;
        assert!(!has(&tab.page, ".done"), "what was done is told once");
        tab.open("/console/licenses/new").await;
        tab.send("Give it", &[("email", "eve@customer.example"), ("expires_at", "2020-01-01")]).await;
        assert_eq!(tab.page.status, 422);
        tab.page.says("is over already");
    }

    async fn no_field_is_without_a_name_and_nothing_needs_a_script(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        activate(&office, &license, "desk").await;
        let mut tab = Tab::signed_in(&office, "admin").await;
        for page in [address(&license), "/console/licenses".to_owned(), "/console/licenses/new".to_owned()] {
            tab.open(&page).await;
            assert!(!tab.page.source.contains(" style=") && !tab.page.source.contains(" onclick="));
            let document = Html::parse_document(&tab.page.source);
            let fields = Selector::parse("main input:not([type=hidden]), main select").unwrap();
            let within = Selector::parse("label input, label select").unwrap();
            let labeled: Vec<_> = document.select(&within).map(|field| field.id()).collect();
            for field in document.select(&fields) {
                let by_id = field.attr("id").is_some_and(|id| {
                    let label = Selector::parse(&format!("label[for='{id}']")).unwrap();
                    document.select(&label).next().is_some()
                });
                assert!(by_id || labeled.contains(&field.id()), "{page}: {}", field.html());
            }
        }
    }
}
