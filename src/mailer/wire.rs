//! The connection below SMTP: it looks once more before the final dot whether anybody is there.
//!
//! A client that writes the text and the dot in one go cannot tell a server that left in the
//! middle of the text from one that kept the mail and left without an answer. So the dot waits
//! for a moment, in which the end of the connection would show.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long the dot waits.
const LOOK: Duration = Duration::from_millis(30);

/// Shared between whoever gives the text and the connection below.
#[derive(Debug, Clone, Default)]
pub(super) struct Dot(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    next: AtomicBool,
    given: AtomicBool,
}

impl Dot {
    /// All of the text is written: what is written next is the dot.
    pub(super) fn comes_next(&self) {
        self.0.next.store(true, Ordering::Relaxed);
    }

    /// The text of another mail comes.
    pub(super) fn is_far(&self) {
        self.0.next.store(false, Ordering::Relaxed);
        self.0.given.store(false, Ordering::Relaxed);
    }

    /// Some of the dot may have gone out: from here on a mail may have arrived.
    pub(super) fn is_given(&self) -> bool {
        self.0.given.load(Ordering::Relaxed)
    }
}

/// A TCP connection that looks before the dot.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    dot: Dot,
    look: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(super) async fn connect(host: &str, port: u16, dot: Dot) -> io::Result<Self> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, dot, look: None })
    }

    /// Ready as soon as the dot may be written; an error when nobody is there any more.
    fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.dot.0.next.load(Ordering::Relaxed) || self.dot.is_given() {
            return Poll::Ready(Ok(()));
        }
        let mut byte = [0];
        if let Poll::Ready(peeked) = self.stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)) {
            // It left, or speaks before its turn: without the dot it keeps nothing.
            return Poll::Ready(Err(match peeked {
                Ok(0) => io::ErrorKind::UnexpectedEof.into(),
                Ok(_) => io::ErrorKind::ConnectionAborted.into(),
                Err(error) => error,
            }));
        }
        let look = self.look.get_or_insert_with(|| Box::pin(sleep(LOOK)));
        ready!(look.as_mut().poll(cx));
        self.look = None;
        self.dot.0.given.store(true, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_look(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

/// The same, encrypted from the first byte.
#[derive(Debug)]
pub(super) struct TlsWire(TlsStream<Wire>);

impl TlsWire {
    pub(super) async fn over(wire: Wire, host: &str, tls: Arc<ClientConfig>) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(tls).connect(name, wire).await.map(Self)
    }
}

impl AsyncRead for TlsWire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TlsWire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for TlsWire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

/// Mozilla's roots, and one of the vendor's own.
pub(super) fn trusting(pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in pem.into_iter().flat_map(CertificateDer::pem_slice_iter) {
        let unreadable = |error: &dyn std::fmt::Display| {
            format!("the certificate to trust cannot be read: {error}")
        };
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
