//! One recorded request: `providers/<kind>/fixtures/<event.type>[.<variant>].txt`.
//!
//! Lines before the first empty one are the head; all behind it is the body, byte for byte, but
//! for the file's one final newline. `providers/README.md` shows the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::{
    Answers, Credentials, Fetched, Inlet, Provider, Request, Sample, Secret, Settings,
};

/// A request as a provider sends it, and all that is needed to judge it.
#[derive(Clone)]
pub(crate) struct Fixture {
    /// The file's name without `.txt`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) credentials: Credentials,
    /// What the provider's API says, by the name of the question.
    pub(crate) answers: Answers,
    pub(crate) now: DateTime<Utc>,
    pub(crate) inlet: Inlet,
    pub(crate) method: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) certificate: Option<Vec<u8>>,
    /// The lines of the head, for writing the file again.
    pub(crate) head: Vec<String>,
}

/// The folder of a kind: its name, as far as Rust can name a module so.
pub(crate) fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind.replace('-', "_"))
}

impl Fixture {
    /// All fixtures of a folder, by name. A file that cannot be parsed stops the suite.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::load(path)).collect()
    }

    fn load(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        Self::parse(path, &bytes).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
    }

    /// Parses a file's content; the fault names the line.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").ok_or("no empty line")?;
        let body = &bytes[end + 2..];
        let head = std::str::from_utf8(&bytes[..end]).map_err(|e| e.to_string())?;
        let mut now = None;
        let mut fixture = Self {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            path: path.to_owned(),
            credentials: Credentials {
                secrets: Vec::new(),
                keys: BTreeMap::new(),
                settings: Settings::new(),
                tolerance: TimeDelta::minutes(5),
            },
            answers: Answers::new(),
            now: DateTime::UNIX_EPOCH,
            inlet: Inlet::Webhook,
            method: "POST".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            certificate: None,
            body: body.strip_suffix(b"\n").unwrap_or(body).to_owned(),
            head: head.lines().map(str::to_owned).collect(),
        };
        for line in head.lines() {
            fixture.line(line, &mut now).map_err(|fault| format!("`{line}`: {fault}"))?;
        }
        fixture.now = now.ok_or("no `now:`")?;
        Ok(fixture)
    }

    fn line(&mut self, line: &str, now: &mut Option<DateTime<Utc>>) -> Result<(), String> {
        let (field, value) = line.split_once(':').ok_or("no colon")?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        if let Some(header) = field.strip_prefix("> ") {
            self.headers.push((header.to_owned(), value.to_owned()));
            return Ok(());
        }
        match field.split_once(' ').unwrap_or((field, "")) {
            ("secret", "") => self.credentials.secrets.push(secret(value)?),
            ("key", name) => {
                self.credentials.keys.insert(name.to_owned(), secret(value)?);
            }
            ("setting", name) => {
                self.credentials.settings.insert(name.to_owned(), value.to_owned());
            }
            ("now", "") => {
                let time = DateTime::parse_from_rfc3339(value).map_err(|e| e.to_string())?;
                *now = Some(time.to_utc());
            }
            ("inlet", "") => {
                self.inlet = match value {
                    "webhook" => Inlet::Webhook,
                    "fulfil" => Inlet::Fulfil,
                    _ => return Err("webhook or fulfil".to_owned()),
                }
            }
            ("answer", name) => {
                let (status, body) = value.split_once(' ').unwrap_or((value, ""));
                let status = status.parse().map_err(|_| "answer NAME: STATUS BODY")?;
                let fetched = Fetched { status, body: body.as_bytes().to_vec() };
                self.answers.insert(name.to_owned(), fetched);
            }
            ("tolerance", "") => {
                let seconds = value.parse().map_err(|_| "seconds")?;
                self.credentials.tolerance = TimeDelta::seconds(seconds);
            }
            ("certificate", "") => self.certificate = Some(value.as_bytes().to_vec()),
            ("method", "") => value.clone_into(&mut self.method),
            ("query", "") => value.clone_into(&mut self.query),
            _ => return Err("not a field of a fixture".to_owned()),
        }
        Ok(())
    }

    /// Made by the vendor's own code, so that nothing here may rewrite it.
    pub(crate) fn is_vector(&self) -> bool {
        self.name.starts_with("vector")
    }

    /// Recorded to be refused.
    pub(crate) fn is_refused(&self) -> bool {
        self.name.starts_with("refused.")
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            inlet: self.inlet,
            method: &self.method,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
            certificate: self.certificate.as_deref(),
        }
    }

    /// The same request with another body, signed anew as the provider would.
    pub(crate) fn signed_anew(&self, provider: &dyn Provider, body: Vec<u8>) -> Self {
        let bare = Sample {
            inlet: self.inlet,
            title: self.name.clone(),
            method: "POST",
            query: self.query.clone(),
            headers: Vec::new(),
            body,
            answers: Vec::new(),
        };
        let signed = provider.sign(bare, &self.credentials, self.now);
        let mut fixture = Self { query: signed.query, body: signed.body, ..self.clone() };
        for (name, value) in signed.headers {
            let is_it = |header: &(String, String)| header.0.eq_ignore_ascii_case(&name);
            match fixture.headers.iter().position(is_it) {
                Some(first) => {
                    // A second signature beside it would open what the first does not.
                    let mut rest = fixture.headers.split_off(first);
                    rest.retain(|header| !is_it(header));
                    fixture.headers.push((name, value));
                    fixture.headers.extend(rest);
                }
                None => fixture.headers.push((name, value)),
            }
        }
        fixture
    }

    /// Writes the signature of [`Provider::sign`] into the file; whatever else stands in its
    /// head stays as it was.
    pub(crate) fn bless(&self, provider: &dyn Provider) {
        let signed = self.signed_anew(provider, self.body.clone());
        let mut head: Vec<String> = self.head.clone();
        head.retain(|line| !line.starts_with("> ") && !line.starts_with("query:"));
        if !signed.query.is_empty() {
            head.push(format!("query: {}", signed.query));
        }
        head.extend(signed.headers.iter().map(|(name, value)| format!("> {name}: {value}")));
        let mut bytes = head.join("\n").into_bytes();
        bytes.extend_from_slice(b"\n\n");
        bytes.extend_from_slice(&signed.body);
        bytes.push(b'\n');
        if fs::read(&self.path).unwrap() == bytes {
            return;
        }
        // Whole or not at all: other tests may be reading.
        let partial = self.path.with_extension("txt.partial");
        fs::write(&partial, bytes).unwrap();
        fs::rename(&partial, &self.path).unwrap();
    }
}

/// Some documented vectors have short secrets.
fn secret(text: &str) -> Result<Secret, String> {
    Secret::with_min(text, 8).map_err(|weak| weak.to_string())
}
