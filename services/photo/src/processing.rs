//! Pixels, within bounds: a burst of uploads waits or is turned away, and never takes the pod's memory.

mod cleaned;
mod shared;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contracts::AccountId;
use imaging::Limits;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::field;

pub use self::cleaned::Cleaned;
use self::shared::{Shared, Taken};
use crate::{PhotoConfig, metrics};

/// How long an upload waits for memory before it is turned away.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a picture that has arrived waits for its turn. Longer: what it took to get here would be lost.
const TURN: Duration = Duration::from_secs(20);
/// Bytes and pixels are counted in these, because a semaphore counts to 2^32 at the most.
const UNIT: usize = 1024;
/// What a pixel takes while it is processed, in bytes, at the most.
const BYTES_OF_A_PIXEL: usize = 12;

/// Bounds on what is held and what is worked on at once, by all and by one account.
pub struct Processing {
    memory: Shared,
    workers: Shared,
    pixels: Arc<Semaphore>,
    pixel_units: u32,
    limits: Limits,
    max_bytes: usize,
}

/// Memory set aside for one upload, until it is dropped.
pub struct Reservation {
    /// How many bytes may be held.
    pub bytes: usize,
    account: AccountId,
    memory: Taken,
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
    /// The account's share of that is taken, by other uploads of the same account.
    #[error("the account's share of the memory for uploads is taken")]
    ShareTaken,
    /// A decoder or encoder panicked.
    #[error("a worker died over a picture")]
    Died(#[from] tokio::task::JoinError),
}

impl Processing {
    /// Within the bounds of `config`.
    pub fn new(config: &PhotoConfig) -> Self {
        let limits = &config.limits;
        let largest = memory_of(limits.photo_max_bytes);
        let memory = units(limits.photo_upload_memory, UNIT).max(largest);
        let workers = units(limits.photo_workers, 1).max(1);
        let pixel_units = u32::try_from(limits.photo_decode_pixels / UNIT as u64).unwrap_or(u32::MAX).max(1);
        Self {
            // An account has an eighth of it, and room for the largest file in any case.
            memory: Shared::new(memory, (memory / 8).max(largest)),
            // An account that is alone has them all. Where others wait, whatever else it has to do waits behind them.
            workers: Shared::new(workers, workers),
            pixels: shared::semaphore(pixel_units),
            pixel_units,
            limits: Limits { max_side: limits.photo_max_side, max_pixels: limits.photo_max_pixels, max_frames: limits.photo_max_frames },
            max_bytes: limits.photo_max_bytes,
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
    /// [`ProcessingError::Busy`] if there is none for five seconds, or [`ProcessingError::ShareTaken`] if the account has taken its
    /// share of it.
    pub async fn reserve(&self, account: AccountId, declared: Option<usize>) -> Result<Reservation, ProcessingError> {
        let bytes = declared.unwrap_or(self.max_bytes).min(self.max_bytes);
        let memory = self.memory.take(account, memory_of(bytes), Instant::now() + PATIENCE).await?;
        Ok(Reservation { bytes, account, memory })
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
    /// [`ProcessingError::Refused`], [`ProcessingError::Busy`], [`ProcessingError::ShareTaken`] or [`ProcessingError::Died`].
    pub async fn clean(&self, file: Bytes, pixels: u64, reservation: Reservation) -> Result<Cleaned, ProcessingError> {
        let limits = self.limits;
        let Reservation { bytes, account, memory } = reservation;
        let size = i64::try_from(pixels).unwrap_or(i64::MAX);
        let span = tracing::info_span!("photo.process", otel.name = "process picture", pixels = size, wait_seconds = field::Empty);
        // The worker first: whoever waits for one must not hold pixels that another could use.
        let counted = metrics::Counted::new();
        let asked = Instant::now();
        let deadline = asked + TURN;
        let turn = self.workers.take(account, 1, deadline).await?;
        let wanted = u32::try_from(pixels.div_ceil(UNIT as u64)).unwrap_or(u32::MAX).min(self.pixel_units);
        let room = timeout_at(deadline, self.pixels.clone().acquire_many_owned(wanted)).await.map_err(|_| ProcessingError::Busy)?;
        let mut room = room.expect("the semaphore is never closed");
        let waited = asked.elapsed();
        metrics::waited(waited);
        span.record("wait_seconds", waited.as_secs_f64());
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller who hangs up does not stop it, and must not let the next one in.
            let (_turn, _counted) = (turn, counted);
            let start = Instant::now();
            let processed = span.in_scope(|| imaging::process(&file, &limits));
            metrics::worked(start.elapsed(), processed.is_ok());
            let processed = processed?;
            // Of the room for pixels, what the pictures need beyond the file's memory is theirs until they are stored.
            let pictures: usize = processed.all().into_iter().map(|picture| picture.bytes.len()).sum();
            let beyond = pictures.saturating_sub(2 * bytes).div_ceil(BYTES_OF_A_PIXEL * UNIT);
            let kept = room.split(beyond.min(room.num_permits()));
            Ok::<_, ProcessingError>(Cleaned::new(processed, memory, kept))
        });
        work.await?
    }
}

/// Memory for an upload of so many bytes: twice as many. Beside the file there is what the parser of the form has read ahead,
/// and later the clean pictures.
fn memory_of(bytes: usize) -> u32 {
    units(bytes.saturating_mul(2), UNIT)
}

fn units(amount: usize, unit: usize) -> u32 {
    u32::try_from(amount.div_ceil(unit)).unwrap_or(u32::MAX)
}
