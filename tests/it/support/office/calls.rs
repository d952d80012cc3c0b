//! Calls of an office's API, of the vendor's application and of browsers, and what they are answered.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use serde_json::Value;

use super::Office;
use crate::support::description::{Asked, DESCRIPTION};

/// A call of the API.
pub(crate) struct Call {
    request: TestRequest,
    method: Method,
    uri: String,
    /// Where it is JSON.
    body: Option<Value>,
}

impl Call {
    pub(crate) fn to(method: Method, path: &str) -> Self {
        Self::at(method, &format!("/api/v1{path}"))
    }

    /// By the vendor's application.
    pub(crate) fn of_app(method: Method, path: &str) -> Self {
        Self::at(method, &format!("/v1{path}"))
    }

    /// By an application that was made for NetLicensing.
    pub(crate) fn of_licensee(number: &str) -> Self {
        Self::at(Method::POST, &format!("/core/v2/rest/licensee/{number}/validate"))
    }

    /// By anybody, with its whole address.
    pub(crate) fn at(method: Method, uri: &str) -> Self {
        let request = TestRequest::default().method(method.clone()).uri(uri);
        let request = request.peer_addr("203.0.113.7:40000".parse().unwrap());
        Self { request, method, uri: uri.to_owned(), body: None }
    }

    pub(crate) fn by(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.append_header((name, value)), ..self }
    }

    pub(crate) fn with(self, body: &Value) -> Self {
        Self { request: self.request.set_json(body), body: Some(body.clone()), ..self }
    }

    pub(crate) fn with_form(self, fields: &[(&str, &str)]) -> Self {
        Self { request: self.request.set_form(fields), ..self }
    }

    pub(crate) fn with_bytes(self, body: &[u8]) -> Self {
        Self { request: self.request.set_payload(body.to_vec()), ..self }
    }

    pub(crate) fn from(self, address: &str) -> Self {
        Self { request: self.request.peer_addr(address.parse().unwrap()), ..self }
    }
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    /// Null where there is no body, or none of JSON.
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Answer {
    /// The stable word of a problem, with its status; else the status alone.
    pub(crate) fn word(&self) -> String {
        match self.json["code"].as_str() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    /// A body that has to have come.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.json);
        self.json
    }
}

impl Office {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Call::to(Method::GET, path).by(self.token("admin"))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Call::to(Method::POST, path).by(self.token("admin")).with(&body)).await
    }

    /// The vendor's application asks, on a customer's machine.
    pub(crate) async fn ask(&self, path: &str, body: Value) -> Answer {
        self.call(Call::of_app(Method::POST, path).with(&body)).await
    }

    pub(crate) async fn call(&self, call: Call) -> Answer {
        let (method, uri, body) = (call.method.clone(), call.uri.clone(), call.body.clone());
        let answer = self.visit(call).await;
        let asked = Asked { method: method.as_str(), uri: &uri, body: body.as_ref() };
        self.seen.lock().unwrap().extend(DESCRIPTION.hold(&asked, &answer));
        answer
    }

    /// As a browser calls: what is answered are pages, which the API's description has nothing of.
    pub(crate) async fn visit(&self, call: Call) -> Answer {
        let app = init_service(self.app()).await;
        let response = call_service(&app, call.request.to_request()).await;
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let (status, headers) = (response.status().as_u16(), headers.collect());
        let bytes = read_body(response).await;
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, headers, json, text }
    }

    /// What was answered so far, as in `event_list 200`.
    pub(crate) fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Every address that leads somewhere, with its parameters in braces.
    pub(crate) async fn addresses(&self) -> BTreeSet<String> {
        let app = init_service(self.app()).await;
        let response = call_service(&app, TestRequest::get().uri("/healthz").to_request()).await;
        patterns(&format!("{:#?}", response.request().resource_map()))
    }

    fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
    > {
        App::new()
            .app_data(web::Data::new(self.support.store.clone()))
            .app_data(web::Data::new(self.support.shelf.clone()))
            .app_data(web::Data::clone(&self.intake))
            .app_data(web::Data::clone(&self.figures))
            .app_data(web::Data::clone(&self.desk))
            .app_data(web::Data::clone(&self.gate))
            .app_data(web::Data::clone(&self.console))
            .app_data(web::Data::clone(&self.post))
            .app_data(web::Data::clone(&self.my))
            .wrap(keywright::web::headers())
            .configure(keywright::web::routes)
    }
}

/// The whole patterns in a printed map of resources: each stands deeper than what it is part of.
fn patterns(map: &str) -> BTreeSet<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let lines: Vec<&str> = map.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[0].trim() == "patterns: Single(") {
        let text = pair[1].trim_start();
        let depth = pair[1].len() - text.len();
        let around = found.iter().rev().find(|(outer, _)| *outer < depth);
        let around = around.map_or("", |(_, pattern)| pattern);
        found.push((depth, format!("{around}{}", text.trim_end_matches(',').trim_matches('"'))));
    }
    let ends = found
        .iter()
        .enumerate()
        .filter(|(place, (depth, _))| found.get(place + 1).is_none_or(|(next, _)| next <= depth));
    ends.map(|(_, (_, pattern))| pattern.clone()).collect()
}
