//! Events as people look at them: what they are in words, what is wrong and what to do, with the
//! personal data of their payload masked until somebody asks for it, which is noted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use keywright_providers::Notice;
use keywright_providers::notice::{Act, Kind, Line, Ref, Thing};
use serde::{Deserialize as _, Serialize};
use serde_json::{Value, json};

use super::events::find;
use super::mask::{Mask, Personal};
use super::payload::{Payload, masked, payload, pretty};
use super::remedy::{Remedy, mapping, remedy};
use super::told::{Place, sentence, summary};
use super::view::{EventView, Page};
use super::{Asked, Failure, Support, words};
use crate::books::Books;
use crate::rules::license::status;
use crate::store::Tx;
use crate::store::rows::{
    Cursor, EventFilter, EventRow, HistoryRow, LicenseRow, MailRow, NoticeRow,
};

/// Mails shown of one license.
const MAILS: usize = 5;

/// Licenses that are shown of one sale: an order can have a thousand.
const LICENSES: usize = 100;

/// Characters that are shown of a signature or a token in a header.
const SIGNATURE_CHARS: usize = 12;

/// An event of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventLine {
    #[serde(flatten)]
    pub event: EventView,
    /// What it is, in words; `None`: nothing was read from it.
    pub what: Option<String>,
    /// The order, subscription or payment that it is about.
    pub about: Option<String>,
}

/// One event with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventSeen {
    #[serde(flatten)]
    pub event: EventView,
    pub what: Option<String>,
    pub remedy: Option<Remedy>,
    /// The lines that are missing in the configuration, where some are.
    pub mapping: Option<String>,
    /// Name and value; signatures and tokens only begin.
    pub headers: Vec<(String, String)>,
    /// `None`: purged.
    pub payload: Option<Payload>,
    /// Is personal data to be read in it?
    pub personal: bool,
    pub notices: Vec<NoticeSeen>,
    /// What it is about, as in a list.
    pub about: Option<String>,
    /// The licenses of its sale, those that it changed first: at most a hundred.
    pub licenses: Vec<Touched>,
    /// How many there are.
    pub licenses_count: usize,
    pub history: Vec<Happened>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeSeen {
    pub text: String,
    /// By which other things of the sale are found.
    pub refs: Vec<String>,
    /// As it is stored.
    pub json: String,
}

/// A license of the event's sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touched {
    pub id: String,
    pub product: String,
    pub status: String,
    pub expires_at: Option<DateTime<Utc>>,
    /// This very event changed something for it.
    pub touched: bool,
    /// The newest.
    pub mails: Vec<Letter>,
}

/// A mail, without whom it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    pub id: String,
    pub template: String,
    pub status: String,
}

/// An entry of a history: of the event, or of a license that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    pub at: DateTime<Utc>,
    pub text: String,
    pub actor: Option<String>,
    pub license_id: Option<String>,
}

impl Support {
    /// As [`Support::event_list`], with what each event is.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn event_lines(
        &self,
        filter: EventFilter,
        cursor: Cursor,
        limit: usize,
    ) -> Result<Page<EventLine>, Failure> {
        self.read("event lines", move |tx| {
            let rows = tx.event_list(&filter, cursor, limit + 1)?;
            let page = Page::cut(rows, limit, |row| row.id.to_string());
            let ids: Vec<i64> = page.items.iter().map(|row| row.id).collect();
            let mut notices: BTreeMap<i64, Vec<Notice>> = BTreeMap::new();
            for row in tx.notices_of_events(&ids)? {
                notices.entry(row.event_id).or_default().extend(Notice::deserialize(&row.body));
            }
            let line = |row: EventRow| {
                let told = notices.get(&row.id).map(Vec::as_slice).unwrap_or_default();
                EventLine {
                    event: EventView::from(&row),
                    what: summary(told),
                    about: about(told).map(|about| about.id.clone()),
                }
            };
            Ok(page.map(line))
        })
        .await
    }

    /// One event, with personal data masked.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`](super::Refusal::UnknownEvent); [`Failure::Store`].
    pub async fn event_seen(&self, id: i64) -> Result<EventSeen, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        self.read("event seen", move |tx| seen(tx, id, &books, now, Personal::Masked)).await
    }

    /// The same with the personal data, which the history keeps: who looked, and when.
    ///
    /// # Errors
    /// As [`Support::event_seen`].
    pub async fn event_personal(&self, id: i64, asked: Asked) -> Result<EventSeen, Failure> {
        let (books, now) = (self.shelf.now(), self.clock.now());
        self.write("event personal", move |tx| {
            find(tx, id)?;
            let subject = format!("event:{id}");
            tx.history_append(&asked.note(subject, "personal_data_shown", json!({}), now))?;
            seen(tx, id, &books, now, Personal::Shown)
        })
        .await
    }
}

