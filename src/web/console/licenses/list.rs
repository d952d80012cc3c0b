//! The list of licenses, and search.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Console;
use crate::rules::key;
use crate::store::rows::LicenseFilter;
use crate::store::types::LicenseStatus;
use crate::web::console::guard::Visitor;
use crate::web::console::page::{ENTRIES, next_address};
use crate::web::problem::Problem;
use crate::web::read::{Fields, Word};

/// Which licenses, as the form above the list has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    /// An id, a key, an address, any reference of the sale.
    q: Option<String>,
    email: Option<String>,
    order: Option<String>,
    subscription: Option<String>,
    status: Option<Word<LicenseStatus>>,
    product: Option<String>,
}

impl Which {
    /// What is typed as people type keys is looked for as a key.
    fn filter(&self) -> LicenseFilter {
        let q = self.q.as_deref().map(str::trim);
        let key = q.filter(|q| !q.contains('.')).filter(|q| key::read(q).is_some());
        LicenseFilter {
            email: self.email.clone(),
            key: key.map(str::to_owned),
            order: self.order.clone(),
            subscription: self.subscription.clone(),
            status: self.status.map(|Word(status)| status),
            product: self.product.clone(),
            q: q.filter(|_| key.is_none()).map(str::to_owned),
        }
    }
}

pub(in crate::web::console) async fn list(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Fields::of_query(&request)?.filled();
    let cursor: Option<String> = query.take("cursor")?;
    let which: Which = query.read()?;
    let page = console.support.license_list(which.filter(), cursor, ENTRIES).await?;
    let facts = json!({
        "licenses": page.items,
        "next": next_address(&request, page.next_cursor.as_deref()),
        "search": which.q,
        "email": which.email,
        "order": which.order,
        "subscription": which.subscription,
        "status": which.status.map(|Word(status)| status.as_str()),
        "statuses": LicenseStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>(),
        "product": which.product,
        "products": console.products(),
    });
    Ok(console.page(&visitor, "licenses", "console/license_list.html", facts))
}
