//! What is said to the server, and what it answers.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::fault::{Denial, Fault};
use crate::transport::{Answer, Transport};

/// The vendor's license server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) transport: Box<dyn Transport>,
}

/// This machine asks for its license.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Activation<'a> {
    pub(crate) key: &'a str,
    pub(crate) fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    pub(crate) platform: &'a str,
    pub(crate) version: &'a str,
    /// Only in an offline request: makes each its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct Deactivation<'a> {
    key: &'a str,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Trial<'a> {
    product: &'a str,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

#[derive(Deserialize)]
struct Given {
    license: String,
}

/// RFC 9457, as far as it is used.
#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

impl fmt::Debug for Activation<'_> {
    /// The key is a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activation").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl Activation<'_> {
    /// For a machine without network: one line of text that a person carries.
    pub(crate) fn offline_text(&self) -> String {
        // Texts and no map: this always becomes JSON.
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("keywright-request.1.{}", BASE64URL_NOPAD.encode(&json))
    }
}

impl Server {
    /// The machine license for that key.
    pub(crate) fn activate(&self, activation: &Activation<'_>) -> Result<String, Fault> {
        self.given("activate", activation)
    }

    /// The machine license of this machine's trial.
    pub(crate) fn trial(
        &self,
        product: &str,
        fingerprint: &str,
        email: Option<&str>,
    ) -> Result<String, Fault> {
        self.given("trial", &Trial { product, fingerprint, email })
    }

    /// Gives the seat back. That the server knows of none is as good.
    pub(crate) fn deactivate(&self, key: &str, fingerprint: &str) -> Result<(), Fault> {
        let answer = self.post("deactivate", &Deactivation { key, fingerprint })?;
        match answer.status {
            200..=299 => Ok(()),
            404 if problem(&answer).is_some() => Ok(()),
            _ => Err(refused(&answer)),
        }
    }

    fn given(&self, call: &str, body: &impl Serialize) -> Result<String, Fault> {
        let answer = self.post(call, body)?;
        if !(200..=299).contains(&answer.status) {
            return Err(refused(&answer));
        }
        // A page that is no answer of ours (a hotel's login, say) is a server that is away.
        let given: Given = serde_json::from_str(&answer.body)
            .map_err(|_| Fault::Unavailable { status: answer.status })?;
        Ok(given.license)
    }

    fn post(&self, call: &str, body: &impl Serialize) -> Result<Answer, Fault> {
        let url = format!("{}/v1/licenses/{call}", self.url);
        let body = serde_json::to_string(body).unwrap_or_default();
        Ok(self.transport.post(&url, &body)?)
    }
}

/// Only a refusal in the server's own words is its word.
fn refused(answer: &Answer) -> Fault {
    match problem(answer) {
        Some(denial) => Fault::Denied(denial),
        None => Fault::Unavailable { status: answer.status },
    }
}

fn problem(answer: &Answer) -> Option<Denial> {
    // Too many requests, and all that is the server's own trouble, is no word on the license.
    if !(400..=499).contains(&answer.status) || answer.status == 429 {
        return None;
    }
    let Problem { code, title, detail } = serde_json::from_str(&answer.body).ok()?;
    let message = if detail.is_empty() { title } else { detail };
    Some(Denial { code, message })
}
