//! Connections whose other end takes nothing of what is written to it.
//!
//! hyper has a limit on the time to read a head, and none on the time to write an answer: whoever asks for large answers and reads none
//! of them would hold their connections, and whatever the answers come from, for ever.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream on which writing fails with [`io::ErrorKind::TimedOut`] once nothing was taken for as long as `patience`, while something
/// waited to be. How long nobody has anything to write does not matter.
pub(crate) struct Stalls<S> {
    stream: S,
    patience: Duration,
    /// Made only when a write has to wait.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Stalls<S> {
    pub(crate) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, waiting: None }
    }

    /// What came of a write that was tried just now, unless it has waited too long.
    fn judged<T>(&mut self, tried: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if tried.is_ready() {
            self.waiting = None;
            return tried;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalls<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalls<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(cx, buffer);
        self.judged(tried, cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.judged(tried, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn only_a_write_that_waits_is_given_up() {
        let (near, mut far) = duplex(1);
        let mut near = Stalls::new(near, PATIENCE);
        // It has said all that it has to say, and hears nothing for long.
        near.write_all(b"a").await.unwrap();
        assert!(timeout(5 * PATIENCE, near.read_u8()).await.is_err());
        let failed = near.write_all(b"b").await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);

        // Each byte that is taken gives the next as long, however long that was ago.
        assert_eq!(far.read_u8().await.unwrap(), b'a');
        near.write_all(b"b").await.unwrap();
        assert!(near.waiting.is_none());
        assert_eq!(far.read_u8().await.unwrap(), b'b');
    }
}
