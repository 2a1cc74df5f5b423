//! A tar on its way to whoever downloads it.

use std::time::Duration;

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
/// Everything in a tar comes in blocks.
const BLOCK: usize = 512;
static ZEROS: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Where files are written to.
pub(super) struct Tape(mpsc::Sender<Result<Bytes, ExportError>>);

/// A tape, and the body that it runs into.
pub(super) fn new() -> (Tape, Body) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let pieces = stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) });
    (Tape(sender), Body::from_stream(pieces))
}

impl Tape {
    /// Writes a file.
    pub(super) async fn file(&self, name: &str, contents: Bytes) -> Result<(), ExportError> {
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
    pub(super) async fn end(&self) -> Result<(), ExportError> {
        self.piece(Bytes::from_static(&ZEROS)).await
    }

    /// Ends without the end.
    pub(super) async fn break_off(&self, error: ExportError) {
        // Nobody may be there any more to notice.
        let _ = tokio::time::timeout(SLOWEST, self.0.send(Err(error))).await;
    }

    async fn piece(&self, piece: Bytes) -> Result<(), ExportError> {
        match tokio::time::timeout(SLOWEST, self.0.send(Ok(piece))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ExportError::GivenUp),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn what_is_written_is_a_tar() {
        let (tape, body) = new();
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
        let (tape, _body) = new();
        for name in ["../etc/passwd", "/etc/passwd", "a/../../b"] {
            assert!(matches!(tape.file(name, Bytes::new()).await, Err(ExportError::File(_))), "{name}");
        }
    }

    #[tokio::test]
    async fn nobody_writes_for_nobody() {
        let (tape, body) = new();
        drop(body);
        assert!(matches!(tape.end().await, Err(ExportError::GivenUp)));
    }
}
