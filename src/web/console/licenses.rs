//! Licenses: search; one with its life drawn; what people do about it; one given by hand.
//!
//! - `list`: search
//! - `page`: one license, and what was done to it last with the way back
//! - `acts`: renew, set the date, suspend, reinstate, revoke, send again, release
//! - `give`: a license by hand
//! - `refused`: what was not done, with a way to the license as it is now

mod acts;
mod give;
mod list;
mod page;
mod refused;

pub(super) use acts::{reinstate, release, renew, resend, revoke, set_expiry, suspend};
pub(super) use give::{blank, issue};
pub(super) use list::list;
pub(super) use page::one;

use super::Console;
use crate::rules::key::is_id;
use crate::support::Refusal;
use crate::web::problem::Problem;

/// Only ids: a key in an address would stand in the logs of every proxy.
fn named(id: &str) -> Result<&str, Problem> {
    match is_id(id) {
        true => Ok(id),
        false => Err(Refusal::UnknownLicense(id.chars().take(40).collect()).into()),
    }
}

impl Console {
    /// The products that there are, by id.
    fn products(&self) -> Vec<String> {
        self.support.shelf.now().config.catalogue.products.keys().cloned().collect()
    }

    /// A number for the forms of a page: each counts once, however often it is sent.
    fn form_number(&self) -> Result<String, Problem> {
        Ok(self.support.name()?)
    }
}
