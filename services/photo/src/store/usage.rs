use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::owner::Owner;

/// What somebody's photos take.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UsageRow {
    pub(crate) photos: i64,
    pub(crate) bytes: i64,
}

/// What an owner's photos take now.
pub(crate) async fn of(executor: impl PgExecutor<'_>, owner: Owner) -> sqlx::Result<UsageRow> {
    let row = query_as!(UsageRow, "select photos, bytes from usage where owner = $1", owner.to_string()).fetch_optional(executor).await?;
    Ok(row.unwrap_or_default())
}

/// The same, locked until the transaction ends: nobody else adds or removes a photo of this owner until then.
pub(crate) async fn lock(connection: &mut PgConnection, owner: Owner) -> sqlx::Result<UsageRow> {
    let owner = owner.to_string();
    query!("insert into usage (owner, photos, bytes) values ($1, 0, 0) on conflict do nothing", owner).execute(&mut *connection).await?;
    query_as!(UsageRow, "select photos, bytes from usage where owner = $1 for update", owner).fetch_one(connection).await
}

/// Whether the owner has a photo with these bytes. It may change, unless the row of [`lock`] is locked.
pub(crate) async fn holds(connection: &mut PgConnection, owner: Owner, sha256: &[u8]) -> sqlx::Result<bool> {
    query_scalar!(r#"select exists (select from photos where owner = $1 and blob = $2) as "holds!""#, owner.to_string(), sha256,)
        .fetch_one(connection)
        .await
}

/// Adds to what an owner's photos take, or takes away. The row of [`lock`] must be locked. There is never less than nothing: in a
/// rollout, the release before takes away what is left to others, and this one when it is gone.
pub(crate) async fn add(connection: &mut PgConnection, owner: Owner, photos: i64, bytes: i64) -> sqlx::Result<()> {
    query!(
        "update usage set photos = greatest(photos + $2, 0), bytes = greatest(bytes + $3, 0) where owner = $1",
        owner.to_string(),
        photos,
        bytes,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Bytes of all the pictures of a blob.
pub(crate) async fn size(connection: &mut PgConnection, sha256: &[u8]) -> sqlx::Result<i64> {
    query_scalar!(
        r#"select original_size + large_size + small_size + thumb_size
               + coalesce(large_jpeg_size + small_jpeg_size + thumb_jpeg_size, 0) as "size!"
           from blobs where sha256 = $1"#,
        sha256,
    )
    .fetch_one(connection)
    .await
}
