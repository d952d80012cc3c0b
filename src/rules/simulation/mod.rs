//! A subscription's life on simulated time: each event, what the fold makes of it and why, and
//! the mail that it owes. With no database: what is stored is a list.

mod life;
pub mod script;

use chrono::{DateTime, Utc};
use serde::Serialize;
use thiserror::Error;

use self::life::Life;
use self::script::{BadLine, Line};
use super::license::{Flag, Status};
use super::product::{Catalogue, Offer, Start, Term};

/// One event, and how the licenses stand after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at: DateTime<Utc>,
    /// As the script says it.
    pub event: String,
    pub licenses: Vec<Standing>,
}

/// How one license stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub product: String,
    pub slot: String,
    pub status: Status,
    pub flags: Vec<Flag>,
    pub starts_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    /// What the event changed in how the date comes about.
    pub why: Vec<String>,
    /// Templates of the mail that is owed for it.
    pub mail: Vec<String>,
}

/// Why a life cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Impossible {
    #[error("there is no product {0:?}")]
    NoProduct(String),
    #[error(transparent)]
    Script(#[from] BadLine),
}

/// A life that shows what the product's rules do: renewed early and late, failed, canceled, paid
/// back.
#[must_use]
pub fn example(offer: &Offer) -> &'static str {
    let expires = offer.iter().any(|product| matches!(product.term, Term::Interval(_)));
    let waits = offer.iter().any(|product| product.start == Start::Activation);
    match (expires, waits) {
        (false, _) => "purchase\n+P14D refund 1 40%\n+P14D refund 1\n",
        (true, true) => {
            "purchase\n+P7D activate\nexpiry-P3D renewal\nexpiry+PT12H renewal\n\
             +P1D cancel\n+P1D refund 3\n"
        }
        (true, false) => {
            "purchase\nexpiry-P3D renewal\nexpiry payment-failed\n+PT12H renewal\n\
             expiry+P5D renewal\n+P1D cancel\n+P1D refund 4\n"
        }
    }
}

/// Plays a script from `start` on, of a purchase of `product`.
///
/// # Errors
/// [`Impossible`].
pub fn play(
    catalogue: &Catalogue,
    product: &str,
    start: DateTime<Utc>,
    script: &[Line],
) -> Result<Vec<Moment>, Impossible> {
    let mut life = Life::new(catalogue, product, start)?;
    let moment = |line: &Line| {
        life.take(line)?;
        Ok(Moment { at: life.now, event: line.text.clone(), licenses: life.learn() })
    };
    script.iter().map(moment).collect()
}

#[cfg(test)]
mod tests;
