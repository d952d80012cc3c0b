//! What the customer changes.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;

use super::My;
use super::visit::Ask;
use crate::rules::key::is_id;
use crate::web::html::see_other;
use crate::web::problem::Problem;

#[derive(Deserialize)]
struct Releasing {
    license: String,
    activation: String,
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Resending {
    license: String,
    cursor: Option<String>,
}

pub(super) async fn release(my: Data<My>, ask: Ask) -> Result<HttpResponse, Problem> {
    let (customer, Releasing { license, activation, cursor }) = ask.read()?;
    my.support.my_release(&customer.email, &license, &activation).await?;
    Ok(back("released", cursor))
}

pub(super) async fn resend(my: Data<My>, ask: Ask) -> Result<HttpResponse, Problem> {
    let (customer, Resending { license, cursor }) = ask.read()?;
    my.support.my_resend(&customer.email, &license).await?;
    Ok(back("resent", cursor))
}

/// What was done, told once on the page.
pub(super) fn sentence(word: &str) -> Option<&'static str> {
    match word {
        "released" => Some(
            "The machine is released: its place is free, and you can activate the license on \
             another one.",
        ),
        "resent" => Some("The key is on its way to your address."),
        _ => None,
    }
}

/// To the part of the list that he came from.
fn back(done: &str, cursor: Option<String>) -> HttpResponse {
    match cursor.filter(|cursor| is_id(cursor)) {
        Some(cursor) => see_other(&format!("/my?cursor={cursor}&done={done}")),
        None => see_other(&format!("/my?done={done}")),
    }
}
