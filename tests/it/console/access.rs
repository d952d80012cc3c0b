//! Who may: every cell of the table of pages and roles; signing in and out; other sites.

use actix_web::http::Method;
use chrono::TimeDelta;
use keywright::store::types::Role;
use keywright::support::users::Password;
use keywright::web::console::table::TABLE;
use keywright::web::support::auth::WRONG_TOKENS_MAX;

use crate::app::machine::all;
use crate::support::databases::Database;
use crate::support::office::{Call, Office, by_nobody};
use crate::support::tab::Tab;

/// What browsers call the site.
const SITE: &str = "https://licenses.acme.example";

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// An address of that pattern at which nothing is.
pub(super) fn address(pattern: &str) -> String {
    let id = if pattern.starts_with("/licenses") { NOBODY } else { "999999" };
    let path = pattern.replace("{id}", id).replace("{aid}", NOBODY).replace("{account}", "nobody");
    format!("/console{path}")
}

/// A browser in which somebody signs in by name and password.
async fn signs_in<'a>(office: &'a Office, name: &str, password: &str) -> Tab<'a> {
    let mut tab = Tab::new(office);
    tab.open("/console/sign-in").await;
    tab.send("Sign in", &[("name", name), ("password", password)]).await;
    tab
}

on_both! {
    async fn the_bare_address_leads_to_the_console(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = Tab::signed_in(&office, "support").await;
        let page = tab.open("/").await;
        assert_eq!((page.status, page.address.as_str()), (200, "/console"));
    }

    async fn each_page_opens_to_its_roles_and_to_nobody_else(db: Database) {
        let office = Office::open(&db).await;
        let mut stranger = Tab::new(&office);
        let mut support = Tab::signed_in(&office, "support").await;
        let mut admin = Tab::signed_in(&office, "admin").await;
        let tokens = (support.token(), admin.token());
        for cell in TABLE.iter().filter(|cell| cell.path != "/sign-out") {
            let address = address(cell.path);
            let (led, seen, done) = match cell.method {
                Method::GET => (
                    stranger.open(&address).await.clone(),
                    support.open(&address).await.clone(),
                    admin.open(&address).await.clone(),
                ),
                _ => (
                    stranger.post(&address, &[]).await.clone(),
                    support.post(&address, &[("form", &tokens.0)]).await.clone(),
                    admin.post(&address, &[("form", &tokens.1)]).await.clone(),
                ),
            };
            assert!(led.address.starts_with("/console/sign-in"), "{cell:?} shows {}", led.address);
            let forbidden = |page: &crate::support::tab::Page| {
                page.status == 403 && page.text().contains("forbidden")
            };
            assert!(!forbidden(&done), "{cell:?}");
            assert_eq!(forbidden(&seen), cell.role == Role::Admin, "{cell:?}");
            for page in [&seen, &done] {
                assert_eq!(page.headers["cache-control"], "no-store", "{cell:?}");
            }
        }
    }

    async fn a_form_of_another_site_or_session_does_nothing(db: Database) {
        let office = Office::open(&db).await;
        let mut ann = Tab::signed_in(&office, "admin").await;
        let token = ann.token();
        let bob = Tab::signed_in(&office, "support").await;
        for cell in TABLE.iter().filter(|cell| cell.method == Method::POST) {
            let address = address(cell.path);
            for wrong in ["", &bob.token(), "a"] {
                let page = ann.post(&address, &[("form", wrong)]).await;
                assert_eq!(page.status, 403, "{cell:?}");
                page.says("the form is of an earlier session");
            }
            let evil = Call::at(Method::POST, &address)
                .header("cookie", &ann.cookie())
                .header("origin", "https://evil.example")
                .with_form(&[("form", &token)]);
            let refused = office.visit(evil).await;
            assert_eq!(refused.status, 403, "{cell:?}");
            assert!(refused.text.contains("another site"), "{cell:?}");
        }
        // All the while nobody was signed out.
        assert_eq!(ann.open("/console").await.address, "/console");
    }

    async fn one_signs_in_by_name_and_password_and_out(db: Database) {
        let office = Office::open(&db).await;
        let password = || Password::new("correct horse battery");
        office.support.user_new("Ann", Role::Support, password(), by_nobody()).await.unwrap();
        let mut tab = Tab::new(&office);
        tab.open("/console/mail?status=sent").await;
        tab.page.says("Sign in with the token");
        for (name, wrong) in [("Ann", "correct horse batterx"), ("Bob", "correct horse battery")] {
            tab.send("Sign in", &[("name", name), ("password", wrong)]).await;
            assert_eq!(tab.page.status, 422);
            tab.page.says("no valid name and password");
        }
        tab.send("Sign in", &[("name", "Ann"), ("password", "correct horse battery")]).await;
        assert_eq!(tab.page.address, "/console/mail?status=sent", "led to where one wanted to go");
        tab.page.says("Ann support");
        let cookie = tab.cookie();
        assert!(cookie.starts_with("__Host-keywright="), "{cookie}");
        tab.send("Sign out", &[]).await;
        assert_eq!(tab.page.address, "/console/sign-in");
        // The session itself is over, not only forgotten by this browser.
        let again = Call::at(Method::GET, "/console").header("cookie", &cookie);
        assert_eq!(office.visit(again).await.status, 303);
    }

    async fn whoever_is_revoked_is_out_at_once_on_every_node(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        let word = "correct horse battery";
        let password = Password::new(word);
        office.support.user_new("Ann", Role::Support, password, by_nobody()).await.unwrap();
        let ann = signs_in(&office, "Ann", word).await;
        let page = || Call::at(Method::GET, "/console").header("cookie", &ann.cookie());
        assert_eq!(other.visit(page()).await.status, 200);
        office.support.user_revoke("Ann", by_nobody()).await.unwrap();
        assert_eq!(other.visit(page()).await.status, 303);

        let (token, view) = office.support.token_new("Bob", Role::Admin, by_nobody()).await.unwrap();
        let mut bob = Tab::new(&office);
        bob.open("/console/sign-in").await;
        bob.send("Sign in with the token", &[("token", token.expose())]).await;
        assert_eq!(bob.page.address, "/console");
        office.support.token_revoke(&view.id, by_nobody()).await.unwrap();
        bob.open("/console").await;
        assert_eq!(bob.page.address, "/console/sign-in");
    }

    async fn with_another_password_everybody_signs_in_anew(db: Database) {
        let office = Office::open(&db).await;
        let (old, new) = ("correct horse battery", "another horse battery");
        let support = &office.support;
        support.user_new("Ann", Role::Support, Password::new(old), by_nobody()).await.unwrap();
        let mut tab = signs_in(&office, "Ann", old).await;
        assert_eq!(tab.page.address, "/console");
        support.user_password("Ann", Password::new(new), by_nobody()).await.unwrap();
        assert_eq!(tab.open("/console").await.address, "/console/sign-in");
        assert_eq!(signs_in(&office, "Ann", old).await.page.status, 422);
        assert_eq!(signs_in(&office, "Ann", new).await.page.address, "/console");
    }

    async fn who_is_signed_in_stays_so_where_nothing_can_be_written(db: Database) {
        let office = Office::open(&db).await;
        let mut ann = Tab::signed_in(&office, "admin").await;
        if db.is_sqlite() {
            db.tamper("CREATE TRIGGER full BEFORE UPDATE ON sessions
                BEGIN SELECT RAISE(ABORT, 'disk is full'); END").await;
        } else {
            db.tamper("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE EXCEPTION 'disk is full'; END $$;
                CREATE TRIGGER refused BEFORE UPDATE ON sessions
                FOR EACH ROW EXECUTE FUNCTION refuse()").await;
        }
        office.clock.advance(TimeDelta::minutes(6));
        ann.open("/console/events").await;
        assert_eq!(ann.page.status, 200, "{}", ann.page.text());
    }

    async fn a_session_ends_when_nobody_uses_it_and_after_a_day(db: Database) {
        let office = Office::open(&db).await;
        let mut idle = Tab::signed_in(&office, "support").await;
        office.clock.advance(TimeDelta::hours(8));
        assert_eq!(idle.open("/console").await.address, "/console/sign-in");
        let mut busy = Tab::signed_in(&office, "support").await;
        for _ in 0..3 {
            office.clock.advance(TimeDelta::hours(7));
            assert_eq!(busy.open("/console").await.address, "/console");
        }
        office.clock.advance(TimeDelta::hours(3));
        assert_eq!(busy.open("/console").await.address, "/console/sign-in");
    }

    async fn many_guesses_at_once_are_no_more_than_one_by_one(db: Database) {
        let office = Office::open(&db).await;
        let guess = |number: usize| {
            let fields = [("name", "Ann".to_owned()), ("password", format!("guess number {number}"))];
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let call = Call::at(Method::POST, "/console/sign-in").header("origin", SITE);
            let call = call.with_form(&fields);
            async { office.visit(call).await }
        };
        let most = usize::try_from(WRONG_TOKENS_MAX).unwrap();
        let answers = all((0..2 * most).map(guess)).await;
        let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!(of(429), most, "nobody looked at these");
        // Some may have waited too long for their turn on a machine that is busy.
        assert_eq!(of(422) + of(503), most);
        let crowded = answers.iter().filter(|answer| answer.status == 503);
        assert!(crowded.clone().all(|answer| answer.headers.contains_key("retry-after")));
    }

    async fn whoever_guesses_is_slowed_down(db: Database) {
        let office = Office::open(&db).await;
        let mut tab = Tab::new(&office);
        tab.open("/console/sign-in").await;
        let guess = format!("kw_{}", "b".repeat(52));
        for _ in 0..WRONG_TOKENS_MAX {
            let status = tab.send("Sign in with the token", &[("token", &guess)]).await.status;
            assert_eq!(status, 422);
        }
        tab.send("Sign in with the token", &[("token", office.token("admin"))]).await;
        assert_eq!(tab.page.status, 429, "even the right one has to wait");
        office.clock.advance(TimeDelta::minutes(1));
        tab.send("Sign in with the token", &[("token", office.token("admin"))]).await;
        assert_eq!(tab.page.address, "/console");
    }
}

#[tokio::test]
async fn no_script_reads_a_session_and_no_other_site_sends_it() {
    let db = Database::sqlite();
    let office = Office::open(&db).await;
    let call = Call::at(Method::POST, "/console/sign-in").header("origin", SITE);
    let entered = office.visit(call.with_form(&[("token", office.token("admin"))])).await;
    assert_eq!(entered.status, 303);
    let cookie: Vec<&str> = entered.headers["set-cookie"].split("; ").collect();
    for word in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=86400"] {
        assert!(cookie.contains(&word), "{word} is not in {cookie:?}");
    }
    assert!(!cookie.iter().any(|word| word.starts_with("Domain")), "{cookie:?}");
}

#[tokio::test]
async fn what_browsers_report_is_taken_from_anybody_and_is_short() {
    let db = Database::sqlite();
    let office = Office::open(&db).await;
    let report = async |body: &[u8]| {
        let call = Call::at(Method::POST, "/console/csp-report");
        office.visit(call.header("content-type", "application/csp-report").with_bytes(body)).await
    };
    let told = report(br#"{"csp-report":{"effective-directive":"script-src"}}"#).await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    assert_eq!(report(b"nonsense").await.status, 204);
    assert_eq!(report(&[b' '; 9_000]).await.status, 413);
}

#[tokio::test]
async fn a_page_can_do_nothing_but_what_this_service_serves() {
    let db = Database::sqlite();
    let office = Office::open(&db).await;
    let tab = Tab::signed_in(&office, "admin").await;
    let policy = &tab.page.headers["content-security-policy"];
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for directive in ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.split("; ").any(|one| one == directive), "{directive} is not in {policy}");
    }
    assert_eq!(tab.page.headers["x-frame-options"], "DENY");
    assert_eq!(tab.page.headers["x-content-type-options"], "nosniff");
    assert_eq!(tab.page.headers["referrer-policy"], "same-origin");
    assert_eq!(tab.page.headers["cross-origin-opener-policy"], "same-origin");
    assert!(!tab.page.source.contains(" style="), "the policy would forbid it");
    assert!(!tab.page.source.contains("<script>"), "the policy would forbid it");
}
