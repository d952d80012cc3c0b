//! Logs and figures. One JSON line an event, on standard error; never a body, a key, a secret or
//! a whole address.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Starts logging, once for the process. `KEYWRIGHT_LOG` chooses what (`info`,
/// `keywright=debug` ...), by default `info`.
pub fn log() {
    let filter = EnvFilter::try_from_env("KEYWRIGHT_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    // A second start in one process (tests) changes nothing.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
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
