//! One session for each person whom the proxy names, and none for anybody else.

use actix_web::http::Method;
use chrono::TimeDelta;

use super::{BY_GROUP, PROXY, audited, behind, named, seen};
use crate::support::databases::Database;
use crate::support::office::{Call, Office};
use crate::support::tab::Tab;

on_both! {
    async fn whom_the_proxy_names_is_signed_in_and_stands_in_the_audit(db: Database) {
        let office = Office::open(&db).await;
        let license = office.sells("ada").await;
        office.configure(BY_GROUP);
        let mut ann = behind(&office, "Ann", "staff,licensing");
        ann.open("/console/mail?status=sent").await;
        assert_eq!(ann.page.address, "/console/mail?status=sent", "led nowhere else");
        ann.page.says("proxy:Ann admin");
        let cookie = ann.cookie();
        assert!(cookie.starts_with("__Host-keywright="), "{cookie}");

        ann.open(&format!("/console/licenses/{}", license["id"].as_str().unwrap())).await;
        ann.send("Suspend", &[("reason", "a chargeback is announced")]).await;
        assert_eq!(ann.page.status, 200, "{}", ann.page.text());
        assert_eq!(ann.cookie(), cookie, "one session for all of it");
        let did = |act: &str| ("proxy:Ann".to_owned(), act.to_owned());
        assert_eq!(audited(&office).await[..2], [did("suspended"), did("signed_in")]);

        // A day later it is another session of the same person, and no question.
        office.clock.advance(TimeDelta::hours(24));
        ann.open("/console/mail").await.says("proxy:Ann admin");
        assert_ne!(ann.cookie(), cookie);
    }

    async fn another_person_in_the_same_browser_is_another(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let mut tab = behind(&office, "Ann", "licensing");
        tab.open("/console").await;
        let (anns, form) = (tab.cookie(), tab.token());
        named(&mut tab, "Bob", "desk");
        tab.open("/console").await.says("proxy:Bob support");
        tab.page.is_silent_about("Ann");
        assert_ne!(tab.cookie(), anns);
        // A form that still stands in Ann's other tab does nothing, for either.
        tab.post("/console/sign-out", &[("form", &form)]).await.says("of an earlier session");
        // Her session is over, and not only forgotten here: with it she begins another one.
        let again = seen(&office, &anns, Some(("Ann", "licensing")), PROXY).await;
        assert!(again.headers.contains_key("set-cookie"), "{:?}", again.headers);
        // Bob's is there already.
        let again = seen(&office, &tab.cookie(), Some(("Bob", "desk")), PROXY).await;
        assert!(!again.headers.contains_key("set-cookie"), "{:?}", again.headers);
    }

    async fn when_the_proxy_is_silent_its_session_is_nobodys(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let mut tab = behind(&office, "Ann", "licensing");
        tab.open("/console").await;
        let (cookie, form) = (tab.cookie(), tab.token());
        tab.goes_through(PROXY, &[]);
        assert_eq!(tab.open("/console").await.address, "/console/sign-in");
        tab.post("/console/reload", &[("form", &form)]).await;
        assert_eq!(tab.page.address, "/console/sign-in");
        // It was only silent: the session goes on.
        named(&mut tab, "Ann", "licensing");
        tab.open("/console").await.says("proxy:Ann admin");
        assert_eq!(tab.cookie(), cookie);
        // Taken out of the configuration, its word is worth nothing from that moment on.
        office.configure("");
        assert_eq!(tab.open("/console").await.address, "/console/sign-in");
    }

    async fn whoever_signs_out_is_told_that_the_proxy_still_knows_him(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let mut tab = behind(&office, "Ann", "desk");
        tab.open("/console").await;
        let cookie = tab.cookie();
        tab.send("Sign out", &[]).await;
        assert_eq!(tab.page.address, "/console/sign-in?out=true");
        tab.page.says("You are signed out of the console");
        tab.page.says("still knows you as proxy:Ann");
        assert_eq!(tab.page.link("Sign out of the proxy"), "/oauth2/sign_out?rd=/");
        assert_eq!(tab.cookie(), "");
        let again = seen(&office, &cookie, Some(("Ann", "desk")), PROXY).await;
        assert!(again.headers.contains_key("set-cookie"), "the old session is over");
        tab.follow("Back to the console").await.says("proxy:Ann support");
        // Whoever asks for the sign-in without need is led on.
        tab.open("/console/sign-in?next=%2Fconsole%2Fmail").await;
        assert_eq!(tab.page.address, "/console/mail");
        // Without the proxy's own way out, that much is said.
        office.configure(&BY_GROUP.replace("sign_out_url", "#sign_out_url"));
        tab.send("Sign out", &[]).await.says("sign out of the proxy, too");
    }

    async fn tokens_and_passwords_go_on_beside_it(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let direct = Tab::signed_in(&office, "admin").await;
        // Somebody whom the proxy names and who has no role of his own may sign in as ever.
        let mut eve = behind(&office, "Eve", "staff");
        eve.open("/console/mail").await;
        eve.send("Sign in with the token", &[("token", office.token("support"))]).await;
        assert_eq!(eve.page.address, "/console/mail");
        eve.page.says("support support");
        eve.send("Sign out", &[]).await;
        assert_eq!(eve.page.address, "/console/sign-in");
        // Whom the proxy names is himself, whoever signed in before in that browser.
        let mut tab = Tab::new(&office);
        tab.open("/console/sign-in").await;
        tab.send("Sign in with the token", &[("token", office.token("admin"))]).await;
        let admins = tab.cookie();
        named(&mut tab, "Ann", "desk");
        tab.open("/console").await.says("proxy:Ann support");
        let over = Call::at(Method::GET, "/console").header("cookie", &admins);
        assert_eq!(office.visit(over).await.status, 303, "that session ended");
        let signing = [("token", office.token("admin"))];
        tab.post("/console/sign-in", &signing).await.says("proxy:Ann support");
        let still = Call::at(Method::GET, "/console").header("cookie", &direct.cookie());
        assert_eq!(office.visit(still).await.status, 200, "the same token, in another browser");
    }

    async fn a_form_needs_a_session_and_its_own_mark(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let ann = || Call::at(Method::POST, "/console/reload")
            .from("10.0.0.1:40000")
            .header("x-forwarded-user", "Ann")
            .header("x-forwarded-groups", "licensing");
        // The proxy adds its header to what another site makes a browser send, too.
        for origin in ["https://licenses.acme.example", "https://evil.example"] {
            let answer = office.visit(ann().header("origin", origin).with_form(&[])).await;
            assert_eq!(answer.status, 303, "there is no session, and none begins");
            assert!(!answer.headers.contains_key("set-cookie"), "{:?}", answer.headers);
        }
        let mut tab = behind(&office, "Ann", "licensing");
        tab.open("/console").await;
        let evil = ann().header("cookie", &tab.cookie()).header("origin", "https://evil.example");
        let refused = office.visit(evil.with_form(&[("form", &tab.token())])).await;
        assert!(refused.status == 403 && refused.text.contains("another site"), "{}", refused.text);
        tab.post("/console/reload", &[("form", "a")]).await.says("of an earlier session");
    }

    async fn what_another_site_loads_begins_no_session(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let load = async |path: &str, site: &str, dest: &str| {
            let call = Call::at(Method::GET, path)
                .from("10.0.0.1:40000")
                .header("x-forwarded-user", "Ann")
                .header("x-forwarded-groups", "licensing")
                .header("sec-fetch-site", site)
                .header("sec-fetch-dest", dest);
            let answer = office.visit(call).await;
            (answer.status, answer.headers.contains_key("set-cookie"))
        };
        for (site, dest) in [("cross-site", "image"), ("same-site", "iframe")] {
            assert_eq!(load("/console", site, dest).await, (303, false), "{dest}");
            let led = load("/console/sign-in", site, dest).await;
            assert_eq!(led, (200, false), "and goes no further");
        }
        // A link in a ticket, an address that was typed, and a page of ours that loads another.
        for (site, dest) in
            [("cross-site", "document"), ("none", "document"), ("same-origin", "empty")]
        {
            assert_eq!(load("/console", site, dest).await, (200, true), "{site}");
        }
    }
}
