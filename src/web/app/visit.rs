//! One call of an application: whose it is, its body, and what it costs.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;

use super::throttle::Cost;
use super::{BODY_BYTES_MAX, Gate};
use crate::machines::Failure;
use crate::web::client;
use crate::web::problem::{Code, Problem};
use crate::web::read::{self, Fields};

/// A call by a client who may go on asking, with its body.
pub(super) struct Visit {
    pub(super) gate: Data<Gate>,
    pub(super) request: HttpRequest,
    pub(super) body: Bytes,
    client: IpAddr,
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let broken = || Problem::new(Code::Internal, "the service failed on this request");
            let gate = request.app_data::<Data<Gate>>().cloned().ok_or_else(broken)?;
            let client = client_of(&gate, &request);
            let visit = Self { gate, request, body: Bytes::new(), client };
            visit.pay(Cost::Call)?;
            let body = read::body(&visit.request, &mut payload, BODY_BYTES_MAX).await?;
            Ok(Self { body, ..visit })
        })
    }
}

impl Visit {
    /// The body as this type. The query must be empty: what it said would be lost.
    pub(super) fn fields<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.no_query()?;
        Fields::of_body(&self.request, &self.body)?.read()
    }

    pub(super) fn no_query(&self) -> Result<(), Problem> {
        Fields::of_query(&self.request)?.no_more()
    }

    /// Takes what this costs, or says how long to wait.
    pub(super) fn pay(&self, cost: Cost) -> Result<(), Problem> {
        let now = self.gate.machines.clock().now();
        self.gate.throttle.enter(self.client, cost, now).map_err(|wait_s| {
            metrics::counter!("keywright_application_calls_refused_total").increment(1);
            let detail = format!("too many calls came from your address; ask again in {wait_s} s");
            Problem::new(Code::TooManyRequests, detail).retry_after_s(wait_s)
        })
    }

    /// There is no such key: that costs.
    pub(super) fn guessed(&self) {
        let now = self.gate.machines.clock().now();
        self.gate.throttle.charge(self.client, Cost::Guess, now);
    }

    /// What was not done, as it is answered.
    pub(super) fn failed(&self, failure: Failure) -> Problem {
        if let Failure::Refused(refusal) = &failure
            && refusal.is_guess()
        {
            self.guessed();
        }
        failure.into()
    }
}

fn client_of(gate: &Gate, request: &HttpRequest) -> IpAddr {
    let books = gate.machines.shelf().now();
    let trusted = &books.config.server.trusted_proxies;
    client::counted(client::of(request, trusted))
}
