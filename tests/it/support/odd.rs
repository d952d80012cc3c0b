//! A provider that behaves oddly.

use chrono::{DateTime, Utc};
use keywright_providers::sample::{Sample, Scene};
use keywright_providers::{
    Answer, Ask, Credentials, Envelope, Event, Facts, Provider, Reading, Reject, Request, Unread,
    Verified, by_kind,
};

type Asks = fn(&Event<'_>) -> Result<Vec<Ask>, Unread>;
type Reads = fn(&Event<'_>) -> Reading;

/// A provider that is like another one, but for what a story needs to be odd.
pub(crate) struct Odd {
    like: &'static dyn Provider,
    asks: Option<Asks>,
    reads: Option<Reads>,
}

impl Odd {
    pub(crate) fn like(kind: &str) -> Self {
        Self { like: by_kind(kind).unwrap(), asks: None, reads: None }
    }

    pub(crate) fn asking(self, asks: Asks) -> Self {
        Self { asks: Some(asks), ..self }
    }

    pub(crate) fn reading(self, reads: Reads) -> Self {
        Self { reads: Some(reads), ..self }
    }
}

impl Provider for Odd {
    fn facts(&self) -> &'static Facts {
        self.like.facts()
    }

    fn probe(&self, request: &Request<'_>, credentials: &Credentials) -> Option<Answer> {
        self.like.probe(request, credentials)
    }

    fn certificate<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
    ) -> Result<Option<&'a str>, Reject> {
        self.like.certificate(request, credentials)
    }

    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        self.like.verify(request, credentials, now)
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        self.like.envelopes(request, delivery)
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        self.asks.map_or_else(|| self.like.asks(event), |asks| asks(event))
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        self.reads.map_or_else(|| self.like.read(event), |reads| reads(event))
    }

    fn answer(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Answer {
        self.like.answer(request, credentials, now)
    }

    fn partial_answer(&self, stored_ids: &[String]) -> Option<Answer> {
        self.like.partial_answer(stored_ids)
    }

    fn keys_answer(
        &self,
        keys: &[String],
        request: &Request<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Answer {
        self.like.keys_answer(keys, request, credentials, now)
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        self.like.samples(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        self.like.sign(sample, credentials, now)
    }
}
