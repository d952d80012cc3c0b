//! Who may: every cell of the table of routes and roles.

use actix_web::http::Method;
use keywright::store::types::Role;
use keywright::web::cells::Cell;
use keywright::web::support::auth::WRONG_TOKENS_MAX;
use keywright::web::support::table::TABLE;
use serde_json::json;

use crate::support::databases::Database;
use crate::support::office::{Call, Office, by_nobody};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn call(cell: &Cell) -> Call {
    let id = if cell.path.starts_with("/licenses") { NOBODY } else { "999999" };
    let path = cell.path.replace("{id}", id).replace("{aid}", NOBODY);
    // Nothing that is asked for here can be done: what comes back tells who got through.
    let body = json!({ "nonsense": true });
    match cell.method {
        Method::GET | Method::DELETE => Call::to(cell.method.clone(), &path),
        _ => Call::to(cell.method.clone(), &path).with(&body),
    }
}

on_both! {
    async fn each_route_opens_to_its_roles_and_to_nobody_else(db: Database) {
        let office = Office::open(&db).await;
        let (gone, view) = office.support.token_new("gone", Role::Admin, by_nobody()).await.unwrap();
        office.support.token_revoke(&view.id, by_nobody()).await.unwrap();
        let unknown = format!("kw_{}", "a".repeat(52));
        let mut table = String::new();
        for cell in TABLE {
            // One wrong token after another from one address would be slowed down.
            office.clock.advance(chrono::TimeDelta::minutes(1));
            let none = office.call(call(cell)).await;
            assert_eq!(none.word(), "401 unauthorized", "{cell:?}");
            assert_eq!(none.headers["www-authenticate"], "Bearer realm=\"keywright\"");
            for wrong in [unknown.as_str(), gone.expose(), "kw_short", ""] {
                let answer = office.call(call(cell).by(wrong)).await;
                assert_eq!(answer.word(), "401 unauthorized", "{cell:?}");
                assert_eq!(answer.json, none.json, "one answer for all: {cell:?}");
            }
            let support = office.call(call(cell).by(office.token("support"))).await;
            let admin = office.call(call(cell).by(office.token("admin"))).await;
            assert_ne!(admin.json["code"], "forbidden", "{cell:?}");
            assert_eq!(support.status == 403, cell.role == Role::Admin, "{cell:?}");
            if cell.role == Role::Support {
                assert_eq!(support.word(), admin.word(), "{cell:?}");
            }
            assert_eq!(support.headers["cache-control"], "no-store");
            table += &format!("{:6} {:34} {:20} {}\n",
                cell.method.as_str(), cell.path, support.word(), admin.word());
        }
        insta::assert_snapshot!("table", table);
    }

    async fn a_revoked_token_is_of_no_use_at_once_on_every_node(db: Database) {
        let office = Office::open(&db).await;
        let other = office.another(&db).await;
        let (token, view) = office.support.token_new("Ann", Role::Support, by_nobody()).await.unwrap();
        let list = || Call::to(Method::GET, "/events").by(token.expose());
        assert_eq!(other.call(list()).await.status, 200);
        office.support.token_revoke(&view.id, by_nobody()).await.unwrap();
        assert_eq!(other.call(list()).await.word(), "401 unauthorized");
    }

    async fn whoever_guesses_is_slowed_down_and_nobody_else(db: Database) {
        let office = Office::open(&db).await;
        let guess = || Call::to(Method::GET, "/events").by(&format!("kw_{}", "b".repeat(52)));
        for _ in 0..WRONG_TOKENS_MAX {
            assert_eq!(office.call(guess()).await.status, 401);
        }
        let slowed = office.call(guess()).await;
        assert_eq!(slowed.word(), "429 too_many_attempts");
        assert_eq!(slowed.headers["retry-after"], "60");
        // Behind the same address somebody works with a right token.
        assert_eq!(office.get("/events").await.status, 200);
        // Elsewhere somebody only mistyped; and no stranger can write himself another address.
        assert_eq!(office.call(guess().from("198.51.100.1:1")).await.status, 401);
        let disguised = guess().header("x-forwarded-for", "198.51.100.9");
        assert_eq!(office.call(disguised).await.status, 429);
        let by_proxy = guess().from("10.0.0.1:1").header("x-forwarded-for", "203.0.113.7");
        assert_eq!(office.call(by_proxy).await.status, 429);
    }

    async fn a_database_that_is_away_is_no_wrong_token(db: Database) {
        let office = Office::open(&db).await;
        office.support.store.clone().close().await;
        let answer = office.get("/events").await;
        assert_eq!(answer.word(), "503 unavailable");
        assert_eq!(answer.headers["retry-after"], "2");
    }
}
