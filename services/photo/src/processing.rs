//! Pixels, within bounds: a burst of uploads waits or is turned away, and never takes the pod's memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use imaging::{Limits, Processed};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::PhotoConfig;

/// How long an upload waits for memory before it is turned away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Memory is counted in these, because a semaphore counts to 2^32 at the most.
const UNIT: usize = 1024;

/// Bounds on what is held and what is worked on at once.
#[derive(Clone)]
pub struct Processing {
    memory: Arc<Semaphore>,
    memory_units: usize,
    workers: Arc<Semaphore>,
    limits: Limits,
    max_bytes: usize,
}

/// Memory set aside for one upload, until it is dropped.
pub struct Reservation {
    /// How many bytes may be held.
    pub bytes: usize,
    permit: OwnedSemaphorePermit,
}

/// The clean pictures of an upload.
pub struct Cleaned {
    /// SHA-256 of the original.
    pub sha256: [u8; 32],
    /// Pixels of the original.
    pub width: u32,
    /// Pixels of the original.
    pub height: u32,
    /// A placeholder, in base64.
    pub thumbhash: String,
    /// The media type of the original; the others are WebP.
    pub original_type: &'static str,
    /// All the pixels.
    pub original: Bytes,
    /// At most 1600 pixels a side.
    pub large: Bytes,
    /// At most 400 pixels a side.
    pub thumb: Bytes,
    /// For the pictures take the place of the file.
    _memory: OwnedSemaphorePermit,
}

/// Why an upload gave no pictures.
#[derive(Debug, thiserror::Error)]
pub enum ProcessingError {
    /// The file's fault.
    #[error(transparent)]
    Refused(#[from] imaging::Error),
    /// The memory set aside for uploads is taken.
    #[error("the memory for uploads is taken")]
    Busy,
    /// A decoder or encoder panicked.
    #[error("a worker died over a picture")]
    Died(#[from] tokio::task::JoinError),
}

impl Processing {
    /// Within the bounds of `config`.
    pub fn new(config: &PhotoConfig) -> Self {
        let memory_units = (config.limits.photo_upload_memory / UNIT).clamp(1, u32::MAX as usize);
        Self {
            memory: Arc::new(Semaphore::new(memory_units)),
            memory_units,
            workers: Arc::new(Semaphore::new(config.limits.photo_workers.max(1))),
            limits: Limits { max_side: config.limits.photo_max_side, max_pixels: config.limits.photo_max_pixels },
            max_bytes: config.limits.photo_max_bytes,
        }
    }

    /// The largest file that is taken, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Sets memory aside for a request of `declared` bytes before any of it is read. All at once: uploads that each held
    /// a part and waited for the rest would wait for each other for ever.
    ///
    /// # Errors
    ///
    /// [`ProcessingError::Busy`] if there is none for five seconds.
    pub async fn reserve(&self, declared: Option<usize>) -> Result<Reservation, ProcessingError> {
        let bytes = declared.unwrap_or(self.max_bytes).min(self.max_bytes);
        // Twice: beside the file there is what the parser of the form has read ahead, and later the clean pictures.
        let units = (2 * bytes).div_ceil(UNIT).min(self.memory_units);
        let units = u32::try_from(units).expect("no more than there are");
        match timeout(PATIENCE, self.memory.clone().acquire_many_owned(units)).await {
            Ok(permit) => Ok(Reservation { bytes, permit: permit.expect("the semaphore is never closed") }),
            Err(_) => Err(ProcessingError::Busy),
        }
    }

    /// Refuses by its header what would be refused after it has waited for a worker.
    ///
    /// # Errors
    ///
    /// [`ProcessingError::Refused`].
    pub fn judge(&self, file: &[u8]) -> Result<(), ProcessingError> {
        Ok(self.limits.check(&imaging::inspect(file)?)?)
    }

    /// Makes the clean pictures, on a thread of its own, when it is its turn.
    ///
    /// # Errors
    ///
    /// [`ProcessingError::Refused`], or [`ProcessingError::Died`].
    pub async fn clean(&self, file: Bytes, reservation: Reservation) -> Result<Cleaned, ProcessingError> {
        let limits = self.limits;
        let turn = self.workers.clone().acquire_owned().await.expect("the semaphore is never closed");
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who hangs up does not stop it, and must not let the next one in.
            let _turn = turn;
            let Processed { original, large, thumb, thumbhash, width, height } = imaging::process(&file, &limits)?;
            Ok::<_, ProcessingError>(Cleaned {
                sha256: Sha256::digest(&original.bytes).into(),
                width,
                height,
                thumbhash,
                original_type: original.format.media_type(),
                original: original.bytes.into(),
                large: large.bytes.into(),
                thumb: thumb.bytes.into(),
                _memory: reservation.permit,
            })
        });
        work.await?
    }
}
