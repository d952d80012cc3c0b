//! Bodies and queries into types. What cannot be read is answered with the field that is wrong
//! and what would be right; unknown fields with the nearest one that there is.

use std::str::FromStr;
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpRequest, dev};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Track;

use super::problem::{Code, Problem};
use crate::config::{did_you_mean, fields};

/// How long a body may take to arrive, wherever it is sent: a connection that trickles would be
/// held for as long as its other side likes.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Why a body did not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReceived {
    TooLarge,
    TooSlow,
    /// It broke off.
    Broken,
}

/// Named values that are not read yet.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    origin: Origin,
    /// Names that were taken out before the rest is read.
    taken: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Query,
    Body,
}

impl Fields {
    /// The parameters of the address.
    ///
    /// # Errors
    /// [`Code::Malformed`], [`Code::InvalidParameter`] for one that stands twice.
    pub fn of_query(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(request.query_string())
            .map_err(|_| Problem::new(Code::Malformed, "the query cannot be read"))?;
        let mut values = Map::new();
        for (name, value) in pairs {
            // No database keeps a NUL, and nothing that is looked for has a line break.
            if name.chars().chain(value.chars()).any(char::is_control) {
                let detail = "a parameter holds a control character; leave it out";
                return Err(Problem::new(Code::InvalidParameter, detail));
            }
            if values.contains_key(&name) {
                let detail = format!("{name} stands twice; one is taken");
                return Err(Problem::new(Code::InvalidParameter, detail).of_field(name));
            }
            values.insert(name, Value::from(value));
        }
        Ok(Self { values, origin: Origin::Query, taken: Vec::new() })
    }

    /// The fields of a form. What was left empty is not there.
    ///
    /// # Errors
    /// [`Code::InvalidField`] for one that stands twice or holds a NUL.
    pub fn of_form(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut values = Map::new();
        for (name, value) in pairs {
            let value = value.replace("\r\n", "\n");
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            // No database keeps a NUL.
            if value.contains('\0') || values.contains_key(&name) {
                let detail = format!("{name} stands twice or holds what cannot be kept");
                return Err(Problem::new(Code::InvalidField, detail).of_field(name));
            }
            values.insert(name, Value::from(value));
        }
        Ok(Self { values, origin: Origin::Body, taken: Vec::new() })
    }

    /// The fields of a JSON body. None at all is as good as `{}`.
    ///
    /// # Errors
    /// [`Code::UnsupportedMediaType`], [`Code::Malformed`].
    pub fn of_body(request: &HttpRequest, body: &[u8]) -> Result<Self, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(Self { values: Map::new(), origin: Origin::Body, taken: Vec::new() });
        }
        plain_json(request)?;
        Self::of_json(body)
    }

    /// The fields of a JSON object, whatever its sender calls it.
    ///
    /// # Errors
    /// [`Code::Malformed`].
    pub fn of_json(body: &[u8]) -> Result<Self, Problem> {
        let malformed = |why: String| Problem::new(Code::Malformed, why);
        match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => {
                Ok(Self { values, origin: Origin::Body, taken: Vec::new() })
            }
            Ok(_) => Err(malformed("the body is JSON, but not an object; write {...}".to_owned())),
            Err(error) => Err(malformed(format!(
                "the body is not JSON (line {}, column {})",
                error.line(),
                error.column()
            ))),
        }
    }

    /// The same, where nothing in it holds a NUL: no database keeps one, and PostgreSQL refuses even to
    /// look for it.
    ///
    /// # Errors
    /// [`Code::InvalidField`].
    pub fn keepable(self) -> Result<Self, Problem> {
        fn holds_nul(value: &Value) -> bool {
            match value {
                Value::String(text) => text.contains('\0'),
                Value::Array(values) => values.iter().any(holds_nul),
                Value::Object(values) => values.values().any(holds_nul),
                Value::Null | Value::Bool(_) | Value::Number(_) => false,
            }
        }
        match self.values.iter().find(|(_, value)| holds_nul(value)) {
            None => Ok(self),
            Some((name, _)) => {
                let detail = format!("{name} holds a NUL, which cannot be kept; leave it out");
                Err(Problem::new(Code::InvalidField, detail).of_field(name))
            }
        }
    }

    /// Without what was left empty, as forms send it.
    #[must_use]
    pub fn filled(mut self) -> Self {
        self.values.retain(|_, value| value.as_str() != Some(""));
        self
    }

    /// These values where they say something, else the other ones.
    #[must_use]
    pub fn over(mut self, below: Self) -> Self {
        for (name, value) in below.values {
            self.values.entry(name).or_insert(value);
        }
        self
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// One value, read on its own; `None` where it is not given.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        self.taken.push(name);
        let Some(value) = self.values.remove(name) else { return Ok(None) };
        T::deserialize(&value).map(Some).map_err(|error| self.wrong(name, &error))
    }

    /// All values that are left.
    ///
    /// # Errors
    /// The first field that is wrong, or that there is not.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let (mut unknown, mut track) = (Vec::new(), Track::new());
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
        let values = Value::Object(self.values.clone());
        let traced = serde_path_to_error::Deserializer::new(&values, &mut track);
        let read = T::deserialize(serde_ignored::Deserializer::new(traced, &mut note));
        if let Some(name) = unknown.into_iter().next() {
            return Err(self.unknown::<T>(&name));
        }
        read.map_err(|error| self.wrong(&track.path().to_string(), &error))
    }

    /// Nothing may be left: it would be lost.
    ///
    /// # Errors
    /// The first field, as [`Fields::read`].
    pub fn no_more(self) -> Result<(), Problem> {
        #[derive(Deserialize)]
        struct Nothing {}
        self.read::<Nothing>().map(|_| ())
    }

    fn unknown<T: DeserializeOwned>(&self, name: &str) -> Problem {
        let known: Vec<&str> = fields::<T>().iter().chain(&self.taken).copied().collect();
        let name: String = name.chars().take(60).collect();
        let what = match did_you_mean(&name, known.iter().copied()) {
            _ if known.is_empty() => "; there is none at this address".to_owned(),
            nothing if nothing.is_empty() => format!("; there are {}", known.join(", ")),
            nearest => nearest,
        };
        let (code, kind) = match self.origin {
            Origin::Query => (Code::UnknownParameter, "parameter"),
            Origin::Body => (Code::UnknownField, "field"),
        };
        Problem::new(code, format!("there is no {kind} {name}{what}")).of_field(name)
    }

    fn wrong(&self, path: &str, error: &serde_json::Error) -> Problem {
        let code = match self.origin {
            Origin::Query => Code::InvalidParameter,
            Origin::Body => Code::InvalidField,
        };
        let text = error.to_string();
        let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        if let Some(missing) = missing {
            return Problem::new(code, format!("{missing} is missing")).of_field(missing);
        }
        let text = match text.split_once(", expected ") {
            Some((found, expected)) if found.starts_with("invalid ") => {
                let found = found.split_once(": ").map_or(found, |(_, found)| found);
                format!("is {}; write {}", plain(found), plain(expected))
            }
            _ => text,
        };
        Problem::new(code, format!("{path} {text}")).of_field(path)
    }
}

