//! `serve`: the service itself.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Context, say};
use crate::clock::SystemClock;
use crate::serve::Service;
use crate::telemetry;

/// Migrates the database, serves HTTP, applies events and sends mail, until SIGTERM.
#[derive(Debug, Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        telemetry::log();
        let config = context.config()?;
        let service = Service::start(config, context.config_file, Arc::new(SystemClock)).await?;
        say(format!("keywright listens on http://{}", service.address))?;
        std::io::stdout().flush()?;
        until_told(&service).await?;
        service.stop().await;
        Ok(())
    }
}

/// Waits for SIGTERM or SIGINT; SIGHUP reloads meanwhile.
pub(super) async fn until_told(service: &Service) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hang_up.recv() => {
                if let Err(error) = service.reload.now().await {
                    tracing::error!("not reloaded, the old configuration stays in force: {error}");
                }
            }
        }
    }
}
