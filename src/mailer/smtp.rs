//! One message to a mail server, command by command, so that it is known where it broke off.
//!
//! Before the final dot nothing was sent; after its answer all is known; only in between there
//! is doubt (RFC 5321, 4.5.3.2.6 and 4.1.1.4).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Code, Severity};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::compose::address;
use super::wire::{Dot, TlsWire, Wire, trusting};
use super::{Outgoing, SendError};
use crate::rules::plain::one_line;

/// How many connections are kept for the next mail.
const IDLE_MAX: usize = 4;

/// How long a goodbye may take.
const QUIT: Duration = Duration::from_secs(1);

/// How long an idle connection may take to show that it still stands.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// How much of what a server says is kept, in characters.
const REASON_CHARS: usize = 300;

/// A mail server, and how to get in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<Login>,
    /// A certificate (PEM) to trust beside the public ones, for a server of one's own.
    pub trusted_pem: Option<Vec<u8>>,
}

/// How the way to the server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, and nothing is told before.
    StartTls,
    /// None: everybody on the way can read along.
    Plain,
}

/// A user of the mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(hidden)")
    }
}

/// Connections to one server.
pub(super) struct Smtp {
    server: Server,
    tls: Tls,
    patience: Duration,
    idle: Mutex<Vec<Connection>>,
}

/// [`Security`], with what it takes.
enum Tls {
    AtOnce(Arc<ClientConfig>),
    Later(TlsParameters),
    Never,
}

struct Connection {
    smtp: AsyncSmtpConnection,
    dot: Dot,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Smtp {
    pub(super) fn new(server: Server, patience: Duration) -> Result<Self, String> {
        let tls = match server.security {
            Security::Tls => Tls::AtOnce(trusting(server.trusted_pem.as_deref())?),
            Security::StartTls => Tls::Later(parameters(&server)?),
            Security::Plain => Tls::Never,
        };
        Ok(Self { server, tls, patience, idle: Mutex::default() })
    }

    pub(super) async fn send(
        &self,
        mail: Outgoing<'_>,
        go: impl Future<Output = bool> + Send,
    ) -> Result<(), SendError> {
        let refused = |reason: super::Unmailable| SendError::Refused(reason.to_string());
        let blocked =
            |reason: super::Unmailable| SendError::Blocked(format!("mail.from: {reason}"));
        let to = address(mail.to).map_err(refused)?;
        let from = address(&mail.from.address).map_err(blocked)?;

        let mut connection = self.in_time(self.ready(from, to, mail.bytes)).await?;
        let outcome = match go.await {
            true => self.text(&mut connection, mail.bytes).await,
            false => Err(SendError::TakenBack),
        };
        match &outcome {
            // Each of these is an answer, and the connection waits for the next mail.
            Ok(()) | Err(SendError::Temporary(_) | SendError::Refused(_)) => self.keep(connection),
            // Closed without a word: a goodbye would be taken for a line of the text.
            Err(SendError::TakenBack | SendError::Blocked(_) | SendError::InDoubt(_)) => {}
        }
        outcome
    }

    /// Ends the connections that nobody uses.
    pub(super) async fn rest(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for mut connection in idle {
            // Whoever does not answer a goodbye is gone all the same.
            let _ = timeout(QUIT, connection.smtp.quit()).await;
        }
    }

    /// A connection that waits for the text of this mail: everything up to the answer to DATA.
    async fn ready(
        &self,
        from: Address,
        to: Address,
        bytes: &[u8],
    ) -> Result<Connection, SendError> {
        let mut connection = self.connection().await?;
        let answer = announce(&mut connection.smtp, from, to, bytes).await;
        match answer {
            Ok(()) => Ok(connection),
            Err(error) => {
                let _ = timeout(QUIT, connection.smtp.abort()).await;
                Err(error)
            }
        }
    }

    /// The text, the final dot, and the answer to it.
    async fn text(&self, connection: &mut Connection, bytes: &[u8]) -> Result<(), SendError> {
        let Connection { smtp, dot } = connection;
        dot.is_far();
        // lettre adds the last line's end itself, with the dot.
        let mut left = Some(bytes.strip_suffix(b"\r\n").unwrap_or(bytes));
        // The parts are asked for one after the other, each when the one before is written.
        let parts = std::iter::from_fn(|| {
            let part = left.take();
            if part.is_none() {
                dot.comes_next();
            }
            part
        });
        let answer = match timeout(self.patience, smtp.message_iter(parts)).await {
            Ok(answer) => answer,
            Err(_) if dot.is_given() => return Err(SendError::InDoubt(self.no_answer())),
            Err(_) => return Err(SendError::Blocked(self.no_answer())),
        };
        match answer {
            Ok(answer) if answer.code().severity == Severity::PositiveCompletion => Ok(()),
            Ok(answer) => Err(SendError::InDoubt(format!("the answer was {}", answer.code()))),
            Err(error) if dot.is_given() => Err(sorted(Stage::Dot, &error)),
            Err(error) => {
                Err(self.last_words(smtp).await.unwrap_or_else(|| sorted(Stage::Text, &error)))
            }
        }
    }

    /// What a server may have said that left in the middle of the text.
    async fn last_words(&self, smtp: &mut AsyncSmtpConnection) -> Option<SendError> {
        let words = timeout(SIGN_OF_LIFE, smtp.read_response()).await.ok()?.err()?;
        words.status().map(|_| sorted(Stage::Text, &words))
    }

    /// An idle connection that still answers, or a new one, logged in.
    async fn connection(&self) -> Result<Connection, SendError> {
        while let Some(mut connection) = self.take_idle() {
            if let Ok(true) = timeout(SIGN_OF_LIFE, connection.smtp.test_connected()).await {
                return Ok(connection);
            }
        }
        let (dot, host) = (Dot::default(), &self.server.host);
        let unreachable = |error: std::io::Error| {
            SendError::Blocked(format!("{host} cannot be reached: {error}"))
        };
        let wire = Wire::connect(host, self.server.port, dot.clone()).await.map_err(unreachable)?;
        let smtp = self.log_in(wire).await;
        smtp.map(|smtp| Connection { smtp, dot })
    }

    async fn log_in(&self, wire: Wire) -> Result<AsyncSmtpConnection, SendError> {
        let (hello, host) = (ClientId::default(), &self.server.host);
        let stream: Box<dyn AsyncTokioStream> = match &self.tls {
            Tls::AtOnce(config) => {
                let encrypted = TlsWire::over(wire, host, Arc::clone(config)).await;
                Box::new(encrypted.map_err(|error| SendError::Blocked(format!("TLS: {error}")))?)
            }
            Tls::Later(_) | Tls::Never => Box::new(wire),
        };
        let blocked = |error: Error| SendError::Blocked(said(&error));
        let smtp = AsyncSmtpConnection::connect_with_transport(stream, &hello).await;
        let mut smtp = smtp.map_err(blocked)?;
        if let Tls::Later(parameters) = &self.tls {
            smtp.starttls(parameters.clone(), &hello).await.map_err(blocked)?;
        }
        if let Some(Login { user, password }) = &self.server.login {
            let login = Credentials::new(user.clone(), password.clone());
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &login).await.map_err(blocked)?;
        }
        Ok(smtp)
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, SendError>>,
    ) -> Result<T, SendError> {
        let done = timeout(self.patience, work).await;
        done.unwrap_or_else(|_| Err(SendError::Blocked(self.no_answer())))
    }

