//! A collector of traces: it takes OTLP by HTTP, and reads what it was sent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;

use super::listener::{Heard, Listener, Reply};

/// How long a span may take to arrive: it waits a second for others, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Collector(Listener);

/// A span as it was sent, with its attributes as texts.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) trace: Vec<u8>,
    pub(crate) id: Vec<u8>,
    pub(crate) parent: Vec<u8>,
    pub(crate) attributes: BTreeMap<String, String>,
    /// Of its service.
    pub(crate) resource: BTreeMap<String, String>,
    /// Was it marked as a fault?
    pub(crate) faulty: bool,
    pub(crate) events: usize,
}

impl Seen {
    pub(crate) fn says(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

impl Collector {
    /// It answers so, in this order, and then takes everything.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self(Listener::start(replies).await)
    }

    /// From now on always so.
    pub(crate) fn always(&self, reply: Reply) {
        self.0.always(Some(reply));
    }

    /// What stands in `otlp_url`.
    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// The requests as they came.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.0.heard()
    }

    /// All spans so far.
    pub(crate) fn spans(&self) -> Vec<Seen> {
        self.0.heard().iter().flat_map(|heard| read(&heard.body)).collect()
    }

    /// Waits for a span of that name of which this holds.
    pub(crate) async fn span(&self, name: &str, holds: impl Fn(&Seen) -> bool) -> Seen {
        let since = Instant::now();
        loop {
            let spans = self.spans();
            if let Some(span) = spans.iter().find(|span| span.name == name && holds(span)) {
                return span.clone();
            }
            assert!(since.elapsed() < PATIENCE, "no such span {name} among {spans:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn read(body: &[u8]) -> Vec<Seen> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut seen = Vec::new();
    for of_service in request.resource_spans {
        let resource = texts(&of_service.resource.unwrap().attributes);
        for span in of_service.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            assert!(span.start_time_unix_nano > 0, "{}", span.name);
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{}", span.name);
            seen.push(Seen {
                attributes: texts(&span.attributes),
                resource: resource.clone(),
                // `STATUS_CODE_ERROR` of the protocol.
                faulty: span.status.is_some_and(|status| status.code == 2),
                events: span.events.len(),
                name: span.name,
                trace: span.trace_id,
                id: span.span_id,
                parent: span.parent_span_id,
            });
        }
    }
    seen
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |pair: &KeyValue| match pair.value.clone().unwrap().value.unwrap() {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|pair| (pair.key.clone(), text(pair))).collect()
}
