//! Logs, figures and traces. One JSON line an event, on standard error; never a body, a key, a
//! secret or a whole address.
//!
//! - `layer`: our spans become those of OpenTelemetry
//! - `queue`: where ended spans wait; what is too much is dropped and counted
//! - [`Traces`]: out of it and to the collector

mod export;
mod layer;
mod queue;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt};

pub use export::Traces;
pub use layer::continue_trace;

use crate::config::Telemetry;
use crate::fetch::FetchError;

/// Starts logging, once for the process, and exporting traces, where it is said where to.
/// `KEYWRIGHT_LOG` chooses what is logged (`info`, `keywright=debug` ...), by default `info`.
///
/// # Errors
/// [`FetchError::NoClient`].
pub fn start(telemetry: Option<&Telemetry>) -> Result<Traces, FetchError> {
    let (spans, traces) = match telemetry {
        None => (None, Traces::none()),
        Some(telemetry) => {
            let (queue, traces) = Traces::start(telemetry)?;
            (Some(layer::layer(telemetry, queue)), traces)
        }
    };
    let (words, fault) = words(std::env::var("KEYWRIGHT_LOG").ok().as_deref());
    // A second start in one process (tests) changes nothing.
    let _ = Registry::default().with(log(words)).with(spans).try_init();
    if let Some(fault) = fault {
        tracing::warn!("{fault}");
    }
    Ok(traces)
}

/// The process's figures, for `/metrics`.
#[must_use]
pub fn figures() -> PrometheusHandle {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    FIGURES
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Fails only where another recorder is installed; its figures are then not ours.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}

/// What is logged, as it was asked for, and what is wrong with how it was asked for.
fn words(said: Option<&str>) -> (EnvFilter, Option<String>) {
    const USUAL: &str = "info,actix_server=warn";
    let Some(said) = said.filter(|said| !said.trim().is_empty()) else {
        return (EnvFilter::new(USUAL), None);
    };
    match EnvFilter::try_new(said) {
        Ok(words) => (words, None),
        Err(error) => {
            let fault = format!(
                "KEYWRIGHT_LOG is not understood ({error}), so what is usual is logged; write info, \
                 warn or keywright=debug"
            );
            (EnvFilter::new(USUAL), Some(fault))
        }
    }
}

/// The log. A line reads alone, without the spans around it: this asks for none of them, and asked
/// for by nobody they are never made.
fn log<S>(words: EnvFilter) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    // What strangers send that is no HTTP is told as an error by the library, a line each.
    let lines = filter_fn(|told| told.is_event() && !told.target().starts_with("actix_http::h1"))
        .with_max_level_hint(LevelFilter::TRACE);
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_filter(words.and(lines))
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;
    use tracing::{info, info_span};

    use super::*;
    use crate::spans;

    fn telemetry(sample: f64) -> Telemetry {
        let traces_url = "http://127.0.0.1:4318/v1/traces".parse().unwrap();
        Telemetry { traces_url, headers: Vec::new(), service_name: "keywright".to_owned(), sample }
    }

    #[test]
    fn a_span_is_made_where_somebody_exports_it_and_nowhere_else() {
        let log = || log(words(None).0);
        with_default(Registry::default().with(log()), || assert!(spans::request().is_disabled()));
        let (queue, mut waiting, _) = queue::Queue::new();
        let exported = Registry::default().with(log()).with(layer::layer(&telemetry(1.0), queue));
        with_default(exported, || {
            assert!(info_span!("of some library").is_disabled());
            let span = spans::request();
            spans::routed(&span, "GET", Some("/v1/keys"));
            span.in_scope(|| info!("a line of the log"));
            spans::answered(&span, Some(503), 500);
        });
        let ended = waiting.try_recv().unwrap();
        assert_eq!(ended.name, "GET /v1/keys");
        assert_eq!(ended.events.len(), 0, "lines stay in the log");
        assert_eq!(ended.status, opentelemetry::trace::Status::error(""));
        assert!(waiting.try_recv().is_err());
    }

    #[test]
    fn what_is_to_be_logged_is_understood_or_said_to_be_wrong() {
        for right in [None, Some(""), Some("warn"), Some("info,keywright=debug")] {
            assert_eq!(words(right).1, None, "{right:?}");
        }
        let (usual, fault) = words(Some("keywright=loud"));
        assert_eq!(usual.to_string(), words(None).0.to_string());
        assert!(fault.unwrap().contains("write info, warn or keywright=debug"));
    }

    #[test]
    fn a_span_that_finds_no_place_is_dropped_and_counted() {
        let (queue, waiting, dropped) = queue::Queue::new();
        let exported = Registry::default().with(layer::layer(&telemetry(1.0), queue));
        with_default(exported, || (0..5_000).for_each(|_| drop(spans::request())));
        assert_eq!((waiting.len(), dropped.take(), dropped.any()), (4_096, 904, false));
    }

    #[test]
    fn of_a_share_whole_traces_are_taken() {
        let (queue, mut waiting, _) = queue::Queue::new();
        let exported = Registry::default().with(layer::layer(&telemetry(0.5), queue));
        with_default(exported, || {
            for _ in 0..400 {
                spans::request().in_scope(|| drop(spans::keep()));
            }
        });
        let mut taken = std::collections::BTreeMap::<_, usize>::new();
        while let Ok(span) = waiting.try_recv() {
            *taken.entry(span.span_context.trace_id().to_bytes()).or_default() += 1;
        }
        assert!((100..300).contains(&taken.len()), "{} of 400", taken.len());
        assert!(taken.values().all(|spans| *spans == 2), "with parent and child each");
    }
}
