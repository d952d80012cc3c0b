//! How much one client may ask for: a bucket each, that refills with time.
//!
//! An office of hundreds of machines behind one address starts its day without noticing it;
//! whoever tries keys gets a dozen tries and then six a minute, on each node.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// What a client that was quiet may ask for at once.
const FULL: i64 = 1_200;

/// What comes back in a second.
const PER_SECOND: i64 = 10;

/// Clients that are counted apart.
const CLIENTS_MAX: usize = 50_000;

/// Those who come when the list is full share a bucket as large as that of so many.
const SHARED_BY: i64 = 100;

/// How often the list is looked through for those who were quiet long enough to be forgotten.
const SWEEP: TimeDelta = TimeDelta::seconds(1);

/// What calls cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Any call.
    Call,
    /// One that may make a license.
    Trial,
    /// One that may send a mail.
    Link,
    /// On top of the call: the answer was that there is no such key.
    Guess,
}

/// The buckets of all clients.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    clients: HashMap<IpAddr, Bucket>,
    others: Option<Bucket>,
    swept_at: Option<DateTime<Utc>>,
}

/// What was taken and did not come back yet. None at all is a full bucket.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// In thousandths.
    taken: i64,
    at: DateTime<Utc>,
    /// How many clients it is for.
    clients: i64,
}

impl Throttle {
    /// Takes what a call costs.
    ///
    /// # Errors
    /// There is not enough left, and nothing was taken: the seconds to wait.
    pub fn enter(&self, client: IpAddr, cost: Cost, now: DateTime<Utc>) -> Result<(), u32> {
        self.with(client, now, |bucket| bucket.take(cost.amount()))
    }

    /// Takes what an answer costs, even where there is not enough left.
    pub fn charge(&self, client: IpAddr, cost: Cost, now: DateTime<Utc>) {
        self.with(client, now, |bucket| bucket.owe(cost.amount()));
    }

    fn with<T>(
        &self,
        client: IpAddr,
        now: DateTime<Utc>,
        work: impl FnOnce(&mut Bucket) -> T,
    ) -> T {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(buckets.of(client, now))
    }
}

impl Buckets {
    fn of(&mut self, client: IpAddr, now: DateTime<Utc>) -> &mut Bucket {
        let known = self.clients.contains_key(&client);
        if !known && self.clients.len() >= CLIENTS_MAX {
            self.sweep(now);
        }
        let bucket = match known || self.clients.len() < CLIENTS_MAX {
            true => self.clients.entry(client).or_insert(Bucket::full(1, now)),
            false => self.others.get_or_insert(Bucket::full(SHARED_BY, now)),
        };
        bucket.refill(now);
        bucket
    }

    /// Forgets those whose bucket is full again.
    fn sweep(&mut self, now: DateTime<Utc>) {
        if self.swept_at.is_some_and(|at| now - at < SWEEP && at <= now) {
            return;
        }
        self.swept_at = Some(now);
        self.clients.retain(|_, bucket| {
            bucket.refill(now);
            bucket.taken > 0
        });
    }
}

impl Bucket {
    fn full(clients: i64, now: DateTime<Utc>) -> Self {
        Self { taken: 0, at: now, clients }
    }

    /// A clock that was set back gives nothing, and takes nothing.
    fn refill(&mut self, now: DateTime<Utc>) {
        let back_ms = (now - self.at).num_milliseconds().max(0);
        let back = back_ms.saturating_mul(PER_SECOND * self.clients);
        self.taken = self.taken.saturating_sub(back).max(0);
        self.at = now;
    }

    fn take(&mut self, amount: i64) -> Result<(), u32> {
        let over = self.taken + amount * 1_000 - FULL * 1_000 * self.clients;
        if over > 0 {
            let per_second = PER_SECOND * 1_000 * self.clients;
            return Err(u32::try_from((over + per_second - 1) / per_second).unwrap_or(u32::MAX));
        }
        self.taken += amount * 1_000;
        Ok(())
    }