fn seen(
    tx: &mut Tx<'_>,
    id: i64,
    books: &Books,
    now: DateTime<Utc>,
    personal: Personal,
) -> Result<EventSeen, Failure> {
    let row = find(tx, id)?;
    let rows = tx.notices_of_event(id)?;
    let read: Vec<Result<Notice, _>> =
        rows.iter().map(|row| Notice::deserialize(&row.body)).collect();
    let told: Vec<Notice> = read.iter().flatten().cloned().collect();
    let mut mask = Mask::new(personal);
    let payload = row.body.as_deref().map(|body| payload(body, &mut mask));
    let notices = rows.iter().map(|row| masked(&row.body, "", &mut mask));
    let notices: Vec<String> = notices.map(|json| pretty(&json)).collect();
    let place = place(tx, &row, &told)?;
    let notices = read.iter().zip(notices).map(|(notice, json)| match notice {
        Ok(notice) => NoticeSeen {
            text: sentence(notice, place),
            refs: notice.refs.iter().map(|name| name.id.clone()).collect(),
            json,
        },
        // What is wrong about it is not said: the value itself may stand in that.
        Err(_) => NoticeSeen {
            text: "Cannot be read as it is stored; replay the event.".to_owned(),
            refs: Vec::new(),
            json,
        },
    });
    let unmapped = unmapped(&told, books, &row.account);
    let mapping = match row.reason.as_deref() {
        Some("unknown_product") if !unmapped.is_empty() => Some(mapping(&row.account, &unmapped)),
        _ => None,
    };
    let what = match told.as_slice() {
        [only] => Some(sentence(only, place)),
        several => summary(several),
    };
    let Led { licenses, licenses_count, history } = led_to(tx, &row, now)?;
    Ok(EventSeen {
        event: EventView::from(&row),
        what,
        remedy: row.reason.as_deref().and_then(remedy).copied(),
        mapping,
        headers: headers(&row.headers, &mut mask),
        payload,
        personal: personal == Personal::Shown,
        notices: notices.collect(),
        about: about(&told).map(|about| about.id.clone()),
        licenses,
        licenses_count,
        history,
    })
}

/// Is the payment that it tells of the first of its sale?
fn place(tx: &mut Tx<'_>, row: &EventRow, told: &[Notice]) -> Result<Place, Failure> {
    let of = |notice: &Notice| match &notice.kind {
        Kind::Paid { payment, .. } => Some((payment.clone(), notice.occurred_at)),
        _ => None,
    };
    let paid = told.iter().find_map(of);
    let (Some((payment, at)), Some(sale_id)) = (paid, row.sale_id) else {
        return Ok(Place::Unknown);
    };
    let known = |row: &NoticeRow| of(&Notice::deserialize(&row.body).ok()?);
    let others = tx.notices_of_sale(sale_id)?;
    let earlier = others
        .iter()
        .filter(|other| other.event_id != row.id)
        .filter_map(known)
        .any(|(other, earlier)| other != payment && earlier < at);
    Ok(if earlier { Place::Later } else { Place::First })
}

/// The names of what was bought and stands in no list of products.
fn unmapped(told: &[Notice], books: &Books, account: &str) -> Vec<Vec<String>> {
    let lines = told.iter().flat_map(|notice| lines(&notice.kind));
    let unknown = lines.filter(|line| {
        !line.item.is_empty() && books.config.catalogue.offer(account, &line.item).is_none()
    });
    // Once each, in the order of the order.
    let mut seen = BTreeSet::new();
    unknown.map(|line| line.item.clone()).filter(|item| seen.insert(item.clone())).collect()
}

