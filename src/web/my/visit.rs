//! Who is signed in, and the forms that he sends.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::My;
use crate::support::sessions::form_token;
use crate::web::html::cookie::Jar;
use crate::web::html::form::{self, Sent};
use crate::web::html::multipart;
use crate::web::problem::{Code, Problem};
use crate::web::read::Fields;

/// Somebody who followed a link that was mailed to this address.
#[derive(Clone)]
pub(super) struct Customer {
    /// In lower case.
    pub(super) email: String,
    /// What his browser has of the session.
    pub(super) session: String,
}

/// A form of this very session.
pub(super) struct Ask {
    pub(super) customer: Customer,
    fields: Fields,
}

impl Customer {
    /// Who sends this; `None`: nobody who is signed in.
    pub(super) async fn of(my: &My, request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(session) = Jar::My.read(request, my.https()) else { return Ok(None) };
        let email = my.support.session_customer(&session).await?;
        Ok(email.map(|email| Self { email, session }))
    }

    /// What his forms carry.
    pub(super) fn form_token(&self) -> String {
        form_token(&self.session)
    }
}

impl FromRequest for Customer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let broken = || Problem::new(Code::Internal, "the service failed on this request");
            let my = request.app_data::<web::Data<My>>().ok_or_else(broken)?;
            let nobody = || Problem::new(Code::Unauthorized, "ask for a link first");
            Self::of(my, &request).await?.ok_or_else(nobody)
        })
    }
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let customer = Customer::from_request(request, payload);
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let customer = customer.await?;
            let Sent(body) = Sent::from_request(&request, &mut payload).await?;
            let mut fields = fields(&request, &body)?;
            form::of_session(&mut fields, &customer.session)?;
            Ok(Self { customer, fields })
        })
    }
}

impl Ask {
    /// All fields.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<(Customer, T), Problem> {
        Ok((self.customer, self.fields.read()?))
    }

    /// For a form without fields of its own.
    pub(super) fn no_more(self) -> Result<Customer, Problem> {
        self.fields.no_more()?;
        Ok(self.customer)
    }
}

fn fields(request: &HttpRequest, body: &[u8]) -> Result<Fields, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match kind.and_then(multipart::boundary) {
        Some(boundary) => Fields::of_form(multipart::fields(boundary, body)?),
        None => form::fields(body),
    }
}