    fn owe(&mut self, amount: i64) {
        // However many calls were under way at once: whoever waits is let in again in time.
        let most = 2 * FULL * 1_000 * self.clients;
        self.taken = (self.taken + amount * 1_000).min(most);
    }
}

impl Cost {
    fn amount(self) -> i64 {
        match self {
            Self::Call => 1,
            Self::Trial => 20,
            Self::Link | Self::Guess => 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn ip(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(number))
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + millis).unwrap()
    }

    /// Guesses until it is told to wait; says how many were answered.
    fn guess(throttle: &Throttle, client: IpAddr, now: DateTime<Utc>) -> usize {
        let answered = std::iter::from_fn(|| {
            throttle.enter(client, Cost::Call, now).ok()?;
            throttle.charge(client, Cost::Guess, now);
            Some(())
        });
        answered.count()
    }

    #[test]
    fn an_office_starts_its_day_unhindered() {
        let throttle = Throttle::default();
        for _ in 0..FULL {
            assert_eq!(throttle.enter(ip(1), Cost::Call, at(0)), Ok(()));
        }
        assert_eq!(throttle.enter(ip(1), Cost::Call, at(0)), Err(1));
        // And whoever stays within what comes back is never told to wait.
        for second in 1..3_600 {
            for _ in 0..PER_SECOND {
                assert_eq!(throttle.enter(ip(1), Cost::Call, at(second * 1_000)), Ok(()));
            }
        }
    }

    #[test]
    fn guessing_is_slow_and_only_for_the_one_who_guesses() {
        let throttle = Throttle::default();
        assert_eq!(guess(&throttle, ip(1), at(0)), 12);
        let Err(wait) = throttle.enter(ip(1), Cost::Call, at(0)) else { panic!("let in") };
        assert_eq!(throttle.enter(ip(2), Cost::Call, at(0)), Ok(()));
        assert_eq!(throttle.enter(ip(1), Cost::Call, at(i64::from(wait) * 1_000 - 1_000)), Err(1));
        assert_eq!(throttle.enter(ip(1), Cost::Call, at(i64::from(wait) * 1_000)), Ok(()));
        let an_hour: usize = (0..3_600).map(|s| guess(&throttle, ip(3), at(s * 1_000))).sum();
        assert!((300..400).contains(&an_hour), "{an_hour}");
    }

    #[test]
    fn a_crowd_of_guesses_at_once_locks_nobody_out_for_long() {
        let throttle = Throttle::default();
        for _ in 0..10_000 {
            throttle.charge(ip(1), Cost::Guess, at(0));
        }
        let Err(wait) = throttle.enter(ip(1), Cost::Call, at(0)) else { panic!("let in") };
        assert!(wait <= 121, "{wait}");
    }

    #[test]
    fn a_clock_that_is_set_back_neither_gives_nor_takes() {
        let throttle = Throttle::default();
        assert_eq!(guess(&throttle, ip(1), at(0)), 12);
        assert!(throttle.enter(ip(1), Cost::Call, at(-3_600_000)).is_err());
        assert_eq!(throttle.enter(ip(1), Cost::Call, at(-3_540_000)), Ok(()));
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory_and_is_forgotten() {
        let throttle = Throttle::default();
        let crowd = u32::try_from(CLIENTS_MAX).unwrap();
        for client in 0..crowd {
            throttle.enter(ip(client), Cost::Call, at(0)).unwrap();
        }
        // Strangers share a bucket: a hundred times as large, and no larger.
        let let_in =
            (0..200_000).filter(|n| throttle.enter(ip(crowd + n), Cost::Call, at(0)).is_ok());
        assert_eq!(let_in.count(), usize::try_from(FULL * SHARED_BY).unwrap());
        assert_eq!(throttle.0.lock().unwrap().clients.len(), CLIENTS_MAX);
        // Once the crowd was quiet there is room again.
        throttle.enter(ip(crowd), Cost::Call, at(2_000)).unwrap();
        assert_eq!(throttle.0.lock().unwrap().clients.len(), 1);
    }
}
