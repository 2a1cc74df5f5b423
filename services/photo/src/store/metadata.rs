use contracts::id::UploadId;
use sqlx::{PgPool, query, query_scalar};

/// Keeps what a client of tus said of an upload, as it said it.
pub(crate) async fn keep(pool: &PgPool, upload: UploadId, metadata: &str) -> sqlx::Result<()> {
    query!("update uploads set metadata = $2 where id = $1", upload.0, metadata).execute(pool).await.map(drop)
}

/// What it said, if it said anything.
pub(crate) async fn of(pool: &PgPool, upload: UploadId) -> sqlx::Result<Option<String>> {
    Ok(query_scalar!("select metadata from uploads where id = $1", upload.0).fetch_optional(pool).await?.flatten())
}
