use contracts::PhotoId;
use contracts::id::UploadId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as, query_scalar};

use crate::about::About;
use crate::owner::Owner;

/// Minutes that an upload may go on without a byte.
pub(crate) const LIFE_MINUTES: i32 = 60;

/// Minutes after which an upload is over, however lately a byte of it has come: what lies there as it was sent lies there for
/// hours, and not for as long as somebody goes on.
const LONGEST_MINUTES: i32 = 6 * 60;

/// Minutes for which what was begun in time may still arrive at the store, and at an address that was signed a moment later.
const LATE_MINUTES: i32 = 10;

/// An upload that arrives in pieces, or goes straight to the store.
pub(crate) struct UploadRow {
    pub(crate) id: UploadId,
    pub(crate) object_key: String,
    pub(crate) direct: bool,
    pub(crate) length: i64,
    pub(crate) received: i64,
    /// In how many pieces that came.
    pub(crate) pieces: i64,
    /// A media type.
    pub(crate) declared: Option<String>,
    pub(crate) about: Json<About>,
    pub(crate) photo: Option<PhotoId>,
    pub(crate) expires_at: jiff::Timestamp,
}

/// A piece of an upload, and the object that holds it.
pub(crate) struct Piece {
    pub(crate) length: i64,
    pub(crate) object_name: String,
}

/// `query_as!` of an [`UploadRow`] of an owner that has neither ended nor expired, given what else must hold.
macro_rules! select_upload {
    ($rest:tt, $id:expr, $owner:expr) => {
        query_as!(
            UploadRow,
            r#"select id as "id: UploadId", object_key, direct, length, received,
                   (select count(*) from upload_pieces where upload = uploads.id) as "pieces!", declared,
                   about as "about: Json<About>", photo as "photo: PhotoId", expires_at
               from uploads where id = $1 and owner = $2 and ended_at is null and expires_at > now() "#
                + $rest,
            $id,
            $owner,
        )
    };
}

/// An owner's upload.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: UploadId, owner: Owner) -> sqlx::Result<Option<UploadRow>> {
    select_upload!("", id.0, owner.to_string()).fetch_optional(executor).await
}

/// An owner's upload, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: UploadId, owner: Owner) -> sqlx::Result<Option<UploadRow>> {
    select_upload!("for update", id.0, owner.to_string()).fetch_optional(connection).await
}

/// How many uploads of an owner are under way. Before another `direct` one, those that have ended, or whose photo is gone, count for as
/// long as their addresses at the store are good; what arrives in pieces cannot be sent there, and need not wait for them.
pub(crate) async fn under_way(connection: &mut PgConnection, owner: Owner, direct: bool) -> sqlx::Result<i64> {
    query_scalar!(
        r#"select count(*) as "count!" from uploads
           where owner = $1 and photo is null and expires_at > now() and (ended_at is null or $2)"#,
        owner.to_string(),
        direct,
    )
    .fetch_one(connection)
    .await
}

/// A new upload, of which nothing has arrived.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    owner: Owner,
    object_key: &str,
    direct: bool,
    length: i64,
    declared: Option<&str>,
    about: &About,
) -> sqlx::Result<UploadId> {
    query_scalar!(
        r#"insert into uploads (owner, object_key, direct, length, declared, about, expires_at)
           values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7)) returning id as "id: UploadId""#,
        owner.to_string(),
        object_key,
        direct,
        length,
        declared,
        Json(about) as _,
        LIFE_MINUTES,
    )
    .fetch_one(connection)
    .await
}

/// Adds a piece that begins where the one before it ends, and gives the upload more time, if it has not gone on for too long.
/// `false` if it begins elsewhere by now, or the upload is over.
pub(crate) async fn append(connection: &mut PgConnection, id: UploadId, begins: i64, piece: &Piece) -> sqlx::Result<bool> {
    let moved = query!(
        "update uploads set received = received + $3,
             expires_at = least(now() + make_interval(mins => $4), created_at + make_interval(mins => $5))
         where id = $1 and received = $2 and received + $3 <= length and photo is null and expires_at > now()",
        id.0,
        begins,
        piece.length,
        LIFE_MINUTES,
        LONGEST_MINUTES,
    )
    .execute(&mut *connection)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    query!(
        "insert into upload_pieces (upload, begins, length, object_name) values ($1, $2, $3, $4)",
        id.0,
        begins,
        piece.length,
        piece.object_name,
    )
    .execute(connection)
    .await?;
    Ok(true)
}

/// The pieces of an upload in their order.
pub(crate) async fn pieces(pool: &PgPool, id: UploadId) -> sqlx::Result<Vec<Piece>> {
    query_as!(Piece, "select length, object_name from upload_pieces where upload = $1 order by begins", id.0).fetch_all(pool).await
}

/// Notes which photo an upload has become.
pub(crate) async fn become_photo(connection: &mut PgConnection, id: UploadId, photo: PhotoId) -> sqlx::Result<()> {
    query!("update uploads set photo = $2 where id = $1", id.0, photo.0).execute(connection).await.map(drop)
}

/// Ends an owner's upload, and answers what its objects' names begin with. One that goes straight to the store keeps its row
/// until it expires: its address can be written to until then.
pub(crate) async fn end(connection: &mut PgConnection, id: UploadId, owner: Owner) -> sqlx::Result<Option<String>> {
    query_scalar!(
        r#"with gone as (
               delete from uploads where id = $1 and owner = $2 and not direct returning object_key
           ), over as (
               update uploads set ended_at = now() where id = $1 and owner = $2 and direct and ended_at is null returning object_key
           )
           select object_key as "object_key!" from gone union all select object_key from over"#,
        id.0,
        owner.to_string(),
    )
    .fetch_optional(connection)
    .await
}

/// Lets the uploads outlive a photo, which is about to go, that went straight to the store and became it: like those that
/// [`end`], they can be written to until they expire.
pub(crate) async fn outlive(connection: &mut PgConnection, photo: PhotoId) -> sqlx::Result<()> {
    query!(
        "update uploads set photo = null, ended_at = coalesce(ended_at, now()), about = '{}', declared = null
         where photo = $1 and direct",
        photo.0,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes some uploads whose time is over, and answers what their objects' names begin with.
pub(crate) async fn delete_expired(connection: &mut PgConnection, most: i64) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        "delete from uploads where id = any(array(
             select id from uploads
             where expires_at <= now() and (not direct or expires_at <= now() - make_interval(mins => $2))
             order by expires_at limit $1 for update skip locked))
         returning object_key",
        most,
        LATE_MINUTES,
    )
    .fetch_all(connection)
    .await
}

/// Those of `object_keys` that no upload has.
pub(crate) async fn unknown(pool: &PgPool, object_keys: &[String]) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"select candidate as "candidate!" from unnest($1::text[]) as candidate
           where not exists (select from uploads where object_key = candidate)"#,
        object_keys,
    )
    .fetch_all(pool)
    .await
}
