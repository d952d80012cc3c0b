//! A test event for one account: a purchase, signed as its provider would sign it. In the mode that
//! the account does not apply, where the provider's events say their mode: then it is stored and
//! ignored, and nothing comes of it. Pure.

use chrono::{DateTime, Utc};
use keywright_providers::sample::{Sample, Step};
use keywright_providers::{Envelope, Inlet};

use super::{Impossible, asks, envelopes, scene, tell};
use crate::config::Account;
use crate::rules::product::Catalogue;

/// A purchase, ready to be sent.
#[derive(Debug, Clone)]
pub struct Drill {
    pub samples: Vec<Sample>,
    /// The provider's own ids of the events, where they have some.
    pub ids: Vec<String>,
    pub leads_to: LeadsTo,
}

/// What will come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadsTo {
    /// It is of the other mode: stored and ignored.
    Nothing,
    /// The provider's events do not say their mode: it counts as any other purchase.
    License,
    /// The provider is asked about it first, and knows no such purchase: it fails or waits.
    Question,
}

impl LeadsTo {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::License => "license",
            Self::Question => "question",
        }
    }
}

/// A purchase of now, at this account. `email` is that of the made-up buyer.
///
/// # Errors
/// [`Impossible`]: nothing is mapped to a product, or the account cannot sign what it verifies.
pub fn drill(
    account: &Account,
    catalogue: &Catalogue,
    tag: &str,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Drill, Impossible> {
    let ours = account.mode.is_live();
    if let Ok(other) = purchase(account, catalogue, (tag, email), !ours, now) {
        let envelopes: Vec<Envelope> =
            other.iter().flat_map(|sample| envelopes(account, sample, now)).collect();
        if !envelopes.is_empty() && envelopes.iter().all(|one| one.live == Some(!ours)) {
            return Ok(Drill { samples: other, ids: ids(envelopes), leads_to: LeadsTo::Nothing });
        }
    }
    let samples = purchase(account, catalogue, (tag, email), ours, now)?;
    let asked = samples.iter().any(|sample| asks(account, sample, now));
    let leads_to = if asked { LeadsTo::Question } else { LeadsTo::License };
    let envelopes = samples.iter().flat_map(|sample| envelopes(account, sample, now));
    let ids = ids(envelopes.collect());
    Ok(Drill { samples, ids, leads_to })
}

/// The signed webhooks of a purchase by this buyer: tag and address.
fn purchase(
    account: &Account,
    catalogue: &Catalogue,
    (tag, email): (&str, &str),
    live: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Sample>, Impossible> {
    let mut scene = scene(account, catalogue, tag, now)?;
    let length = scene.period_end - scene.period_start;
    (scene.at, scene.period_start, scene.period_end) = (now, now, now + length);
    email.clone_into(&mut scene.email);
    scene.live = live;
    let told = tell(account, &scene, &[Step::Purchase], now)?;
    let samples: Vec<Sample> = told
        .into_iter()
        .flat_map(|told| told.samples)
        // Keys that are asked for during an order would be given out.
        .filter(|sample| sample.inlet == Inlet::Webhook)
        .collect();
    if samples.is_empty() {
        let kind = account.provider.facts().kind;
        return Err(Impossible::NoEvents { kind, step: Step::Purchase.as_str() });
    }
    Ok(samples)
}

fn ids(envelopes: Vec<Envelope>) -> Vec<String> {
    // One that recurs is not known by its id.
    envelopes.into_iter().filter(|one| !one.recurs).filter_map(|one| one.id).collect()
}
