//! Errors as RFC 9457 problems. Status codes are known here alone.
//!
//! `code` is stable and for programs; `detail` is for people and says what was wrong and what
//! would be right. What happened inside stands in the log, never in an answer.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::machines;
use crate::store::StoreError;
use crate::support::{Failure, Refusal};

/// Seconds after which asking again makes sense.
const RETRY_AFTER_S: u32 = 2;

/// An answer that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: String,
    /// The field or parameter that is wrong.
    field: Option<String>,
    /// Where several things are wrong: all of them.
    faults: Vec<String>,
    retry_after_s: Option<u32>,
    /// The methods that there are.
    allow: Option<String>,
}

macro_rules! codes {
    ($($(#[$note:meta])* $code:ident = $status:ident $word:literal $title:literal,)+) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$note])* $code,)+
        }

        impl Code {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The stable word for programs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                }
            }

            #[must_use]
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)+
                }
            }

            /// The same for every problem of this kind.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)+
                }
            }
        }
    };
}

codes! {
    Malformed = BAD_REQUEST "malformed" "The request cannot be read",
    InvalidParameter = BAD_REQUEST "invalid_parameter" "A parameter cannot be what it is",
    UnknownParameter = BAD_REQUEST "unknown_parameter" "There is no such parameter",
    Unauthorized = UNAUTHORIZED "unauthorized" "A valid token is needed",
    Forbidden = FORBIDDEN "forbidden" "The token's role does not allow this",
    Expired = FORBIDDEN "expired" "The license has expired",
    Suspended = FORBIDDEN "suspended" "The license is suspended",
    Revoked = FORBIDDEN "revoked" "The license is revoked",
    NoTrial = FORBIDDEN "no_trial" "There is no trial of this product",
    NotFound = NOT_FOUND "not_found" "There is nothing at this address",
    UnknownEvent = NOT_FOUND "unknown_event" "There is no such event",
    UnknownLicense = NOT_FOUND "unknown_license" "There is no such license",
    UnknownActivation = NOT_FOUND "unknown_activation" "There is no such activation",
    UnknownKey = NOT_FOUND "unknown_key" "There is no such key",
    NotActivated = NOT_FOUND "not_activated" "This machine is not activated",
    UnknownMail = NOT_FOUND "unknown_mail" "There is no such mail",
    UnknownMessage = NOT_FOUND "unknown_message" "There is no such message to a hook",
    UnknownToken = NOT_FOUND "unknown_token" "There is no such token",
    UnknownUser = NOT_FOUND "unknown_user" "There is no such user",
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "This method is not taken here",
    ChangedMeanwhile = CONFLICT "changed_meanwhile" "It was changed by another meanwhile",
    LicenseRevoked = CONFLICT "license_revoked" "The license is revoked",
    NotSuspended = CONFLICT "not_suspended" "There is nothing to reinstate",
    NothingToAdd = CONFLICT "nothing_to_add" "The expiry would not move",
    EventPurged = CONFLICT "event_purged" "The content of the event is gone",
    EventNotOpen = CONFLICT "event_not_open" "The event is settled",
    EventCounts = CONFLICT "event_counts" "Licenses stand on the event",
    AlreadySent = CONFLICT "already_sent" "The mail was sent already",
    TooManyActivations = CONFLICT "too_many_activations" "All seats are taken",
    TrialUsed = CONFLICT "trial_used" "The trial was used before",
    TooSlow = REQUEST_TIMEOUT "too_slow" "The body came too slowly",
    TooLarge = PAYLOAD_TOO_LARGE "too_large" "The body is too large",
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body is not plain JSON",
    InvalidField = UNPROCESSABLE_ENTITY "invalid_field" "A field cannot be what it is",
    UnknownField = UNPROCESSABLE_ENTITY "unknown_field" "There is no such field",
    NoAddress = UNPROCESSABLE_ENTITY "no_address" "No e-mail address is known",
    IdempotencyConflict = UNPROCESSABLE_ENTITY "idempotency_conflict" "The key was used for another request",
    ConfigurationFaulty = UNPROCESSABLE_ENTITY "configuration_faulty" "The configuration is faulty; the old one stays in force",
    TooManyAttempts = TOO_MANY_REQUESTS "too_many_attempts" "Too many wrong tokens",
    TooManyRequests = TOO_MANY_REQUESTS "too_many_requests" "Too many calls",
    Internal = INTERNAL_SERVER_ERROR "internal" "The service failed",
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "Not now",
}

