use bytes::Bytes;
use sqlx::{PgConnection, PgPool, query, query_scalar};

use crate::processing::Cleaned;
use crate::store::sizes::Sizes;

/// Days for which the objects of a picture may be missing before its photos go: a restore takes less.
const MISSING_DAYS: i32 = 30;

/// Counts one more photo of these pictures. Answers the key of the objects that hold them: `object_key` if they are new or those that
/// were there are lost, else that of the blob which was there, and the caller's objects are of no use.
pub(crate) async fn refer(connection: &mut PgConnection, cleaned: &Cleaned, object_key: &str) -> sqlx::Result<String> {
    let sha256 = cleaned.sha256.as_slice();
    let size = |picture: &Bytes| i64::try_from(picture.len()).expect("a picture fits in memory");
    let side = |pixels: u32| i32::try_from(pixels).expect("a side is within the limits");
    loop {
        // The objects of a tombstone may be half deleted: its bytes begin a new life under a new key.
        query!("delete from blobs where sha256 = $1 and refs = 0", sha256).execute(&mut *connection).await?;
        let key = query_scalar!(
            "insert into blobs (sha256, object_key, refs, width, height, thumbhash, color, hue, animated, original_type,
                 original_size, large_size, small_size, thumb_size, large_jpeg_size, small_jpeg_size, thumb_jpeg_size)
             values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             on conflict on constraint blobs_pkey do update set
                 refs = blobs.refs + 1,
                 object_key = case when blobs.missing_since is null then blobs.object_key else excluded.object_key end,
                 missing_since = null
             where blobs.refs > 0
             returning object_key",
            sha256,
            object_key,
            side(cleaned.width),
            side(cleaned.height),
            cleaned.thumbhash,
            cleaned.color,
            cleaned.hue,
            cleaned.animated,
            cleaned.original_type,
            size(&cleaned.original),
            size(&cleaned.large.webp),
            size(&cleaned.small.webp),
            size(&cleaned.thumb.webp),
            size(&cleaned.large.jpeg),
            size(&cleaned.small.jpeg),
            size(&cleaned.thumb.jpeg),
        )
        .fetch_optional(&mut *connection)
        .await?;
        // None: it became a tombstone between the two statements.
        if let Some(key) = key {
            return Ok(key);
        }
    }
}

