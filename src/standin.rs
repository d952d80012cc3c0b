//! A provider's API on this machine, for `trigger`, `demo` and tests: it says what the samples
//! that were made say it would say.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use keywright_providers::Sample;
use keywright_providers::sample::answers_to;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A longer request is nothing that an adapter asks.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Serves as long as it lives.
#[derive(Debug)]
pub struct StandIn {
    pub address: SocketAddr,
    known: Arc<Known>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Known {
    answers: Mutex<HashMap<String, Value>>,
    last_asked: Mutex<Instant>,
}

impl StandIn {
    /// Listens at `address` (`127.0.0.1:0`: any free port), on the runtime that this is called on.
    ///
    /// # Errors
    /// Where that address cannot be listened at.
    pub fn start(address: &str) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let known =
            Arc::new(Known { answers: Mutex::default(), last_asked: Mutex::new(Instant::now()) });
        let serving = Arc::clone(&known);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let known = Arc::clone(&serving);
                tokio::spawn(async move { known.answer(stream).await });
            }
        });
        Ok(Self { address, known, task: task.abort_handle() })
    }

    /// From now on it knows what these samples tell of; of two tellings about one thing the later
    /// counts, as it is with an API.
    pub fn learn(&self, samples: &[Sample]) {
        let mut answers = lock(&self.known.answers);
        for sample in samples {
            answers.extend(sample.answers.iter().cloned());
        }
    }

    /// Waits until nothing was asked for so long.
    pub async fn idle(&self, quiet: Duration) {
        loop {
            let since = lock(&self.known.last_asked).elapsed();
            if since >= quiet {
                return;
            }
            tokio::time::sleep(quiet - since).await;
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Known {
    async fn answer(&self, mut stream: TcpStream) {
        let Some((path, question)) = asked(&mut stream).await else { return };
        *lock(&self.last_asked) = Instant::now();
        let (status, body) = match self.known(&path, question.as_bytes()) {
            // What is no JSON, an API of its kind says as it stands.
            Some(Value::String(text)) => ("200 OK", text),
            Some(json) => ("200 OK", json.to_string()),
            None => ("404 Not Found", "{}".to_owned()),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        );
        // Whoever went away asks again.
        let _ = stream.write_all([head, body].concat().as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    fn known(&self, path: &str, question: &[u8]) -> Option<Value> {
        let answers = lock(&self.answers);
        let of_all = || answers.iter().find(|(name, _)| answers_to(name, path, question));
        answers.get(path).or_else(|| of_all().map(|(_, answer)| answer)).cloned()
    }
}

/// The path (with its query) and the body of a request that was read to its end.
async fn asked(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return head.split(' ').nth(1).map(|path| (path.to_owned(), body.to_owned()));
            }
        }
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(part.get(..read)?);
        if bytes.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