/// The form in which it goes out.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    faults: &'a [String],
}

impl Problem {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { code, detail, field: None, faults: Vec::new(), retry_after_s: None, allow: None }
    }

    /// Names the field or parameter that is wrong.
    #[must_use]
    pub fn of_field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Lists everything that is wrong.
    #[must_use]
    pub fn with_faults(self, faults: Vec<String>) -> Self {
        Self { faults, ..self }
    }

    /// Says when asking again makes sense.
    #[must_use]
    pub fn retry_after_s(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// Another method than these was used.
    #[must_use]
    pub fn method_not_allowed(allow: impl Into<String>) -> Self {
        let allow = allow.into();
        let detail = format!("this address takes {allow}");
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed, detail) }
    }

    /// The header that says so, where it was said.
    #[must_use]
    pub fn retry_after(&self) -> Option<(HeaderName, HeaderValue)> {
        self.retry_after_s.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)))
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Everything that is wrong, where it is several things.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// What was wrong and what would be right, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// The answer for addresses that lead nowhere.
pub async fn not_found() -> Problem {
    Problem::new(Code::NotFound, "there is nothing at this address")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.code.status());
        if let Some(header) = self.retry_after() {
            answer.insert_header(header);
        }
        if let Some(allow) = &self.allow {
            answer.insert_header((ALLOW, allow.as_str()));
        }
        if self.code == Code::Unauthorized {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"keywright\""));
        }
        let body = serde_json::to_string(&Body {
            r#type: format!("urn:keywright:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            field: self.field.as_deref(),
            faults: &self.faults,
        });
        // Texts and numbers always have a JSON form.
        answer.content_type("application/problem+json").body(body.unwrap_or_default())
    }
}

impl actix_web::Responder for Problem {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Store(error) => error.into(),
            Failure::NoChance(error) => {
                Self::new(Code::Unavailable, error.to_string()).retry_after_s(RETRY_AFTER_S)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::UnknownEvent(_) => Code::UnknownEvent,
            Refusal::UnknownLicense(_) => Code::UnknownLicense,
            Refusal::UnknownActivation(_) => Code::UnknownActivation,
            Refusal::UnknownMail(_) => Code::UnknownMail,
            Refusal::UnknownMessage(_) => Code::UnknownMessage,
            Refusal::UnknownToken(_) => Code::UnknownToken,
            Refusal::UnknownUser(_) => Code::UnknownUser,
            Refusal::Field { .. } => Code::InvalidField,
            Refusal::Changed { .. } | Refusal::EventChanged { .. } | Refusal::BeingSent => {
                Code::ChangedMeanwhile
            }
            Refusal::Revoked => Code::LicenseRevoked,
            Refusal::NotSuspended(_) => Code::NotSuspended,
            Refusal::NothingToAdd(_) => Code::NothingToAdd,
            Refusal::Purged => Code::EventPurged,
            Refusal::NotOpen(_) => Code::EventNotOpen,
            Refusal::Bears { .. } => Code::EventCounts,
            Refusal::NoAddress | Refusal::Erased => Code::NoAddress,
            Refusal::AlreadySent => Code::AlreadySent,
            Refusal::TooOften(_) => Code::TooManyRequests,
            Refusal::Crowded => Code::Unavailable,
            Refusal::OtherRequest => Code::IdempotencyConflict,
        };
        let problem = Self::new(code, refusal.to_string());
        match refusal {
            Refusal::Field { field, .. } => problem.of_field(field),
            Refusal::Crowded => problem.retry_after_s(RETRY_AFTER_S),
            _ => problem,
        }
    }
}

