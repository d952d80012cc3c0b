//! `[telemetry]`: where traces go, if anywhere.

use percent_encoding::percent_decode_str;
use url::Url;

use super::check::either;
use super::fault::{Key, Report};
use super::hidden::Hidden;
use super::section::{section, table};
use super::settings::TelemetrySettings;

/// What a collector hangs its address for traces on.
const TRACES: &str = "/v1/traces";

/// What is exported and to where.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// Where a collector takes traces by HTTP.
    pub traces_url: Url,
    /// Sent with every export; their values may be secrets.
    pub headers: Vec<(String, Hidden)>,
    /// By which this service is known there.
    pub service_name: String,
    /// The share of traces that is exported, from 0 to 1.
    pub sample: f64,
}

/// Reads `[telemetry]`. `None`: nothing is exported, or something is wrong with it.
pub(super) fn telemetry(report: &mut Report<'_>) -> Option<Telemetry> {
    let key = Key::of(&["telemetry"]);
    let written = table(report, &key);
    let settings: TelemetrySettings = section(report, &key, written, &[]);
    let (text_key, file_key) = (key.at("otlp_headers"), key.at("otlp_headers_file"));
    let file = (&file_key, settings.otlp_headers_file.as_deref());
    let text = either(report, (&text_key, settings.otlp_headers), file);
    let place = if settings.otlp_headers_file.is_some() { &file_key } else { &text_key };
    let headers = match text {
        Some(text) => report.take(place, headers(&text)),
        None => Some(Vec::new()),
    };
    let service_name = settings.service_name.map(service_name);
    let service_name = service_name.and_then(|name| report.take(&key.at("service_name"), name));
    let sample = settings.sample.map(sample);
    let sample = sample.and_then(|share| report.take(&key.at("sample"), share));
    let traces_url = report.take(&key.at("otlp_url"), address(&settings.otlp_url?));
    Some(Telemetry {
        traces_url: traces_url?,
        headers: headers?,
        service_name: service_name?,
        sample: sample?,
    })
}

/// The base with the place for traces behind it, unless it stands there already.
fn address(text: &str) -> Result<Url, &'static str> {
    const RIGHT: &str = "is no address of a collector; write http://HOST:4318 or https://HOST, \
                         without user, ? and #; what identifies you goes into otlp_headers";
    let mut url = Url::parse(text).map_err(|_| RIGHT)?;
    let http = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !http || !bare {
        return Err(RIGHT);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if path.ends_with(TRACES) {
        url.set_path(&path);
    } else {
        url.set_path(&format!("{path}{TRACES}"));
    }
    Ok(url)
}

/// As OpenTelemetry writes them: `authorization=Bearer%20abc,x-team=licenses`. In a file they may
/// also stand a line each.
fn headers(text: &Hidden) -> Result<Vec<(String, Hidden)>, &'static str> {
    const RIGHT: &str = "is no list of headers; write authorization=Bearer TOKEN, further ones \
                         after a comma, with %2C for a comma and %25 for a % in a value";
    let pairs = text.expose().split([',', '\n']).map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(RIGHT)?;
            let name = name.trim().to_ascii_lowercase();
            let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| RIGHT)?;
            let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
            if name.is_empty() || !name.bytes().all(token) || !value.bytes().all(visible) {
                return Err(RIGHT);
            }
            Ok((name, Hidden::from(value.into_owned())))
        })
        .collect()
}

fn service_name(text: String) -> Result<String, &'static str> {
    if text.trim().is_empty() || text.len() > 255 || text.contains(char::is_control) {
        return Err("is no name; write keywright, at most 255 bytes on one line");
    }
    Ok(text)
}

fn sample(share: f64) -> Result<f64, &'static str> {
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("is no share; write 1.0 for every trace, 0.1 for one in ten, 0.0 for none")
    }
}
