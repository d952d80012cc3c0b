//! What a form that changes something has: who sends it, why, and for which version.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::guard::Visitor;
use crate::support::Asked;
use crate::web::html::form;
use crate::web::problem::{Code, Problem};
use crate::web::read::{self, Fields, Number};

/// A form of this very session.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) visitor: Visitor,
    fields: Fields,
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload).into_inner();
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let visitor = visitor?;
            let body = read::body(&request, &mut payload, form::BYTES_MAX).await?;
            let mut fields = form::fields(&body)?;
            let token: Option<String> = fields.take("form")?;
            if !token.is_some_and(|token| visitor.form_fits(&token)) {
                let detail = "the form is of an earlier session; open the page and send it again";
                return Err(Problem::new(Code::Forbidden, detail));
            }
            Ok(Self { visitor, fields })
        })
    }
}

impl Ask {
    /// Who asks, the version that he saw, and why, if he says so.
    pub(super) fn asked(&mut self) -> Result<Asked, Problem> {
        let reason = self.fields.take("reason")?;
        let version = self.fields.take::<Number>("version")?.map(|Number(version)| version);
        Ok(Asked { by: self.visitor.member.name.clone(), reason, version, once: None })
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
}
