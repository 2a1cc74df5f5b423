use bytes::Bytes;
use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use crate::processing::Cleaned;

/// Counts one more photo with these bytes. Answers the key of the objects that hold them: `object_key` if the bytes are
/// new or those that were there are lost, else that of the blob which was there, and the caller's objects are of no use.
pub(crate) async fn refer(connection: &mut PgConnection, cleaned: &Cleaned, object_key: &str) -> sqlx::Result<String> {
    let sha256 = cleaned.sha256.as_slice();
    let size = |picture: &Bytes| i64::try_from(picture.len()).expect("a picture fits in memory");
    let side = |pixels: u32| i32::try_from(pixels).expect("a side is within the limits");
    loop {
        // The objects of a tombstone may be half deleted: its bytes begin a new life under a new key.
        query!("delete from blobs where sha256 = $1 and refs = 0", sha256).execute(&mut *connection).await?;
        let key = query_scalar!(
            "insert into blobs (sha256, object_key, refs, width, height, thumbhash, color, hue, animated, original_type,
                 original_size, large_size, small_size, thumb_size)
             values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict on constraint blobs_pkey do update set
                 refs = blobs.refs + 1,
                 -- Pictures of other sizes, as another version makes them, would not be what is counted for others.
                 object_key = case
                     when blobs.missing_since is not null and (blobs.large_size, blobs.small_size, blobs.thumb_size)
                         = (excluded.large_size, excluded.small_size, excluded.thumb_size)
                     then excluded.object_key else blobs.object_key
                 end,
                 missing_since = case
                     when (blobs.large_size, blobs.small_size, blobs.thumb_size)
                         <> (excluded.large_size, excluded.small_size, excluded.thumb_size)
                     then blobs.missing_since
                 end
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
            size(&cleaned.large),
            size(&cleaned.small),
            size(&cleaned.thumb),
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
    pub(crate) original_size: i64,
    pub(crate) large_size: i64,
    pub(crate) small_size: i64,
    pub(crate) thumb_size: i64,
    /// They were not, when it was last looked.
    pub(crate) missing: bool,
}

/// The blobs that were looked at the longest ago; none of the last hour.
pub(crate) async fn to_check(pool: &PgPool, most: i64) -> sqlx::Result<Vec<Expected>> {
    query_as!(
        Expected,
        r#"select object_key, original_size, large_size, small_size, thumb_size, missing_since is not null as "missing!"
           from blobs
           where refs > 0 and (checked_at is null or checked_at < now() - interval '1 hour')
           order by checked_at nulls first limit $1"#,
        most,
    )
    .fetch_all(pool)
    .await
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