fn lines(kind: &Kind) -> &[Line] {
    match kind {
        Kind::Paid { lines, .. } | Kind::Trial { lines, .. } | Kind::Changed { lines, .. } => lines,
        Kind::Adjusted { act: Act::Issue { lines, .. }, .. } => lines,
        Kind::Adjusted { .. }
        | Kind::Canceled { .. }
        | Kind::Uncanceled
        | Kind::Ended { .. }
        | Kind::PaymentFailed
        | Kind::Refunded { .. }
        | Kind::RefundUndone { .. }
        | Kind::Disputed { .. }
        | Kind::Paused
        | Kind::Resumed
        | Kind::Linked
        | Kind::Customer => &[],
    }
}

/// What people know of it: the order, else the most significant reference.
fn about(told: &[Notice]) -> Option<&Ref> {
    let mut refs = told.iter().flat_map(|notice| &notice.refs);
    let order = refs.clone().find(|name| name.thing == Thing::Order);
    order.or_else(|| refs.next())
}

/// What an event led to.
struct Led {
    licenses: Vec<Touched>,
    licenses_count: usize,
    history: Vec<Happened>,
}

/// The licenses of the sale with their mail, and what was done to the event and came of it: of
/// those that are shown, and of those that others stand for now.
fn led_to(tx: &mut Tx<'_>, row: &EventRow, now: DateTime<Utc>) -> Result<Led, Failure> {
    let stored = match row.sale_id {
        Some(sale_id) => tx.licenses_of_sale(sale_id)?,
        None => Vec::new(),
    };
    let subject = |license: &LicenseRow| format!("license:{}", license.id);
    let subjects: Vec<String> = stored.iter().map(subject).collect();
    let mut caused = tx.history_caused(&subjects, row.id)?;
    let touched: BTreeSet<String> = caused.iter().map(|entry| entry.subject.clone()).collect();
    let mut standing: Vec<LicenseRow> =
        stored.into_iter().filter(|license| license.merged_into.is_none()).collect();
    standing.sort_by_key(|license| !touched.contains(&subject(license)));
    let licenses_count = standing.len();
    let left_out: BTreeSet<String> = standing.iter().skip(LICENSES).map(subject).collect();
    standing.truncate(LICENSES);
    caused.retain(|entry| !left_out.contains(&entry.subject));
    let mut entries = tx.history_of(&format!("event:{}", row.id))?;
    entries.extend(caused);
    entries.sort_by_key(|entry| (entry.at, entry.id));
    let happened = |entry: &HistoryRow| Happened {
        at: entry.at,
        text: words::history(&entry.action, &entry.detail),
        actor: entry.actor.clone(),
        license_id: entry.subject.strip_prefix("license:").map(str::to_owned),
    };
    let ids: Vec<String> = standing.iter().map(|license| license.id.clone()).collect();
    let mails = tx.outbox_of_licenses(&ids, MAILS)?;
    let shown = |license: LicenseRow| Touched {
        status: status(crate::apply::state(license.state), license.valid_until, now)
            .as_str()
            .to_owned(),
        touched: touched.contains(&subject(&license)),
        mails: mails
            .iter()
            .filter(|mail| mail.license_id.as_ref() == Some(&license.id))
            .map(letter)
            .collect(),
        id: license.id,
        product: license.product,
        expires_at: license.expires_at,
    };
    Ok(Led {
        licenses: standing.into_iter().map(shown).collect(),
        licenses_count,
        history: entries.iter().map(happened).collect(),
    })
}

fn letter(row: &MailRow) -> Letter {
    Letter {
        id: row.id.to_string(),
        template: row.template.clone(),
        status: row.status.as_str().to_owned(),
    }
}

/// What proves who sent it is of no use to anybody who reads it.
fn headers(headers: &Value, mask: &mut Mask) -> Vec<(String, String)> {
    const PROOFS: [&str; 7] = ["sign", "auth", "token", "secret", "hmac", "key", "cookie"];
    let Value::Object(headers) = headers else { return Vec::new() };
    let mut shown = |(name, value): (&String, &Value)| {
        let value = value.as_str().unwrap_or_default();
        let is_proof = PROOFS.iter().any(|proof| name.to_ascii_lowercase().contains(proof));
        let value = match is_proof {
            // Never more than half of a short one.
            true => {
                let chars = SIGNATURE_CHARS.min(value.chars().count() / 2);
                format!("{}…", value.chars().take(chars).collect::<String>())
            }
            false => mask.inside(value),
        };
        (name.clone(), value)
    };
    headers.iter().map(&mut shown).collect()
}
