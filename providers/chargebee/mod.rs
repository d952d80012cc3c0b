//! Chargebee: events of API version 2, in JSON. Nothing is signed; HTTP Basic shows who sent them.
//! <https://apidocs.chargebee.com/docs/api/events>,
//! <https://www.chargebee.com/docs/2.0/webhook_settings.html>
//!
//! - [`payload`]: the frame and the resources, with only the fields that are used
//! - [`invoice`]: what money came for; [`subscription`]: how a subscription stands
//! - [`read`]: one event to notices; [`list`]: those that were missed; [`samples`]: realistic
//!   events

mod invoice;
mod list;
mod payload;
mod read;
mod samples;
mod subscription;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::scheme;
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Auth, Covers, Credentials, FIVE_MINUTES, Facts, Inlet, Provider, Reject, Request,
    Sample, Scene, Setting, Takes, Verified,
};

const USERNAME: &str = "username";
const API_URL: &str = "api_url";
const API_KEY: &str = "api_key";
/// The name of the one question.
const ASKED: &str = "event";
/// Every site has a host of its own, so nothing is asked before `api_url` names it.
const NO_HOST: &str = "https://chargebee.com";

const FACTS: Facts = Facts {
    kind: "chargebee",
    title: "Chargebee",
    scheme: "HTTP Basic (shows the sender; nothing is signed)",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("username", "kwhook")],
    settings: &[
        Setting {
            name: USERNAME,
            secret: false,
            required: true,
            takes: Takes::Text,
            help: "the user of \"Protect webhook URL with basic authentication\"; the passwords \
                   are the secrets",
        },
        Setting {
            name: API_URL,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "https://YOUR-SITE.chargebee.com; then every event is fetched back before it \
                   is read, which needs api_key",
        },
        Setting {
            name: API_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "a read-only API key of the site, for fetching events back from api_url \
                   and for pulling missed ones",
        },
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

/// Chargebee: one event a request.
#[derive(Debug)]
pub(crate) struct Chargebee;

impl Provider for Chargebee {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn probe(&self, _request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        None
    }

    fn certificate<'a>(
        &self,
        _request: &Request<'a>,
        _credentials: &Credentials,
    ) -> Result<Option<&'a str>, Reject> {
        Ok(None)
    }

    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        let user = credentials.settings.get(USERNAME).map(String::as_str);
        scheme::basic(request, user, &credentials.secrets)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![payload::envelope(delivery.body())?])
    }

    /// The event itself, where the account says at which host: the password shows who sent it,
    /// and Chargebee's word what it says.
    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        let known = event.answers.contains_key(ASKED) || !event.settings.contains_key(API_URL);
        if known || !read::EVENTS.contains(&event.event_type) {
            return Ok(Vec::new());
        }
        let path = format!("/api/v2/events/{}", payload::id_in_path(event.body)?);
        let auth = Auth::BasicUser { user: API_KEY, password: "" };
        Ok(vec![Ask::get(ASKED, NO_HOST, path, auth)])
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::event(event)
    }

    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    /// A delivery carries one event.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// Chargebee never asks for keys: [`Provider::verify`] refuses that inlet.
    fn keys_answer(
        &self,
        _keys: &[String],
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::burst(scene)
    }

    /// Without a user and a password there is nothing to sign with.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match (credentials.settings.get(USERNAME), credentials.secrets.first()) {
            (Some(user), Some(password)) => scheme::basic_sign(sample, user, password),
            _ => sample,
        }
    }
}

#[cfg(test)]
mod tests;
