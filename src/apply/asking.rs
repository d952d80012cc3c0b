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

/// The answers that are kept with an event.
pub(crate) fn answers(event: &EventRow) -> Answers {
    event.answers.as_deref().map(known).unwrap_or_default()
}

/// As [`kept`] wrote them. What is not of our making counts as none.
fn known(bytes: &[u8]) -> Answers {
    let kept: BTreeMap<String, Kept> = serde_json::from_slice(bytes).unwrap_or_default();
    let fetched = |kept: Kept| {
        let body = BASE64.decode(kept.body.as_bytes()).ok()?;
        Some(Fetched { status: kept.status, body })
    };
    kept.into_iter().filter_map(|(name, kept)| Some((name, fetched(kept)?))).collect()
}

/// Lets go of the answers that there was no such thing: when an event is replayed, it may be there.
/// Says whether there were any.
pub(super) fn forget_not_found(event: &mut EventRow) -> bool {
    let mut known = answers(event);
    let all = known.len();
    known.retain(|_, answer| answer.found());
    let forgotten = known.len() < all;
    if forgotten {
        event.answers = Some(kept(&known));
    }
    forgotten
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

#[cfg(test)]
mod tests {
    use keywright_providers::{Auth, Credentials, FIVE_MINUTES, Handle, Secret, Settings, by_kind};

    use super::*;
    use crate::config::{Deliver, Mode};

    /// A Checkout session that does not say what it sold: one question.
    const SESSION: &[u8] = br#"{"id":"evt_1","type":"checkout.session.completed",
        "created":1760000000,"data":{"object":{"id":"cs_live_a1","mode":"payment",
        "payment_status":"paid","metadata":{}}}}"#;

    /// At Stripe, with a key or without.
    fn account(key: Option<&str>) -> Account {
        let secret = |text: &str| ("api_key".to_owned(), Secret::new(text).unwrap());
        Account {
            name: "pay".to_owned(),
            provider: Handle::BuiltIn(by_kind("stripe").unwrap()),
            credentials: Credentials {
                secrets: Vec::new(),
                keys: key.into_iter().map(secret).collect(),
                settings: Settings::new(),
                tolerance: FIVE_MINUTES,
            },
            mode: Mode::Live,
            deliver: Deliver::Email,
        }
    }

    fn opened(answers: &Answers, account: &Account) -> Result<Open, Unread> {
        let event = Event::new("checkout.session.completed", noon(), SESSION);
        open(&Event { answers, ..event }, account)
    }

    fn noon() -> DateTime<Utc> {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    fn told(status: u16, body: &[u8]) -> Fetched {
        Fetched { status, body: body.to_vec() }
    }

    /// So many answers to other questions.
    fn others(count: usize) -> Answers {
        (0..count).map(|number| (format!("other{number}"), told(200, b"{}"))).collect()
    }

    #[test]
    fn an_event_leads_to_so_many_questions_and_no_more() {
        let account = account(Some("rk_live_kwOfficeSessions1"));
        let open = opened(&others(ASKS_MAX - 1), &account);
        assert!(matches!(open, Ok(Open::Asks(asks)) if asks.len() == 1));
        let Err(unread) = opened(&others(ASKS_MAX), &account) else { panic!("asked on") };
        assert!(unread.to_string().contains("more than 16 questions"), "{unread}");
    }

    #[test]
    fn what_is_answered_is_not_asked_and_what_is_needed_is_said() {
        let answered = Answers::from([("line_items".to_owned(), told(404, b""))]);
        let with_key = account(Some("rk_live_kwOfficeSessions1"));
        assert!(matches!(opened(&answered, &with_key), Ok(Open::Nothing)));
        let needs = opened(&Answers::new(), &account(None));
        assert!(matches!(needs, Ok(Open::Needs(settings)) if settings == ["api_key"]));
    }

    fn question(need: Need) -> Ask {
        let ask = Ask::get("thing", "https://api.example.com", "/1".to_owned(), Auth::Nothing);
        Ask { need, ..ask }
    }

    fn away() -> FetchError {
        FetchError::Unreachable { host: "api.example.com".to_owned(), why: String::new() }
    }

    fn refused() -> FetchError {
        let (host, name) = ("api.example.com".to_owned(), "thing".to_owned());
        FetchError::Refused { host, status: 400, name }
    }

    #[test]
    fn an_answer_that_only_helps_is_waited_for_a_minute_at_most() {
        let taken = |attempts| taken(&question(Need::Helpful), Err(away()), attempts, noon());
        // 2, 4, 8, 16, 32 and then 64 seconds.
        for attempts in 1..=5 {
            assert_eq!(taken(attempts), Err(away()), "{attempts}");
        }
        assert_eq!(taken(6), Ok(told(404, b"")));
    }

    #[test]
    fn only_what_only_helps_can_be_done_without() {
        for (need, error, without) in [
            (Need::Always, away(), false),
            (Need::Always, refused(), false),
            (Need::Configured, away(), false),
            (Need::Configured, refused(), false),
            (Need::Helpful, refused(), true),
        ] {
            let taken = taken(&question(need), Err(error.clone()), 9, noon());
            let expected = if without { Ok(told(404, b"")) } else { Err(error) };
            assert_eq!(taken, expected, "{need:?}");
        }
        let answer = told(200, b"{}");
        let taken = taken(&question(Need::Helpful), Ok(answer.clone()), 1, noon());
        assert_eq!(taken, Ok(answer));
    }

    #[test]
    fn answers_are_kept_to_the_byte_and_what_is_no_answer_is_none() {
        let answers = Answers::from([
            ("binary".to_owned(), told(200, &[0, 255, 128])),
            ("gone".to_owned(), told(410, b"")),
        ]);
        assert_eq!(known(&kept(&answers)), answers);
        for odd in ["", "null", "[]", "{\"a\":1}", "{\"a\":{\"status\":200,\"body\":\"*\"}}"] {
            assert_eq!(known(odd.as_bytes()), Answers::new(), "{odd}");
        }
    }
}
