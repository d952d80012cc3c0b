//! What the customer has; and for everybody else, the form for the address on file.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::My;
use super::acts;
use super::visit::Customer;
use crate::web::problem::Problem;
use crate::web::read::Fields;

/// Licenses on one page.
const LICENSES: usize = 20;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Which {
    cursor: Option<String>,
    done: Option<String>,
}

pub(super) async fn page(my: Data<My>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let Some(customer) = Customer::of(&my, &request).await? else {
        return Ok(my.ask_page(StatusCode::OK, None));
    };
    let Which { cursor, done } = Fields::of_query(&request)?.filled().read()?;
    let page = my.support.my_licenses(&customer.email, cursor.clone(), LICENSES).await?;
    let facts = json!({
        "here": "licenses",
        "licenses": page.items,
        "cursor": cursor,
        // An id of ours: nothing in it has to be written otherwise in an address.
        "next": page.next_cursor.map(|cursor| format!("/my?cursor={cursor}")),
        "done": done.as_deref().and_then(acts::sentence),
    });
    Ok(my.page(StatusCode::OK, Some(&customer), "my/licenses.html", facts))
}
