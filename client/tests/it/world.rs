//! A vendor, a machine, and a time that both share until somebody sets the machine's clock.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use keywright_client::{Application, Clock};
use serde_json::Value;
use tempfile::TempDir;

use super::standin::{Mood, StandIn, Vendor, jwks};

pub(crate) const MACHINE: &str = "machine-1";

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) server: StandIn,
    pub(crate) folder: TempDir,
    clock: MachineClock,
}

#[derive(Debug, Clone)]
struct MachineClock(Arc<Mutex<DateTime<Utc>>>);

impl Clock for MachineClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let now = "2027-03-01T08:00:00Z".parse().unwrap();
        Self {
            server: StandIn::start(now),
            folder: TempDir::new().unwrap(),
            clock: MachineClock(Arc::new(Mutex::new(now))),
        }
    }

    /// The application is started on the first machine.
    pub(crate) fn start(&self) -> Application {
        self.start_on(MACHINE, self.folder.path().join("acme"))
    }

    pub(crate) fn start_on(&self, machine: &str, folder: PathBuf) -> Application {
        Application::builder(&self.server.url, "acme-pro")
            .keys(&jwks())
            .fingerprint(machine)
            .folder(folder)
            .version("3.2.1", "2026-11-15")
            .machine_name("Ada's laptop")
            .clock(self.clock.clone())
            .build()
            .unwrap()
    }

    /// Time goes by, for everyone.
    pub(crate) fn days_pass(&self, days: i64) {
        self.set_clock(TimeDelta::days(days));
        self.vendor(|vendor| vendor.now += TimeDelta::days(days));
    }

    /// Somebody sets the machine's clock.
    pub(crate) fn set_clock(&self, by: TimeDelta) {
        *self.clock.0.lock().unwrap() += by;
    }

    pub(crate) fn vendor<T>(&self, act: impl FnOnce(&mut Vendor) -> T) -> T {
        act(&mut self.server.vendor.lock().unwrap())
    }

    pub(crate) fn server_is(&self, mood: Mood) {
        self.vendor(|vendor| vendor.mood = mood);
    }

    /// How often the server was asked for this.
    pub(crate) fn asked(&self, call: &str) -> usize {
        let path = format!("/v1/licenses/{call}");
        self.vendor(|vendor| vendor.asked.iter().filter(|(asked, _)| *asked == path).count())
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("acme/keywright.json")
    }

    /// Somebody edits the file.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut kept = serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap();
        edit(&mut kept);
        std::fs::write(self.file(), kept.to_string()).unwrap();
    }
}
