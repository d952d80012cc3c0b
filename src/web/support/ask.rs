//! What every request that changes something has: who asks, its body, and how often it counts.

use std::future::Future;
use std::pin::Pin;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, IF_MATCH};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::BODY_BYTES_MAX;
use super::auth::Caller;
use crate::support::{Asked, Once};
use crate::web::problem::{Code, Problem};
use crate::web::read::{self, Fields};

/// The longest Idempotency-Key.
const KEY_CHARS_MAX: usize = 255;

/// A request by somebody who may, with its body.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) caller: Caller,
    request: HttpRequest,
    body: Bytes,
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read::body(&request, &mut payload, BODY_BYTES_MAX).await?;
            let caller = request.extensions().get::<Caller>().cloned();
            // The guard let it through, so there is one.
            let caller = caller.ok_or_else(|| Problem::new(Code::Unauthorized, "no token"))?;
            Ok(Self { caller, request, body })
        })
    }
}

impl Ask {
    /// The fields of the body.
    pub(super) fn fields(&self) -> Result<Fields, Problem> {
        Fields::of_body(&self.request, &self.body)?.keepable()
    }

    pub(super) fn query(&self) -> Result<Fields, Problem> {
        Fields::of_query(&self.request)
    }

    /// The body as this type. The query must be empty: what it said would be lost.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.query()?.no_more()?;
        self.fields()?.read()
    }

    /// Who asks and why; a version in the body counts like the header.
    pub(super) fn asked(
        &self,
        reason: Option<String>,
        version: Option<i64>,
    ) -> Result<Asked, Problem> {
        let version = version.map_or_else(|| if_match(self.request.headers()), |v| Ok(Some(v)))?;
        Ok(Asked { by: self.caller.name.clone(), reason, version, once: None })
    }

    /// The same for what must not be done twice: with the Idempotency-Key, if there is one, and
    /// the status that is to be answered.
    pub(super) fn asked_once(
        &self,
        reason: Option<String>,
        version: Option<i64>,
        status: StatusCode,
    ) -> Result<Asked, Problem> {
        Ok(Asked { once: self.once(status)?, ..self.asked(reason, version)? })
    }

    fn once(&self, status: StatusCode) -> Result<Option<Once>, Problem> {
        let Some(key) = self.request.headers().get("idempotency-key") else { return Ok(None) };
        let key = key.to_str().unwrap_or_default().trim();
        if key.is_empty() || key.len() > KEY_CHARS_MAX {
            let detail = format!("Idempotency-Key must be 1 to {KEY_CHARS_MAX} visible characters");
            return Err(Problem::new(Code::Malformed, detail).of_field("Idempotency-Key"));
        }
        let mut digest = Sha256::new();
        for part in [
            self.request.method().as_str().as_bytes(),
            self.request.path().as_bytes(),
            self.request.query_string().as_bytes(),
            &self.body,
        ] {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        }
        // Keys of one token never meet those of another.
        let key = format!("{}:{key}", self.caller.token_id);
        Ok(Some(Once { key, digest: digest.finalize().into(), status: status.as_u16() }))
    }
}

/// `If-Match: "7"`; `*` and nothing at all match every version.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(header) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let bare = text.trim_start_matches("W/").trim_matches('"');
    bare.parse().map(Some).map_err(|_| {
        let detail = "If-Match must be the license's version, as in \"7\"";
        Problem::new(Code::Malformed, detail).of_field("If-Match")
    })
}
