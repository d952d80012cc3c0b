//! The line before the store's threads: bounded, and with a clean answer to «did it begin?».

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use super::error::StoreError;
use super::rows::{Kept, NewEvent};
use super::work::Job;

/// Of so many jobs one is of those in the background, if there is one, however many others come.
const BACKGROUND_EVERY: u32 = 8;

/// What waits. Several threads may take from it.
pub(super) struct Inbox {
    lines: Mutex<Lines>,
    arrived: Condvar,
    length_max: usize,
}

#[derive(Default)]
struct Lines {
    keeps: VecDeque<KeepCall>,
    jobs: VecDeque<Box<dyn Job>>,
    background: VecDeque<Box<dyn Job>>,
    /// Jobs given out since the last one of the background.
    before_background: u32,
    closed: bool,
}

impl Lines {
    fn no_jobs(&self) -> bool {
        self.jobs.is_empty() && self.background.is_empty()
    }

    fn next_job(&mut self) -> Option<Box<dyn Job>> {
        self.before_background = self.before_background.saturating_add(1);
        if (self.before_background < BACKGROUND_EVERY || self.background.is_empty())
            && let Some(job) = self.jobs.pop_front()
        {
            return Some(job);
        }
        self.before_background = 0;
        self.background.pop_front()
    }
}

/// One call of `keep`.
pub(super) struct KeepCall {
    pub(super) events: Vec<NewEvent>,
    pub(super) ticket: Arc<Ticket>,
    pub(super) reply: oneshot::Sender<Result<Vec<Kept>, StoreError>>,
    pub(super) asked_at: Instant,
}

impl Inbox {
    pub(super) fn new(length_max: usize) -> Arc<Self> {
        Arc::new(Self { lines: Mutex::default(), arrived: Condvar::new(), length_max })
    }

    pub(super) fn put_keep(&self, call: KeepCall) -> Result<(), StoreError> {
        self.put(|lines| &mut lines.keeps, call)
    }

    pub(super) fn put_job(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let background = job.in_background();
        self.put(|lines| if background { &mut lines.background } else { &mut lines.jobs }, job)
    }

    fn put<T>(
        &self,
        line: impl FnOnce(&mut Lines) -> &mut VecDeque<T>,
        item: T,
    ) -> Result<(), StoreError> {
        let mut lines = self.lock();
        if lines.closed {
            return Err(StoreError::Closed);
        }
        let line = line(&mut lines);
        if line.len() >= self.length_max {
            return Err(StoreError::Busy(format!("{} wait already", line.len())));
        }
        line.push_back(item);
        drop(lines);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits until there is something. False: it is closed, and empty.
    pub(super) fn wait(&self) -> bool {
        let lines = self.wait_while(|lines| lines.keeps.is_empty() && lines.no_jobs());
        !lines.keeps.is_empty() || !lines.no_jobs()
    }

    /// Calls that wait, up to so many events (one call at least); does not wait itself.
    pub(super) fn keeps(&self, events_max: usize) -> Vec<KeepCall> {
        take_keeps(&mut self.lock(), events_max)
    }

    /// Is there anything but background?
    pub(super) fn somebody_waits(&self) -> bool {
        let lines = self.lock();
        !lines.keeps.is_empty() || !lines.jobs.is_empty()
    }

    /// The next job; does not wait.
    pub(super) fn job(&self) -> Option<Box<dyn Job>> {
        self.lock().next_job()
    }

    /// As [`Inbox::keeps`], but waits for the first. Empty: it is closed, and empty.
    pub(super) fn next_keeps(&self, events_max: usize) -> Vec<KeepCall> {
        take_keeps(&mut self.wait_while(|lines| lines.keeps.is_empty()), events_max)
    }

    /// As [`Inbox::job`], but waits. `None`: it is closed, and empty.
    pub(super) fn next_job(&self) -> Option<Box<dyn Job>> {
        self.wait_while(Lines::no_jobs).next_job()
    }

    /// Takes nothing more in; what is in is still given out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    fn wait_while(&self, empty: impl Fn(&Lines) -> bool) -> MutexGuard<'_, Lines> {
        self.arrived
            .wait_while(self.lock(), |lines| !lines.closed && empty(lines))
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing panics while it is held, so poison tells nothing.
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lock();
        f.debug_struct("Inbox")
            .field("keeps", &lines.keeps.len())
            .field("jobs", &lines.jobs.len())
            .field("background", &lines.background.len())
            .field("closed", &lines.closed)
            .finish_non_exhaustive()
    }
}

fn take_keeps(lines: &mut Lines, events_max: usize) -> Vec<KeepCall> {
    let mut taken = Vec::new();
    let mut events = 0;
    while let Some(call) = lines.keeps.front() {
        events += call.events.len();
        if !taken.is_empty() && events > events_max {
            break;
        }
        taken.extend(lines.keeps.pop_front());
    }
    taken
}

/// Decides once and for all whether a piece of work began before its time was up.
#[derive(Debug)]
pub(super) struct Ticket {
    state: AtomicU8,
    deadline: Instant,
}

const WAITS: u8 = 0;
const BEGAN: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Ticket {
    pub(super) fn until(deadline: Instant) -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(WAITS), deadline })
    }

    /// The thread's side. False: nobody waits for it any more; leave it.
    pub(super) fn begin(&self) -> bool {
        let in_time = Instant::now() < self.deadline;
        self.turn(if in_time { BEGAN } else { GIVEN_UP }) && in_time
    }

    /// The caller's side. False: it began, so its outcome is unknown.
    pub(super) fn give_up(&self) -> bool {
        self.turn(GIVEN_UP) || self.state.load(Ordering::Acquire) == GIVEN_UP
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    fn turn(&self, to: u8) -> bool {
        self.state.compare_exchange(WAITS, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// What is told to a caller whose time was up before the work began.
pub(super) fn too_late() -> StoreError {
    StoreError::Busy("the time was up before its turn came".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_gives_up_first_decides() {
        let soon = Instant::now() + Duration::from_secs(60);
        let given_up = Ticket::until(soon);
        assert!(given_up.give_up());
        assert!(!given_up.begin());

        let began = Ticket::until(soon);
        assert!(began.begin());
        assert!(!began.give_up());

        let late = Ticket::until(Instant::now());
        assert!(!late.begin());
        assert!(late.give_up());
    }
}
