//! Pixels, within bounds: a burst of uploads waits or is turned away, and never takes the pod's memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use imaging::{Limits, Processed};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::field;

use crate::{PhotoConfig, metrics};

/// How long an upload waits for memory before it is turned away.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a picture that has arrived waits for its turn. Longer: what it took to get here would be lost.
const TURN: Duration = Duration::from_secs(20);
/// Pixels are counted in these, for the same reason as bytes.
const PIXELS: u64 = 1024;
/// Memory is counted in these, because a semaphore counts to 2^32 at the most.
const UNIT: usize = 1024;

/// Bounds on what is held and what is worked on at once.
#[derive(Clone)]
pub struct Processing {
    memory: Arc<Semaphore>,
    memory_units: usize,
    workers: Arc<Semaphore>,
    pixels: Arc<Semaphore>,
    pixel_units: u32,
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
    /// What it is mostly of, as in CSS.
    pub color: String,
    /// What people call that color.
    pub hue: &'static str,
    /// The original moves.
    pub animated: bool,
    /// The media type of the original; the others are WebP.
    pub original_type: &'static str,
    /// All the pixels.
    pub original: Bytes,
    /// At most 1600 pixels a side.
    pub large: Bytes,
    /// At most 800 pixels a side.
    pub small: Bytes,
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
    /// The memory set aside for uploads, or for decoding them, is taken.
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
        let pixel_units = u32::try_from(config.limits.photo_decode_pixels / PIXELS).unwrap_or(u32::MAX).max(1);
        Self {
            memory: Arc::new(Semaphore::new(memory_units)),
            memory_units,
            workers: Arc::new(Semaphore::new(config.limits.photo_workers.max(1))),
            pixels: Arc::new(Semaphore::new(usize::try_from(pixel_units).unwrap_or(Semaphore::MAX_PERMITS))),
            pixel_units,
            limits: Limits {
                max_side: config.limits.photo_max_side,
                max_pixels: config.limits.photo_max_pixels,
                max_frames: config.limits.photo_max_frames,
            },
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

    /// Refuses by its header what would be refused after it has waited for a worker, and counts the pixels of the rest.
    ///
    /// # Errors
    ///
    /// [`ProcessingError::Refused`].
    pub fn judge(&self, file: &[u8]) -> Result<u64, ProcessingError> {
        let header = imaging::inspect(file)?;
        self.limits.check(&header)?;
        Ok(header.pixels())
    }

    /// Makes the clean pictures, on a thread of its own, when it is its turn. `pixels` is what [`judge`](Self::judge) counted.
    ///
    /// # Errors
    ///
    /// [`ProcessingError::Refused`], [`ProcessingError::Busy`] or [`ProcessingError::Died`].
    pub async fn clean(&self, file: Bytes, pixels: u64, reservation: Reservation) -> Result<Cleaned, ProcessingError> {
        let limits = self.limits;
        let size = i64::try_from(pixels).unwrap_or(i64::MAX);
        let span = tracing::info_span!("photo.process", otel.name = "process picture", pixels = size, wait_seconds = field::Empty);
        // The worker first: whoever waits for one must not hold pixels that another could use.
        let counted = metrics::Counted::new();
        let asked = Instant::now();
        let deadline = asked + TURN;
        let turn = timeout_at(deadline, self.workers.clone().acquire_owned()).await.map_err(|_| ProcessingError::Busy)?;
        let units = u32::try_from(pixels.div_ceil(PIXELS)).unwrap_or(u32::MAX).min(self.pixel_units);
        let room = timeout_at(deadline, self.pixels.clone().acquire_many_owned(units)).await.map_err(|_| ProcessingError::Busy)?;
        let held = (turn.expect("the semaphore is never closed"), room.expect("the semaphore is never closed"));
        let waited = asked.elapsed();
        metrics::waited(waited);
        span.record("wait_seconds", waited.as_secs_f64());
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who hangs up does not stop it, and must not let the next one in.
            let (_held, _counted) = (held, counted);
            let start = Instant::now();
            let processed = span.in_scope(|| imaging::process(&file, &limits));
            metrics::worked(start.elapsed(), processed.is_ok());
            let Processed { original, large, small, thumb, thumbhash, color, width, height, animated } = processed?;
            Ok::<_, ProcessingError>(Cleaned {
                sha256: Sha256::digest(&original.bytes).into(),
                width,
                height,
                thumbhash,
                color: color.hex(),
                hue: color.hue().name(),
                animated,
                original_type: original.format.media_type(),
                original: original.bytes.into(),
                large: large.bytes.into(),
                small: small.bytes.into(),
                thumb: thumb.bytes.into(),
                _memory: reservation.permit,
            })
        });
        work.await?
    }
}

impl Cleaned {
    /// Bytes of all the pictures together.
    pub fn size(&self) -> i64 {
        let Self { original, large, small, thumb, .. } = self;
        let bytes: usize = [original, large, small, thumb].into_iter().map(Bytes::len).sum();
        i64::try_from(bytes).expect("pictures fit in memory")
    }
}
