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
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
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
    let words = EnvFilter::try_from_env("KEYWRIGHT_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    // A line reads alone, without the spans around it. Asked for by nobody, they are never made.
    let lines = filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE);
    let log = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_filter(words.and(lines));
    let (spans, traces) = match telemetry {
        None => (None, Traces::none()),
        Some(telemetry) => {
            let (queue, traces) = Traces::start(telemetry)?;
            (Some(layer::layer(telemetry, queue)), traces)
        }
    };
    // A second start in one process (tests) changes nothing.
    let _ = Registry::default().with(log).with(spans).try_init();
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
