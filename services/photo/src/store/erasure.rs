use contracts::id::AlbumId;
use contracts::{AccountId, PhotoId};
use sqlx::{PgConnection, query, query_scalar};

use crate::owner::Owner;

/// Something that an account keeps, or shows.
pub(crate) enum Kept {
    Photo(PhotoId),
    Album(AlbumId),
    /// Another's photo, and what shows it.
    Use(PhotoId, String),
}

/// The next thing that is left of an account.
pub(crate) async fn something(connection: &mut PgConnection, account: AccountId, owner: Owner) -> sqlx::Result<Option<Kept>> {
    let owner = owner.to_string();
    let photo = query_scalar!(r#"select id as "id: PhotoId" from photos where owner = $1 order by id limit 1"#, owner);
    if let Some(id) = photo.fetch_optional(&mut *connection).await? {
        return Ok(Some(Kept::Photo(id)));
    }
    let album = query_scalar!(r#"select id as "id: AlbumId" from albums where owner = $1 order by id limit 1"#, owner);
    if let Some(id) = album.fetch_optional(&mut *connection).await? {
        return Ok(Some(Kept::Album(id)));
    }
    let used = query!(r#"select photo as "photo: PhotoId", source from photo_uses where account = $1 limit 1"#, account.0);
    Ok(used.fetch_optional(connection).await?.map(|used| Kept::Use(used.photo, used.source)))
}

/// Notes that the objects of a blob may have to go. Where somebody else has the same picture they stay, and no job is owed.
pub(crate) async fn owe_blob(connection: &mut PgConnection, account: AccountId, sha256: &[u8]) -> sqlx::Result<()> {
    query!(
        "insert into erasing_objects (account, object_key) select $1::bigint, object_key from blobs where sha256 = $2
         on conflict do nothing",
        account.0,
        sha256,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Notes that objects have to go.
pub(crate) async fn owe(connection: &mut PgConnection, account: AccountId, object_key: &str) -> sqlx::Result<()> {
    query!("insert into erasing_objects (account, object_key) values ($1, $2) on conflict do nothing", account.0, object_key)
        .execute(connection)
        .await
        .map(drop)
}

/// Whether a job has yet to delete some of these objects, or an object may still come: under the address of an upload that is good
/// for some minutes more.
pub(crate) async fn is_owed(connection: &mut PgConnection, account: AccountId, owner: Owner) -> sqlx::Result<bool> {
    query_scalar!(
        r#"select exists (
               select from jobs join erasing_objects owed on owed.object_key = jobs.payload ->> 'object_key' where owed.account = $1
           ) or exists (select from uploads where owner = $2) as "owed!""#,
        account.0,
        owner.to_string(),
    )
    .fetch_one(connection)
    .await
}

/// Ends all the uploads of an owner, and answers what the names of those objects begin with that are not owed yet. Those that go
/// straight to the store keep their rows, without a word, until their addresses are good no more: the sweep deletes them, and what
/// was sent there again.
pub(crate) async fn end_uploads(connection: &mut PgConnection, account: AccountId, owner: Owner) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"with gone as (
               delete from uploads where owner = $1 and not direct returning object_key
           ), over as (
               update uploads set ended_at = coalesce(ended_at, now()), about = '{}', declared = null
               where owner = $1 and direct
                   and not exists (select from erasing_objects owed where owed.account = $2 and owed.object_key = uploads.object_key)
               returning object_key
           )
           select object_key as "object_key!" from gone union all select object_key from over"#,
        owner.to_string(),
        account.0,
    )
    .fetch_all(connection)
    .await
}

/// Deletes what is counted and noted of an account that has nothing any more.
pub(crate) async fn clear(connection: &mut PgConnection, account: AccountId, owner: Owner) -> sqlx::Result<()> {
    query!("delete from usage where owner = $1", owner.to_string()).execute(&mut *connection).await?;
    query!("delete from severed where low = $1 or high = $1", account.0).execute(&mut *connection).await?;
    query!("delete from blocks where actor = $1 or target = $1", account.0).execute(&mut *connection).await?;
    query!("delete from hidden_tags where account = $1", account.0).execute(&mut *connection).await?;
    query!("delete from hidden_uses_owed where account = $1", account.0).execute(&mut *connection).await?;
    query!("delete from idempotency_keys where caller = $1", account.to_string()).execute(&mut *connection).await?;
    // Facts are kept for a week, and say what a photo shows and whom to name in its owner's words; so they do of what was left.
    query!(
        r#"update outbox
           set fact = jsonb_set(
               jsonb_set(
                   jsonb_set(jsonb_set(fact, '{state,alt}', '""', false), '{state,credit}', '""', false),
                   '{left,state,alt}', '""', false
               ),
               '{left,state,credit}', '""', false
           )
           where fact ->> 'kind' = 'photo.changed' and fact ->> 'owner' = $1
               and (jsonb_typeof(fact -> 'state') = 'object' or jsonb_typeof(fact -> 'left') = 'object')"#,
        account.to_string(),
    )
    .execute(&mut *connection)
    .await?;
    query!("delete from erasing_objects where account = $1", account.0).execute(&mut *connection).await?;
    facts::forget(connection, account).await
}
