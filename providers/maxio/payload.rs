//! `id=1&event=renewal_success&payload[subscription][id]=777&...`

use chrono::{DateTime, Utc};

use super::CURRENCY;
use crate::notice::{Customer, Money};
use crate::read::{self, Currency, Envelope, Event, Form, Id, Unread, country, full_name};

/// Where the time of an event stands, the best first.
const TIMES: [&str; 4] = [
    "[timestamp]",
    "[transaction][created_at]",
    "[subscription][updated_at]",
    "[customer][updated_at]",
];

/// What stands below `payload`. A name that comes twice is of no use and read as a fault, unless
/// nobody asks for it (`public_signup_pages` repeats).
pub(super) struct Payload(Form);

/// The one event of a delivery. The id is kept over repetitions and replays.
///
/// # Errors
/// [`Unread`] where a part of the frame is missing or the time is no time.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = Form::parse(body);
    let need = |name: &'static str| {
        let id = Id::new(form.need(name)?);
        id.ok_or_else(|| Unread::value(name, "this can be no id"))
    };
    let (id, event_type) = (need("id")?.into(), need("event")?.into());
    let payload = Payload(form);
    let times = TIMES.iter().map(|name| payload.time(name));
    let occurred_at = times.filter_map(Result::transpose).next().transpose()?;
    Ok(Envelope {
        id: Some(id),
        event_type,
        occurred_at,
        live: None,
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

impl Payload {
    pub(super) fn of(event: &Event<'_>) -> Self {
        Self(Form::parse(event.body))
    }

    /// What stands in `payload[...]`, where it is filled.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Unread> {
        self.0.get(&format!("payload{name}")).map(|text| text.map(str::to_owned))
    }

    /// The first of several that is filled.
    pub(super) fn first(&self, names: &[&str]) -> Result<Option<String>, Unread> {
        names.iter().map(|name| self.text(name)).find_map(Result::transpose).transpose()
    }

    pub(super) fn id(&self, names: &[&str]) -> Result<Option<Id>, Unread> {
        let id = |text: String| Id::new(&text).ok_or_else(|| wrong(names, "this can be no id"));
        self.first(names)?.map(id).transpose()
    }

    pub(super) fn need_id(&self, names: &[&str]) -> Result<Id, Unread> {
        self.id(names)?.ok_or_else(|| Unread::Content {
            path: path(names),
            message: "the field is missing or empty".to_owned(),
        })
    }

    /// `2016-11-08 16:06:42 -0500`, or ISO 8601.
    pub(super) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Unread> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let text = text.replace(" UTC", " +0000");
        let time = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S %z");
        let time = time.or_else(|_| DateTime::parse_from_rfc3339(&text));
        let time = time.map_err(|_| wrong(&[name], "not a time with its distance to UTC"))?;
        read::unix(&path(&[name]), time.timestamp()).map(Some)
    }

    /// The first of these that is filled: whole cents, but for those called `amount` and
    /// `revenue`.
    pub(super) fn money(&self, event: &Event<'_>, names: &[&str]) -> Result<Option<Money>, Unread> {
        for name in names {
            let Some(text) = self.text(name)? else { continue };
            let currency = self.currency(event)?;
            let path = path(&[name]);
            return match name.ends_with("_in_cents]") {
                true => read::minor(&path, &text, currency.as_str()),
                false => read::decimal(&path, &text, currency.as_str()),
            }
            .map(Some);
        }
        Ok(None)
    }

    /// Sites with one currency do not name it.
    fn currency(&self, event: &Event<'_>) -> Result<Currency, Unread> {
        let told = self.text("[subscription][currency]")?;
        let text = told.as_deref().or(event.settings.get(CURRENCY).map(String::as_str));
        Currency::new(text.unwrap_or("USD")).ok_or_else(|| {
            Unread::value("currency", "not a currency: three letters are (see the setting)")
        })
    }

    /// The person below that name.
    pub(super) fn customer(&self, name: &str) -> Result<Option<Customer>, Unread> {
        let text = |field: &str| self.text(&format!("{name}[{field}]"));
        let (first, last) = (text("first_name")?, text("last_name")?);
        let customer = Customer {
            provider_id: text("id")?.and_then(|id| Id::new(&id)).map(String::from),
            email: text("email")?,
            name: full_name(first.as_deref(), last.as_deref()),
            company: text("organization")?,
            country: country(text("country")?.as_deref()),
            locale: text("locale")?,
        };
        Ok(Some(customer).filter(|customer| !customer.is_empty()))
    }
}

fn path(names: &[&str]) -> String {
    format!("payload{}", names.first().copied().unwrap_or_default())
}

fn wrong(names: &[&str], message: &str) -> Unread {
    Unread::value(path(names), message)
}
