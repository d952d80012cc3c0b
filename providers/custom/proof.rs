//! How a described provider shows that a delivery is its own: which scheme of [`crate::scheme`],
//! over which bytes, with the signature where.

use chrono::{DateTime, Utc};

use super::fault::{Faults, Table};
use super::place::is_header;
use crate::Credentials;
use crate::reject::Reject;
use crate::request::Request;
use crate::sample::Sample;
use crate::scheme::{self, Encoding, Hash, KeyForm, KeyText, Verified, Window};
use crate::secret::Secret;

/// The keys that describe a proof.
pub(super) const KEYS: &[&str] = &[
    "scheme",
    "header",
    "encoding",
    "prefix",
    "key",
    "signed",
    "timestamp_header",
    "timestamp_unit",
    "timestamp_field",
    "signature_field",
    "user",
];

/// The proof that a described provider sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    Hmac(Signed),
    StandardWebhooks(KeyText),
    /// In a header behind a prefix, or (without one) in the address: `?token=`.
    Token(Option<(String, String)>),
    Basic {
        user: String,
    },
}

/// An HMAC over parts of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    hash: Hash,
    header: String,
    written: Written,
    encoding: Encoding,
    key: KeyForm,
    parts: Vec<Part>,
    unit: Unit,
}

/// What the signature's header holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Written {
    /// The signature behind a prefix; the time, where it is signed, in a header of its own.
    Alone { prefix: String, timestamp_header: Option<String> },
    /// `t=1760000000,v1=...`: both, by these names; several signatures while a secret is rolled.
    Listed { timestamp: String, signature: String },
}

/// What is signed, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Timestamp,
    Header(String),
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Hmac(Hash),
    Timestamped,
    StandardWebhooks,
    Token,
    Basic,
}

const SCHEMES: &[(&str, Scheme)] = &[
    ("hmac-sha256", Scheme::Hmac(Hash::Sha256)),
    ("hmac-sha512", Scheme::Hmac(Hash::Sha512)),
    ("hmac-sha1", Scheme::Hmac(Hash::Sha1)),
    ("timestamped", Scheme::Timestamped),
    ("standard-webhooks", Scheme::StandardWebhooks),
    ("token", Scheme::Token),
    ("basic", Scheme::Basic),
];

impl Default for Proof {
    /// What an empty description would have; nothing is read by one.
    fn default() -> Self {
        Self::Token(None)
    }
}

impl Proof {
    /// Reads the keys of [`KEYS`].
    pub(super) fn read(table: &Table<'_>, faults: &mut Faults) -> Option<Self> {
        let scheme = table.chosen("scheme", SCHEMES, faults)?;
        idle_keys(table, scheme, faults);
        match scheme {
            Scheme::Hmac(hash) => signed(table, hash, false, faults).map(Self::Hmac),
            Scheme::Timestamped => signed(table, Hash::Sha256, true, faults).map(Self::Hmac),
            Scheme::StandardWebhooks => {
                const WORDS: &[(&str, KeyText)] =
                    &[("base64", KeyText::Base64), ("raw", KeyText::Raw), ("both", KeyText::Both)];
                table.choice("key", WORDS, faults).map(Self::StandardWebhooks)
            }
            Scheme::Token => {
                let prefix = table.text("prefix", faults).unwrap_or_default();
                if !table.has("header") {
                    if table.has("prefix") {
                        faults.add(
                            table.at("prefix"),
                            "stands before a token in a header, and no header is named",
                        );
                    }
                    return Some(Self::Token(None));
                }
                let header = header(table, "header", faults)?;
                Some(Self::Token(Some((header, prefix.to_owned()))))
            }
            Scheme::Basic => {
                if !table.has("user") {
                    faults.add(table.at("user"), "is missing; write the name that the provider logs in with (its password is the secret)");
                }
                let user = table.text("user", faults)?;
                Some(Self::Basic { user: user.to_owned() })
            }
        }
    }

    /// Does the signature cover that header?
    pub(super) fn covers_header(&self, name: &str) -> bool {
        match self {
            Self::Hmac(signed) => signed.parts.iter().any(
                |part| matches!(part, Part::Header(header) if header.eq_ignore_ascii_case(name)),
            ),
            Self::StandardWebhooks(_) => {
                ["webhook-id", "svix-id"].iter().any(|id| id.eq_ignore_ascii_case(name))
            }
            Self::Token(_) | Self::Basic { .. } => false,
        }
    }

