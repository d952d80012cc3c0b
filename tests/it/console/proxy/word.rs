//! Whose word is taken, and whose is not.

use actix_web::http::Method;
use keywright::store::types::Role;
use keywright::support::users::Password;

use super::{BY_GROUP, PROXY, STRANGER, audited, behind, seen};
use crate::support::databases::Database;
use crate::support::office::{Call, Office, by_nobody};
use crate::support::process::{Node, Vendor};
use crate::support::tab::Tab;

on_both! {
    async fn a_stranger_is_not_taken_at_his_word(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let ann = [("x-forwarded-user", "Ann"), ("x-forwarded-groups", "licensing")];
        let mut tab = Tab::new(&office);
        for forwarded in [None, Some("10.0.0.1"), Some("198.51.100.1, 10.0.0.1")] {
            let mut headers = ann.to_vec();
            headers.extend(forwarded.map(|hops| ("x-forwarded-for", hops)));
            tab.goes_through(STRANGER, &headers);
            tab.open("/console").await.says("Sign in with the token");
            assert_eq!((tab.page.address.as_str(), &*tab.cookie()), ("/console/sign-in", ""));
            tab.page.is_silent_about("Ann");
        }
        // Nor is the session of somebody whom the proxy did name, carried elsewhere.
        let mut real = behind(&office, "Ann", "licensing");
        real.open("/console").await.says("proxy:Ann");
        for said in [None, Some(("Ann", "licensing"))] {
            assert_eq!(seen(&office, &real.cookie(), said, STRANGER).await.status, 303);
        }
        assert_eq!(audited(&office).await.iter().filter(|(_, act)| act == "signed_in").count(), 1);
    }

    async fn without_its_word_in_the_configuration_nobody_is_believed(db: Database) {
        let office = Office::open(&db).await;
        let mut ann = behind(&office, "Ann", "licensing");
        assert_eq!(ann.open("/console").await.address, "/console/sign-in");
        // Another header than the one that is named is none.
        office.configure(BY_GROUP);
        let mut tab = Tab::new(&office);
        tab.goes_through(PROXY, &[("remote-user", "Ann"), ("x-forwarded-groups", "licensing")]);
        assert_eq!(tab.open("/console").await.address, "/console/sign-in");
    }

    async fn a_name_that_is_not_one_whole_name_is_nobodys(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let long = "a".repeat(255);
        let user = "x-forwarded-user";
        let wrong: [&[&str]; 6] =
            [&["Ann", "Bob"], &["Ann", "Ann"], &[""], &["Ann,Bob"], &["A\tn"], &[&long]];
        for names in wrong {
            let mut tab = Tab::new(&office);
            let mut headers: Vec<_> = names.iter().map(|name| (user, *name)).collect();
            headers.push(("x-forwarded-groups", "licensing"));
            tab.goes_through(PROXY, &headers);
            assert_eq!(tab.open("/console").await.address, "/console/sign-in", "{names:?}");
        }
        let mut longest = behind(&office, &"a".repeat(254), "licensing");
        assert_eq!(longest.open("/console").await.address, "/console");
        // Twice, one line of the groups may be the client's own.
        let mut tab = Tab::new(&office);
        let groups = "x-forwarded-groups";
        tab.goes_through(PROXY, &[(user, "Ann"), (groups, "staff"), (groups, "licensing")]);
        tab.open("/console").await.says("Ann, who has no role here");
    }

    async fn nothing_but_the_console_looks_at_the_header(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        for (method, path) in [
            (Method::GET, "/api/v1/licenses"),
            (Method::GET, "/api/v1/audit"),
            (Method::POST, "/api/v1/reload"),
            (Method::GET, "/my"),
            (Method::POST, "/my/sign-out"),
            (Method::POST, "/v1/licenses/validate"),
            (Method::POST, "/webhooks/shop"),
            (Method::POST, "/core/v2/rest/licensee/ACME-1/validate"),
            (Method::GET, "/metrics"),
        ] {
            let call = || Call::at(method.clone(), path).from("10.0.0.1:40000");
            let said = call().header("x-forwarded-user", "Ann");
            let said = said.header("x-forwarded-groups", "licensing");
            let (with, without) = (office.visit(said).await, office.visit(call()).await);
            assert_eq!((with.status, with.text), (without.status, without.text), "{path}");
            assert!(!with.headers.contains_key("set-cookie"), "{path}");
        }
        let acts = audited(&office).await;
        assert!(acts.iter().all(|(_, act)| act != "signed_in"), "{acts:?}");
    }

    async fn nobody_else_is_called_like_one_whom_a_proxy_names(db: Database) {
        let office = Office::open(&db).await;
        let password = Password::new("correct horse battery");
        let user = office.support.user_new("proxy:Ann", Role::Admin, password, by_nobody()).await;
        let token = office.support.token_new(" Proxy:Ann", Role::Admin, by_nobody()).await;
        let refused = "name begins with proxy:";
        assert!(user.unwrap_err().to_string().starts_with(refused));
        assert!(token.map(|_| ()).unwrap_err().to_string().starts_with(refused));
    }
}

/// The running program, with a real connection from this machine.
#[tokio::test]
async fn what_is_not_believed_is_counted() {
    let db = Database::sqlite();
    let vendor = Vendor::new(&db);
    vendor.edit(|text| {
        let trusting = "[server]\ntrusted_proxies = [\"10.9.9.9\"]\n";
        let console =
            "[console]\nuser_header = \"Remote-User\"\n[console.people]\nann = \"admin\"\n";
        text.replacen("[server]\n", trusting, 1) + console
    });
    // Another may have chosen it before us; it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(policy).build().unwrap();
    let opened = async |node: &Node, name: &str| {
        let asked = client.get(format!("{}/console", node.address)).header("remote-user", name);
        asked.send().await.unwrap().status().as_u16()
    };
    let counted = |node: &Node, reason: &str| {
        let line = format!("keywright_console_headers_ignored_total{{reason=\"{reason}\"}} 1");
        let (_, figures) = node.get("/metrics");
        assert!(figures.contains(&line), "{figures}");
    };
    let node = vendor.serve();
    assert_eq!(opened(&node, "ann").await, 303, "this machine is not the proxy");
    counted(&node, "untrusted");
    node.kill();
    vendor.edit(|text| text.replace("10.9.9.9", "127.0.0.1"));
    let node = vendor.serve();
    assert_eq!(opened(&node, "ann").await, 200);
    assert_eq!(opened(&node, "ann,").await, 303);
    counted(&node, "malformed");
    assert!(node.terminate());
    // Nobody is trusted any more, and somebody is to be believed: then it does not start.
    vendor.edit(|text| text.replace("[\"127.0.0.1\"]", "[]"));
    for command in ["check", "serve"] {
        let told = vendor.run(&[command]);
        assert!(!told.status.success(), "{command}");
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.contains("server.trusted_proxies is empty"), "{told}");
    }
}
