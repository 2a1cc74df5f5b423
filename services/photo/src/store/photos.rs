use contracts::photo::{PhotoState, PhotoVisibility, UsablePhoto};
use contracts::{AccountId, PhotoId};
use serving::Page;
use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as, query_scalar};

use crate::key::PhotoKey;
use crate::owner::Owner;

/// A photo with what its blob tells.
pub(crate) struct PhotoRow {
    pub(crate) id: PhotoId,
    pub(crate) owner: Owner,
    pub(crate) key: String,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) title: String,
    pub(crate) alt: String,
    pub(crate) tags: Vec<String>,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) thumbhash: String,
    pub(crate) created_at: jiff::Timestamp,
}

impl PhotoRow {
    /// What other services keep of it.
    pub(crate) fn state(&self) -> PhotoState {
        let Self { key, visibility, alt, width, height, thumbhash, .. } = self;
        PhotoState {
            key: key.clone(),
            visibility: *visibility,
            alt: alt.clone(),
            width: *width,
            height: *height,
            thumbhash: thumbhash.clone(),
        }
    }
}

/// What it takes to serve a photo's bytes, and to decide whether to.
pub(crate) struct BytesRow {
    pub(crate) id: PhotoId,
    pub(crate) owner: Owner,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) sha256: Vec<u8>,
    pub(crate) object_key: String,
    pub(crate) original_type: String,
    pub(crate) original_size: i64,
    pub(crate) large_size: i64,
    pub(crate) thumb_size: i64,
}

/// What a person says about a photo.
pub(crate) struct Description<'a> {
    pub(crate) key: &'a PhotoKey,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) title: &'a str,
    pub(crate) alt: &'a str,
    pub(crate) tags: &'a [String],
}

/// Which photos are looked for; each condition that is there must hold.
pub(crate) struct Sought {
    /// Whose.
    pub(crate) owner: Option<Owner>,
    /// Whose private ones may be found.
    pub(crate) myself: Option<Owner>,
    pub(crate) tag: Option<String>,
    /// A `tsquery`.
    pub(crate) words: Option<String>,
}

/// `query_as!` of a [`PhotoRow`], given what comes after the join.
macro_rules! select_photos {
    ($rest:tt, $($argument:tt)*) => {
        query_as!(
            PhotoRow,
            r#"select photos.id as "id: PhotoId", owner as "owner: Owner", key, visibility as "visibility: PhotoVisibility",
                   title, alt, tags, width, height, thumbhash, photos.created_at
               from photos join blobs on blobs.sha256 = photos.blob "# + $rest,
            $($argument)*
        )
    };
}

/// One photo.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: PhotoId) -> sqlx::Result<Option<PhotoRow>> {
    select_photos!("where photos.id = $1", id.0).fetch_optional(executor).await
}

/// One photo, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: PhotoId) -> sqlx::Result<Option<PhotoRow>> {
    select_photos!("where photos.id = $1 for update of photos", id.0).fetch_optional(connection).await
}

/// What is sought, in the order of the page and one more than it holds.
pub(crate) async fn search(pool: &PgPool, sought: &Sought, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    let (owner, myself) = (sought.owner.map(|owner| owner.to_string()), sought.myself.map(|owner| owner.to_string()));
    let one_more = page.limit + 1;
    if page.ascending() {
        select_photos!(
            "where (visibility = 'public' or owner = $1) and ($2::text is null or owner = $2)
                 and ($3::text is null or tags @> array[$3]) and ($4::text is null or search @@ to_tsquery('simple', $4))
                 and photos.id > $5
             order by photos.id limit $6",
            myself,
            owner,
            sought.tag,
            sought.words,
            page.after,
            one_more
        )
        .fetch_all(pool)
        .await
    } else {
        select_photos!(
            "where (visibility = 'public' or owner = $1) and ($2::text is null or owner = $2)
                 and ($3::text is null or tags @> array[$3]) and ($4::text is null or search @@ to_tsquery('simple', $4))
                 and photos.id > $5 and photos.id < $6
             order by photos.id desc limit $7",
            myself,
            owner,
            sought.tag,
            sought.words,
            page.after,
            page.before,
            one_more
        )
        .fetch_all(pool)
        .await
    }
}

/// The photo at an address.
pub(crate) async fn at(pool: &PgPool, key: &PhotoKey) -> sqlx::Result<Option<BytesRow>> {
    query_as!(
        BytesRow,
        r#"select id as "id: PhotoId", owner as "owner: Owner", visibility as "visibility: PhotoVisibility",
               sha256, object_key, original_type, original_size, large_size, thumb_size
           from photos join blobs on sha256 = blob where key = $1"#,
        key.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// Those of `photos` that are public or `author`'s own, in no order.
pub(crate) async fn usable(pool: &PgPool, author: AccountId, photos: &[i64]) -> sqlx::Result<Vec<UsablePhoto>> {
    let author = Owner::Account(author).to_string();
    let rows =
        select_photos!("where photos.id = any($1) and (visibility = 'public' or owner = $2)", photos, author).fetch_all(pool).await?;
    let usable = rows.into_iter().map(|row| {
        let Owner::Account(owner) = row.owner;
        UsablePhoto { id: row.id, owner, state: row.state() }
    });
    Ok(usable.collect())
}

/// A new photo of the blob `sha256`.
pub(crate) async fn insert(connection: &mut PgConnection, owner: Owner, sha256: &[u8], photo: &Description<'_>) -> sqlx::Result<PhotoId> {
    query_scalar!(
        r#"insert into photos (owner, blob, key, visibility, title, alt, tags) values ($1, $2, $3, $4, $5, $6, $7)
           returning id as "id: PhotoId""#,
        owner.to_string(),
        sha256,
        photo.key.as_str(),
        photo.visibility as PhotoVisibility,
        photo.title,
        photo.alt,
        photo.tags,
    )
    .fetch_one(connection)
    .await
}

/// Says something else about a photo.
pub(crate) async fn update(connection: &mut PgConnection, id: PhotoId, photo: &Description<'_>) -> sqlx::Result<()> {
    query!(
        "update photos set key = $2, visibility = $3, title = $4, alt = $5, tags = $6 where id = $1",
        id.0,
        photo.key.as_str(),
        photo.visibility as PhotoVisibility,
        photo.title,
        photo.alt,
        photo.tags,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes a photo and answers which blob it referred to.
pub(crate) async fn delete(connection: &mut PgConnection, id: PhotoId) -> sqlx::Result<Vec<u8>> {
    query_scalar!("delete from photos where id = $1 returning blob", id.0).fetch_one(connection).await
}