/// Counts one more photo with the bytes of a photo that is there, and locked.
pub(crate) async fn retain(connection: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<()> {
    query!("update blobs set refs = refs + 1 where sha256 = $1", sha256).execute(connection).await.map(drop)
}

/// Counts one photo less. If it was the last one, the blob is a tombstone now, and the key of its objects is answered.
pub(crate) async fn release(connection: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<Option<String>> {
    let left = query!(
        "update blobs set refs = refs - 1, tombstoned_at = case when refs = 1 then clock_timestamp() end
         where sha256 = $1
         returning refs, object_key",
        sha256,
    )
    .fetch_one(connection)
    .await?;
    Ok((left.refs == 0).then_some(left.object_key))
}

/// Locks whatever blob has these objects until the transaction ends, and says whether a photo refers to it.
pub(crate) async fn lock_and_ask_if_used(connection: &mut PgConnection, object_key: &str) -> sqlx::Result<bool> {
    let refs = query_scalar!("select refs from blobs where object_key = $1 for update", object_key).fetch_optional(connection).await?;
    Ok(refs.is_some_and(|refs| refs > 0))
}

/// Whether some blob, or a tombstone, has these objects.
pub(crate) async fn is_named(pool: &PgPool, object_key: &str) -> sqlx::Result<bool> {
    query_scalar!(r#"select exists (select from blobs where object_key = $1) as "named!""#, object_key).fetch_one(pool).await
}

/// Removes the tombstone with these objects, if there is one.
pub(crate) async fn bury(connection: &mut PgConnection, object_key: &str) -> sqlx::Result<()> {
    query!("delete from blobs where object_key = $1 and refs = 0", object_key).execute(connection).await.map(drop)
}

/// Those of `object_keys` that no blob has, and that no job is going to delete when their time has come.
pub(crate) async fn unknown(pool: &PgPool, object_keys: &[String]) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"select candidate as "candidate!" from unnest($1::text[]) as candidate
           where not exists (select from blobs where object_key = candidate)
             and not exists (select from jobs where kind = 'photo.delete-objects' and payload->>'object_key' = candidate)"#,
        object_keys,
    )
    .fetch_all(pool)
    .await
}

/// A blob whose objects should be there.
pub(crate) struct Expected {
    pub(crate) object_key: String,
    pub(crate) sizes: Sizes,
    /// They were not, when it was last looked.
    pub(crate) missing: bool,
    /// Nor have they been for so long that nobody will bring them back.
    pub(crate) lost: bool,
}

/// `query!` of what is [`Expected`], given what else must hold.
macro_rules! select_expected {
    ($rest:tt, $argument:expr) => {
        query!(
            r#"select object_key, original_size, large_size, small_size, thumb_size, large_jpeg_size, small_jpeg_size, thumb_jpeg_size,
                   missing_since is not null as "missing!",
                   coalesce(missing_since < now() - make_interval(days => $1), false) as "lost!"
               from blobs where refs > 0 and "#
                + $rest,
            MISSING_DAYS,
            $argument,
        )
        .map(|row| Expected {
            object_key: row.object_key,
            sizes: Sizes {
                original: row.original_size,
                large: row.large_size,
                small: row.small_size,
                thumb: row.thumb_size,
                large_jpeg: row.large_jpeg_size,
                small_jpeg: row.small_jpeg_size,
                thumb_jpeg: row.thumb_jpeg_size,
            },
            missing: row.missing,
            lost: row.lost,
        })
    };
}

/// The blobs that were looked at the longest ago; none of the last hour.
pub(crate) async fn to_check(pool: &PgPool, most: i64) -> sqlx::Result<Vec<Expected>> {
    select_expected!("(checked_at is null or checked_at < now() - interval '1 hour') order by checked_at nulls first limit $2", most)
        .fetch_all(pool)
        .await
}

/// Of the blobs with these objects, those that were not looked at within the last hour, or that missed some.
pub(crate) async fn due_of(pool: &PgPool, object_keys: &[String]) -> sqlx::Result<Vec<Expected>> {
    select_expected!(
        "object_key = any($2) and (checked_at is null or checked_at < now() - interval '1 hour' or missing_since is not null)",
        object_keys
    )
    .fetch_all(pool)
    .await
}

/// Notes that all objects of these blobs are there.
pub(crate) async fn are_whole(pool: &PgPool, object_keys: &[String]) -> sqlx::Result<()> {
    query!("update blobs set checked_at = now(), missing_since = null where object_key = any($1) and refs > 0", object_keys)
        .execute(pool)
        .await
        .map(drop)
}

/// Whether some objects of a blob are [`lost`](Expected::lost), which stays so until the transaction ends.
pub(crate) async fn is_lost(connection: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<bool> {
    let lost = query_scalar!(
        r#"select coalesce(missing_since < now() - make_interval(days => $2), false) as "lost!"
           from blobs where sha256 = $1 for update"#,
        sha256,
        MISSING_DAYS,
    );
    Ok(lost.fetch_optional(connection).await?.unwrap_or(false))
}

/// The key of some objects that should be there.
pub(crate) async fn any(pool: &PgPool) -> sqlx::Result<Option<String>> {
    query_scalar!("select object_key from blobs where refs > 0 and missing_since is null limit 1").fetch_optional(pool).await
}

/// How many blobs have lost their objects, as far as was looked.
pub(crate) async fn missing(pool: &PgPool) -> sqlx::Result<i64> {
    query_scalar!(r#"select count(*) as "count!" from blobs where missing_since is not null and refs > 0"#).fetch_one(pool).await
}

/// Notes whether the objects of a blob are there. `false` if the blob is not, any more.
pub(crate) async fn checked(pool: &PgPool, object_key: &str, missing: bool) -> sqlx::Result<bool> {
    let noted = query!(
        "update blobs set checked_at = now(), missing_since = case when $2 then coalesce(missing_since, now()) end
         where object_key = $1 and refs > 0",
        object_key,
        missing,
    )
    .execute(pool)
    .await?;
    Ok(noted.rows_affected() > 0)
}