    fn no_answer(&self) -> String {
        format!("no answer within {} s", self.patience.as_secs_f32())
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// MAIL, RCPT and DATA.
async fn announce(
    connection: &mut AsyncSmtpConnection,
    from: Address,
    to: Address,
    bytes: &[u8],
) -> Result<(), SendError> {
    let mut options = Vec::new();
    if !bytes.is_ascii() {
        // Only an address can be beyond ASCII (the text is encoded), and only some servers can
        // send to it (RFC 6531).
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let reason = "the mail server only takes addresses of ASCII letters";
            return Err(SendError::Refused(reason.to_owned()));
        }
        options.push(MailParameter::SmtpUtfEight);
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let mail = connection.command(Mail::new(Some(from), options)).await;
    mail.map_err(|error| sorted(Stage::Sender, &error))?;
    let rcpt = connection.command(Rcpt::new(to, Vec::new())).await;
    rcpt.map_err(|error| sorted(Stage::Recipient, &error))?;
    let data = connection.command(Data).await.map_err(|error| sorted(Stage::Recipient, &error))?;
    match data.code().severity {
        Severity::PositiveIntermediate => Ok(()),
        Severity::PositiveCompletion
        | Severity::TransientNegativeCompletion
        | Severity::PermanentNegativeCompletion => {
            Err(SendError::Blocked(format!("the answer to DATA was {}", data.code())))
        }
    }
}

/// How far a mail had come.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// MAIL: a refusal is about our own address or login, not about one mail.
    Sender,
    /// RCPT and DATA.
    Recipient,
    /// The text, before the dot.
    Text,
    /// The dot is out.
    Dot,
}

/// What a fault at this stage means for the mail.
fn sorted(stage: Stage, error: &Error) -> SendError {
    let reason = said(error);
    match (stage, error.status()) {
        // 421 closes the connection, 530 ff. want a login or TLS: true of every mail. After the
        // text some servers say 421 to one mail only.
        (Stage::Sender | Stage::Recipient, Some(code)) if closes(code) => {
            SendError::Blocked(reason)
        }
        (_, Some(Code { severity: Severity::TransientNegativeCompletion, .. })) => {
            SendError::Temporary(reason)
        }
        (Stage::Sender, Some(_)) => SendError::Blocked(reason),
        (Stage::Recipient | Stage::Text | Stage::Dot, Some(_)) => SendError::Refused(reason),
        (Stage::Dot, None) => SendError::InDoubt(reason),
        (Stage::Sender | Stage::Recipient | Stage::Text, None) => SendError::Blocked(reason),
    }
}

fn closes(code: Code) -> bool {
    matches!(u16::from(code), 421 | 454 | 530 | 534 | 535 | 538)
}

/// In one bounded line.
fn said(error: &Error) -> String {
    one_line(&error.to_string(), REASON_CHARS)
}

/// For STARTTLS, which lettre does itself.
fn parameters(server: &Server) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.trusted_pem {
        let certificate = Certificate::from_pem(pem)
            .map_err(|error| format!("the certificate to trust cannot be read: {error}"))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| format!("TLS cannot be set up: {error}"))
}
