//! Beside the worker: events about which the provider has to be asked first. Each has a task of its
//! own; there are only so many of them, and fewer of one account, so that an API that is slow or
//! silent holds up neither the worker nor the questions to the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::Ask;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::reading::{Read, read};
use super::{Apply, asking, failed, report};
use crate::books::Books;
use crate::fetch::FetchError;
use crate::rules::retry::{self, RetryAfter};
use crate::store::StoreError;
use crate::store::rows::EventRow;

/// How long an event's questions may take in all: less than the claim holds.
const ASKING: Duration = Duration::from_secs(8);

/// Events whose provider is being asked at the same time.
const ASKED_MAX: usize = 32;

/// Of one account, at the same time.
const ASKED_OF_ONE_MAX: usize = 8;

/// When an event that found no seat is looked at again.
const SOON: TimeDelta = TimeDelta::seconds(1);

/// Those who ask.
#[derive(Default)]
pub(super) struct Aside {
    tasks: JoinSet<()>,
    /// By account. Names come from the configuration, and stay a few.
    seats: HashMap<String, Arc<Semaphore>>,
}

impl Aside {
    /// One of the account's seats, as long as it is held; `None`: all are taken.
    fn seat(&mut self, account: &str) -> Option<OwnedSemaphorePermit> {
        while self.tasks.try_join_next().is_some() {}
        if self.tasks.len() >= ASKED_MAX {
            return None;
        }
        let seats = self.seats.entry(account.to_owned());
        let seats = seats.or_insert_with(|| Arc::new(Semaphore::new(ASKED_OF_ONE_MAX)));
        Arc::clone(seats).try_acquire_owned().ok()
    }
}

impl Apply {
    /// Waits for those who ask; says how many there were.
    pub(super) async fn answered(&self) -> usize {
        let mut asked = std::mem::take(&mut self.asked.lock().await.tasks);
        let mut count = 0;
        while asked.join_next().await.is_some() {
            count += 1;
        }
        count
    }

    /// Asks in a task of its own, where there is a seat for it.
    pub(super) async fn ask_aside(&self, event: EventRow, asks: Vec<Ask>, books: Arc<Books>) {
        let mut asked = self.asked.lock().await;
        let Some(seat) = asked.seat(&event.account) else {
            drop(asked);
            self.give_back(&event).await;
            return;
        };
        let apply = self.clone();
        let asking = async move {
            apply.ask_and_apply(event, asks, books).await;
            drop(seat);
        };
        asked.tasks.spawn(asking.in_current_span());
    }

    /// Asks, keeps the answers, and applies the event.
    async fn ask_and_apply(&self, mut event: EventRow, asks: Vec<Ask>, books: Arc<Books>) {
        let (id, fence, attempts) = (event.id, event.fence, event.attempts);
        let account = event.account.clone();
        let read = match tokio::time::timeout(ASKING, self.ask(&mut event, asks, &books)).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) if !error.passes() => {
                let settled = failed("api_refused", &error.to_string());
                report(id, &account, &settled);
                self.end(id, fence, settled).await;
                return;
            }
            Ok(Err(error)) => {
                let asked = error.retry_after();
                self.ask_again(id, fence, attempts, asked, &error.to_string()).await;
                return;
            }
            Err(_) => {
                self.ask_again(id, fence, attempts, None, "the provider's API is too slow").await;
                return;
            }
        };
        match read {
            Read::Ends(settled) => {
                report(id, &account, &settled);
                self.end(id, fence, settled).await;
            }
            Read::Asks(_) => {
                let settled =
                    failed("api_refused", "the provider's answers led to ever more questions");
                report(id, &account, &settled);
                self.end(id, fence, settled).await;
            }
            Read::Notices { live, notices } => {
                let outcome = self.transact(event, live, notices, books).await;
                self.conclude(id, fence, attempts, &account, outcome).await;
            }
        }
    }

    /// Round after round. Each answer is kept before the next question: what comes to no end in time
    /// goes on from there.
    async fn ask(
        &self,
        event: &mut EventRow,
        mut asks: Vec<Ask>,
        books: &Books,
    ) -> Result<Read, FetchError> {
        let Some(account) = books.account(&event.account) else { return Ok(read(event, books)) };
        let mut answers = asking::answers(event);
        for _ in 0..asking::ROUNDS_MAX {
            for ask in &asks {
                let answer = self.fetch.ask(ask, account).await;
                let answer = asking::taken(ask, answer, event.attempts, self.clock.now())?;
                answers.insert(ask.name.clone(), answer);
                event.answers = Some(asking::kept(&answers));
                if let Err(error) = self.keep_answers(event).await {
                    // They are asked for again where this attempt does not come to its end.
                    let id = event.id;
                    tracing::warn!(event.id = id, %error, "the answers were not kept: {error}");
                }
            }
            match read(event, books) {
                Read::Asks(more) => asks = more,
                other => return Ok(other),
            }
        }
        Ok(Read::Asks(asks))
    }

    /// Keeps the answers of an event as they are now.
    pub(super) async fn keep_answers(&self, event: &EventRow) -> Result<(), StoreError> {
        let (id, fence) = (event.id, event.fence);
        let kept = event.answers.clone().unwrap_or_default();
        self.store
            .run_in_background("event answers", move |tx| tx.event_answers(id, fence, &kept))
            .await
    }

    async fn ask_again(
        &self,
        id: i64,
        fence: i64,
        attempts: i32,
        asked: Option<RetryAfter>,
        message: &str,
    ) {
        tracing::warn!(event.id = id, "event {id} is tried again: {message}");
        let now = self.clock.now();
        let next_at = now + retry::api_wait(attempts.unsigned_abs(), asked, now);
        self.put_back(id, fence, next_at, message).await;
    }

    /// Nothing was asked, so it was no attempt: neither the waits grow by it, nor is patience lost.
    async fn give_back(&self, event: &EventRow) {
        let (id, fence) = (event.id, event.fence);
        let next_at: DateTime<Utc> = self.clock.now() + SOON;
        let given = self
            .store
            .run_in_background("event give back", move |tx| {
                tx.event_give_back(id, fence, next_at, "many questions to the provider are open")
            })
            .await;
        if let Err(error) = given {
            tracing::warn!(event.id = id, %error, "event {id} waits for its claim to run out");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sit(aside: &mut Aside, seat: OwnedSemaphorePermit) {
        aside.tasks.spawn(async move {
            std::future::pending::<()>().await;
            drop(seat);
        });
    }

    #[tokio::test]
    async fn one_account_never_has_all_the_seats_and_all_together_have_so_many() {
        let mut aside = Aside::default();
        for account in ["a", "b", "c", "d"] {
            for _ in 0..ASKED_OF_ONE_MAX {
                let seat = aside.seat(account).unwrap();
                sit(&mut aside, seat).await;
            }
            let full = aside.tasks.len() == ASKED_MAX;
            assert!(aside.seat(account).is_none(), "{account} has its seats");
            assert_eq!(aside.seat("e").is_none(), full, "after {account}");
        }
    }

    #[tokio::test]
    async fn who_has_asked_leaves_his_seat() {
        let mut aside = Aside::default();
        let seats: Vec<_> = (0..ASKED_OF_ONE_MAX).map(|_| aside.seat("a").unwrap()).collect();
        assert!(aside.seat("a").is_none());
        drop(seats);
        assert!(aside.seat("a").is_some());
    }
}
