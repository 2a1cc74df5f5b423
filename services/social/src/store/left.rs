use contracts::fact::{LeftPhoto, PhotoChanged};
use contracts::photo::{PhotoState, PhotoVisibility};
use contracts::{AccountId, PhotoId};
use sqlx::PgConnection;

use super::photos::columns;

/// Lets others show, in the place of a photo, the one that its owner has left to them: where they do, in posts and their history, on
/// profiles, and as custom emoji, which are the platform's.
pub(crate) async fn hand_over(connection: &mut PgConnection, changed: &PhotoChanged, left: &LeftPhoto) -> sqlx::Result<()> {
    let PhotoState { key, visibility, alt, width, height, thumbhash, details } = &left.state;
    let (license, credit, animated) = columns(details.as_ref());
    // What is not there is shown by nobody.
    sqlx::query!(
        "insert into photos (id, owner, key, visibility, alt, width, height, thumbhash, license, credit, animated)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 where exists (select from photos where id = $12) on conflict (id) do nothing",
        left.photo as PhotoId,
        changed.owner as AccountId,
        key,
        *visibility as PhotoVisibility,
        alt,
        width,
        height,
        thumbhash,
        license,
        credit,
        animated,
        changed.photo as PhotoId,
    )
    .execute(&mut *connection)
    .await?;
    let (photo, to, owner) = (changed.photo.0, left.photo.0, changed.owner.0);
    // A statement each, with its index.
    sqlx::query!("update profiles set picture = $2 where picture = $1 and id <> $3", photo, to, owner).execute(&mut *connection).await?;
    sqlx::query!("update profiles set header = $2 where header = $1 and id <> $3", photo, to, owner).execute(&mut *connection).await?;
    sqlx::query!("update custom_emojis set photo = $2 where photo = $1", photo, to).execute(&mut *connection).await?;
    sqlx::query!("update post_photos set photo = $2 from posts where photo = $1 and posts.id = post and author <> $3", photo, to, owner,)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "update revision_photos set photo = $2 from posts where photo = $1 and posts.id = post and author <> $3",
        photo,
        to,
        owner,
    )
    .execute(connection)
    .await
    .map(drop)
}
