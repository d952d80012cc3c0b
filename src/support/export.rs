//! Everything of one sort, as CSV or as lines of JSON, a part at a time: however much there is, no
//! more than one part is in memory.
//!
//! - [`csv`]: cells that are only text, whatever a buyer wrote

pub mod csv;

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::audit::SERVICE;
use super::view::{EventView, MailView, text};
use super::{Asked, Failure, Support};
use crate::store::Tx;
use crate::store::rows::During;
use csv::Cell;

/// Rows in one part, and in one transaction.
const PART: usize = 1_000;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// By the time they were made; those that were merged away as the one that stands for them.
    Licenses,
    /// By the time they were received; without headers and bodies.
    Events,
    /// By the time it was owed; without the letters.
    Mail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// One object a line.
    JsonLines,
}

/// An export under way: [`Exporter::next`] until there is no more.
#[derive(Debug)]
pub struct Exporter {
    support: Support,
    what: What,
    format: Format,
    during: During,
    /// Of this moment a license is `expired` or not.
    now: DateTime<Utc>,
    /// `None`: all was given.
    place: Option<Place>,
    rows: u64,
}

/// Behind what the next part begins.
#[derive(Debug, Clone)]
enum Place {
    Start,
    Row(i64),
    License(DateTime<Utc>, String),
}

/// Some rows, in the API's words, and where the next ones begin.
struct Part {
    rows: Vec<Value>,
    next: Option<Place>,
}

impl Support {
    /// Begins an export, and writes down who asked for it.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn export(
        &self,
        what: What,
        format: Format,
        during: During,
        asked: Asked,
    ) -> Result<Exporter, Failure> {
        let now = self.clock.now();
        let detail = json!({
            "what": what.as_str(),
            "since": during.since.map(text),
            "until": during.until.map(text),
        });
        self.write("export", move |tx| {
            Ok(tx.history_append(&asked.note(SERVICE, "exported", detail.clone(), now))?)
        })
        .await?;
        let (support, place) = (self.clone(), Some(Place::Start));
        Ok(Exporter { support, what, format, during, now, place, rows: 0 })
    }
}

impl Exporter {
    /// The next part, whole lines; the first one of a CSV begins with the names of its columns.
    /// `None`: there is no more.
    ///
    /// # Errors
    /// [`Failure::Store`]; the same part can then be asked for again.
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        let Some(place) = self.place.clone() else { return Ok(None) };
        let first = matches!(place, Place::Start);
        let (what, during, now) = (self.what, self.during, self.now);
        let part = self
            .support
            .read("export", move |tx| match what {
                What::Licenses => licenses(tx, during, &place, now),
                What::Events => events(tx, during, &place),
                What::Mail => mail(tx, during, &place),
            })
            .await?;
        self.place = part.next;
        self.rows += u64::try_from(part.rows.len()).unwrap_or(u64::MAX);
        Ok(Some(match self.format {
            Format::Csv => csv_of(self.what.columns(), &part.rows, first),
            Format::JsonLines => part.rows.iter().map(json_line).collect(),
        }))
    }

    /// How many rows were given so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl What {
    /// As on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Licenses => "licenses",
            Self::Events => "events",
            Self::Mail => "mail",
        }
    }

    /// The names of the columns: those of the API, with a point where it nests. New ones come last.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Licenses => &[
                "id",
                "key",
                "product",
                "status",
                "starts_at",
                "expires_at",
                "valid_until",
                "customer.email",
                "customer.name",
                "customer.company",
                "customer.country",
                "customer.locale",
                "quantity",
                "max_activations",
                "activations",
                "sale_id",
                "order",
                "subscription",
                "flags",
                "live",
                "account",
                "version",
            ],
            Self::Events => &[
                "id",
                "account",
                "kind",
                "provider_event_id",
                "type",
                "status",
                "reason",
                "message",
                "received_at",
                "occurred_at",
                "attempts",
                "sale_id",
                "live",
            ],
            Self::Mail => &[
                "id",
                "template",
                "to",
                "status",
                "attempts",
                "error",
                "license_id",
                "in_doubt",
                "created_at",
                "sent_at",
            ],
        }
    }
}

impl Part {
    /// The views of these rows; `next` is the place behind the last one.
    fn new<V: Serialize>(views: Vec<V>, next: Option<Place>) -> Self {
        let next = next.filter(|_| views.len() == PART);
        // Our own views always have a JSON form.
        let value = |view| serde_json::to_value(view).unwrap_or_default();
        Self { rows: views.into_iter().map(value).collect(), next }
    }
}

fn licenses(
    tx: &mut Tx<'_>,
    during: During,
    place: &Place,
    now: DateTime<Utc>,
) -> Result<Part, Failure> {
    let after = match place {
        Place::License(at, id) => Some((*at, id.as_str())),
        Place::Start | Place::Row(_) => None,
    };
    let rows = tx.license_export(during, after, PART)?;
    let next = rows.last().map(|row| Place::License(row.created_at, row.id.clone()));
    Ok(Part::new(super::licenses::views(tx, &rows, now)?, next))
}

