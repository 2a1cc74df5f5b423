//! From the bytes of a file to a photo, whichever way they came.

use std::time::Duration;

use bytes::Bytes;
use contracts::AccountId;
use futures::future::join_all;
use imaging::{Error as ImageError, Format};
use serving::{Problem, Result};
use sqlx::PgConnection;
use tracing::Instrument;

use crate::about::About;
use crate::erasure;
use crate::key::PhotoKey;
use crate::owner::Owner;
use crate::processing::{Cleaned, ProcessingError, Reservation};
use crate::store::photos::PhotoRow;
use crate::store::usage::UsageRow;
use crate::store::{blobs, photos, terms, usage};
use crate::{Quota, State, cleaning, metrics, objects};

/// When to come again with an upload for which there was no room.
const SOON: Duration = Duration::from_secs(5);

/// Clean pictures that lie in the store, under a key that no row names yet.
pub(crate) struct Stored {
    cleaned: Cleaned,
    object_key: String,
}

/// Refuses what need not be read: the owner's place is taken.
pub(crate) async fn has_room(photo: &State, account: AccountId) -> Result<()> {
    let UsageRow { photos, bytes } = usage::of(&photo.pool, Owner::Account(account)).await?;
    let Quota { photos: most_photos, bytes: most_bytes } = photo.quota;
    match photos < most_photos && bytes < most_bytes {
        true => Ok(()),
        false => Err(quota_exceeded(photo.quota)),
    }
}

/// Does to its end what must not break off in the middle, though nobody may wait for it any more: whoever hangs up after the last
/// byte has a photo, or nothing is left of it.
pub(crate) async fn to_its_end<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|died| Err(Problem::internal(died)))
}

/// Makes the clean pictures, and writes them if there is room for them. What fails leaves nothing behind.
pub(crate) async fn store(photo: &State, account: AccountId, file: Bytes, reservation: Reservation) -> Result<Stored> {
    let pixels = photo.processing.judge(&file).map_err(refusal)?;
    let cleaned = photo.processing.clean(file, pixels, reservation).await.map_err(refusal)?;
    has_room_for(photo, Owner::Account(account), &cleaned).await?;
    let stored = Stored { cleaned, object_key: cleaning::new_object_key() };
    match put(photo, &stored).await {
        Ok(()) => Ok(stored),
        Err(error) => {
            discard(photo, &stored).await;
            Err(error.into())
        }
    }
}

/// Refuses what need not be written: the owner's place is too small for it.
async fn has_room_for(photo: &State, owner: Owner, cleaned: &Cleaned) -> Result<()> {
    let mut connection = photo.pool.acquire().await?;
    let kept = usage::of(&mut *connection, owner).await?;
    added(&mut connection, photo.quota, owner, kept, cleaned).await.map(drop)
}

/// How many bytes these pictures add to what an owner's photos take, if there is room for them.
async fn added(connection: &mut PgConnection, quota: Quota, owner: Owner, kept: UsageRow, cleaned: &Cleaned) -> Result<i64> {
    let size = match usage::holds(connection, owner, &cleaned.sha256).await? {
        true => 0,
        false => cleaned.size(),
    };
    match kept.photos < quota.photos && kept.bytes + size <= quota.bytes {
        true => Ok(size),
        false => Err(quota_exceeded(quota)),
    }
}

/// Writes the objects. Each call is waited for, though another has failed: one that was given up could be done by the store after what
/// it wrote was discarded.
async fn put(photo: &State, Stored { cleaned, object_key }: &Stored) -> objects::Result<()> {
    let puts = cleaned
        .pictures()
        .map(|(rendition, picture)| async move { photo.objects.put(&cleaning::object(object_key, rendition), picture.clone()).await });
    join_all(puts).await.into_iter().collect::<objects::Result<()>>()?;
    metrics::stored(cleaned.size());
    Ok(())
}

