//! What a form that changes something has: who sends it, why, and for which version.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::guard::Visitor;
use crate::support::{Asked, Once};
use crate::web::html::form::{self, Sent};
use crate::web::problem::{Code, Problem};
use crate::web::read::{Fields, Number};

/// The longest number of a form; ours have 32.
const ONCE_CHARS_MAX: usize = 64;

/// A form of this very session.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) visitor: Visitor,
    fields: Fields,
    /// Of the form and where it was sent to.
    digest: [u8; 32],
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload).into_inner();
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let visitor = visitor?;
            let Sent(body) = Sent::from_request(&request, &mut payload).await?;
            let mut fields = form::fields(&body)?;
            form::of_session(&mut fields, visitor.session())?;
            let mut digest = Sha256::new_with_prefix(request.path());
            digest.update([0]);
            digest.update(&body);
            Ok(Self { visitor, fields, digest: digest.finalize().into() })
        })
    }
}

impl Ask {
    /// Who asks, the version that he saw, and why, if he says so.
    pub(super) fn asked(&mut self) -> Result<Asked, Problem> {
        let reason = self.fields.take("reason")?;
        let version = self.fields.take::<Number>("version")?.map(|Number(version)| version);
        let once = self.once()?;
        Ok(Asked { by: self.visitor.member.name.clone(), reason, version, once })
    }

    /// A page gives each of its forms a number of its own: sent twice, it counts once.
    fn once(&mut self) -> Result<Option<Once>, Problem> {
        let Some(number) = self.fields.take::<String>("once")? else { return Ok(None) };
        if number.len() > ONCE_CHARS_MAX || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let detail = "the form was not made by this service; open the page and send it again";
            return Err(Problem::new(Code::InvalidField, detail).of_field("once"));
        }
        // Numbers of one person never meet those of another, nor those of the API.
        let key = format!("console:{}:{number}", self.visitor.member.name);
        let status = StatusCode::SEE_OTHER.as_u16();
        Ok(Some(Once { key, digest: self.digest, status }))
    }

    /// The same for what takes something away: it needs a reason.
    pub(super) fn asked_why(&mut self) -> Result<Asked, Problem> {
        let asked = self.asked()?;
        match asked.reason() {
            Some(_) => Ok(asked),
            None => {
                let detail = "say why: the reason stands in the audit";
                Err(Problem::new(Code::InvalidField, detail).of_field("reason"))
            }
        }
    }

    /// All fields that are left.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        self.fields.read()
    }

    /// For a form that has no more fields than these.
    pub(super) fn no_more(self) -> Result<(), Problem> {
        self.fields.no_more()
    }
}
