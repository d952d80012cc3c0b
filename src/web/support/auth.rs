//! Who may: tokens, roles, and what happens to those who guess.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, ResponseError as _, web};
use chrono::{DateTime, Utc};

use super::Desk;
use super::table::TABLE;
use crate::store::types::Role;
use crate::web::cells::{of_path, opens};
use crate::web::client;
use crate::web::problem::{Code, Problem};
use crate::web::traces::continue_trace;

/// Wrong tokens that one client may send in a minute.
pub const WRONG_TOKENS_MAX: u32 = 20;

/// Clients whose wrong tokens are counted apart.
const CLIENTS_MAX: usize = 10_000;

/// Whose token a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub token_id: String,
    /// The name of the token: who did it, in the history.
    pub name: String,
    pub role: Role,
}

/// Lets only those through who may use this route.
pub(super) async fn guard(
    path: &'static str,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut answer = match caller(path, &request).await {
        Ok(caller) => {
            continue_trace(&request);
            request.extensions_mut().insert(caller);
            next.call(request).await?
        }
        Err(problem) => request.into_response(problem.error_response()),
    };
    // Keys and customers are nothing for caches.
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

async fn caller(path: &'static str, request: &ServiceRequest) -> Result<Caller, Problem> {
    let broken = || Problem::new(Code::Internal, "the service failed on this request");
    let desk = request.app_data::<web::Data<Desk>>().ok_or_else(broken)?;
    let holder = match bearer(request) {
        Some(text) => desk.support.token_holder(text).await?,
        None => None,
    };
    let Some(holder) = holder else { return Err(desk.wrong_token(request)) };
    let cells = of_path(TABLE, path);
    // A method that is not taken here is said to be so to whoever may use any.
    let needed = cells.iter().find(|cell| cell.method == *request.method()).map(|cell| cell.role);
    match needed {
        Some(needed) if !opens(holder.role, needed) => Err(Problem::new(
            Code::Forbidden,
            format!("this takes a token of role {needed}; this one has role {}", holder.role),
        )),
        _ => Ok(Caller { token_id: holder.id, name: holder.name, role: holder.role }),
    }
}

fn bearer(request: &ServiceRequest) -> Option<&str> {
    let mut lines = request.headers().get_all(AUTHORIZATION);
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Desk {
    /// One answer for all who have no right token, until they have sent too many.
    fn wrong_token(&self, request: &ServiceRequest) -> Problem {
        let books = self.support.shelf.now();
        let trusted = &books.config.server.trusted_proxies;
        let client = client::counted(client::of(request.request(), trusted));
        metrics::counter!("keywright_tokens_refused_total").increment(1);
        match self.guesses.count(client, self.support.clock.now()) {
            Ok(()) => Problem::new(
                Code::Unauthorized,
                "send Authorization: Bearer TOKEN with a token of `keywright token new`",
            ),
            Err(wait_s) => {
                Problem::new(Code::TooManyAttempts, "too many wrong tokens came from your address")
                    .retry_after_s(wait_s)
            }
        }
    }
}

/// Wrong tokens of this minute, by client. Whoever has a right token never gets here, so that
/// nobody can lock out another who shares his address.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    /// Minutes since 1970.
    number: i64,
    wrong: HashMap<IpAddr, u32>,
    /// Those of all clients who came when the list was full.
    others: u32,
}

impl Guesses {
    /// Counts one. `Err`: it is one too many; the seconds to wait.
    ///
    /// # Errors
    /// See there.
    pub fn count(&self, client: IpAddr, now: DateTime<Utc>) -> Result<(), u32> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = number(now);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        let full = minute.wrong.len() >= CLIENTS_MAX && !minute.wrong.contains_key(&client);
        let wrong = match full {
            true => &mut minute.others,
            false => minute.wrong.entry(client).or_default(),
        };
        *wrong = wrong.saturating_add(1);
        if *wrong <= WRONG_TOKENS_MAX {
            return Ok(());
        }
        Err(wait_s(now))
    }

    /// One that was counted then was none.
    pub fn give_back(&self, client: IpAddr, counted_at: DateTime<Utc>) {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number(counted_at) {
            return;
        }
        match minute.wrong.get_mut(&client) {
            Some(wrong) if *wrong > 1 => *wrong -= 1,
            // Whoever guessed nothing needs no place.
            Some(_) => drop(minute.wrong.remove(&client)),
            None => minute.others = minute.others.saturating_sub(1),
        }
    }
}

/// Minutes since 1970.
fn number(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(60)
}

/// Until the next minute.
fn wait_s(now: DateTime<Utc>) -> u32 {
    60 - u32::try_from(now.timestamp().rem_euclid(60)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn guessing_is_slowed_down_for_the_one_who_guesses() {
        let guesses = Guesses::default();
        for _ in 0..WRONG_TOKENS_MAX {
            assert_eq!(guesses.count(ip(1), at(10)), Ok(()));
        }
        assert_eq!(guesses.count(ip(1), at(10)), Err(50));
        assert_eq!(guesses.count(ip(2), at(10)), Ok(()));
        assert_eq!(guesses.count(ip(1), at(60)), Ok(()));
    }

    #[test]
    fn what_was_no_guess_is_given_back() {
        let guesses = Guesses::default();
        for _ in 0..2 * WRONG_TOKENS_MAX {
            assert_eq!(guesses.count(ip(1), at(10)), Ok(()));
            guesses.give_back(ip(1), at(10));
        }
        assert!(guesses.0.lock().unwrap().wrong.is_empty());
        for _ in 0..WRONG_TOKENS_MAX {
            assert_eq!(guesses.count(ip(1), at(10)), Ok(()));
        }
        // That of another minute is forgotten with it.
        assert_eq!(guesses.count(ip(1), at(60)), Ok(()));
        guesses.give_back(ip(1), at(10));
        assert_eq!(guesses.0.lock().unwrap().wrong[&ip(1)], 1);
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory_and_guesses_no_faster() {
        let guesses = Guesses::default();
        for client in 0..u32::try_from(CLIENTS_MAX).unwrap() {
            guesses.count(IpAddr::V4(Ipv4Addr::from(client)), at(0)).unwrap();
        }
        let strangers = (0..1_000)
            .filter(|n| guesses.count(IpAddr::V4(Ipv4Addr::from(0xC000_0000 + n)), at(0)).is_ok());
        assert_eq!(strangers.count(), usize::try_from(WRONG_TOKENS_MAX).unwrap());
        assert_eq!(guesses.0.lock().unwrap().wrong.len(), CLIENTS_MAX);
    }
}
