//! Every page of the console is measured with a million events stored: `cargo bench --bench pages`.

use std::collections::BTreeSet;

use actix_web::http::Method;
use keywright::web::console::table::TABLE;

#[path = "../../../benches/pages/visits.rs"]
mod visits;

use visits::VISITS;

/// Does this address lead to that route? A `{part}` of a route is any one part of an address.
fn leads(address: &str, route: &str) -> bool {
    let path = address.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let route: Vec<&str> = route.split('/').collect();
    parts.len() == route.len()
        && parts.iter().zip(&route).all(|(part, of)| of.starts_with('{') || part == of)
}

#[test]
fn no_page_is_left_out() {
    let pages = TABLE.iter().filter(|cell| cell.method == Method::GET).map(|cell| cell.path);
    let measured: BTreeSet<&str> = VISITS.iter().map(|visit| visit.route).collect();
    assert_eq!(pages.collect::<BTreeSet<_>>(), measured, "add it to benches/pages/visits.rs");
    for visit in VISITS {
        let mut addresses = visit.shown.iter().chain(visit.leads_on).peekable();
        assert!(addresses.peek().is_some(), "nothing of {} is measured", visit.route);
        for address in addresses {
            assert!(leads(address, visit.route), "{address} is none of {}", visit.route);
        }
    }
}
