use contracts::photo::{PhotoDetails, PhotoState, PhotoVisibility, UsablePhoto};
use contracts::{AccountId, PhotoId};
use serving::Page;
use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as, query_scalar};

use crate::about::About;
use crate::key::PhotoKey;
use crate::license::License;
use crate::owner::Owner;
use crate::store::sizes::Sizes;

/// A photo with what its blob tells.
pub(crate) struct PhotoRow {
    pub(crate) id: PhotoId,
    pub(crate) owner: Owner,
    pub(crate) blob: Vec<u8>,
    pub(crate) key: String,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) title: String,
    pub(crate) alt: String,
    pub(crate) tags: Vec<String>,
    pub(crate) license: License,
    pub(crate) credit: String,
    pub(crate) uses: i32,
    /// Its owner has left it to those who show it: it is a copy of what they have taken back.
    pub(crate) left: bool,
    /// Some of its files are not in the bucket.
    pub(crate) missing: bool,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) thumbhash: String,
    pub(crate) color: String,
    pub(crate) animated: bool,
    pub(crate) created_at: jiff::Timestamp,
}

impl PhotoRow {
    /// What other services keep of it.
    pub(crate) fn state(&self) -> PhotoState {
        let Self { key, visibility, alt, width, height, thumbhash, license, credit, animated, .. } = self;
        let details = PhotoDetails { license: license.id().to_owned(), credit: credit.clone(), animated: *animated };
        PhotoState {
            key: key.clone(),
            visibility: *visibility,
            alt: alt.clone(),
            width: *width,
            height: *height,
            thumbhash: thumbhash.clone(),
            details: Some(details),
        }
    }

    /// What its owner says of it.
    pub(crate) fn about(&self) -> About {
        About {
            visibility: self.visibility,
            title: self.title.clone(),
            alt: self.alt.clone(),
            tags: self.tags.clone(),
            license: self.license,
            credit: self.credit.clone(),
        }
    }

    /// Whether `viewer` owns it, and still does.
    pub(crate) fn is_of(&self, viewer: AccountId) -> bool {
        self.owner == Owner::Account(viewer) && !self.left
    }

    /// Whether everybody may see it.
    pub(crate) fn is_public(&self) -> bool {
        self.visibility == PhotoVisibility::Public
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
    pub(crate) sizes: Sizes,
}

/// `query_as!` of a [`PhotoRow`], given what comes after the join.
macro_rules! select_photos {
    ($rest:tt, $($argument:tt)*) => {
        query_as!(
            PhotoRow,
            r#"select photos.id as "id: PhotoId", owner as "owner: Owner", blob, key, visibility as "visibility: PhotoVisibility",
                   title, alt, tags, license as "license: License", credit, uses, left_at is not null as "left!",
                   missing_since is not null as "missing!", width, height, thumbhash, color, animated, photos.created_at
               from photos join blobs on blobs.sha256 = photos.blob "# + $rest,
            $($argument)*
        )
    };
}

/// One photo, unless its owner is hidden.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: PhotoId) -> sqlx::Result<Option<PhotoRow>> {
    select_photos!("where photos.id = $1 and not owner_is_hidden(owner)", id.0).fetch_optional(executor).await
}

/// One photo, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: PhotoId) -> sqlx::Result<Option<PhotoRow>> {
    select_photos!("where photos.id = $1 for update of photos", id.0).fetch_optional(connection).await
}