fn events(tx: &mut Tx<'_>, during: During, place: &Place) -> Result<Part, Failure> {
    let rows = tx.event_export(during, place.row(), PART)?;
    let next = rows.last().map(|row| Place::Row(row.id));
    Ok(Part::new(rows.iter().map(EventView::from).collect(), next))
}

fn mail(tx: &mut Tx<'_>, during: During, place: &Place) -> Result<Part, Failure> {
    let rows = tx.outbox_export(during, place.row(), PART)?;
    let next = rows.last().map(|row| Place::Row(row.id));
    Ok(Part::new(rows.iter().map(MailView::from).collect(), next))
}

impl Place {
    fn row(&self) -> i64 {
        match self {
            Self::Row(id) => *id,
            Self::Start | Self::License(..) => 0,
        }
    }
}

fn csv_of(columns: &[&str], rows: &[Value], first: bool) -> String {
    let mut csv = String::new();
    if first {
        csv.push_str(&csv::record(columns.iter().map(|name| Cell::Text((*name).into()))));
    }
    for row in rows {
        let cell = |name: &&str| cell(name.split('.').try_fold(row, |value, part| value.get(part)));
        csv.push_str(&csv::record(columns.iter().map(cell)));
    }
    csv
}

fn cell(value: Option<&Value>) -> Cell<'_> {
    match value {
        None | Some(Value::Null) => Cell::Empty,
        Some(Value::String(text)) => Cell::Text(text.into()),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => Cell::Plain(value.to_string()),
        Some(Value::Array(words)) => {
            let words: Vec<Cow<'_, str>> = words
                .iter()
                .map(|word| word.as_str().map_or_else(|| word.to_string().into(), Cow::from))
                .collect();
            Cell::Text(words.join(" ").into())
        }
        Some(value @ Value::Object(_)) => Cell::Text(value.to_string().into()),
    }
}

/// JSON escapes what is below a space by itself. What else a terminal or a script may take for a
/// command stands in texts alone, so it can be escaped afterwards.
fn json_line(row: &Value) -> String {
    let mut line = String::new();
    for c in row.to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String does not fail.
                let _ = write!(line, "\\u{:04x}", u32::from(c));
            }
            c => line.push(c),
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use crate::support::view::LicenseView;
    use std::collections::BTreeSet;

    use super::*;

    /// The names of all that a view says.
    fn names(view: &Value) -> BTreeSet<String> {
        let fields = view.as_object().unwrap().iter();
        fields
            .flat_map(|(name, value)| match value {
                Value::Object(_) => {
                    names(value).iter().map(|inner| format!("{name}.{inner}")).collect()
                }
                _ => vec![name.clone()],
            })
            .collect()
    }

    #[test]
    fn the_columns_are_what_the_api_says() {
        let at = DateTime::UNIX_EPOCH;
        let license = json!({
            "id": "1", "key": "A", "product": "p", "status": "active", "starts_at": at,
            "expires_at": null, "valid_until": null, "customer": {}, "quantity": 1,
            "max_activations": 1, "activations": 0, "sale_id": "1", "order": null,
            "subscription": null, "flags": [], "live": true, "account": "a", "version": 1,
        });
        let license: LicenseView = serde_json::from_value(license).unwrap();
        let mail = json!({
            "id": "1", "template": "issued", "to": null, "status": "sent", "attempts": 1,
            "error": null, "license_id": null, "in_doubt": false, "created_at": at,
            "sent_at": null,
        });
        let mail: MailView = serde_json::from_value(mail).unwrap();
        let event = EventView {
            id: String::new(),
            account: String::new(),
            kind: String::new(),
            provider_event_id: None,
            event_type: String::new(),
            status: String::new(),
            reason: None,
            message: None,
            received_at: at,
            occurred_at: at,
            attempts: 0,
            sale_id: None,
            version: 0,
            live: None,
        };
        for (what, view) in [
            (What::Licenses, serde_json::to_value(license).unwrap()),
            (What::Mail, serde_json::to_value(mail).unwrap()),
            (What::Events, serde_json::to_value(event).unwrap()),
        ] {
            let columns: BTreeSet<String> =
                what.columns().iter().map(|&name| name.to_owned()).collect();
            assert_eq!(columns, names(&view), "{}", what.as_str());
        }
    }

    #[test]
    fn a_row_is_written_in_its_columns() {
        let row = json!({
            "id": "7", "n": -3, "yes": true, "none": null, "flags": ["past_due", "trial"],
            "customer": { "name": "=cmd()" },
        });
        let columns = ["id", "n", "yes", "none", "flags", "customer.name", "customer.email"];
        assert_eq!(
            csv_of(&columns, &[row], true),
            "id,n,yes,none,flags,customer.name,customer.email\r\n\
             7,-3,true,,past_due trial,'=cmd(),\r\n"
        );
    }

    #[test]
    fn a_line_of_json_is_one_line_and_says_the_same() {
        let row = json!({ "name": "a\n\u{1b}[2J\u{9b}2J\u{2028}\u{7f}ü" });
        let line = json_line(&row);
        assert_eq!(line, "{\"name\":\"a\\n\\u001b[2J\\u009b2J\\u2028\\u007fü\"}\n");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), row);
    }
}
