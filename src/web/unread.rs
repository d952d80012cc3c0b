//! Requests that are answered before their end.
//!
//! The rest of a chunked body that nobody reads is awaited for as long as its sender likes. Where
//! somebody still holds the body when the answer is out, the connection is closed soon after it.

use std::any::Any;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _};
use futures_core::Stream;

/// Holds a chunked body until its answer is out.
///
/// # Errors
/// Those of whoever answers.
pub async fn held<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, Held<B>>>, Error> {
    if !request.headers().contains_key(TRANSFER_ENCODING) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let payload = Rc::new(RefCell::new(request.take_payload()));
    let shared = Box::pin(Shared(Rc::clone(&payload)));
    request.set_payload(Payload::Stream { payload: shared });
    let answer = next.call(request).await?;
    let held = |_: &mut _, body| Held { body: Box::pin(body), _payload: payload };
    Ok(answer.map_body(held).map_into_right_body())
}

/// The body for whoever reads it.
struct Shared(Rc<RefCell<Payload>>);

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// An answer, and the body that it is for.
#[derive(Debug)]
pub struct Held<B> {
    body: Pin<Box<B>>,
    _payload: Rc<dyn Any>,
}

impl<B: MessageBody> MessageBody for Held<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_mut().poll_next(cx)
    }
}
