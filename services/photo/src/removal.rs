//! How a photo goes, in the transaction of whoever lets it go.

use contracts::fact::{Fact, PhotoChanged};
use facts::FactId;
use sqlx::PgConnection;

use crate::cleaning;
use crate::owner::Owner;
use crate::store::photos::PhotoRow;
use crate::store::{album_photos, blobs, photos, terms, usage};

/// Deletes a photo, which must be locked, with all that hangs on it, and tells it.
pub(crate) async fn remove(connection: &mut PgConnection, photo: &PhotoRow) -> sqlx::Result<FactId> {
    usage::lock(connection, photo.owner).await?;
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
    let told = facts::publish(connection, &Fact::PhotoChanged(PhotoChanged { photo: photo.id, owner, state: None })).await?;
    if !photo.left {
        terms::recount(connection, Some(&photo.about()), None).await?;
    }
    Ok(told)
}

/// Leaves a public photo, which must be locked, to those who show it: no search finds it, and it is out of its owner's albums. It
/// counts for its owner until it is gone, or anybody could keep pictures for nothing that a second account shows.
pub(crate) async fn leave(connection: &mut PgConnection, photo: &PhotoRow) -> sqlx::Result<()> {
    photos::leave(connection, photo.id).await?;
    album_photos::remove_from_own(connection, photo.id, photo.owner).await?;
    terms::recount(connection, Some(&photo.about()), None).await
}