    pub(super) fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        let (secrets, window) =
            (&credentials.secrets, Window { now, tolerance: credentials.tolerance });
        match self {
            Self::Hmac(signed) => signed.verify(request, secrets, window),
            Self::StandardWebhooks(key) => {
                scheme::standard_webhooks(request, secrets, *key, window)
            }
            Self::Token(None) => scheme::query_token(request, request.body, secrets),
            Self::Token(Some((header, prefix))) => {
                let value = request.header(header)?;
                let token = value.strip_prefix(prefix.as_str()).ok_or(Reject::Malformed)?;
                scheme::token(request.body, secrets, token)
            }
            Self::Basic { user } => scheme::basic(request, Some(user), secrets),
        }
    }

    pub(super) fn sign(&self, sample: Sample, secret: &Secret, now: DateTime<Utc>) -> Sample {
        match self {
            Self::Hmac(signed) => signed.sign(sample, secret, now),
            Self::StandardWebhooks(key) => {
                scheme::standard_webhooks_sign(sample, secret, *key, now)
            }
            Self::Token(None) => scheme::query_token_sign(sample, secret),
            Self::Token(Some((header, prefix))) => {
                let value = format!("{prefix}{}", secret.expose());
                sample.with_header(header, value)
            }
            Self::Basic { user } => scheme::basic_sign(sample, user, secret),
        }
    }
}

impl Signed {
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        secrets: &[Secret],
        window: Window,
    ) -> Result<Verified<'a>, Reject> {
        let value = request.header(&self.header)?;
        let (timestamp, candidates) = match &self.written {
            Written::Alone { prefix, timestamp_header } => {
                let signature = value.strip_prefix(prefix.as_str()).ok_or(Reject::Malformed)?;
                let timestamp = timestamp_header.as_ref().map(|name| request.header(name));
                (timestamp.transpose()?, vec![signature])
            }
            Written::Listed { timestamp, signature } => listed(value, timestamp, signature)?,
        };
        let signed_at = timestamp.map(|text| self.unit.read(text)).transpose()?;
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in &self.parts {
            parts.push(match part {
                Part::Text(text) => text.as_bytes(),
                Part::Timestamp => timestamp.unwrap_or_default().as_bytes(),
                Part::Header(name) => request.header(name)?.as_bytes(),
                Part::Body => request.body,
            });
        }
        let candidates = (self.encoding, candidates.as_slice());
        let verified =
            scheme::hmac_of(request.body, self.key, self.hash, secrets, &parts, candidates)?;
        match signed_at {
            Some(signed_at) => verified.dated(signed_at, window),
            None => Ok(verified),
        }
    }

    fn sign(&self, sample: Sample, secret: &Secret, now: DateTime<Utc>) -> Sample {
        let timestamp = self.unit.write(now);
        let parts: Vec<&[u8]> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_bytes(),
                Part::Timestamp => timestamp.as_bytes(),
                Part::Header(name) => sample.header(name).unwrap_or_default().as_bytes(),
                Part::Body => &sample.body,
            })
            .collect();
        let mac = scheme::hmac_sign_of(self.key, self.hash, secret, &parts, self.encoding);
        let Some(mac) = mac else { return sample };
        match &self.written {
            Written::Alone { prefix, timestamp_header: None } => {
                sample.with_header(&self.header, format!("{prefix}{mac}"))
            }
            Written::Alone { prefix, timestamp_header: Some(name) } => sample
                .with_header(name, timestamp)
                .with_header(&self.header, format!("{prefix}{mac}")),
            Written::Listed { timestamp: t, signature: v } => {
                sample.with_header(&self.header, format!("{t}={timestamp},{v}={mac}"))
            }
        }
    }
}

impl Unit {
    fn read(self, text: &str) -> Result<DateTime<Utc>, Reject> {
        match self {
            Self::Seconds => scheme::unix_seconds(text),
            Self::Milliseconds => scheme::unix_milliseconds(text),
        }
    }

    fn write(self, at: DateTime<Utc>) -> String {
        match self {
            Self::Seconds => at.timestamp().to_string(),
            Self::Milliseconds => at.timestamp_millis().to_string(),
        }
    }
}

/// One time and one or several signatures, among others that are of no interest.
fn listed<'a>(
    value: &'a str,
    timestamp: &str,
    signature: &str,
) -> Result<(Option<&'a str>, Vec<&'a str>), Reject> {
    let pairs = || value.split([',', ';']).filter_map(|pair| pair.trim().split_once('='));
    let of = |wanted: &str| {
        let wanted = wanted.to_owned();
        pairs().filter(move |(name, _)| *name == wanted).map(|(_, value)| value)
    };
    let mut times = of(timestamp);
    let time = times.next().ok_or(Reject::Malformed)?;
    let signatures: Vec<&str> = of(signature).collect();
    match (times.next(), signatures.is_empty()) {
        (None, false) => Ok((Some(time), signatures)),
        (Some(_), _) | (None, true) => Err(Reject::Malformed),
    }
}

