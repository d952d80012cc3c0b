//! Where ended spans wait for their export. Nobody who ends one ever waits for anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Spans that may wait; a collector that is away for a moment costs none.
const SPANS_MAX: usize = 4_096;

/// The end that takes them.
#[derive(Debug)]
pub(super) struct Queue {
    spans: Sender<SpanData>,
    dropped: Dropped,
}

/// What was not exported: a figure, and what the log has not told of yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Dropped(Arc<AtomicU64>);

impl Queue {
    /// Both ends, and what counts those that found no place.
    pub(super) fn new() -> (Self, Receiver<SpanData>, Dropped) {
        let (spans, waiting) = mpsc::channel(SPANS_MAX);
        let dropped = Dropped::default();
        (Self { spans, dropped: dropped.clone() }, waiting, dropped)
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.try_send(span).is_err() {
            self.dropped.count("queue_full", 1);
        }
    }

    /// The exporter empties the queue when the service stops.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Dropped {
    pub(super) fn count(&self, reason: &'static str, spans: usize) {
        let spans = u64::try_from(spans).unwrap_or(u64::MAX);
        self.0.fetch_add(spans, Ordering::Relaxed);
        metrics::counter!("keywright_spans_dropped_total", "reason" => reason).increment(spans);
    }

    /// How many there were since this was taken last.
    pub(super) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }

    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}
