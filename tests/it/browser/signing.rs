//! Signing in and finding one's way, with a mouse, with keys, and without scripts.

use std::io::Write as _;
use std::process::Stdio;

use super::desk::Desk;
use crate::support::databases::Database;
use crate::support::process::Vendor;

on_both! {
    async fn one_signs_in_looks_around_and_signs_out(db: Database) {
        let desk = Desk::open(&db).await;
        let browser = &desk.browser;
        browser.go("/console/mail?status=failed").await;
        browser.see("Sign in with the token").await;
        browser.page_is_sound().await;
        browser.fill("Token", "kw_nonsense").await;
        browser.click("Sign in with the token").await;
        browser.see("That is no valid token").await;
        browser.page_is_sound().await;
        browser.fill("Token", &desk.admin).await;
        browser.click("Sign in with the token").await;
        browser.see("Nothing matches.").await;
        assert_eq!(browser.address().await, "/console/mail?status=failed");
        browser.page_is_sound().await;
        browser.click("Today").await;
        browser.see("What needs a person").await;
        browser.page_is_sound().await;
        browser.click("Sign out").await;
        browser.see("Sign in with the token").await;
        browser.go("/console").await;
        browser.see("Sign in with the token").await;
        desk.close().await;
    }

    async fn keys_lead_where_a_mouse_does(db: Database) {
        let desk = Desk::open(&db).await;
        let browser = &desk.browser;
        browser.sign_in(&desk.admin).await;
        browser.press("g").await;
        browser.press("m").await;
        browser.see("Nothing matches.").await;
        browser.press("?").await;
        browser.see("down and up a list").await;
        browser.click("Close").await;
        browser.press("/").await;
        let focused = browser.run("return document.activeElement.name").await;
        assert_eq!(focused, "q");
        desk.close().await;
    }

    async fn behind_the_vendors_proxy_one_is_there_at_once(db: Database) {
        let vendor = Vendor::new(&db);
        vendor.edit(|text| {
            let trusting = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n";
            let console = "[console]\nuser_header = \"Remote-User\"\n\
                           sign_out_url = \"/oauth2/sign_out\"\n\
                           [console.people]\nCleo = \"admin\"\n";
            text.replacen("[server]\n", trusting, 1) + console
        });
        let desk = Desk::with(vendor).await;
        let browser = &desk.browser;
        browser.behind_a_proxy("Remote-User", "Eve").await;
        browser.go("/console").await;
        browser.see("The proxy has signed you in as Eve, who has no role here").await;
        browser.page_is_sound().await;
        browser.behind_a_proxy("Remote-User", "Cleo").await;
        browser.go("/console/reload").await;
        browser.see("proxy:Cleo admin").await;
        browser.submit("Reload the configuration").await;
        browser.see("The configuration was loaded anew").await;
        browser.click("Audit").await;
        browser.see("signed in to the console").await;
        browser.page_is_sound().await;
        browser.click("Sign out").await;
        browser.see("still knows you as proxy:Cleo").await;
        assert_eq!(browser.address().await, "/console/sign-in?out=true");
        browser.page_is_sound().await;
        browser.click("Back to the console").await;
        browser.see("What needs a person").await;
        desk.close().await;
    }

    async fn without_scripts_everything_is_there_too(db: Database) {
        let desk = Desk::open(&db).await;
        let mut user = desk.vendor.command(&["user", "new", "--role", "support", "--name", "Bob"])
            .stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        writeln!(user.stdin.take().unwrap(), "correct horse battery").unwrap();
        assert!(user.wait().unwrap().success());
        let browser = &desk.browser;
        browser.without_scripts().await;
        browser.go("/console/mail").await;
        browser.click("Name and password").await;
        browser.fill("Name", "Bob").await;
        browser.fill("Password", "correct horse battery").await;
        browser.click("Sign in").await;
        browser.see("Bob support").await;
        assert_eq!(browser.address().await, "/console/mail");
        browser.click("Today").await;
        browser.see("What needs a person").await;
        desk.close().await;
    }
}