/// Makes the photo, within its owner's quota, in the transaction of the caller. If that does not commit, the objects have to be
/// [discarded](discard).
pub(crate) async fn record(
    connection: &mut PgConnection,
    quota: Quota,
    account: AccountId,
    stored: &Stored,
    about: &About,
) -> Result<PhotoRow> {
    erasure::admit(connection, account).await?;
    let (owner, Stored { cleaned, object_key }) = (Owner::Account(account), stored);
    let kept = usage::lock(connection, owner).await?;
    let size = added(connection, quota, owner, kept, cleaned).await?;
    usage::add(connection, owner, 1, size).await?;
    if blobs::refer(connection, cleaned, object_key).await? != *object_key {
        // Somebody has kept the same picture before; who, and that they have, stays between them and us.
        cleaning::discard_later(connection, object_key).await?;
    }
    let id = photos::insert(connection, owner, &cleaned.sha256, &PhotoKey::random(), about).await?;
    terms::recount(connection, None, Some(about)).await?;
    photos::find(connection, id).await?.ok_or_else(|| Problem::internal("a photo that was just made is not there"))
}

/// Refuses one more photo, of a picture that its owner has already, if there is no room for it.
pub(crate) async fn has_room_for_another(connection: &mut PgConnection, quota: Quota, owner: Owner) -> Result<()> {
    match usage::lock(connection, owner).await?.photos < quota.photos {
        true => Ok(()),
        false => Err(quota_exceeded(quota)),
    }
}

/// Leaves objects that no row names to a job. If that fails too, the sweep finds them.
pub(crate) async fn discard(photo: &State, Stored { object_key, .. }: &Stored) {
    let owed = async {
        let mut connection = photo.pool.acquire().await?;
        cleaning::discard_later(&mut connection, object_key).await
    };
    if let Err(error) = owed.await {
        tracing::warn!(%error, "failed to enqueue the deletion of objects; the sweep will delete them");
    }
}

fn quota_exceeded(Quota { photos, bytes }: Quota) -> Problem {
    let detail = format!("You may keep {photos} photos and {bytes} bytes of pictures; this one is too much. Delete some first.");
    Problem::conflict("quota-exceeded", detail)
}

/// 413 in words.
pub(crate) fn too_large(max_bytes: usize) -> Problem {
    Problem::too_large(format!("A photo may have {max_bytes} bytes at the most."))
}

/// Why there will be no photo, in a word.
fn reason(error: &ProcessingError) -> &'static str {
    match error {
        ProcessingError::Refused(ImageError::NotAnImage) => "not_an_image",
        ProcessingError::Refused(ImageError::Unsupported(_)) => "unsupported",
        ProcessingError::Refused(ImageError::TooLarge { .. } | ImageError::TooLong { .. }) => "too_large",
        ProcessingError::Refused(ImageError::Damaged(_)) => "damaged",
        ProcessingError::Refused(ImageError::Encoding(_)) | ProcessingError::Died(_) => "failed",
        ProcessingError::Busy => "busy",
        ProcessingError::ShareTaken => "share_taken",
    }
}

/// Why there will be no photo, in words that say what to do.
pub(crate) fn refusal(error: ProcessingError) -> Problem {
    metrics::refused(reason(&error));
    let taken = Format::READ;
    match error {
        ProcessingError::Refused(ImageError::NotAnImage) => {
            Problem::unsupported_media_type(format!("The file is not an image. Send one of these: {taken}."))
        }
        ProcessingError::Refused(ImageError::Unsupported(kind)) => {
            Problem::unsupported_media_type(format!("There is no way to keep {kind} images here. Send one of these: {taken}."))
        }
        ProcessingError::Refused(error @ ImageError::TooLarge { .. }) => Problem::invalid("file", format!("{error}; make it smaller")),
        ProcessingError::Refused(error @ ImageError::TooLong { .. }) => Problem::invalid("file", format!("{error}; make it shorter")),
        ProcessingError::Refused(error @ ImageError::Damaged(_)) => {
            tracing::debug!(%error, "refused an upload");
            Problem::invalid("file", "the image is damaged or incomplete; save it again in an image editor, then send that")
        }
        error @ (ProcessingError::Refused(ImageError::Encoding(_)) | ProcessingError::Died(_)) => Problem::internal(error),
        ProcessingError::ShareTaken => Problem::too_many_requests(SOON),
        ProcessingError::Busy => Problem::unavailable("Too many uploads are running. Try again in a moment.", SOON),
    }
}
