//! Where in an event something stands, and what is found there.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::fault::{Faults, Table};
use crate::notice::Money;
use crate::read::{self, Currency, Form, Id, Unread, filled};

/// How events are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Json,
    Form,
}

/// How amounts are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum AmountUnit {
    #[default]
    Minor,
    Decimal,
}

/// Where one thing stands. Of several sources the first that leads to something counts; none at
/// all says that this event does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place(pub(super) Vec<Source>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A JSON pointer, or the name of a form's field.
    At(String),
    /// `header:NAME`
    Header(String),
    /// `=TEXT`: the same in every event.
    Fixed(String),
}

/// What a place may be beside a place in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Header,
    Fixed,
}

impl Place {
    /// Reads `name = "/a/b"` or `name = ["/a/b", "/c"]`.
    pub(super) fn read(
        table: &Table<'_>,
        name: &str,
        format: Format,
        beside: Beside,
        faults: &mut Faults,
    ) -> Option<Self> {
        let texts = table.texts(name, faults)?;
        let mut sources = Vec::new();
        for text in texts {
            match source(text, format, beside) {
                Ok(source) => sources.push(source),
                Err(message) => faults.add(table.at(name), message),
            }
        }
        Some(Self(sources))
    }

    pub(super) fn is_nowhere(&self) -> bool {
        self.0.is_empty()
    }

    /// The places in the body.
    pub(super) fn in_body(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|source| match source {
            Source::At(at) => Some(at.as_str()),
            Source::Header(_) | Source::Fixed(_) => None,
        })
    }

    /// The headers.
    pub(super) fn in_headers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|source| match source {
            Source::Header(name) => Some(name.as_str()),
            Source::At(_) | Source::Fixed(_) => None,
        })
    }
}

/// One source, as it is written.
pub(super) fn source(text: &str, format: Format, beside: Beside) -> Result<Source, String> {
    if let Some(name) = text.strip_prefix("header:") {
        return match beside {
            Beside::Header if is_header(name) => Ok(Source::Header(name.to_owned())),
            Beside::Header => Err("names no header; write header:X-Shop-Topic".to_owned()),
            Beside::Nothing | Beside::Fixed => {
                Err("cannot stand in a header, which is not kept with the event".to_owned())
            }
        };
    }
    if let Some(fixed) = text.strip_prefix('=') {
        return match beside {
            Beside::Fixed if !fixed.trim().is_empty() => Ok(Source::Fixed(fixed.to_owned())),
            Beside::Fixed => Err("is blank behind its =".to_owned()),
            Beside::Nothing | Beside::Header => {
                Err("cannot be a fixed text (=...): only item and currency can, since a fixed \
                     id would make one of what are many"
                    .to_owned())
            }
        };
    }
    match format {
        Format::Json if !text.starts_with('/') => {
            Err("is no JSON pointer; write a / before each name, as in /data/id".to_owned())
        }
        Format::Json if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) => {
            Err("is no JSON pointer: a ~ in a name is written ~0, and a / in one ~1".to_owned())
        }
        Format::Form if text.starts_with('/') => {
            Err("is a JSON pointer, and the format is form; write the field's name as it stands \
                 there, as in customer[email]"
                .to_owned())
        }
        Format::Json | Format::Form => Ok(Source::At(text.to_owned())),
    }
}

/// Can this be a header's name?
pub(super) fn is_header(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.bytes().all(plain)
}

/// An event's body, taken apart.
#[derive(Debug)]
pub(super) enum Document {
    Json(Value),
    Form(Form),
}

impl Document {
    /// # Errors
    /// [`Unread::Content`] for what is not of that format.
    pub(super) fn parse(format: Format, body: &[u8]) -> Result<Self, Unread> {
        match format {
            Format::Json => read::json(body).map(Self::Json),
            Format::Form => Ok(Self::Form(Form::parse(body))),
        }
    }

    /// All of it.
    pub(super) fn look(&self) -> Look<'_> {
        match self {
            Self::Json(value) => Look { root: Root::Json(value), above: String::new() },
            Self::Form(form) => Look { root: Root::Form(form), above: String::new() },
        }
    }
}

/// A part of an event, in which places are looked for.
#[derive(Debug, Clone)]
pub(super) struct Look<'a> {
    root: Root<'a>,
    /// The pointer of this part.
    above: String,
}

#[derive(Debug, Clone, Copy)]
enum Root<'a> {
    Json(&'a Value),
    Form(&'a Form),
}

/// What stands at a place, and at which.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) at: String,
    value: Cow<'a, Value>,
}

