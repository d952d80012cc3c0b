//! «The customer paid and has no key»: the event that failed is found, read, and mended.

use actix_web::http::Method;
use keywright::store::rows::HistoryFilter;
use keywright_providers::sample::Step;

use crate::support::databases::Database;
use crate::support::office::{Call, Office};
use crate::support::tab::Tab;

const NEW_ITEM: &str = r#""price_new" = "acme-ever""#;

/// What the first row of a list is opened by.
const NOON: &str = "2026-12-01 09:00:00 UTC";

/// A purchase of something that nobody mapped, and the page of the one event that failed.
async fn failed<'a>(office: &'a Office, role: &str) -> Tab<'a> {
    office.tell(Step::Purchase, "eve", "price_new").await;
    let mut tab = Tab::signed_in(office, role).await;
    tab.open("/console/events?status=failed").await;
    tab.follow(NOON).await;
    tab
}

/// Whoever did that, and why, as the audit has it.
async fn audited(office: &Office, action: &str) -> Vec<(Option<String>, Option<String>)> {
    let filter = HistoryFilter { action: Some(action.to_owned()), ..HistoryFilter::default() };
    let page = office.support.audit_list(filter, None, 100).await.unwrap();
    page.items.into_iter().map(|entry| (entry.actor, entry.reason)).collect()
}

fn by(actor: &str, reason: Option<&str>) -> (Option<String>, Option<String>) {
    (Some(actor.to_owned()), reason.map(str::to_owned))
}