impl From<machines::Failure> for Problem {
    fn from(failure: machines::Failure) -> Self {
        match failure {
            machines::Failure::Refused(refusal) => refusal.into(),
            machines::Failure::Store(error) => error.into(),
            machines::Failure::NoChance(error) => {
                Self::new(Code::Unavailable, error.to_string()).retry_after_s(RETRY_AFTER_S)
            }
        }
    }
}

impl From<machines::Refusal> for Problem {
    fn from(refusal: machines::Refusal) -> Self {
        use machines::Refusal;
        let detail = refusal.to_string();
        match refusal {
            Refusal::UnknownKey => Self::new(Code::UnknownKey, detail),
            Refusal::Expired(_) => Self::new(Code::Expired, detail),
            Refusal::Suspended => Self::new(Code::Suspended, detail),
            Refusal::Revoked => Self::new(Code::Revoked, detail),
            Refusal::NotActivated => Self::new(Code::NotActivated, detail),
            Refusal::TooManyActivations { .. } => Self::new(Code::TooManyActivations, detail),
            Refusal::NoTrial(_) => Self::new(Code::NoTrial, detail),
            Refusal::TrialUsed(_) => Self::new(Code::TrialUsed, detail),
            Refusal::Field { field, .. } => Self::new(Code::InvalidField, detail).of_field(field),
        }
    }
}

/// A fault of the store is never told as an unknown id; its own words go to the log.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } => Self::new(
                Code::ChangedMeanwhile,
                "it was changed by another meanwhile; look at it and decide again",
            ),
            StoreError::Unknown(_) => {
                tracing::warn!(%error, "a request ended without knowing its outcome: {error}");
                let detail = "it is not known whether this was done; ask again, with the same \
                              Idempotency-Key where there was one";
                Self::new(Code::Unavailable, detail).retry_after_s(RETRY_AFTER_S)
            }
            StoreError::Busy(_)
            | StoreError::Taken(_)
            | StoreError::Unavailable(_)
            | StoreError::Full(_)
            | StoreError::Closed => {
                tracing::warn!(%error, "a request was put off: {error}");
                let detail = "the database cannot answer now; nothing was changed, ask again";
                Self::new(Code::Unavailable, detail).retry_after_s(RETRY_AFTER_S)
            }
            StoreError::Corrupt { .. }
            | StoreError::Refused(_)
            | StoreError::Unsafe(_)
            | StoreError::Address(_)
            | StoreError::InUse(_)
            | StoreError::Panicked(_) => {
                tracing::error!(%error, "a request failed: {error}");
                let detail = "the service failed on this request; its log says more";
                Self::new(Code::Internal, detail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_fault_of_the_store_is_never_an_unknown_id_and_tells_nothing_of_it() {
        let secret = || "10.0.0.7:5432 /srv/data".to_owned();
        for (error, code) in [
            (StoreError::Busy(secret()), Code::Unavailable),
            (StoreError::Taken(secret()), Code::Unavailable),
            (StoreError::Unknown(secret()), Code::Unavailable),
            (StoreError::Unavailable(secret()), Code::Unavailable),
            (StoreError::Full(secret()), Code::Unavailable),
            (StoreError::Closed, Code::Unavailable),
            (StoreError::Refused(secret()), Code::Internal),
            (StoreError::Panicked("x"), Code::Internal),
            (StoreError::Conflict { what: "license", id: secret() }, Code::ChangedMeanwhile),
        ] {
            let problem = Problem::from(error.clone());
            assert_eq!(problem.code(), code);
            assert!(!problem.to_string().contains("10.0.0.7"), "{problem}");
            assert_eq!(
                problem.retry_after_s.is_some(),
                error.retryable() || error == StoreError::Closed
            );
        }
    }

    #[test]
    fn every_code_is_a_word_of_its_own_and_an_error() {
        let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert!(!code.title().ends_with('.'));
        }
    }
}
