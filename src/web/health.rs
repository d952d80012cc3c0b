//! Is it alive, is it ready, how is it doing.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use metrics_exporter_prometheus::PrometheusHandle;

use super::support::Desk;
use crate::intake::Intake;
use crate::store::{Store, StoreError};
use crate::support::gauges::AccountGauges;

/// How long the store is waited for, twice: who collects figures gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// `GET /healthz`: the process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// `GET /readyz`: a real write would succeed now.
pub async fn ready(intake: Data<Intake>, store: Data<Store>) -> HttpResponse {
    let not = |what: &str| {
        HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .insert_header((header::RETRY_AFTER, "5"))
            .body(format!("not ready: {what}\n"))
    };
    if !intake.clock_plausible() {
        return not("the clock of this machine is not plausible");
    }
    match store.healthy().await {
        Ok(()) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: {error}");
            not("the database cannot be written to")
        }
    }
}

/// `GET /metrics`: for Prometheus. Labels come from the configuration alone.
pub async fn metrics(
    handle: Data<PrometheusHandle>,
    store: Data<Store>,
    desk: Data<Desk>,
) -> HttpResponse {
    if let Err(error) = gauges(&store.within(PATIENCE)).await {
        tracing::warn!(%error, "the store's figures are missing: {error}");
    }
    let accounts = match tokio::time::timeout(PATIENCE, desk.support.account_gauges()).await {
        Ok(Ok(accounts)) => accounts,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the accounts' figures are missing: {error}");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!("the accounts' figures are missing: the database is too slow");
            Vec::new()
        }
    };
    let body = handle.render() + &written(&accounts);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(body)
}

/// As Prometheus reads it. Written here, since the recorder keeps what it was once told: an account
/// that is not configured any more would be silent for ever.
fn written(accounts: &[AccountGauges]) -> String {
    let silent = |one: &AccountGauges| usize::from(one.silent);
    let missed = |one: &AccountGauges| one.missed_events;
    family("keywright_account_silent", accounts, silent)
        + &family("keywright_account_missed_events", accounts, missed)
}

fn family(name: &str, accounts: &[AccountGauges], value: fn(&AccountGauges) -> usize) -> String {
    if accounts.is_empty() {
        return String::new();
    }
    // Names of accounts are letters, digits, `-` and `_`: there is nothing to escape.
    let lines = accounts
        .iter()
        .map(|one| format!("{name}{{account=\"{}\"}} {}\n", one.account, value(one)));
    std::iter::once(format!("# TYPE {name} gauge\n")).chain(lines).collect::<String>() + "\n"
}

/// What stands open, looked up when asked for.
async fn gauges(store: &Store) -> Result<(), StoreError> {
    let (events, mail) =
        store.read("counts", |tx| Ok((tx.event_counts()?, tx.outbox_counts()?))).await?;
    for (name, value) in [
        ("keywright_events_pending", events.pending),
        ("keywright_events_failed", events.failed),
        ("keywright_events_waiting", events.waiting),
        ("keywright_mail_queued", mail.queued),
        ("keywright_mail_unaddressed", mail.unaddressed),
        ("keywright_mail_failed", mail.failed),
        ("keywright_mail_held", mail.held),
    ] {
        metrics::gauge!(name).set(i32::try_from(value).map_or(f64::MAX, f64::from));
    }
    for (name, oldest) in [
        ("keywright_event_pending_since_seconds", events.oldest_pending),
        ("keywright_mail_queued_since_seconds", mail.oldest_queued),
    ] {
        let since = oldest.map_or(0, |at| at.timestamp());
        metrics::gauge!(name).set(i32::try_from(since).map_or(f64::MAX, f64::from));
    }
    Ok(())
}
