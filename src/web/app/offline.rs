//! Request files, made on a machine without network and carried here, and the file that is carried
//! back. Renewal goes the same way: the same machine again.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use super::visit::Visit;
use crate::machines::given::{Fingerprint, Key, Label, Machine, Nonce};
use crate::web::problem::{Code, Problem};
use crate::web::read::{self, Fields};

/// What a request file begins with that is one line of text: the number is that of its form.
pub const TEXT_FORM: &str = "keywright-request.1.";

/// What a machine without network asks for.
#[derive(Debug)]
pub(in crate::web) struct RequestFile {
    pub(in crate::web) key: Key,
    pub(in crate::web) machine: Machine,
    /// By which the machine knows the answer to this very file.
    pub(in crate::web) nonce: Option<Nonce>,
}

/// As it is written.
#[derive(Debug, Deserialize)]
struct Request {
    key: Key,
    fingerprint: Fingerprint,
    name: Option<Label>,
    platform: Option<Label>,
    version: Option<Label>,
    nonce: Option<Nonce>,
}

/// Takes the file as it is, whatever kind of content it is called.
pub(super) async fn offline(visit: Visit) -> Result<HttpResponse, Problem> {
    visit.no_query()?;
    read::unpacked(&visit.request)?;
    let RequestFile { key, machine, nonce } = RequestFile::read(&visit.body)?;
    let done = visit.gate.machines.activate(&key, machine, nonce).await;
    let done = done.map_err(|failure| visit.failed(failure))?;
    Ok(license_file(&done.license))
}

/// The file that is carried back.
pub(in crate::web) fn license_file(license: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"license.jws\""))
        .body(format!("{license}\n"))
}

impl RequestFile {
    /// # Errors
    /// [`Code::Malformed`], [`Code::InvalidField`], [`Code::UnknownField`].
    pub(in crate::web) fn read(file: &[u8]) -> Result<Self, Problem> {
        let request: Request = Fields::of_json(&content(file)?)?.read()?;
        let Request { key, fingerprint, name, platform, version, nonce } = request;
        Ok(Self { key, machine: Machine { fingerprint, name, platform, version }, nonce })
    }
}

/// The JSON of a request file: the file itself, or packed as one line of text.
fn content(file: &[u8]) -> Result<Vec<u8>, Problem> {
    let file = file.trim_ascii();
    if file.starts_with(b"{") {
        return Ok(file.to_vec());
    }
    let packed = file.strip_prefix(TEXT_FORM.as_bytes());
    let json = packed.and_then(|packed| BASE64URL_NOPAD.decode(packed).ok());
    json.ok_or_else(|| {
        let detail = format!(
            "the body is no request file; send JSON, or {TEXT_FORM} and the JSON in base64url \
             without padding"
        );
        Problem::new(Code::Malformed, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_file_is_json_or_one_line_of_text() {
        let json = br#"{"key":"ACME-1","fingerprint":"f-1"}"#;
        let packed = format!("{TEXT_FORM}{}", BASE64URL_NOPAD.encode(json));
        assert_eq!(content(json).unwrap(), json);
        assert_eq!(content(format!("\n {packed}\r\n").as_bytes()).unwrap(), json);
        for wrong in ["", "[]", "keywright-request.2.e30", "keywright-request.1.e30=", "e30"] {
            let problem = content(wrong.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), Code::Malformed, "{wrong}");
        }
    }
}
