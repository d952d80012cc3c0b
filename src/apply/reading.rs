//! What an event says: its account, its mode, its notices, or why it leads to nothing.

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::notice::Line;
use keywright_providers::{Ask, Event, Notice, Unread};

use super::asking::{self, Open};
use super::lines::lines_of;
use crate::books::Books;
use crate::rules::acts::{self, SUPPORT};
use crate::rules::gather::refs_of;
use crate::store::rows::{EventRow, Settled, UNREAD};
use crate::store::types::EventStatus;

/// The longest name of a thing, a line or a customer. Names are found by indexes, and PostgreSQL
/// has none for a text of any length.
const NAME_BYTES_MAX: usize = 512;

/// The outcome of reading one event.
#[derive(Debug, Clone)]
pub enum Read {
    /// These notices bear on one sale of that mode (or on customers only).
    Notices { live: bool, notices: Vec<Notice> },
    /// The provider's API is to be asked first.
    Asks(Vec<Ask>),
    /// Nothing to apply: it ends here.
    Ends(Settled),
}

/// Reads a stored event with the books of this moment. Pure.
#[must_use]
pub fn read(event: &EventRow, books: &Books) -> Read {
    let Some(body) = &event.body else {
        return failed("purged", "the content was purged after its time; it cannot be read again");
    };
    if event.kind == SUPPORT {
        let live = event.live.unwrap_or(true);
        return finish(acts::read(body), event, live);
    }
    if let Some(why) = event.headers.get(UNREAD) {
        return failed("unreadable", why.as_str().unwrap_or("it cannot be parted into events"));
    }
    let Some(account) = books.account(&event.account) else {
        let message = format!(
            "the account {} is not configured any more: put [providers.{}] back and reload",
            event.account, event.account
        );
        return failed("unknown_account", &message);
    };
    let live = account.mode.is_live();
    if event.live.is_some_and(|said| said != live) {
        let message = format!(
            "a {} event, and the account is in mode \"{}\"",
            if live { "test" } else { "live" },
            account.mode.as_str()
        );
        return ends(EventStatus::Ignored, "other_mode", &message);
    }
    let told = Event {
        event_type: &event.event_type,
        occurred_at: event.occurred_at,
        body,
        settings: &account.credentials.settings,
        answers: &asking::answers(event),
    };
    match asking::open(&told, account) {
        Ok(Open::Nothing) => finish(account.provider.read(&told), event, live),
        Ok(Open::Asks(asks)) => Read::Asks(asks),
        Ok(Open::Needs(settings)) => {
            let (title, name) = (account.provider.facts().title, &account.name);
            let message = format!(
                "{title} has to be asked what this is about: set {} in [providers.{name}] and \
                 reload",
                settings.join(" and ")
            );
            ends(EventStatus::Waiting, "needs_setting", &message)
        }
        Err(unread) => finish(Err(unread), event, live),
    }
}

fn finish(reading: keywright_providers::Reading, event: &EventRow, live: bool) -> Read {
    let notices = match reading {
        Ok(notices) => notices,
        Err(unread) => return failed(unread.code(), &unread.to_string()),
    };
    if notices.is_empty() {
        let message = format!("events of type {} have no effect", event.event_type);
        return ends(EventStatus::Ignored, "no_effect", &message);
    }
    if let Some((what, length)) = notices.iter().find_map(too_long) {
        let long = format!("it is {length} bytes long, and at most {NAME_BYTES_MAX} can be kept");
        let unread = Unread::value(what, long);
        return failed(unread.code(), &unread.to_string());
    }
    let latest: DateTime<Utc> = event.received_at + TimeDelta::days(1);
    if let Some(ahead) = notices.iter().find(|notice| notice.occurred_at > latest) {
        // It would outrank everything that comes, for as long as it is ahead.
        let message = format!(
            "it is dated {}, more than a day after it came; look at the sender's clock",
            ahead.occurred_at.to_rfc3339()
        );
        return failed("dated_ahead", &message);
    }
    Read::Notices { live, notices }
}

/// The first name in a notice that is too long to be kept: what it names, and its length.
fn too_long(notice: &Notice) -> Option<(String, usize)> {
    let refs =
        refs_of(notice).map(|one| (format!("the id of the {}", one.thing.as_str()), one.id.len()));
    let names = |line: &Line| line.alias.iter().chain([&line.line]).map(String::len).max();
    let lines = lines_of(notice).iter().filter_map(names);
    let lines = lines.map(|length| ("the name of a line".to_owned(), length));
    let customer = notice.customer.as_ref();
    let of_customer = [
        ("the id of the customer", customer.and_then(|customer| customer.provider_id.as_ref())),
        ("the address of the customer", customer.and_then(|customer| customer.email.as_ref())),
    ];
    let of_customer = of_customer
        .into_iter()
        .filter_map(|(what, name)| name.map(|name| (what.to_owned(), name.len())));
    refs.chain(lines).chain(of_customer).find(|(_, length)| *length > NAME_BYTES_MAX)
}

fn failed(reason: &str, message: &str) -> Read {
    ends(EventStatus::Failed, reason, message)
}

fn ends(status: EventStatus, reason: &str, message: &str) -> Read {
    Read::Ends(Settled {
        status,
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        sale_id: None,
        live: None,
    })
}
