//! People whom the vendor's own proxy has signed in: taken at its word, and at nobody else's.

mod person;
mod role;
mod word;

use actix_web::http::Method;
use keywright::store::rows::HistoryFilter;

use crate::support::office::{Answer, Call, Office};
use crate::support::tab::Tab;

/// The one proxy that an office trusts, and one that it does not.
const PROXY: &str = "10.0.0.1";
const STRANGER: &str = "203.0.113.9";

const BY_GROUP: &str = r#"
[console]
user_header = "X-Forwarded-User"
groups_header = "X-Forwarded-Groups"
sign_out_url = "/oauth2/sign_out?rd=/"
[console.groups]
desk = "support"
licensing = "admin"
"#;

const BY_USER: &str = "[console]\nuser_header = \"X-Forwarded-User\"\n";

/// A browser behind the proxy, which has signed in somebody with these groups.
fn behind<'a>(office: &'a Office, name: &str, groups: &str) -> Tab<'a> {
    let mut tab = Tab::new(office);
    named(&mut tab, name, groups);
    tab
}

/// The proxy names somebody, of this browser, from now on.
fn named(tab: &mut Tab<'_>, name: &str, groups: &str) {
    tab.goes_through(PROXY, &[("x-forwarded-user", name), ("X-Forwarded-Groups", groups)]);
}

/// Who did what, as the audit has it, the last first.
async fn audited(office: &Office) -> Vec<(String, String)> {
    let page = office.support.audit_list(HistoryFilter::default(), None, 20).await.unwrap();
    page.items.into_iter().filter_map(|entry| Some((entry.actor?, entry.action))).collect()
}

/// One request with a session, through a proxy that says this.
async fn seen(office: &Office, cookie: &str, said: Option<(&str, &str)>, from: &str) -> Answer {
    let mut call = Call::at(Method::GET, "/console").from(&format!("{from}:40000"));
    if let Some((name, groups)) = said {
        call = call.header("x-forwarded-user", name).header("x-forwarded-groups", groups);
    }
    office.visit(call.header("cookie", cookie)).await
}
