//! Questions to a provider's API: which an event leads to, and where its answers are kept.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64;
use keywright_providers::{Answers, Ask, Event, Fetched, Need, Unread};
use serde::{Deserialize, Serialize};

use crate::config::Account;
use crate::fetch::{self, FetchError};
use crate::rules::retry;
use crate::store::rows::EventRow;

/// How often an event may lead to further questions.
pub(super) const ROUNDS_MAX: usize = 4;

/// As HTTP says it.
const NOT_THERE: u16 = 404;

/// Questions of one event, all in all.
const ASKS_MAX: usize = 16;

/// No event waits longer for an answer that only helps.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// An answer as it stands in the store.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    /// Base64: what a provider answers need not be text.
    body: String,
}

/// What is still to be asked before this event can be read.
pub(super) enum Open {
    Nothing,
    Asks(Vec<Ask>),
    /// First of all these settings are missing.
    Needs(Vec<&'static str>),
}

/// Looks through the adapter's questions. Those that are optional and cannot be asked are left
/// out, and those answered already.
///
/// # Errors
/// What the adapter cannot understand.
pub(super) fn open(event: &Event<'_>, account: &Account) -> Result<Open, Unread> {
    let mut asks = account.provider.asks(event)?;
    asks.retain(|ask| !event.answers.contains_key(&ask.name));
    asks.retain(|ask| ask.need == Need::Always || fetch::missing(ask, account).is_empty());
    let missing: Vec<&str> = asks.iter().flat_map(|ask| fetch::missing(ask, account)).collect();
    if asks.len() + event.answers.len() > ASKS_MAX {
        let message = format!("leads to more than {ASKS_MAX} questions to the provider");
        return Err(Unread::value(".", message));
    }
    Ok(match (asks.is_empty(), missing.is_empty()) {
        (true, _) => Open::Nothing,
        (false, true) => Open::Asks(asks),
        (false, false) => Open::Needs(missing),
    })
}

/// What counts as the answer, at this attempt (from 1). Of a question that only helps, a refusal
/// counts as if there were no such thing, and so does a silence that would last too long: the event
/// is read without, and a replay asks again.
///
/// # Errors
/// That of the API.
pub(super) fn taken(
    ask: &Ask,
    answer: Result<Fetched, FetchError>,
    attempts: i32,
    now: DateTime<Utc>,
) -> Result<Fetched, FetchError> {
    let Err(error) = answer else { return answer };
    let lasting = || retry::api_wait(attempts.unsigned_abs(), error.retry_after(), now) > PATIENCE;
    if ask.need != Need::Helpful || (error.passes() && !lasting()) {
        return Err(error);
    }
    tracing::warn!(%error, "the event is read without an answer to the question {}: {error}", ask.name);
    Ok(Fetched { status: NOT_THERE, body: Vec::new() })
}

/// The answers that are kept with an event. What is not of our making counts as none.
pub(super) fn answers(event: &EventRow) -> Answers {
    let kept: BTreeMap<String, Kept> = event
        .answers
        .as_deref()
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .unwrap_or_default();
    let fetched = |kept: Kept| {
        let body = BASE64.decode(kept.body.as_bytes()).ok()?;
        Some(Fetched { status: kept.status, body })
    };
    kept.into_iter().filter_map(|(name, kept)| Some((name, fetched(kept)?))).collect()
}

/// Lets go of the answers that there was no such thing: when an event is replayed, it may be there.
pub(super) fn forget_not_found(event: &mut EventRow) {
    let mut known = answers(event);
    let all = known.len();
    known.retain(|_, answer| answer.found());
    if known.len() < all {
        event.answers = Some(kept(&known));
    }
}

/// As they are kept.
pub(super) fn kept(answers: &Answers) -> Vec<u8> {
    let kept: BTreeMap<&String, Kept> = answers
        .iter()
        .map(|(name, answer)| {
            (name, Kept { status: answer.status, body: BASE64.encode(&answer.body) })
        })
        .collect();
    // Texts and numbers: they have a form in JSON always.
    serde_json::to_vec(&kept).unwrap_or_default()
}
