//! A provider's API in the test process: it answers as told, and says what it was asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What it does with one call.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// That status, those headers (`Name: value`), that body.
    Answer(u16, &'static str, String),
    /// Takes the call, and never answers.
    Silent,
    /// As if there were no act: what it knows.
    Usual,
}

impl Act {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, "X-None: 0", String::new())
    }

    pub(crate) fn json(json: &Value) -> Self {
        Self::Answer(200, "Content-Type: application/json", json.to_string())
    }
}

/// One call, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// The header `Authorization`; empty: there was none.
    pub(crate) authorization: String,
    pub(crate) method: String,
    /// With names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// The one header of that name; empty: there is none, or more than one.
    pub(crate) fn header(&self, name: &str) -> &str {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        if let [value] = values.as_slice() { value } else { "" }
    }
}

/// The server; gone with its test.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) base: String,
    state: Arc<Mutex<State>>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct State {
    /// Once each, in this order, before anything else.
    acts: VecDeque<Act>,
    /// Then this, by path with its query, else by path alone; what does not stand there is not
    /// found.
    known: HashMap<String, Value>,
    asked: Vec<Asked>,
}

impl Api {
    pub(crate) async fn open(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let acts = acts.into_iter().collect();
        let state = Arc::new(Mutex::new(State { acts, ..State::default() }));
        let serving = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&serving)));
            }
        });
        Self { base, state, task: task.abort_handle() }
    }

    /// From now on this is there.
    pub(crate) fn knows(&self, path: &str, json: Value) {
        self.state.lock().unwrap().known.insert(path.to_owned(), json);
    }

    /// The next call ends so.
    pub(crate) fn acts(&self, act: Act) {
        self.state.lock().unwrap().acts.push_back(act);
    }

    /// Every call until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let Some((mut asked, length)) = head(&mut stream).await else { return };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    asked.body = String::from_utf8(body).unwrap();
    let act = {
        let mut state = state.lock().unwrap();
        let path = asked.path.split('?').next().unwrap();
        let known = state.known.get(&asked.path).or_else(|| state.known.get(path)).map(Act::json);
        state.asked.push(asked);
        let act = state.acts.pop_front().filter(|act| !matches!(act, Act::Usual));
        act.or(known).unwrap_or_else(|| Act::status(404))
    };
    match act {
        Act::Silent | Act::Usual => std::future::pending::<()>().await,
        Act::Answer(status, header, body) => {
            let head = format!(
                "HTTP/1.1 {status} Told\r\n{header}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // Who has read enough closes the connection.
            let _ = stream.write_all([head, body].concat().as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// What is asked, and how many bytes follow.
async fn head(stream: &mut BufReader<TcpStream>) -> Option<(Asked, usize)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let (method, rest) = line.split_once(' ')?;
    let path = rest.split(' ').next()?.to_owned();
    let (method, body) = (method.to_owned(), String::new());
    let (mut headers, mut authorization, mut length) = (Vec::new(), String::new(), 0);
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Some((Asked { path, authorization, method, headers, body }, length));
        };
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "authorization" => value.clone_into(&mut authorization),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
        headers.push((name, value.to_owned()));
    }
}
