//! What a customer changes himself: a machine released, a key sent again; both with a limit, which
//! holds on all nodes together, as the license's sale is locked.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::super::actors::CUSTOMER;
use super::super::resend::again;
use super::super::{Asked, Failure, Refusal, Support, licenses as desk};
use super::licenses::{releases, resends};
use super::owned_locked;
use crate::store::types::LicenseState;

impl Support {
    /// Frees the seat of one of his machines. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::UnknownLicense`] for another's, too; [`Refusal::UnknownActivation`];
    /// [`Refusal::TooOften`]; [`Failure::Store`].
    pub async fn my_release(
        &self,
        email: &str,
        license: &str,
        activation: &str,
    ) -> Result<(), Failure> {
        let (books, clock) = (self.shelf.now(), Arc::clone(&self.clock));
        let (email, license) = (email.to_owned(), license.to_owned());
        let activation = activation.to_owned();
        self.write("my release", move |tx| {
            let row = owned_locked(tx, &email, &license)?;
            if !desk::held(tx, &row, &activation)? {
                return Ok(());
            }
            let now = clock.now();
            let allowed = releases(tx, &row, &books, now)?;
            if allowed.left == 0 {
                return Err(too_often("no more machines can be released", allowed.again_at));
            }
            let asked = Asked { by: CUSTOMER.to_owned(), ..Asked::default() };
            desk::release(tx, &row, &activation, &asked, now)
        })
        .await
    }

    /// Has the key of one of his licenses sent again, to the address on file.
    ///
    /// # Errors
    /// [`Refusal::UnknownLicense`] for another's, too; [`Refusal::Revoked`];
    /// [`Refusal::TooOften`]; [`Failure::Store`].
    pub async fn my_resend(&self, email: &str, license: &str) -> Result<(), Failure> {
        let (books, clock) = (self.shelf.now(), Arc::clone(&self.clock));
        let (email, license) = (email.to_owned(), license.to_owned());
        let asked = Asked { by: CUSTOMER.to_owned(), ..Asked::default() };
        self.write("my resend", move |tx| {
            let row = owned_locked(tx, &email, &license)?;
            if row.state == LicenseState::Revoked {
                return Err(Refusal::Revoked.into());
            }
            let now = clock.now();
            let allowed = resends(tx, &row, now)?;
            if allowed.left == 0 {
                return Err(too_often("the key was sent often enough", allowed.again_at));
            }
            again(tx, &row, None, &asked, &books, now).map(|_| ())
        })
        .await?;
        self.post.notify_one();
        Ok(())
    }
}

fn too_often(what: &str, again_at: Option<DateTime<Utc>>) -> Failure {
    let until = match again_at {
        Some(at) => format!("; try again after {}", at.format("%Y-%m-%d %H:%M UTC")),
        None => "; ask support".to_owned(),
    };
    Refusal::TooOften(format!("{what} for now{until}")).into()
}