/// Some photos, locked until the transaction ends; always in one order, so that no two transactions wait for each other.
pub(crate) async fn lock_all(connection: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<PhotoRow>> {
    select_photos!("where photos.id = any($1) order by photos.id for update of photos", ids).fetch_all(connection).await
}

/// Some photos, in no order, without those of hidden owners.
pub(crate) async fn all(pool: &PgPool, ids: &[i64]) -> sqlx::Result<Vec<PhotoRow>> {
    select_photos!("where photos.id = any($1) and not owner_is_hidden(owner)", ids).fetch_all(pool).await
}

/// Some photos of the blob with these objects, each with its owner.
pub(crate) async fn of_blob(pool: &PgPool, object_key: &str, most: i64) -> sqlx::Result<Vec<(PhotoId, Owner)>> {
    query!(
        r#"select photos.id as "id: PhotoId", owner as "owner: Owner" from photos join blobs on sha256 = blob
           where object_key = $1 order by photos.id limit $2"#,
        object_key,
        most,
    )
    .map(|row| (row.id, row.owner))
    .fetch_all(pool)
    .await
}

/// Some of all the photos of an owner, those after one of them.
pub(crate) async fn of_owner(pool: &PgPool, owner: Owner, after: i64, most: i64) -> sqlx::Result<Vec<PhotoRow>> {
    let owner = owner.to_string();
    select_photos!("where owner = $1 and photos.id > $2 order by photos.id limit $3", owner, after, most).fetch_all(pool).await
}

/// The photos that an owner has left to those who show them, in the order of the page and one more than it holds.
pub(crate) async fn left_by(pool: &PgPool, owner: Owner, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    let (owner, one_more) = (owner.to_string(), page.limit + 1);
    if let Some(after) = page.after() {
        select_photos!(
            "where owner = $1 and left_at is not null and not owner_is_hidden(owner) and photos.id > $2
             order by photos.id limit $3",
            owner,
            after,
            one_more
        )
        .fetch_all(pool)
        .await
    } else {
        select_photos!(
            "where owner = $1 and left_at is not null and not owner_is_hidden(owner) and photos.id < $2
             order by photos.id desc limit $3",
            owner,
            page.before(),
            one_more
        )
        .fetch_all(pool)
        .await
    }
}

/// The photo at an address, unless its owner is hidden.
pub(crate) async fn at(pool: &PgPool, key: &PhotoKey) -> sqlx::Result<Option<BytesRow>> {
    query!(
        r#"select id as "id: PhotoId", owner as "owner: Owner", visibility as "visibility: PhotoVisibility",
               sha256, object_key, original_type, original_size, large_size, small_size, thumb_size,
               large_jpeg_size, small_jpeg_size, thumb_jpeg_size
           from photos join blobs on sha256 = blob where key = $1 and not owner_is_hidden(owner)"#,
        key.as_str(),
    )
    .map(|row| BytesRow {
        id: row.id,
        owner: row.owner,
        visibility: row.visibility,
        sha256: row.sha256,
        object_key: row.object_key,
        original_type: row.original_type,
        sizes: Sizes {
            original: row.original_size,
            large: row.large_size,
            small: row.small_size,
            thumb: row.thumb_size,
            large_jpeg: row.large_jpeg_size,
            small_jpeg: row.small_jpeg_size,
            thumb_jpeg: row.thumb_jpeg_size,
        },
    })
    .fetch_optional(pool)
    .await
}

/// Those of `photos` that `author` may show, in no order: their own and public ones. One that was left to those who show it
/// is for nobody else.
pub(crate) async fn usable(pool: &PgPool, author: AccountId, photos: &[i64]) -> sqlx::Result<Vec<UsablePhoto>> {
    let owner = Owner::Account(author).to_string();
    let rows = select_photos!(
        "where photos.id = any($1) and (visibility = 'public' or owner = $2) and not owner_is_hidden(owner)
             and (left_at is null or exists (select from photo_uses where photo = photos.id and account = $3))",
        photos,
        owner,
        author.0
    )
    .fetch_all(pool)
    .await?;
    let usable = rows.into_iter().map(|row| {
        let Owner::Account(owner) = row.owner;
        UsablePhoto { id: row.id, owner, state: row.state() }
    });
    Ok(usable.collect())
}

/// A new photo of the blob `sha256`.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    owner: Owner,
    sha256: &[u8],
    key: &PhotoKey,
    about: &About,
) -> sqlx::Result<PhotoId> {
    let words = about.words();
    query_scalar!(
        r#"insert into photos (owner, blob, key, visibility, title, alt, tags, license, credit, words)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           returning id as "id: PhotoId""#,
        owner.to_string(),
        sha256,
        key.as_str(),
        about.visibility as PhotoVisibility,
        about.title,
        about.alt,
        about.tags.as_slice(),
        about.license.id(),
        about.credit,
        words.as_slice(),
    )
    .fetch_one(connection)
    .await
}

/// Says something else about a photo.
pub(crate) async fn update(connection: &mut PgConnection, id: PhotoId, key: &PhotoKey, about: &About) -> sqlx::Result<()> {
    let words = about.words();
    query!(
        "update photos set key = $2, visibility = $3, title = $4, alt = $5, tags = $6, license = $7, credit = $8, words = $9
         where id = $1",
        id.0,
        key.as_str(),
        about.visibility as PhotoVisibility,
        about.title,
        about.alt,
        about.tags.as_slice(),
        about.license.id(),
        about.credit,
        words.as_slice(),
    )
    .execute(connection)
    .await
    .map(drop)
}

/// A copy of a photo, which must be locked, that is left to those who show it, at the addresses that it had. It gets others itself.
pub(crate) async fn leave_copy(connection: &mut PgConnection, photo: &PhotoRow) -> sqlx::Result<PhotoId> {
    let fresh = PhotoKey::random();
    query!("update photos set key = $2 where id = $1", photo.id.0, fresh.as_str()).execute(&mut *connection).await?;
    query_scalar!(
        r#"insert into photos (owner, blob, key, visibility, title, alt, tags, license, credit, words, created_at, left_at, left_of)
           select owner, blob, $2, visibility, title, alt, tags, license, credit, words, created_at, now(), id from photos where id = $1
           returning id as "id: PhotoId""#,
        photo.id.0,
        photo.key,
    )
    .fetch_one(connection)
    .await
}

/// The same photos, but for those that `account` showed, or was about to, when their owners left them as others: of these the others,
/// the last of each. Its uses are those of the others by then; whoever has none shows what was left to somebody else. What is public
/// again, or the account's own, is meant itself.
pub(crate) async fn or_left(connection: &mut PgConnection, account: AccountId, photos: &[i64]) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        r#"select coalesce((
               select max(copies.id) from photos copies
               where copies.left_of = asked.id
                   and exists (select from photo_uses where photo = copies.id and account = $3)
                   and not exists (
                       select from photos where photos.id = asked.id and (photos.visibility = 'public' or photos.owner = $2)
                   )
           ), asked.id) as "id!"
           from unnest($1::bigint[]) as asked (id)"#,
        photos,
        Owner::Account(account).to_string(),
        account.0,
    )
    .fetch_all(connection)
    .await
}

/// Deletes a photo and answers which blob it referred to.
pub(crate) async fn delete(connection: &mut PgConnection, id: PhotoId) -> sqlx::Result<Vec<u8>> {
    query_scalar!("delete from photos where id = $1 returning blob", id.0).fetch_one(connection).await
}
