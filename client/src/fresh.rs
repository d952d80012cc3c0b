//! A thread that keeps the license fresh while the application runs.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::application::Application;
use crate::fault::Fault;
use crate::status::Status;

/// Ends the thread when it is dropped, without waiting for a request that is under way.
#[derive(Debug)]
pub struct KeepFresh {
    _stop: Sender<()>,
}

impl KeepFresh {
    pub(crate) fn start(
        application: Arc<Application>,
        every: Duration,
        mut tell: impl FnMut(Result<Status, Fault>) + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        thread::Builder::new().name("keywright".to_owned()).spawn(move || {
            loop {
                tell(application.refresh_if_due());
                match stopped.recv_timeout(every) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
