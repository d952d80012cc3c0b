//! A mail server in the test process: it keeps what it accepts, and misbehaves as told.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use keywright::mailer::{Login, Security, Server};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// What the server does, once each, in the order told; then it accepts everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Accept,
    /// Answers this instead of its greeting, to the login, to MAIL ... and goes on.
    Greeting(&'static str),
    Login(&'static str),
    Mail(&'static str),
    Rcpt(&'static str),
    Data(&'static str),
    /// The answer to the whole text, which is not kept.
    Text(&'static str),
    /// Answers DATA only when [`MailServer::release`] says so.
    Hold,
    /// Never greets.
    Silent,
    /// Closes the connection after the first line of the text, with or without a word.
    CutInText,
    BreakInText(&'static str),
    /// Keeps the mail, and closes the connection instead of answering.
    CutAfterDot,
    /// Loses the mail, and closes the connection instead of answering.
    LoseAfterDot,
    /// Keeps the mail and never answers.
    SilentAfterDot,
}

/// A mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
}

/// The server; gone with its last test.
#[derive(Debug)]
pub(crate) struct MailServer {
    address: SocketAddr,
    security: Security,
    certificate_pem: String,
    state: Arc<Mutex<State>>,
    bells: Arc<Bells>,
    task: AbortHandle,
}

/// What a test may wait for, and what waits for a test.
#[derive(Debug, Default)]
struct Bells {
    arrived: Notify,
    holds: Notify,
    release: Notify,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Act>,
    copies: Vec<Copy>,
    connections: usize,
    commands: Vec<String>,
}

/// What speaks SMTP here, with TLS or without.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

impl MailServer {
    pub(crate) async fn start(security: Security, script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, certificate_pem) = certified();
        let state = Arc::new(Mutex::new(State {
            script: script.into_iter().collect(),
            ..State::default()
        }));
        let bells = Arc::new(Bells::default());
        let shared = (Arc::clone(&state), Arc::clone(&bells));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, bells) = shared.clone();
                let mut session = Session { state, bells, acceptor: acceptor.clone(), security };
                // A client that hangs up in the middle is part of the play.
                tokio::spawn(async move { session.serve(stream).await });
            }
        });
        Self { address, security, certificate_pem, state, bells, task: task.abort_handle() }
    }

    /// How to reach it: with a login, as a vendor's server wants one.
    pub(crate) fn server(&self) -> Server {
        Server {
            host: "localhost".to_owned(),
            port: self.address.port(),
            security: self.security,
            login: Some(Login { user: "acme".to_owned(), password: "open sesame".to_owned() }),
            trusted_pem: Some(self.certificate_pem.clone().into_bytes()),
        }
    }

    /// What it does from now on.
    pub(crate) fn will(&self, script: impl IntoIterator<Item = Act>) {
        self.state.lock().unwrap().script = script.into_iter().collect();
    }

    pub(crate) fn copies(&self) -> Vec<Copy> {
        self.state.lock().unwrap().copies.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Every line it was told, but for the texts.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }

    /// Waits until this many mails were kept.
    pub(crate) async fn kept(&self, count: usize) -> Vec<Copy> {
        loop {
            let arrived = self.bells.arrived.notified();
            let copies = self.copies();
            if copies.len() >= count {
                return copies;
            }
            arrived.await;
        }
    }

    /// Waits until somebody is held up ([`Act::Hold`]).
    pub(crate) async fn holds(&self) {
        self.bells.holds.notified().await;
    }

    pub(crate) fn release(&self) {
        self.bells.release.notify_one();
    }

    /// Stops listening: the next connection is refused.
    pub(crate) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Session {
    state: Arc<Mutex<State>>,
    bells: Arc<Bells>,
    acceptor: TlsAcceptor,
    security: Security,
}

impl Session {
    async fn serve(&mut self, stream: tokio::net::TcpStream) -> io::Result<()> {
        self.state.lock().unwrap().connections += 1;
        let mut wire: BufReader<Box<dyn Wire>> = match self.security {
            Security::Tls => BufReader::new(Box::new(self.acceptor.accept(stream).await?)),
            Security::StartTls | Security::Plain => BufReader::new(Box::new(stream)),
        };
        if self.is_next(&Act::Silent) {
            return std::future::pending().await;
        }
        let greeting = self.next_if(|act| matches!(act, Act::Greeting(_)));
        answer(&mut wire, greeting.unwrap_or("220 mail.example ready")).await?;
        let (mut from, mut to, mut encrypted) = (String::new(), String::new(), false);
        while let Some(line) = line(&mut wire).await? {
            self.state.lock().unwrap().commands.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let starttls = self.security == Security::StartTls && !encrypted;
                    let starttls = if starttls { "250-STARTTLS\r\n" } else { "" };
                    answer(&mut wire, &format!("250-mail.example\r\n{starttls}250 AUTH PLAIN"))
                        .await?;
                }
                "STARTTLS" => {
                    answer(&mut wire, "220 go ahead").await?;
                    let plain = wire.into_inner();
                    wire = BufReader::new(Box::new(self.acceptor.accept(plain).await?));
                    encrypted = true;
                }
                "AUTH" => {
                    let said = self.next_if(|act| matches!(act, Act::Login(_)));
                    answer(&mut wire, said.unwrap_or("235 welcome")).await?;
                }
                "MAIL" => {
                    from = between(&line);
                    let said = self.next_if(|act| matches!(act, Act::Mail(_)));
                    answer(&mut wire, said.unwrap_or("250 ok")).await?;
                }
                "RCPT" => {
                    to = between(&line);
                    let said = self.next_if(|act| matches!(act, Act::Rcpt(_)));
                    answer(&mut wire, said.unwrap_or("250 ok")).await?;
                }
                "DATA" => {
                    if self.is_next(&Act::Hold) {
                        self.bells.holds.notify_one();
                        self.bells.release.notified().await;
                    }
                    let said = self.next_if(|act| matches!(act, Act::Data(_)));
                    answer(&mut wire, said.unwrap_or("354 go ahead")).await?;
                    if said.is_none() && !self.text(&mut wire, &from, &to).await? {
                        return Ok(());
                    }
                }
                "QUIT" => return answer(&mut wire, "221 bye").await,
                "NOOP" | "RSET" => answer(&mut wire, "250 ok").await?,
                _ => answer(&mut wire, "500 what?").await?,
            }
        }
        Ok(())
    }

    /// Takes the text in. False: hang up.
    async fn text(
        &self,
        wire: &mut BufReader<Box<dyn Wire>>,
        from: &str,
        to: &str,
    ) -> io::Result<bool> {
        let mut text = String::new();
        loop {
            let Some(line) = line(wire).await? else { return Ok(false) };
            if self.is_next(&Act::CutInText) {
                return Ok(false);
            }
            if let Some(said) = self.next_if(|act| matches!(act, Act::BreakInText(_))) {
                answer(wire, said).await?;
                return Ok(false);
            }
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        match self.take(Copy { from: from.to_owned(), to: to.to_owned(), text }) {
            Act::CutAfterDot | Act::LoseAfterDot => Ok(false),
            Act::SilentAfterDot => std::future::pending().await,
            Act::Text(said) => answer(wire, said).await.map(|()| true),
            _ => answer(wire, "250 kept").await.map(|()| true),
        }
    }

    /// Keeps a mail, unless it is to be refused or lost.
    fn take(&self, copy: Copy) -> Act {
        let mut state = self.state.lock().unwrap();
        let act = state.script.pop_front().unwrap_or(Act::Accept);
        if !matches!(act, Act::Text(_) | Act::LoseAfterDot) {
            state.copies.push(copy);
            self.bells.arrived.notify_one();
        }
        act
    }

    fn is_next(&self, act: &Act) -> bool {
        let mut state = self.state.lock().unwrap();
        let is_next = state.script.front() == Some(act);
        if is_next {
            state.script.pop_front();
        }
        is_next
    }

    fn next_if(&self, this: impl Fn(&Act) -> bool) -> Option<&'static str> {
        let mut state = self.state.lock().unwrap();
        match state.script.front().filter(|act| this(act)) {
            Some(
                &(Act::Greeting(said)
                | Act::Login(said)
                | Act::Mail(said)
                | Act::Rcpt(said)
                | Act::Data(said)
                | Act::BreakInText(said)),
            ) => {
                state.script.pop_front();
                Some(said)
            }
            _ => None,
        }
    }
}

/// A line as the standard wants it; anything else is a fault of the client's.
async fn line(wire: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = String::new();
    if wire.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let whole = line.strip_suffix("\r\n").filter(|line| !line.contains(['\r', '\n']));
    Ok(Some(whole.unwrap_or_else(|| panic!("not a line: {line:?}")).to_owned()))
}

async fn answer(wire: &mut (impl AsyncWrite + Unpin), said: &str) -> io::Result<()> {
    wire.write_all(format!("{said}\r\n").as_bytes()).await?;
    wire.flush().await
}

fn between(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(String::new(), |(inner, _)| inner.to_owned())
}

fn certified() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}
