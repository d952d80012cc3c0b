//! `serve`: the service itself.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Context, say};
use crate::clock::SystemClock;
use crate::serve::Service;
use crate::store::{Options, Store};
use crate::support::Asked;
use crate::telemetry;

/// Migrates the database, serves HTTP, applies events and sends mail, until SIGTERM.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// This machine's clock is right now, though it ran ahead before
    ///
    /// Webhooks are put off while the clock says less than the last event's reception, by more than a
    /// day: one of the two is wrong. This dates such events anew, once.
    #[arg(long)]
    trust_clock: bool,
}

impl Serve {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let config = context.config()?;
        let traces = telemetry::start(config.telemetry.as_ref())?;
        // Before anyone can know that it runs: until then a SIGHUP would end it.
        let mut signals = Signals::listen()?;
        for variable in &config.stray_variables {
            tracing::warn!("{variable}");
        }
        if self.trust_clock {
            // The service may bring an older schema up to date; a command may not.
            let store = Store::open(&config.database.url, Options::default())?;
            store.migrate().await?;
            store.close().await;
            let support = context.support().await?;
            let events = support.clock_trust(Asked::at_the_shell(None)).await?;
            tracing::warn!(events, "the clock is trusted; {events} events are dated anew");
            support.store.close().await;
        }
        let service = Service::start(config, context.config_file, Arc::new(SystemClock)).await?;
        say(format!("keywright listens on http://{}", service.address))?;
        std::io::stdout().flush()?;
        signals.until_told(&service).await;
        signals.unless_told_again(service.stop()).await;
        signals.unless_told_again(traces.stop()).await;
        Ok(())
    }
}

/// What the operating system may tell the service.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    /// Heard and not heeded: a file that may grow no further is an error to whoever writes it, and
    /// not the end of the service.
    _file_size: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
            hang_up: signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?,
            _file_size: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))
                .context("cannot listen for SIGXFSZ")?,
        })
    }

    /// Waits for SIGTERM or SIGINT; SIGHUP reloads meanwhile.
    pub(super) async fn until_told(&mut self, service: &Service) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => {
                    if let Err(error) = service.reload.now(Asked::at_the_shell(None)).await {
                        tracing::error!(
                            "not reloaded, the old configuration stays in force: {error}"
                        );
                    }
                }
            }
        }
    }

    /// Waits for the end; where SIGTERM or SIGINT comes once more, for nothing any longer.
    pub(super) async fn unless_told_again(&mut self, end: impl Future<Output = ()>) {
        tokio::select! {
            () = end => return,
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::warn!(
            "told to end once more, it ends at once: what was claimed is taken up by the next start, \
             or by another node when its time is over"
        );
        // As a kill would, which is survived too: no thread is waited for.
        std::process::exit(1);
    }
}
