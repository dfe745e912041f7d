//! TLS, as a client: for the Gateway, and the API that says where it is.
//!
//! rustls over ring; `Cargo.toml` says why. A certificate has to lead to a root that browsers trust, or to one that the program
//! names. There is no way to switch that off: a token goes over it. The one thing to know before changing it: a byte counts as
//! written when its record is with the operating system, not when rustls took it. So [`Tls::write`] keeps to itself what it has
//! taken until that is flushed, and its caller comes again with the same bytes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use gamebridge_proto::error::{Error, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// Whom a connection trusts.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The roots of browsers, once made for the whole process.
    pub fn browsers() -> Trust {
        static MADE: OnceLock<Arc<ClientConfig>> = OnceLock::new();
        Trust(MADE.get_or_init(|| configuration(roots())).clone())
    }

    /// Those, and the certificates of a PEM text.
    ///
    /// # Errors
    /// `Argument` when the text holds no certificate.
    pub fn also(pem: &[u8]) -> Result<Trust, Error> {
        let wrong = || Error::argument("tls_root: a PEM text with a certificate expected");
        let mut store = roots();
        let mut some = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            store.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
            some = true;
        }
        if some { Ok(Trust(configuration(store))) } else { Err(wrong()) }
    }
}

fn roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn configuration(roots: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has every cipher suite of both versions");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A connection with TLS over it.
#[derive(Debug)]
pub(super) struct Tls {
    stream: TlsStream<TcpStream>,
    /// Bytes that were taken from the caller and may not be with the operating system yet.
    owed: usize,
}

/// Shakes hands with `host` over a connection.
///
/// # Errors
/// `Protocol` when its certificate is not to be trusted or it speaks no TLS, `Io` when the connection broke.
pub(crate) async fn connect(stream: TcpStream, host: &str, trust: &Trust) -> Result<TlsStream<TcpStream>, Error> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Error::argument(format!("url: {host} is no name that a certificate could have")))?;
    TlsConnector::from(trust.0.clone()).connect(name, stream).await.map_err(|error| {
        let status = if error.kind() == io::ErrorKind::InvalidData { Status::Protocol } else { Status::Io };
        Error::new(status, format!("no TLS with {host}: {error}"))
    })
}

impl Tls {
    pub(super) fn new(stream: TlsStream<TcpStream>) -> Self {
        Tls { stream, owed: 0 }
    }

    /// What carries it.
    pub(super) fn carrier(&self) -> &TcpStream {
        self.stream.get_ref().0
    }

    pub(super) fn read(&mut self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(&mut Context::from_waker(Waker::noop()), buffer)
    }

    /// Writes what goes. After `Pending`, to be called again with the same bytes first.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut context = Context::from_waker(Waker::noop());
        let mut stream = Pin::new(&mut self.stream);
        if self.owed == 0 {
            self.owed = std::task::ready!(stream.as_mut().poll_write(&mut context, bytes))?;
        }
        std::task::ready!(stream.poll_flush(&mut context))?;
        Poll::Ready(Ok(std::mem::take(&mut self.owed)))
    }
}
