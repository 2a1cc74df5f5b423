use contracts::PhotoId;
use contracts::id::AlbumId;
use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use crate::owner::Owner;

/// A photo in its place.
pub(crate) struct Placed {
    pub(crate) photo: PhotoId,
    pub(crate) position: i32,
}

/// The photos of an album that `viewer` sees, beyond a place: what comes after it in their order, or backwards what comes before it.
/// Those that are missing are there for their owner only.
pub(crate) async fn beyond(
    pool: &PgPool,
    album: AlbumId,
    viewer: Option<Owner>,
    place: i64,
    backwards: bool,
    most: i64,
) -> sqlx::Result<Vec<Placed>> {
    let viewer = viewer.map(|viewer| viewer.to_string());
    if backwards {
        query_as!(
            Placed,
            r#"select photo as "photo: PhotoId", position from album_photos join photos on photos.id = photo
               where album = $1 and (visibility = 'public' or owner = $2) and not owner_is_hidden(owner)
                   and (owner = $2 or not exists (select from blobs where sha256 = blob and missing_since is not null))
                   and position < $3::bigint
               order by position desc limit $4"#,
            album.0,
            viewer,
            place,
            most,
        )
        .fetch_all(pool)
        .await
    } else {
        query_as!(
            Placed,
            r#"select photo as "photo: PhotoId", position from album_photos join photos on photos.id = photo
               where album = $1 and (visibility = 'public' or owner = $2) and not owner_is_hidden(owner)
                   and (owner = $2 or not exists (select from blobs where sha256 = blob and missing_since is not null))
                   and position > $3::bigint
               order by position limit $4"#,
            album.0,
            viewer,
            place,
            most,
        )
        .fetch_all(pool)
        .await
    }
}

/// All the photos of an album.
pub(crate) async fn all(connection: &mut PgConnection, album: AlbumId) -> sqlx::Result<Vec<i64>> {
    query_scalar!("select photo from album_photos where album = $1", album.0).fetch_all(connection).await
}

/// Whether a photo is in an album.
pub(crate) async fn contains(connection: &mut PgConnection, album: AlbumId, photo: PhotoId) -> sqlx::Result<bool> {
    query_scalar!(r#"select exists (select from album_photos where album = $1 and photo = $2) as "contains!""#, album.0, photo.0,)
        .fetch_one(connection)
        .await
}

/// Puts a photo at the end of an album, which must be locked.
pub(crate) async fn append(connection: &mut PgConnection, album: AlbumId, photo: PhotoId) -> sqlx::Result<()> {
    query!(
        "insert into album_photos (album, photo, position)
         select $1, $2, coalesce(max(position) + 1, 0) from album_photos where album = $1",
        album.0,
        photo.0,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Moves a photo of an album to the place `index`, counted from zero; beyond the end is the end. The album must be locked.
pub(crate) async fn place(connection: &mut PgConnection, album: AlbumId, photo: PhotoId, index: i64) -> sqlx::Result<()> {
    query!(
        "update album_photos set position = placed.place
         from (
             select others.photo, others.rank + case when others.rank >= $3::bigint then 1 else 0 end as place
             from (
                 select photo, row_number() over (order by position) - 1 as rank
                 from album_photos where album = $1 and photo <> $2
             ) others
             union all
             select $2, least($3, (select count(*) from album_photos where album = $1 and photo <> $2))
         ) placed
         where album = $1 and album_photos.photo = placed.photo and position <> placed.place",
        album.0,
        photo.0,
        index,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Takes a photo out of an album, which must be locked. `false` if it was not in it.
pub(crate) async fn remove(connection: &mut PgConnection, album: AlbumId, photo: PhotoId) -> sqlx::Result<bool> {
    let removed = query!("delete from album_photos where album = $1 and photo = $2", album.0, photo.0).execute(connection).await?;
    Ok(removed.rows_affected() > 0)
}

/// Takes a photo out of all albums but its owner's.
pub(crate) async fn remove_from_others(connection: &mut PgConnection, photo: PhotoId, owner: Owner) -> sqlx::Result<()> {
    query!(
        "delete from album_photos using albums where albums.id = album and photo = $1 and albums.owner <> $2",
        photo.0,
        owner.to_string(),
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Puts another photo in the place of one in all albums but its owner's.
pub(crate) async fn hand_over(connection: &mut PgConnection, photo: PhotoId, to: PhotoId, owner: Owner) -> sqlx::Result<()> {
    query!(
        "update album_photos set photo = $2 from albums where albums.id = album and photo = $1 and albums.owner <> $3",
        photo.0,
        to.0,
        owner.to_string(),
    )
    .execute(connection)
    .await
    .map(drop)
}
