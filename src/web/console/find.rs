//! Find: whatever a customer tells on the phone leads to his licenses, events and mails. Nothing
//! logs what was looked for.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Console;
use super::guard::Visitor;
use super::which::query;
use crate::rules::key;
use crate::store::rows::{EventFilter, LicenseFilter, MailFilter};
use crate::support::inspect::EventLine;
use crate::support::view::{LicenseView, MailView};
use crate::support::{Failure, Refusal};
use crate::web::html::see_other;
use crate::web::problem::Problem;
use crate::web::read::Fields;

/// Entries shown of each kind; a link leads to the rest.
const EACH: usize = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sought {
    q: Option<String>,
}

/// What was found, and whether there is more of it.
#[derive(Default)]
struct Found {
    licenses: Vec<LicenseView>,
    events: Vec<EventLine>,
    mails: Vec<MailView>,
    more_licenses: bool,
    more_events: bool,
    more_mails: bool,
}

/// The page that finds this word.
pub(super) fn address(word: &str) -> String {
    format!("/console/find?{}", query([("q", word)]))
}

pub(super) async fn page(
    console: Data<Console>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let sought: Sought = Fields::of_query(&request)?.filled().read()?;
    let word = sought.q.unwrap_or_default().trim().to_owned();
    let found = if word.is_empty() { Found::default() } else { console.found(&word).await? };
    if let Some(only) = found.only(&word) {
        return Ok(see_other(&only));
    }
    let facts = json!({
        "q": word,
        "licenses": found.licenses.iter().map(license).collect::<Vec<_>>(),
        "events": found.events,
        "mails": found.mails,
        "all_licenses": found.more_licenses.then(|| all("licenses", "q", &word)),
        "all_events": found.more_events.then(|| all("events", "q", &word)),
        "all_mails": found.more_mails.then(|| all("mail", "to", &word)),
    });
    Ok(console.page(&visitor, "", "console/find.html", facts))
}

impl Console {
    async fn found(&self, word: &str) -> Result<Found, Failure> {
        let filter = LicenseFilter { q: Some(word.to_owned()), ..LicenseFilter::default() };
        let mut licenses = self.support.license_list(filter, None, EACH).await?;
        if licenses.items.is_empty() && key::read(word).is_some() {
            // A key as people read it out: without dashes, in small letters.
            let filter = LicenseFilter { key: Some(word.to_owned()), ..LicenseFilter::default() };
            licenses = self.support.license_list(filter, None, EACH).await?;
        }
        let q = match licenses.items.as_slice() {
            [only] if named(only, word) => only.key.clone(),
            _ => word.to_owned(),
        };
        let filter = EventFilter { q: Some(q), ..EventFilter::default() };
        let mut events = self.support.event_lines(filter, None, EACH).await?;
        if let Some(event) = self.event_of_number(word).await? {
            events.items.retain(|other| other.event.id != event.event.id);
            events.items.insert(0, event);
        }
        let mut found = Found {
            more_licenses: licenses.next_cursor.is_some(),
            more_events: events.next_cursor.is_some(),
            licenses: licenses.items,
            events: events.items,
            ..Found::default()
        };
        self.mails(word, &mut found).await?;
        Ok(found)
    }

    /// Our own number of an event.
    async fn event_of_number(&self, word: &str) -> Result<Option<EventLine>, Failure> {
        let Ok(id) = word.parse() else { return Ok(None) };
        match self.support.event_seen(id).await {
            Ok(seen) => Ok(Some(EventLine { event: seen.event, what: seen.what, about: None })),
            Err(Failure::Refused(Refusal::UnknownEvent(_))) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Those to the address; where it is none, those about the licenses.
    async fn mails(&self, word: &str, found: &mut Found) -> Result<(), Failure> {
        let mut filters = Vec::new();
        if word.contains('@') {
            let recipient = Some(word.to_lowercase());
            filters.push(MailFilter { recipient, ..MailFilter::default() });
        } else {
            filters.extend(found.licenses.iter().map(|license| MailFilter {
                license_id: Some(license.id.clone()),
                ..MailFilter::default()
            }));
        }
        for filter in filters {
            let page = self.support.mail_list(filter, None, EACH).await?;
            found.more_mails |= page.next_cursor.is_some() && word.contains('@');
            found.mails.extend(page.items);
        }
        found.mails.sort_by_key(|mail| std::cmp::Reverse(mail.created_at));
        found.mails.truncate(EACH);
        Ok(())
    }
}

impl Found {
    /// Where only one thing can be meant, it is opened at once.
    fn only(&self, word: &str) -> Option<String> {
        let open = |kind: &str, id: &str| Some(format!("/console/{kind}/{id}"));
        match (self.licenses.as_slice(), self.events.as_slice(), self.mails.as_slice()) {
            ([license], _, _) if named(license, word) => open("licenses", &license.id),
            ([license], [], []) => open("licenses", &license.id),
            ([], [line], []) => open("events", &line.event.id),
            (_, [line], _) if line.event.provider_event_id.as_deref() == Some(word) => {
                open("events", &line.event.id)
            }
            ([], [], [mail]) => open("mail", &mail.id),
            _ => None,
        }
    }
}

/// Is this the license's own name, by key or id?
fn named(license: &LicenseView, word: &str) -> bool {
    license.id == word || license.key == word || key::read(word).as_ref() == Some(&license.key)
}

fn all(kind: &str, name: &str, word: &str) -> String {
    format!("/console/{kind}?{}", query([(name, word)]))
}

fn license(license: &LicenseView) -> Value {
    json!({
        "id": license.id,
        "product": license.product,
        "status": license.status,
        "expires_at": license.expires_at,
        "email": license.customer.email,
        "order": license.order,
    })
}
