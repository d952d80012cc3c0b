//! Is it alive, is it ready, how is it doing.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
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
pub async fn ready(intake: Data<Intake>) -> HttpResponse {
    let not = |what: &str| {
        HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .insert_header((header::RETRY_AFTER, "5"))
            .body(format!("not ready: {what}\n"))
    };
    if !intake.clock_plausible() {
        return not("the clock of this machine is not plausible");
    }
    match intake.ready().await {
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
        metrics::gauge!(name).set(u32::try_from(value).unwrap_or(u32::MAX));
    }
    for (name, oldest) in [
        ("keywright_event_pending_since_seconds", events.oldest_pending),
        ("keywright_mail_queued_since_seconds", mail.oldest_queued),
    ] {
        metrics::gauge!(name).set(since(oldest));
    }
    Ok(())
}

/// Unix seconds; 0 where there is nothing.
fn since(oldest: Option<DateTime<Utc>>) -> Duration {
    let seconds = oldest.and_then(|at| u64::try_from(at.timestamp()).ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use metrics::IntoF64 as _;

    use super::*;

    #[test]
    fn the_time_of_the_oldest_is_told_after_2038_too() {
        let told = |text: &str| since(Some(text.parse().unwrap())).into_f64();
        assert_eq!(told("2038-01-19T03:14:07Z"), 2_147_483_647.0);
        assert_eq!(told("2038-01-19T03:14:08Z"), 2_147_483_648.0);
        assert_eq!(told("2200-01-01T00:00:00Z"), 7_258_118_400.0);
        assert_eq!(since(None).into_f64(), 0.0);
    }
}
