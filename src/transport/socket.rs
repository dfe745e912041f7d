//! One non-blocking byte stream, whatever carries it: TCP, TLS over it, or the platform's local socket.
//!
//! Reads and writes never wait; [`Socket::ready`] does. A reader takes all that is in without going back to the scheduler
//! between two frames, and the wake-up is registered in one place only. The one thing to know before changing it: `read`
//! and `write` go through `poll_read` and `poll_write` with a waker that does nothing, because those clear the readiness
//! on a short read or write (which saves the system call that would only say "nothing"), while `ready` keeps its own
//! waker; and they count against tokio's budget, so that a flood looks like "nothing more for now" once in a while.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::ipc::Local;
#[cfg(feature = "gateway")]
use super::tls::Tls;

/// A connected stream.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Local(Local),
    #[cfg(feature = "gateway")]
    Tls(Box<Tls>),
}

macro_rules! each {
    ($socket:expr, $stream:ident => $do:expr) => {
        match $socket {
            Socket::Tcp($stream) => $do,
            Socket::Local($stream) => $do,
            #[cfg(feature = "gateway")]
            Socket::Tls(tls) => {
                let $stream = tls.carrier();
                $do
            }
        }
    };
}

impl Socket {
    /// Reads what is in, without waiting: 0 is the peer's end, `WouldBlock` means [`ready`](Socket::ready) first.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        fault()?;
        let mut buffer = ReadBuf::new(into);
        let mut context = Context::from_waker(Waker::noop());
        let read = match self {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(&mut context, &mut buffer),
            Socket::Local(stream) => Pin::new(stream).poll_read(&mut context, &mut buffer),
            #[cfg(feature = "gateway")]
            Socket::Tls(tls) => tls.read(&mut buffer),
        };
        match read {
            Poll::Ready(result) => result.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Writes what goes, without waiting.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault()?;
        let mut context = Context::from_waker(Waker::noop());
        let written = match self {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(&mut context, bytes),
            Socket::Local(stream) => Pin::new(stream).poll_write(&mut context, bytes),
            #[cfg(feature = "gateway")]
            Socket::Tls(tls) => tls.write(bytes),
        };
        match written {
            Poll::Ready(Ok(0)) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Waits until a read, or with `write` also a write, may go on. Cancel-safe.
    pub(super) async fn ready(&self, write: bool) -> io::Result<()> {
        let interest = if write { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        each!(self, stream => stream.ready(interest).await.map(|_| ()))
    }

    /// As [`ready`](Socket::ready), for whoever is polled: the last one who asked is woken.
    pub(super) fn poll_ready(&self, context: &mut Context<'_>, write: bool) -> Poll<io::Result<()>> {
        let read = each!(self, stream => stream.poll_read_ready(context));
        match (read, write) {
            (Poll::Pending, true) => self.poll_writable(context),
            (read, _) => read,
        }
    }

    /// As [`writable`](Socket::writable), for whoever is polled.
    pub(super) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_write_ready(context))
    }

    /// Waits until a write may go on. Cancel-safe.
    pub(super) async fn writable(&self) -> io::Result<()> {
        each!(self, stream => stream.ready(Interest::WRITABLE).await.map(|_| ()))
    }
}

#[cfg(any(test, feature = "torture"))]
pub(super) use super::fault::point as fault;

/// A fault point in a build that has none.
#[cfg(not(any(test, feature = "torture")))]
pub(super) fn fault() -> io::Result<()> {
    Ok(())
}
