//! The variables that OpenTelemetry's specification names: other words for keys of `[telemetry]`,
//! so that what a machine is set up with holds here too.
//!
//! They count where neither the file nor a variable of ours says anything. A token that is meant
//! for the collector of the machine does not go to another one that the file names.

use std::collections::BTreeMap;

use super::fault::Fault;

/// What they all begin with.
pub(super) const PREFIX: &str = "OTEL_";

/// Of the environment, by name.
pub(super) type Given = BTreeMap<String, String>;

/// A variable that stands for a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) variable: &'static str,
    /// Of `[telemetry]`.
    pub(super) key: &'static str,
    pub(super) value: String,
}

struct Word {
    variable: &'static str,
    key: &'static str,
    /// Where one of these is said, this is not meant.
    unless: &'static [&'static str],
}

const URL: &str = "otlp_url";
const HEADERS: &str = "otlp_headers";
const NAME: &str = "service_name";
const UNLESS_HEADERS: &[&str] = &[URL, HEADERS, "otlp_headers_file"];

/// Of two words for one key the first counts: it is about traces alone.
const WORDS: [Word; 5] = [
    Word { variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", key: URL, unless: &[URL] },
    Word { variable: "OTEL_EXPORTER_OTLP_ENDPOINT", key: URL, unless: &[URL] },
    Word { variable: "OTEL_EXPORTER_OTLP_TRACES_HEADERS", key: HEADERS, unless: UNLESS_HEADERS },
    Word { variable: "OTEL_EXPORTER_OTLP_HEADERS", key: HEADERS, unless: UNLESS_HEADERS },
    Word { variable: "OTEL_SERVICE_NAME", key: NAME, unless: &[NAME] },
];

const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// What these variables mean here; `said` tells whether a key of `[telemetry]` is set otherwise.
///
/// # Errors
/// Where they ask for a protocol that is not spoken here.
pub(super) fn meant(given: &Given, said: impl Fn(&str) -> bool) -> Result<Vec<Meant>, Fault> {
    let mut meant: Vec<Meant> = Vec::new();
    if given.get("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(meant);
    }
    for Word { variable, key, unless } in WORDS {
        let known = meant.iter().any(|other| other.key == key);
        if known || unless.iter().any(|key| said(key)) {
            continue;
        }
        // As the specification says: a blank one is as good as none.
        if let Some(value) = given.get(variable).filter(|value| !value.trim().is_empty()) {
            meant.push(Meant { variable, key, value: value.clone() });
        }
    }
    if meant.iter().any(|word| word.key == URL) {
        spoken(given)?;
    }
    Ok(meant)
}

/// Sending to a port where something else is spoken would fail for ever, and without a word.
fn spoken(given: &Given) -> Result<(), Fault> {
    let asked = PROTOCOLS.iter().find_map(|name| {
        let value = given.get(*name)?.trim();
        (!value.is_empty()).then_some((*name, value))
    });
    let Some((name, value)) = asked.filter(|(_, value)| *value != "http/protobuf") else {
        return Ok(());
    };
    let message = format!(
        "asks for {value}, and only http/protobuf is spoken here; set telemetry.otlp_url to where \
         the collector takes HTTP (http://HOST:4318)"
    );
    Err(Fault { origin: name.to_owned(), key: String::new(), message })
}
