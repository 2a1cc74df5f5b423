//! A tar on its way to whoever downloads it.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use identity::unix_now;
use tokio::sync::mpsc;

use super::ExportError;

/// Pieces that wait to be read.
const WAITING: usize = 4;
/// How long a piece waits at most. A claim on the download lasts longer.
const SLOWEST: Duration = Duration::from_secs(60);
/// Bytes for which a second more is waited: whoever reads more slowly, on the whole, is given up.
const BYTES_PER_SECOND: u32 = 32 * 1024;
/// Everything in a tar comes in blocks.
const BLOCK: usize = 512;
static ZEROS: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Where files are written to.
pub(super) struct Tape {
    pieces: mpsc::Sender<Result<Bytes, ExportError>>,
    /// How much longer is waited for the reader, over all pieces. What the services take that write is not the reader's.
    patience: Duration,
}

/// A tape, and the body that it runs into.
pub(super) fn new() -> (Tape, Body) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let pieces = stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) });
    (Tape { pieces: sender, patience: SLOWEST }, Body::from_stream(pieces))
}

impl Tape {
    /// Writes a file.
    pub(super) async fn file(&mut self, name: &str, contents: Bytes) -> Result<(), ExportError> {
        let mut header = tar::Header::new_ustar();
        // Refuses what would leave the folder in which somebody unpacks it.
        header.set_path(name)?;
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o644);
        header.set_mtime(unix_now());
        header.set_size(contents.len() as u64);
        header.set_cksum();
        let rest = contents.len() % BLOCK;
        self.piece(Bytes::copy_from_slice(header.as_bytes())).await?;
        if !contents.is_empty() {
            self.piece(contents).await?;
        }
        if rest > 0 {
            self.piece(Bytes::from_static(&ZEROS[rest..BLOCK])).await?;
        }
        Ok(())
    }

    /// Writes the end, by which an archive is known to be whole.
    pub(super) async fn end(&mut self) -> Result<(), ExportError> {
        self.piece(Bytes::from_static(&ZEROS)).await
    }

    /// Ends without the end.
    pub(super) async fn break_off(&self, error: ExportError) {
        // Nobody may be there any more to notice.
        let _ = tokio::time::timeout(SLOWEST, self.pieces.send(Err(error))).await;
    }

    async fn piece(&mut self, piece: Bytes) -> Result<(), ExportError> {
        self.patience += time_for(piece.len());
        let began = Instant::now();
        let sent = tokio::time::timeout(self.patience.min(SLOWEST), self.pieces.send(Ok(piece))).await;
        self.patience = self.patience.saturating_sub(began.elapsed());
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ExportError::GivenUp),
        }
    }
}

/// How long so many bytes may take to be read.
fn time_for(bytes: usize) -> Duration {
    Duration::from_secs(bytes as u64) / BYTES_PER_SECOND
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn what_is_written_is_a_tar() {
        let (mut tape, body) = new();
        let read = tokio::spawn(axum::body::to_bytes(body, usize::MAX));
        let files = [("README.txt", vec![b'a'; 3]), ("auth/empty.json", Vec::new()), ("photo/photos/1.jpg", vec![b'b'; 1024])];
        for (name, contents) in &files {
            tape.file(name, contents.clone().into()).await.unwrap();
        }
        tape.end().await.unwrap();
        drop(tape);
        let bytes = read.await.unwrap().unwrap();
        assert_eq!(bytes.len() % BLOCK, 0);
        let mut archive = tar::Archive::new(&bytes[..]);
        let found = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).unwrap();
            (name, contents)
        });
        let found: Vec<_> = found.collect();
        assert_eq!(found, files.map(|(name, contents)| (name.to_owned(), contents)));
    }

    #[tokio::test]
    async fn no_name_leads_out_of_the_folder() {
        let (mut tape, _body) = new();
        for name in ["../etc/passwd", "/etc/passwd", "a/../../b"] {
            assert!(matches!(tape.file(name, Bytes::new()).await, Err(ExportError::File(_))), "{name}");
        }
    }

    #[tokio::test]
    async fn nobody_writes_for_nobody() {
        let (mut tape, body) = new();
        drop(body);
        assert!(matches!(tape.end().await, Err(ExportError::GivenUp)));
    }

    /// Whoever reads a piece now and then, of a tape that has waited for them as long as it does.
    async fn written_for_a_slow_reader(contents: &Bytes) -> Result<(), ExportError> {
        let (mut tape, body) = new();
        tape.patience = Duration::ZERO;
        let mut pieces = body.into_data_stream();
        tokio::spawn(async move {
            while pieces.next().await.is_some() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        for _ in 0..20 {
            tape.file("a", contents.clone()).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn who_reads_too_little_is_given_up_though_no_piece_waits_long() {
        let written = written_for_a_slow_reader(&Bytes::from_static(b"a")).await;
        assert!(matches!(written, Err(ExportError::GivenUp)), "{written:?}");
        written_for_a_slow_reader(&Bytes::from(vec![b'a'; 128 * 1024])).await.unwrap();
        assert_eq!(time_for(3 * 32 * 1024), Duration::from_secs(3));
    }
}