impl<'a> Look<'a> {
    /// What the first source says that leads to something: neither null nor blank.
    pub(super) fn find(&self, place: &Place) -> Result<Option<Found<'a>>, Unread> {
        for source in &place.0 {
            if let Some(found) = self.at(source)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn at(&self, source: &Source) -> Result<Option<Found<'a>>, Unread> {
        let (at, value) = match (source, self.root) {
            (Source::Header(_), _) => return Ok(None),
            (Source::Fixed(text), _) => {
                (String::new(), Some(Cow::Owned(Value::from(text.as_str()))))
            }
            (Source::At(pointer), Root::Json(value)) => {
                let at = format!("{}{pointer}", self.above);
                (at, value.pointer(pointer).map(Cow::Borrowed))
            }
            (Source::At(name), Root::Form(form)) => {
                (name.clone(), form.get(name)?.map(|text| Cow::Owned(Value::from(text))))
            }
        };
        let says = |value: &Value| {
            !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty())
        };
        Ok(value.filter(|value| says(value)).map(|value| Found { at, value }))
    }

    /// The elements of the list at that pointer, each as a part of its own.
    pub(super) fn items(&self, at: &str) -> Result<Vec<Look<'a>>, Unread> {
        let path = format!("{}{at}", self.above);
        let list = match self.root {
            Root::Json(value) => value.pointer(at).and_then(Value::as_array),
            Root::Form(_) => None,
        };
        let Some(list) = list.filter(|list| !list.is_empty()) else {
            return Err(missing(&path, "no list with anything in it stands there"));
        };
        if list.len() > LINES_MAX {
            return Err(Unread::value(path, format!("more than {LINES_MAX} lines")));
        }
        let part =
            |(index, value)| Look { root: Root::Json(value), above: format!("{path}/{index}") };
        Ok(list.iter().enumerate().map(part).collect())
    }

    /// What must stand at that place of this part, and does not.
    pub(super) fn missing(&self, place: &Place, what: &str) -> Unread {
        missing(&format!("{}{}", self.above, first(place)), what)
    }

    pub(super) fn id(&self, place: &Place) -> Result<Option<Id>, Unread> {
        let Some(found) = self.find(place)? else { return Ok(None) };
        let id = match found.value.as_ref() {
            Value::String(text) => Id::new(text),
            Value::Number(number) => number.as_u64().and_then(|id| Id::new(&id.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        id.map(Some).ok_or_else(|| Unread::value(found.at, "not an id of visible ASCII characters"))
    }

    /// A text, or what else can be written as one.
    pub(super) fn text(&self, place: &Place) -> Result<Option<String>, Unread> {
        Ok(self.find(place)?.and_then(|found| found.text()))
    }

    /// What every source of a place says, each once, in their order.
    pub(super) fn texts(&self, place: &Place) -> Result<Vec<String>, Unread> {
        let mut texts: Vec<String> = Vec::new();
        for source in &place.0 {
            let text = self.at(source)?.and_then(|found| found.text());
            texts.extend(text.filter(|text| !texts.contains(text)));
        }
        Ok(texts)
    }

    /// A whole number above 0.
    pub(super) fn quantity(&self, place: &Place) -> Result<Option<u32>, Unread> {
        let Some(found) = self.find(place)? else { return Ok(None) };
        read::quantity(&found.at, &found.text().unwrap_or_default()).map(Some)
    }

    /// A time as in RFC 3339, or in unix seconds or milliseconds.
    pub(super) fn time(&self, place: &Place) -> Result<Option<DateTime<Utc>>, Unread> {
        let Some(found) = self.find(place)? else { return Ok(None) };
        let text = found.text().unwrap_or_default();
        let time = match text.parse::<i64>() {
            Ok(seconds) if seconds.unsigned_abs() < MILLISECONDS_FROM => {
                read::unix(&found.at, seconds)
            }
            Ok(milliseconds) => read::unix_ms(&found.at, milliseconds),
            Err(_) => read::iso8601(&found.at, &text),
        };
        time.map(Some)
    }

    /// An amount, which is nothing without its currency.
    pub(super) fn money(
        &self,
        amount: &Place,
        currency: &Place,
        unit: AmountUnit,
    ) -> Result<Option<Money>, Unread> {
        let Some(found) = self.find(amount)? else { return Ok(None) };
        let told = self.find(currency)?;
        let told = told.ok_or_else(|| self.missing(currency, "the amount's currency"))?;
        let code = told.text().and_then(|text| Currency::new(&text));
        let code = code.ok_or_else(|| Unread::value(told.at, "not a currency of three letters"))?;
        let text = found.text().unwrap_or_default();
        match unit {
            AmountUnit::Minor => read::minor(&found.at, &text, code.as_str()),
            AmountUnit::Decimal => read::decimal(&found.at, &text, code.as_str()),
        }
        .map(Some)
    }
}

impl Found<'_> {
    pub(super) fn text(&self) -> Option<String> {
        match self.value.as_ref() {
            Value::String(text) => filled(Some(text)),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// As many lines of one order are read.
const LINES_MAX: usize = 1_000;

/// Unix seconds reach this number in the year 5138, milliseconds in 1973.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// The place that a person would look at first.
pub(super) fn first(place: &Place) -> String {
    place.in_body().next().unwrap_or_default().to_owned()
}

/// What must be there and is not.
pub(super) fn missing(path: &str, what: &str) -> Unread {
    Unread::Content { path: path.to_owned(), message: format!("missing: {what}") }
}
