//! Spans on their way to the collector, as OTLP by HTTP: one POST of protobuf at a time, from a
//! task beside everything else.
//!
//! The exporter of OpenTelemetry's own crates would bring a client of its own, read the environment
//! behind the configuration's back, and drop spans where nobody counts them.

use std::future::pending;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use super::layer::resource;
use super::queue::{Dropped, Queue};
use crate::config::Telemetry;
use crate::fetch::{Fetch, FetchError};

/// Spans in one request.
const BATCH_MAX: usize = 512;

/// How long a span waits for others to go with.
const GATHER: Duration = Duration::from_secs(1);

/// Waits between the tries of one request; then its spans are dropped.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// How long the end of the service waits for what is left.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// A collector that is away is told of once in this time.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The export, while the service runs.
#[derive(Debug)]
pub struct Traces(Option<Running>);

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Exporter {
    fetch: Fetch,
    url: Url,
    headers: Vec<(String, String)>,
    resource: ResourceAttributesWithSchema,
    waiting: Receiver<SpanData>,
    /// Out of the queue and not packed yet.
    gathered: Vec<SpanData>,
    packed: Option<Packed>,
    dropped: Dropped,
    told: Option<Instant>,
}

struct Packed {
    body: Vec<u8>,
    spans: usize,
}

/// Why a request was not taken, and whether it may be at another time.
struct NotTaken {
    why: String,
    passes: bool,
}

impl Traces {
    /// Where nothing is exported.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Begins to export what is put into the queue. Takes a runtime.
    pub(super) fn start(telemetry: &Telemetry) -> Result<(Queue, Self), FetchError> {
        let (queue, waiting, dropped) = Queue::new();
        let headers = telemetry.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.expose().to_owned()));
        let content_type = ("content-type".to_owned(), "application/x-protobuf".to_owned());
        let exporter = Exporter {
            fetch: Fetch::new()?,
            url: telemetry.traces_url.clone(),
            headers: std::iter::once(content_type).chain(headers).collect(),
            resource: (&resource(telemetry)).into(),
            waiting,
            gathered: Vec::new(),
            packed: None,
            dropped,
            told: None,
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(exporter.run(stopped));
        Ok((queue, Self(Some(Running { stop, task }))))
    }

    /// Sends what is left, for two seconds at most.
    pub async fn stop(self) {
        let Some(Running { stop, task }) = self.0 else { return };
        // Either fails where the task has ended, and then there is nothing to wait for.
        let _ = stop.send(());
        let _ = task.await;
    }
}

impl Exporter {
    async fn run(mut self, stopped: oneshot::Receiver<()>) {
        // What is under way stands in `self`, so that letting go of the work loses nothing.
        tokio::select! {
            () = self.work() => {}
            _ = stopped => {}
        }
        self.waiting.close();
        if timeout(FLUSH_MAX, self.flush()).await.is_err() {
            let packed = self.packed.take().map_or(0, |packed| packed.spans);
            let left = packed + self.gathered.len() + self.waiting.len();
            self.dropped.count("not_taken", left);
            tracing::warn!(spans = left, "{left} spans were not exported before the end");
        }
    }

    /// Without end.
    async fn work(&mut self) {
        loop {
            self.gather().await;
            self.pack();
            self.export().await;
            if self.dropped.any() {
                self.tell("more spans end than it takes");
            }
        }
    }

    /// Waits for a span, and a moment for others.
    async fn gather(&mut self) {
        let Self { waiting, gathered, .. } = self;
        if waiting.recv_many(gathered, BATCH_MAX).await == 0 {
            // There is no one left who could put one in.
            return pending().await;
        }
        let until = Instant::now() + GATHER;
        while gathered.len() < BATCH_MAX {
            let more = waiting.recv_many(gathered, BATCH_MAX - gathered.len());
            match timeout_at(until, more).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    fn pack(&mut self) {
        let gathered = std::mem::take(&mut self.gathered);
        let spans = gathered.len();
        let resource_spans = group_spans_by_resource_and_scope(gathered, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        self.packed = Some(Packed { body, spans });
    }

    /// Until it is taken, refused, or tried often enough.
    async fn export(&mut self) {
        let mut waits = WAITS.into_iter();
        while let Err(NotTaken { why, passes }) = self.send().await {
            let wait = waits.next().filter(|_| passes);
            if wait.is_none() {
                let spans = self.packed.take().map_or(0, |packed| packed.spans);
                self.dropped.count("not_taken", spans);
            }
            self.tell(&why);
            match wait {
                Some(wait) => sleep(wait).await,
                None => return,
            }
        }
    }

    /// Everything that is left, once each.
    async fn flush(&mut self) {
        loop {
            if self.packed.is_none() {
                while self.gathered.len() < BATCH_MAX
                    && let Ok(span) = self.waiting.try_recv()
                {
                    self.gathered.push(span);
                }
                if self.gathered.is_empty() {
                    return;
                }
                self.pack();
            }
            if let Err(NotTaken { why, .. }) = self.send().await {
                let packed = self.packed.take().map_or(0, |packed| packed.spans);
                self.dropped.count("not_taken", packed + self.waiting.len());
                self.tell(&why);
                return;
            }
        }
    }

    /// One try to send what is packed; taken, it is packed no more.
    async fn send(&mut self) -> Result<(), NotTaken> {
        let Some(Packed { body, spans }) = &self.packed else { return Ok(()) };
        match self.fetch.tell(&self.url, &self.headers, body.clone()).await {
            Ok(200..=299) => {}
            // By OTLP's own words these alone may be tried again.
            Ok(status @ (429 | 502 | 503 | 504)) => {
                return Err(NotTaken { why: format!("it answered {status}"), passes: true });
            }
            Ok(status) => {
                return Err(NotTaken { why: format!("it answered {status}"), passes: false });
            }
            Err(error) => return Err(NotTaken { why: error.to_string(), passes: true }),
        }
        let spans = u64::try_from(*spans).unwrap_or(u64::MAX);
        metrics::counter!("keywright_spans_exported_total").increment(spans);
        self.packed = None;
        Ok(())
    }

    /// At most once a minute.
    fn tell(&mut self, why: &str) {
        if self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return;
        }
        self.told = Some(Instant::now());
        let (url, dropped) = (&self.url, self.dropped.take());
        tracing::warn!(
            spans = dropped,
            "traces do not get to the collector at {url} ({why}); spans dropped since this was told last: {dropped}"
        );
    }
}
