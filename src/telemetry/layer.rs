//! Our spans become those of OpenTelemetry.

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::queue::Queue;
use crate::config::Telemetry;
use crate::spans;

/// Makes a span for each of ours, and puts it into the queue when it ends. What is logged inside
/// of it stays in the log.
pub(super) fn layer<S>(telemetry: &Telemetry, queue: Queue) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync,
{
    let share = Sampler::TraceIdRatioBased(telemetry.sample);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(queue)
        // Whole traces or nothing of them.
        .with_sampler(Sampler::ParentBased(Box::new(share)))
        .with_resource(resource(telemetry))
        .build();
    // Nobody but us asks for the span at hand, and never where in the code it was made.
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("keywright"))
        .with_context_activation(false)
        .with_tracked_inactivity(false)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_filter(filter_fn(spans::is_ours).with_max_level_hint(LevelFilter::INFO))
}

/// Who says all this; what the machine adds by `OTEL_RESOURCE_ATTRIBUTES` stands beside it.
pub(super) fn resource(telemetry: &Telemetry) -> Resource {
    Resource::builder()
        .with_service_name(telemetry.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Lets a span that has no children yet stand where its caller says, in the words of a W3C
/// `traceparent` header. One that cannot be read leaves it a trace of its own.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let caller = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &TraceParent(traceparent));
    // Fails where nothing is exported, so that there is no such span.
    let _ = span.set_parent(caller);
}

/// The one header of a request that is read here.
struct TraceParent<'a>(&'a str);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}
