//! A license given by hand.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::page::Done;
use crate::support::issue::Gift;
use crate::support::when::End;
use crate::web::console::ask::Ask;
use crate::web::console::guard::Visitor;
use crate::web::html::see_other;
use crate::web::problem::{Code, Problem};
use crate::web::read::Number;

#[derive(Debug, Deserialize)]
struct Giving {
    product: String,
    email: String,
    name: Option<String>,
    company: Option<String>,
    locale: Option<String>,
    quantity: Option<Number>,
    expires_at: Option<End>,
}

/// The languages that letters are written in, by the templates that there are.
const LOCALES: [&str; 4] = ["en", "de", "es", "fr"];

pub(in crate::web::console) async fn blank(
    console: Data<Console>,
    visitor: Visitor,
) -> Result<HttpResponse, Problem> {
    let facts = json!({
        "products": console.products(),
        "locales": LOCALES,
        "once": console.form_number()?,
    });
    Ok(console.page(&visitor, "licenses", "console/license_new.html", facts))
}

pub(in crate::web::console) async fn issue(
    console: Data<Console>,
    mut ask: Ask,
) -> Result<HttpResponse, Problem> {
    let asked = ask.asked()?;
    let giving: Giving = ask.read()?;
    let quantity = giving.quantity.map(|Number(quantity)| u32::try_from(quantity));
    let wrong = |_| {
        let detail = "quantity must be a whole number from 1 on";
        Problem::new(Code::InvalidField, detail).of_field("quantity")
    };
    let gift = Gift {
        product: giving.product,
        email: giving.email,
        name: giving.name,
        company: giving.company,
        locale: giving.locale,
        quantity: quantity.transpose().map_err(wrong)?,
        expires_at: giving.expires_at.map(|End(end)| end),
    };
    let issued = console.support.issue(gift, asked).await?;
    let (id, done) = (issued.license.id, Done::Issued.word());
    Ok(see_other(&format!("/console/licenses/{id}?done={done}")))
}