on_both! {
    async fn a_failed_event_is_read_mapped_looked_at_and_replayed(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = failed(&office, "admin").await;
        let event = tab.page.address.clone();
        tab.page.says("First payment of 49.00 EUR for price_new");
        tab.page.says("Why it failed, and what to do");
        tab.page.says("no product of yours is configured for");
        tab.page.says("[providers.shop.products] \"price_new\" = \"PRODUCT\"");
        tab.send("Dry run", &[]).await;
        tab.page.says("The event would stay failed");
        tab.page.says("Nothing would change for any license");

        tab.send("Reload the configuration", &[]).await;
        assert_eq!(tab.page.status, 422);
        tab.page.says("the old configuration stays in force");
        tab.page.says("keywright.toml: products: is empty");
        office.mend(NEW_ITEM);
        tab.send("Reload the configuration", &[]).await;
        assert_eq!(tab.page.status, 200);
        tab.page.says("events that had failed for want of a product");
        let back = event.rsplit('/').next().unwrap();
        tab.follow(&format!("Back to event {back}")).await;
        assert_eq!(tab.page.address, event);

        tab.send("Dry run", &[]).await;
        tab.page.says("The event would become applied");
        tab.page.says("issued for acme-ever");
        tab.page.says("The mail “issued” would be owed");
        for nothing in ["/licenses", "/mail"] {
            assert!(office.get(nothing).await.ok()["items"].as_array().unwrap().is_empty());
        }

        tab.send("Replay", &[("reason", "mapped")]).await;
        assert_eq!(tab.page.address, format!("{event}?done=replayed"));
        tab.page.says("The event was replayed.");
        tab.page.says("changed it");
        tab.page.says("replayed (mapped) by admin");
        let license = office.get("/licenses").await.ok()["items"][0].clone();
        let id = license["id"].as_str().unwrap();
        assert_eq!(tab.page.link(id), format!("/console/licenses/{id}"));
        tab.follow("issued").await;
        tab.page.says("eve@customer.example");
        assert_eq!(audited(&office, "replayed").await, [by("admin", Some("mapped"))]);
        assert_eq!(audited(&office, "reloaded").await, [by("admin", None)]);
    }

    async fn what_was_read_and_cannot_be_read_back_is_said_to_be_so(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = failed(&office, "support").await;
        let event = tab.page.address.clone();
        db.tamper(r#"UPDATE notices SET body = '{"kind":"of another time"}'"#).await;
        tab.open(&event).await;
        assert_eq!(tab.page.status, 200);
        tab.page.says("Cannot be read as it is stored; replay the event.");
        tab.page.says("of another time");
    }

    async fn of_an_order_of_many_licenses_a_hundred_are_shown_and_the_rest_is_led_to(db: Database) {
        let office = Office::open(&db).await;
        let mut scene = office.scene(Step::Purchase, "max", "price_pro");
        scene.quantity = 120;
        office.deliver(&scene).await;
        let mut tab = Tab::signed_in(&office, "support").await;
        let events = office.get("/events?status=applied&q=max@customer.example").await.ok();
        let mut changed = Vec::new();
        for event in events["items"].as_array().unwrap() {
            tab.open(&format!("/console/events/{}", event["id"].as_str().unwrap())).await;
            tab.page.says("These are 100 of the 120 licenses of its sale");
            let count = |text: &str| tab.page.source.matches(text).count();
            assert_eq!(count("changed it") + count("is of the same sale"), 100);
            // What is told of each is that of those that are shown, and each has its mail.
            assert_eq!(count("issued for acme-pro"), count("changed it"));
            assert_eq!(count("href=\"/console/mail/"), 100);
            changed.push(count("changed it"));
        }
        changed.sort_unstable();
        assert_eq!(changed.last(), Some(&100), "{changed:?}");
        tab.follow("all of them").await;
        assert!(tab.page.address.starts_with("/console/licenses?q="), "{}", tab.page.address);
        // A page of them, and the way to the next.
        assert_eq!(tab.page.source.matches("<td class=\"number\">").count(), 50);
    }

    async fn what_others_wrote_is_text_everywhere(db: Database) {
        let office = Office::open(&db).await;
        let item = "\"><img/src=x/onerror=alert(1)>";
        let mut scene = office.scene(Step::Purchase, "mal", item);
        scene.name = "<script>alert('name')</script>\u{1b}\u{9b}\u{202e}".to_owned();
        scene.company = Some("=HYPERLINK(\"http://evil.example\",\"pay\")".to_owned());
        office.deliver(&scene).await;
        let mut tab = Tab::signed_in(&office, "admin").await;
        let mut sources = vec![tab.open("/console/events").await.source.clone()];
        sources.push(tab.open("/console/events?status=failed").await.source.clone());
        tab.follow(NOON).await;
        let event = tab.page.address.clone();
        // As TOML writes it, so that the line can be copied.
        tab.page.says(r#""\"><img/src=x/onerror=alert(1)>" = "PRODUCT""#);
        sources.push(tab.page.source.clone());
        sources.push(tab.send("Dry run", &[]).await.source.clone());
        tab.open(&event).await;
        tab.send("Show personal data", &[]).await;
        tab.page.says("<script>alert('name')</script>\\u001b\\u{9b}\\u{202e}");
        sources.push(tab.page.source.clone());
        sources.push(tab.open("/console/events/replay").await.source.clone());
        for typed in ["status", "q", "account", "since", "nothing"] {
            let address = format!("/console/events?{typed}=%3Cscript%3Ealert(2)%3C%2Fscript%3E%E2%80%AE");
            sources.push(tab.open(&address).await.source.clone());
        }
        sources.push(tab.open("/console/find?q=%3Cscript%3Ealert(3)%3C%2Fscript%3E").await.source.clone());
        for source in sources {
            for markup in ["<script>alert", "<img", "onerror=alert(1)>"] {
                assert!(!source.contains(markup), "{markup} stands in {source}");
            }
            let steers = |c: char| (c.is_control() && !"\n\t".contains(c)) || "\u{202e}\u{2066}".contains(c);
            assert!(!source.contains(steers), "{source}");
        }
    }

    async fn personal_data_is_masked_until_somebody_asks_and_that_is_noted(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = failed(&office, "support").await;
        let event = tab.page.address.clone();
        for personal in ["eve@customer.example", "Ada Example"] {
            assert!(!tab.page.source.contains(personal), "{personal}");
        }
        tab.page.says("e***@c***.example");
        assert_eq!(audited(&office, "personal_data_shown").await, []);
        tab.send("Show personal data", &[]).await;
        tab.page.says("eve@customer.example");
        tab.page.says("That you looked stands in the audit");
        assert_eq!(audited(&office, "personal_data_shown").await, [by("support", None)]);
        // To load the answer again is to look at the event, no more.
        tab.open(&format!("{event}/personal")).await;
        assert_eq!(tab.page.address, event);
        tab.page.is_silent_about("eve@customer.example");
        tab.page.says("its personal data was looked at");
        assert_eq!(audited(&office, "personal_data_shown").await.len(), 1);
    }

    async fn what_proves_who_sent_an_event_is_never_shown_whole(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = failed(&office, "admin").await;
        // `t=1796115600,v1=...`, of which the beginning proves nothing.
        tab.page.says("Stripe-Signature t=1796115600…");
        tab.page.is_silent_about("v1=");
        tab.send("Show personal data", &[]).await.says("Stripe-Signature t=1796115600…");
        tab.page.is_silent_about("v1=");
    }

    async fn to_set_an_event_aside_takes_a_reason_and_the_role(db: Database) {
        let office = Office::open(&db).await;
        let mut support = failed(&office, "support").await;
        let event = support.page.address.clone();
        assert!(!support.page.has_button("Set aside"));
        assert!(!support.page.has_button("Reload the configuration"));
        let form = support.token();
        let ignore = format!("{event}/ignore");
        let refused = support.post(&ignore, &[("form", &form), ("reason", "no")]).await;
        assert_eq!(refused.status, 403);
        let mut admin = Tab::signed_in(&office, "admin").await;
        admin.open(&event).await;
        admin.send("Set aside", &[]).await;
        assert_eq!(admin.page.status, 422);
        admin.page.says("say why");
        admin.open(&event).await;
        admin.page.says("failed unknown_product");
        admin.send("Set aside", &[("reason", "a test of the shop")]).await;
        admin.page.says("The event is set aside");
        admin.page.says("ignored set_aside");
        assert_eq!(audited(&office, "ignored").await, [by("admin", Some("a test of the shop"))]);
        // And back again.
        admin.send("Replay", &[]).await;
        admin.page.says("failed unknown_product");
    }

    async fn of_two_people_the_second_sees_how_it_stands_now(db: Database) {
        let office = Office::open(&db).await;
        let mut ann = failed(&office, "admin").await;
        let mut bob = Tab::signed_in(&office, "support").await;
        bob.open(&ann.page.address).await;
        ann.send("Set aside", &[("reason", "none of ours")]).await;
        bob.send("Replay", &[]).await;
        assert_eq!(bob.page.status, 409);
        bob.page.says("Nothing was done: the event was changed meanwhile: it is ignored now");
        bob.page.says("ignored set_aside");
        assert_eq!(audited(&office, "replayed").await, []);
        // Now he knows, and decides again.
        bob.send("Replay", &[]).await;
        assert_eq!(bob.page.status, 200);
        bob.page.says("failed unknown_product");
        assert_eq!(audited(&office, "replayed").await, [by("support", None)]);
    }

    async fn a_program_too_changes_only_what_it_saw(db: Database) {
        let office = Office::open(&db).await;
        let tab = failed(&office, "admin").await;
        let path = tab.page.address.replace("/console", "");
        let seen = office.get(&path).await.ok()["version"].as_i64().unwrap();
        let replay = async |version: i64| {
            let call = Call::to(Method::POST, &format!("{path}/replay")).by(office.token("admin"));
            office.call(call.header("if-match", &format!("\"{version}\""))).await
        };
        assert_eq!(replay(seen).await.status, 200);
        assert_eq!(replay(seen).await.word(), "409 changed_meanwhile");
    }

    async fn all_that_failed_for_one_reason_are_replayed_in_one_go(db: Database) {
        let office = Office::open(&db).await;
        office.tell(Step::Purchase, "fay", "price_new").await;
        let mut tab = failed(&office, "support").await;
        tab.follow("All that failed for this reason").await;
        tab.page.says("for 0 of them something would change.");
        office.configure(NEW_ITEM);
        tab.open("/console/events/replay?status=failed&reason=unknown_product").await;
        tab.page.says("for 2 of them something would change.");
        tab.page.says("issued for acme-ever");
        tab.send("Replay all that match", &[]).await;
        assert_eq!(tab.page.status, 422);
        tab.open("/console/events/replay?status=failed&reason=unknown_product").await;
        tab.send("Replay all that match", &[("reason", "mapped at last")]).await;
        tab.page.says("They are in the line again");
        tab.page.says("Nothing matches.");
        office.settle().await;
        assert_eq!(office.get("/licenses").await.ok()["items"].as_array().unwrap().len(), 2);
        assert_eq!(
            audited(&office, "events_replayed").await,
            [by("support", Some("mapped at last"))]
        );
        tab.open("/console/events/replay").await;
        tab.page.says("Nothing matches that can be replayed.");
    }

    async fn the_list_is_narrowed_and_keeps_its_place(db: Database) {
        let office = Office::open(&db).await;
        for number in 0..18 {
            office.tell(Step::Purchase, &format!("c{number}"), "price_pro").await;
        }
        let license = office.sells("ada").await;
        let mut tab = Tab::signed_in(&office, "support").await;
        tab.open("/console/events").await;
        tab.send("Show", &[("account", "shop"), ("status", "applied")]).await;
        tab.page.says("Payment of 49.00 EUR for price_pro");
        tab.follow("Older events").await;
        assert!(tab.page.address.contains("account=shop&status=applied") || tab.page.address.contains("status=applied&account=shop"));
        assert!(tab.page.address.contains("cursor="));
        // The form on the second page still says what is shown.
        let again = tab.send("Show", &[]).await.address.clone();
        assert!(again.contains("status=applied") && again.contains("account=shop"), "{again}");
        let subscription = license["subscription"].as_str().unwrap();
        tab.open(&format!("/console/events?q={subscription}")).await;
        tab.page.says(subscription);
        tab.page.says("No more events.");
        tab.open("/console/events?since=2026-12-02").await;
        tab.page.says("Nothing matches.");
        for wrong in ["status=broken", "since=yesterday", "colour=red", "cursor=x"] {
            let page = tab.open(&format!("/console/events?{wrong}")).await;
            assert_eq!(page.status, 400, "{wrong}");
            page.says(wrong.split('=').next().unwrap());
        }
        assert_eq!(tab.open("/console/events/999999").await.status, 404);
        assert_eq!(tab.open("/console/events/x").await.status, 404);
    }
}
