//! What somebody may do whom the proxy names.

use actix_web::http::Method;
use keywright::store::types::Role;
use keywright::support::users::Password;
use keywright::web::console::table::TABLE;

use super::super::access::address;
use super::{BY_GROUP, BY_USER, PROXY, behind, named, seen};
use crate::support::databases::Database;
use crate::support::office::{Office, by_nobody};

on_both! {
    async fn a_group_that_is_taken_away_takes_its_role_along(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let mut tab = behind(&office, "Ann", "licensing");
        tab.open("/console/reload").await;
        let (cookie, form) = (tab.cookie(), tab.token());
        named(&mut tab, "Ann", "desk");
        assert_eq!(tab.open("/console/reload").await.status, 403);
        assert_eq!(tab.post("/console/reload", &[("form", &form)]).await.status, 403);
        named(&mut tab, "Ann", "staff");
        tab.open("/console").await.says("The proxy has signed you in as Ann, who has no role here");
        assert_eq!(tab.page.address, "/console/sign-in");
        named(&mut tab, "Ann", "licensing");
        assert_eq!(tab.open("/console/reload").await.status, 200);
        assert_eq!(tab.cookie(), cookie, "no role was ever part of the session");
        // What a group may is written in the configuration, and counts as it stands now.
        office.configure(&BY_GROUP.replace("\"admin\"", "\"support\""));
        assert_eq!(tab.open("/console/reload").await.status, 403);
    }

    async fn a_user_of_that_name_lends_his_role_until_he_is_revoked(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        let password = || Password::new("correct horse battery");
        office.support.user_new("Ann", Role::Support, password(), by_nobody()).await.unwrap();
        for node in [&office, &other] {
            node.configure(BY_USER);
        }
        let mut ann = behind(&office, "Ann", "licensing");
        ann.open("/console").await.says("proxy:Ann support");
        let said = Some(("Ann", ""));
        assert_eq!(seen(&other, &ann.cookie(), said, PROXY).await.status, 200);
        for nobody in ["ann", "Bob", "support", "proxy:Ann"] {
            let mut tab = behind(&office, nobody, "licensing");
            tab.open("/console").await.says(&format!("signed you in as {nobody}, who has no role"));
        }
        office.support.user_revoke("Ann", by_nobody()).await.unwrap();
        assert_eq!(seen(&other, &ann.cookie(), said, PROXY).await.status, 303);
        assert_eq!(ann.open("/console").await.address, "/console/sign-in");
    }

    async fn a_person_is_named_in_the_configuration_by_his_address(db: Database) {
        let office = Office::open(&db).await;
        office.configure(
            "[console]\nuser_header = \"X-Forwarded-User\"\n[console.people]\n\
             \"ann@acme.example\" = \"admin\"\n",
        );
        let mut ann = behind(&office, "ann@acme.example", "");
        ann.open("/console").await.says("proxy:ann@acme.example admin");
        let mut bob = behind(&office, "bob@acme.example", "");
        bob.open("/console").await.says("who has no role here");
        // A user's role is not asked for where the configuration says who may what.
        let password = Password::new("correct horse battery");
        office.support.user_new("Cleo", Role::Admin, password, by_nobody()).await.unwrap();
        behind(&office, "Cleo", "").open("/console").await.says("who has no role here");
    }

    async fn each_page_opens_to_the_roles_that_the_proxy_tells(db: Database) {
        let office = Office::open(&db).await;
        office.configure(BY_GROUP);
        let mut stranger = behind(&office, "Eve", "staff");
        let mut support = behind(&office, "Ann", "desk");
        let mut admin = behind(&office, "Bob", "licensing");
        support.open("/console").await;
        admin.open("/console").await;
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
        }
    }
}
