use contracts::id::{AlbumId, UseId};
use contracts::{AccountId, PhotoId};
use sqlx::{PgPool, query_as, query_scalar};

/// What it takes to hand out a photo's original.
pub(crate) struct OriginalRow {
    pub(crate) id: PhotoId,
    pub(crate) object_key: String,
    pub(crate) original_type: String,
    pub(crate) original_size: i64,
}

/// The originals of some photos, in no order.
pub(crate) async fn originals(pool: &PgPool, photos: &[i64]) -> sqlx::Result<Vec<OriginalRow>> {
    query_as!(
        OriginalRow,
        r#"select photos.id as "id: PhotoId", object_key, original_type, original_size
           from photos join blobs on sha256 = blob where photos.id = any($1)"#,
        photos,
    )
    .fetch_all(pool)
    .await
}

/// The photos of an album, in their order.
pub(crate) async fn in_album(pool: &PgPool, album: AlbumId) -> sqlx::Result<Vec<PhotoId>> {
    query_scalar!(r#"select photo as "photo: PhotoId" from album_photos where album = $1 order by position"#, album.0).fetch_all(pool).await
}

/// Where an account shows another's photo.
pub(crate) struct UseRow {
    pub(crate) id: UseId,
    pub(crate) photo: PhotoId,
    pub(crate) source: String,
    pub(crate) url: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) created_at: jiff::Timestamp,
}

/// Some of the uses that an account makes of others' photos, those after one of them.
pub(crate) async fn uses(pool: &PgPool, account: AccountId, after: i64, most: i64) -> sqlx::Result<Vec<UseRow>> {
    query_as!(
        UseRow,
        r#"select id as "id: UseId", photo as "photo: PhotoId", source, url, note, created_at
           from photo_uses where account = $1 and id > $2 order by id limit $3"#,
        account.0,
        after,
        most,
    )
    .fetch_all(pool)
    .await
}
