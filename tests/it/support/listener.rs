//! One of a vendor's own systems, which listens to hooks: it answers by its script.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A status; 302 leads to another path here.
    Status(u16),
    /// It takes the request and says nothing.
    Never,
}

/// What it was told.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Default)]
struct Inner {
    script: Mutex<VecDeque<Reply>>,
    always: Mutex<Option<Reply>>,
    heard: Mutex<Vec<Heard>>,
    followed: AtomicUsize,
}

pub(crate) struct Listener {
    inner: Arc<Inner>,
    port: u16,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.headers.iter().filter(|(known, _)| known == name);
        let values: Vec<&str> = found.map(|(_, value)| value.as_str()).collect();
        assert_eq!(values.len(), 1, "{name} once: {:?}", self.headers);
        values[0].to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Listener {
    /// It answers so, in this order, and then accepts everything.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            script: Mutex::new(replies.into_iter().collect()),
            ..Inner::default()
        });
        let serving = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&serving);
                tokio::spawn(async move { inner.answer(stream).await });
            }
        });
        Self { inner, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/licenses", self.port)
    }

    /// From now on always so; `None`: by the script again.
    pub(crate) fn always(&self, reply: Option<Reply>) {
        *self.inner.always.lock().unwrap() = reply;
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.inner.heard.lock().unwrap().clone()
    }

    /// How many redirects were followed.
    pub(crate) fn followed(&self) -> usize {
        self.inner.followed.load(Ordering::Relaxed)
    }
}

impl Inner {
    async fn answer(&self, mut stream: TcpStream) {
        let Some(heard) = request(&mut stream).await else { return };
        if heard.path != "/licenses" {
            self.followed.fetch_add(1, Ordering::Relaxed);
        }
        self.heard.lock().unwrap().push(heard);
        let always = *self.always.lock().unwrap();
        let next = || self.script.lock().unwrap().pop_front();
        match always.or_else(next).unwrap_or(Reply::Status(204)) {
            Reply::Status(status) => {
                let answer = format!(
                    "HTTP/1.1 {status} so\r\nLocation: /elsewhere\r\nConnection: close\r\n\
                     Content-Length: 0\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            Reply::Never => {
                // Until the other side gives up.
                let _ = stream.read(&mut [0; 1]).await;
            }
        }
    }
}

/// `None`: the connection ended before.
async fn request(stream: &mut TcpStream) -> Option<Heard> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        body.extend_from_slice(&part[..read]);
    }
    Some(Heard { path, headers, body })
}
