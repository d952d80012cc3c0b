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

    /// As [`StandIn::learn`], of the event that is sent next. What is asked about those before it
    /// is about things as they stood then, so what has another answer from now on is learned when
    /// nothing is asked any more, or was for so long.
    pub async fn learn_next(&self, sample: &Sample, quiet: Duration) {
        if self.known.says_otherwise(sample) {
            self.idle(quiet).await;
        }
        self.learn(std::slice::from_ref(sample));
        *lock(&self.known.last_asked) = Instant::now();
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

    fn says_otherwise(&self, sample: &Sample) -> bool {
        let answers = lock(&self.answers);
        let differs = |(name, answer)| answers.get(name).is_some_and(|known| known != answer);
        sample.answers.iter().map(|(name, answer)| (name, answer)).any(differs)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(answers: &[(&str, Value)]) -> Sample {
        let sample = Sample::json("told", &json!({}));
        let with = |sample: Sample, (path, answer): &(&str, Value)| {
            sample.with_answer(*path, answer.clone())
        };
        answers.iter().fold(sample, with)
    }

    /// The status and the body of the answer to that question, in however many parts it comes.
    async fn ask(there: &StandIn, path: &str, parts: &[&str]) -> (String, String) {
        let mut stream = TcpStream::connect(there.address).await.unwrap();
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let head = format!("POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        for part in std::iter::once(head.as_str()).chain(parts.iter().copied()) {
            // Who is told too much hangs up.
            let _ = stream.write_all(part.as_bytes()).await;
            let _ = stream.flush().await;
            tokio::task::yield_now().await;
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        (head.split(' ').nth(1).unwrap_or_default().to_owned(), body.to_owned())
    }

    #[tokio::test]
    async fn it_says_what_it_was_told_last_and_of_the_rest_that_there_is_none() {
        let there = StandIn::start("127.0.0.1:0").unwrap();
        there.learn(&[told(&[("/1", json!({ "n": 1 })), ("/2", json!({ "n": 2 }))])]);
        there.learn(&[told(&[("/1", json!({ "n": 3 })), ("/xml", json!("<n>4</n>"))])]);
        for (path, status, body) in [
            ("/1", "200", r#"{"n":3}"#),
            ("/2", "200", r#"{"n":2}"#),
            ("/xml", "200", "<n>4</n>"),
            ("/1?more", "404", "{}"),
            ("/3", "404", "{}"),
        ] {
            let answer = ask(&there, path, &[]).await;
            assert_eq!(answer, (status.to_owned(), body.to_owned()), "{path}");
        }
    }

    #[tokio::test]
    async fn what_changes_is_learned_when_nothing_is_asked_any_more() {
        let there = StandIn::start("127.0.0.1:0").unwrap();
        let quiet = Duration::from_millis(300);
        let begun = Instant::now();
        for (n, path) in [(1, "/1"), (2, "/2"), (2, "/2")] {
            there.learn_next(&told(&[(path, json!({ "n": n }))]), quiet).await;
        }
        assert!(begun.elapsed() < quiet, "nothing changed");
        let changed = told(&[("/1", json!({ "n": 3 }))]);
        let (before, ()) = tokio::join!(ask(&there, "/1", &[]), there.learn_next(&changed, quiet));
        assert_eq!(before.1, r#"{"n":1}"#, "it was asked before");
        assert_eq!(ask(&there, "/1", &[]).await.1, r#"{"n":3}"#);
    }

    #[tokio::test]
    async fn at_one_path_the_body_says_what_is_asked_however_it_comes() {
        let there = StandIn::start("127.0.0.1:0").unwrap();
        there.learn(&[told(&[("/q <id>1</id>", json!("one")), ("/q <id>2</id>", json!("two"))])]);
        assert_eq!(ask(&there, "/q", &["<q><id>2</id></q>"]).await.1, "two");
        assert_eq!(ask(&there, "/q", &["<q><i", "d>1</id>", "</q>"]).await.1, "one");
        assert_eq!(ask(&there, "/q", &["<q><id>3</id></q>"]).await.0, "404");
        let long = "x".repeat(REQUEST_BYTES_MAX + 1);
        assert_eq!(ask(&there, "/q", &[&long, "<id>1</id>"]).await.0, "", "no such question");
    }

    #[tokio::test]
    async fn it_is_idle_when_nothing_was_asked_for_so_long() {
        let there = StandIn::start("127.0.0.1:0").unwrap();
        let quiet = Duration::from_millis(200);
        ask(&there, "/1", &[]).await;
        let asked = Instant::now();
        there.idle(quiet).await;
        assert!(asked.elapsed() + Duration::from_millis(50) >= quiet);
    }
}