/// Keys that another scheme has.
fn idle_keys(table: &Table<'_>, scheme: Scheme, faults: &mut Faults) {
    let used: &[&str] = match scheme {
        Scheme::Hmac(_) => {
            &["header", "encoding", "prefix", "key", "signed", "timestamp_header", "timestamp_unit"]
        }
        Scheme::Timestamped => &[
            "header",
            "encoding",
            "key",
            "signed",
            "timestamp_unit",
            "timestamp_field",
            "signature_field",
        ],
        Scheme::StandardWebhooks => &["key"],
        Scheme::Token => &["header", "prefix"],
        Scheme::Basic => &["user"],
    };
    let word = SCHEMES.iter().find(|(_, known)| *known == scheme).map_or("", |(word, _)| *word);
    for name in KEYS.iter().filter(|name| **name != "scheme" && !used.contains(name)) {
        if table.has(name) {
            let message = format!("has no meaning with scheme = \"{word}\"; leave it out");
            faults.add(table.at(name), message);
        }
    }
}

fn signed(table: &Table<'_>, hash: Hash, listed: bool, faults: &mut Faults) -> Option<Signed> {
    const ENCODINGS: &[(&str, Encoding)] = &[("hex", Encoding::Hex), ("base64", Encoding::Base64)];
    const KEY_FORMS: &[(&str, KeyForm)] = &[("raw", KeyForm::Text), ("hex", KeyForm::Hex)];
    const UNITS: &[(&str, Unit)] =
        &[("seconds", Unit::Seconds), ("milliseconds", Unit::Milliseconds)];
    let encoding = table.choice("encoding", ENCODINGS, faults);
    let key = table.choice("key", KEY_FORMS, faults);
    let unit = table.choice("timestamp_unit", UNITS, faults);
    let header_name = header(table, "header", faults);
    let timestamp_header = match table.has("timestamp_header") {
        true => header(table, "timestamp_header", faults),
        false => None,
    };
    let field = |name: &str, usual: &str, faults: &mut Faults| {
        table.text(name, faults).unwrap_or(usual).to_owned()
    };
    let dated = listed || table.has("timestamp_header");
    let usual = if dated { "{timestamp}.{body}" } else { "{body}" };
    let text = table.text("signed", faults).unwrap_or(usual);
    let parts = parts(text).map_err(|message| faults.add(table.at("signed"), message)).ok()?;
    if !parts.contains(&Part::Body) {
        let message = "does not cover the body, so anyone could write anything there; {body} must \
                       be in it";
        faults.add(table.at("signed"), message);
    }
    match (parts.contains(&Part::Timestamp), dated) {
        (false, true) => faults.add(
            table.at("signed"),
            "does not cover the timestamp, which then proves nothing; write {timestamp} where it \
             is signed",
        ),
        (true, false) => faults.add(
            table.at("timestamp_header"),
            "is missing: {timestamp} is signed; name the header in which it stands",
        ),
        (true, true) | (false, false) => {}
    }
    if !listed && timestamp_header.is_none() && table.has("timestamp_unit") {
        faults.add(table.at("timestamp_unit"), "is that of no timestamp; name timestamp_header");
    }
    let written = if listed {
        let timestamp = field("timestamp_field", "t", faults);
        let signature = field("signature_field", "v1", faults);
        if timestamp == signature {
            faults.add(table.at("signature_field"), "is the timestamp's field too");
        }
        Written::Listed { timestamp, signature }
    } else {
        let prefix = field("prefix", "", faults);
        Written::Alone { prefix, timestamp_header }
    };
    Some(Signed {
        hash,
        header: header_name?,
        written,
        encoding: encoding?,
        key: key?,
        parts,
        unit: unit?,
    })
}

/// A header's name, which must be there.
fn header(table: &Table<'_>, name: &str, faults: &mut Faults) -> Option<String> {
    if !table.has(name) {
        faults.add(table.at(name), "is missing; name the header, as in X-Shop-Signature");
    }
    let text = table.text(name, faults)?;
    if !is_header(text) {
        faults.add(table.at(name), "is no name of a header; write it as in X-Shop-Signature");
        return None;
    }
    Some(text.to_owned())
}

/// `{timestamp}.{body}`: names in braces, and texts between them.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    const RIGHT: &str = "write {body}, {timestamp} or {header:NAME}, with any text between them";
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind
            .split_once('}')
            .ok_or_else(|| format!("has a brace that is not closed; {RIGHT}"))?;
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(match (name, name.strip_prefix("header:")) {
            ("body", _) => Part::Body,
            ("timestamp", _) => Part::Timestamp,
            (_, Some(header)) if is_header(header) => Part::Header(header.to_owned()),
            _ => return Err(format!("has braces around something else; {RIGHT}")),
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}
