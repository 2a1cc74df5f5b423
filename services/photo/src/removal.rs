//! How a photo goes, in the transaction of whoever lets it go.

use contracts::fact::{Fact, LeftPhoto, PhotoChanged};
use facts::FactId;
use sqlx::PgConnection;

use crate::cleaning;
use crate::owner::Owner;
use crate::store::photos::PhotoRow;
use crate::store::{album_photos, blobs, photos, terms, uploads, usage, uses};

/// Deletes a photo, which must be locked, with all that hangs on it, and tells it, and what others show in its place.
pub(crate) async fn remove(connection: &mut PgConnection, photo: &PhotoRow, left: Option<Box<LeftPhoto>>) -> sqlx::Result<FactId> {
    usage::lock(connection, photo.owner).await?;
    uploads::outlive(connection, photo.id).await?;
    let blob = photos::delete(connection, photo.id).await?;
    let freed = match usage::holds(connection, photo.owner, &blob).await? {
        true => 0,
        false => usage::size(connection, &blob).await?,
    };
    usage::add(connection, photo.owner, -1, -freed).await?;
    if let Some(object_key) = blobs::release(connection, &blob).await? {
        cleaning::delete_later(connection, &object_key).await?;
    }
    let Owner::Account(owner) = photo.owner;
    let told = facts::publish(connection, &Fact::PhotoChanged(PhotoChanged { photo: photo.id, owner, state: None, left })).await?;
    if !photo.left {
        terms::recount(connection, Some(&photo.about()), None).await?;
    }
    Ok(told)
}

/// Leaves a public photo, which must be locked, to those who show it: as a copy at its addresses, of an id that is theirs alone, so
/// that what its owner shows stays its owner's, who has to take back or delete the photo itself. No search finds the copy. It counts
/// for its owner until it is gone, or anybody could keep pictures for nothing that a second account shows: whether there is room for
/// one more is up to the caller.
pub(crate) async fn leave(connection: &mut PgConnection, photo: &PhotoRow) -> sqlx::Result<Box<LeftPhoto>> {
    usage::lock(connection, photo.owner).await?;
    usage::add(connection, photo.owner, 1, 0).await?;
    blobs::retain(connection, &photo.blob).await?;
    let copy = photos::leave_copy(connection, photo).await?;
    uses::hand_over(connection, photo.id, copy).await?;
    album_photos::hand_over(connection, photo.id, copy, photo.owner).await?;
    Ok(Box::new(LeftPhoto { photo: copy, state: photo.state() }))
}