/// serde's words for kinds of values, in the words of people.
fn plain(words: &str) -> &str {
    match words {
        "a string" => "a text",
        "a boolean" => "true or false",
        "u32" | "i64" => "a whole number",
        "a map" | "map" => "an object",
        "sequence" => "a list",
        other => other.trim_start_matches("string ").trim_start_matches("integer "),
    }
}

/// Bodies are taken as they are: what is small enough packed may be too large unpacked.
///
/// # Errors
/// [`Code::UnsupportedMediaType`].
pub fn unpacked(request: &HttpRequest) -> Result<(), Problem> {
    match request.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"" | b"identity") => Ok(()),
        Some(_) => {
            let detail = "the body is packed; send it as it is";
            Err(Problem::new(Code::UnsupportedMediaType, detail))
        }
    }
}

fn plain_json(request: &HttpRequest) -> Result<(), Problem> {
    unpacked(request)?;
    let refuse = |detail: &str| Err(Problem::new(Code::UnsupportedMediaType, detail));
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => refuse("the body must be JSON; send it with Content-Type: application/json"),
    }
}

/// The raw bytes of a body, within size and time: the one way in which any body is read.
///
/// # Errors
/// [`NotReceived`].
pub async fn received(
    request: &HttpRequest,
    payload: Payload,
    bytes_max: usize,
) -> Result<Bytes, NotReceived> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(NotReceived::TooLarge);
    }
    match tokio::time::timeout(BODY_TIME_MAX, payload.to_bytes_limited(bytes_max)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(NotReceived::Broken),
        Ok(Err(_)) => Err(NotReceived::TooLarge),
        Err(_) => Err(NotReceived::TooSlow),
    }
}

/// The same, told as a problem.
///
/// # Errors
/// [`Code::TooLarge`], [`Code::TooSlow`], [`Code::Malformed`].
pub async fn body(
    request: &HttpRequest,
    payload: &mut dev::Payload,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    let broken = || Problem::new(Code::Malformed, "the body did not come in whole");
    let payload = Payload::from_request(request, payload).await.map_err(|_| broken())?;
    received(request, payload, bytes_max).await.map_err(|error| match error {
        NotReceived::TooLarge => {
            Problem::new(Code::TooLarge, format!("the body is larger than {bytes_max} bytes"))
        }
        NotReceived::TooSlow => {
            let seconds = BODY_TIME_MAX.as_secs();
            Problem::new(
                Code::TooSlow,
                format!("the body took longer than {seconds} s; send it again"),
            )
        }
        NotReceived::Broken => broken(),
    })
}

/// One word of a list that the type knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String", bound(deserialize = "T: FromStr<Err = String>"))]
pub struct Word<T>(pub T);

impl<T: FromStr<Err = String>> TryFrom<String> for Word<T> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("is wrong: {error}"))
    }
}

/// A number, as text or as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Number(pub i64);

impl TryFrom<Value> for Number {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        number.map(Self).ok_or("is not a whole number")
    }
}

/// Yes or no, as text or as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Flag(pub bool);

impl TryFrom<Value> for Flag {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match (&value, value.as_str()) {
            (Value::Bool(flag), _) => Ok(Self(*flag)),
            (_, Some("true")) => Ok(Self(true)),
            (_, Some("false")) => Ok(Self(false)),
            _ => Err("is neither true nor false"),
        }
    }
}
