use audience::accounts;
use contracts::fact::{AccountPosted, Fact, ProfileChanged};
use contracts::{AccountId, PhotoId};
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serving::{Problem, Result};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

/// A profile with the keys of its pictures. Those of somebody hidden are addresses of nothing, and left out as everywhere.
pub(crate) struct Profile {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) bio: String,
    pub(crate) pronouns: String,
    pub(crate) fields: Json<Vec<Field>>,
    pub(crate) discoverable: bool,
    pub(crate) posts_count: i32,
    pub(crate) picture_key: Option<String>,
    pub(crate) header_key: Option<String>,
}

/// Something that somebody says of themselves under a name of their choice.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// What to change; `None` stays.
pub(crate) struct Change<'a> {
    pub(crate) display_name: Option<&'a str>,
    pub(crate) bio: Option<&'a str>,
    pub(crate) pronouns: Option<&'a str>,
    pub(crate) fields: Option<&'a [Field]>,
    pub(crate) picture: Option<Option<PhotoId>>,
    pub(crate) header: Option<Option<PhotoId>>,
}

/// Makes the row of an account that was never heard of; the token says enough. Refuses who is suspended or erased; whoever is
/// not, is not erased before the transaction ends.
pub(crate) async fn ensure(connection: &mut PgConnection, viewer: &Viewer) -> Result<()> {
    if accounts::is_barred(connection, viewer.account).await? {
        return Err(Problem::forbidden("Your account is suspended or erased."));
    }
    sqlx::query!(
        "with renamed as (update profiles set handle = $2, handle_at = now() where id = $1 and handle <> $2)
         insert into profiles (id, handle) values ($1, $2) on conflict (id) do nothing",
        viewer.account as AccountId,
        viewer.handle,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The picture and the header of a profile, as far as it has them. It stays as it is until the transaction ends.
pub(crate) async fn pictures(connection: &mut PgConnection, id: AccountId) -> Result<Vec<PhotoId>> {
    Ok(sqlx::query_scalar!(
        r#"select array_remove(array[picture, header], null) as "pictures!: Vec<PhotoId>" from profiles where id = $1 for update"#,
        id as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Changes what is given.
pub(crate) async fn update(connection: &mut PgConnection, id: AccountId, change: &Change<'_>) -> Result<()> {
    sqlx::query!(
        "update profiles set display_name = coalesce($2, display_name), bio = coalesce($3, bio), pronouns = coalesce($4, pronouns),
             fields = coalesce($5, fields), picture = case when $6 then $7 else picture end,
             header = case when $8 then $9 else header end
         where id = $1",
        id as AccountId,
        change.display_name,
        change.bio,
        change.pronouns,
        change.fields.map(Json) as Option<Json<&[Field]>>,
        change.picture.is_some(),
        change.picture.flatten() as Option<PhotoId>,
        change.header.is_some(),
        change.header.flatten() as Option<PhotoId>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets whether somebody wants to be found and suggested, and tells so if that is new.
pub(crate) async fn set_discoverable(connection: &mut PgConnection, id: AccountId, discoverable: bool) -> Result<()> {
    let set = sqlx::query!("update profiles set discoverable = $2 where id = $1 and discoverable <> $2", id as AccountId, discoverable)
        .execute(&mut *connection)
        .await?;
    if set.rows_affected() > 0 {
        facts::publish(connection, &Fact::ProfileChanged(ProfileChanged { account: id, discoverable })).await?;
    }
    Ok(())
}

/// Tells once who does not want to be found, of those who said so before it was told of; says of how many. Who is erased has no handle
/// any more, and is forgotten by whoever hears this.
pub(crate) async fn tell_undiscoverable(pool: &PgPool) -> sqlx::Result<u64> {
    // They are locked: who changes their mind meanwhile tells so later.
    let told = sqlx::query!(
        "with mark as (insert into told_once (what) values ('undiscoverable') on conflict do nothing returning what),
         who as (
             select id from profiles where exists (select from mark) and not discoverable and handle <> ''
             order by id for no key update
         )
         insert into outbox (fact)
         select jsonb_build_object('kind', 'profile.changed', 'account', id::text, 'discoverable', false) from who",
    )
    .execute(pool)
    .await?;
    Ok(told.rows_affected())
}

/// Tells, once a day, that somebody has written something that everybody may see.
pub(crate) async fn tell_posting(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    let day = sqlx::query_scalar!(
        r#"update profiles set told_posting = (now() at time zone 'UTC')::date
           where id = $1 and (told_posting is null or told_posting < (now() at time zone 'UTC')::date)
           returning told_posting - date '1970-01-01' as "day!""#,
        account as AccountId,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(day) = day {
        facts::publish(connection, &Fact::AccountPosted(AccountPosted { account, day })).await?;
    }
    Ok(())
}

/// Tells once on which of the last 90 days each has last written something that everybody may see, of the time before that was told
/// of; says of how many. Who posts meanwhile tells a later day, which is the one that counts.
pub(crate) async fn tell_postings(pool: &PgPool) -> sqlx::Result<u64> {
    let mut tx = pool.begin().await?;
    // It reads all posts of these days.
    sqlx::query("set local statement_timeout = '10min'").execute(&mut *tx).await?;
    let told = sqlx::query!(
        "with mark as (insert into told_once (what) values ('posting') on conflict do nothing returning what),
         newest as (
             select author, max(id) as id from posts
             where exists (select from mark) and id > (extract(epoch from now() - interval '90 days') * 1000)::bigint << 16
                 and visibility in ('public', 'unlisted') and not tombstone
             group by author
         )
         insert into outbox (fact)
         select jsonb_build_object(
             'kind', 'account.posted', 'account', newest.author::text,
             'day', (to_timestamp((newest.id >> 16) / 1000.0) at time zone 'UTC')::date - date '1970-01-01'
         )
         from newest join profiles on profiles.id = newest.author and profiles.handle <> ''",
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(told.rows_affected())
}

/// The profiles of these accounts in their order, as far as the viewer may see them. Of an account that is erased at most an empty
/// row is left, for the posts that others have answered.
pub(crate) async fn by_ids(pool: &PgPool, viewer: Option<AccountId>, ids: &[i64]) -> Result<Vec<Profile>> {
    Ok(sqlx::query_as!(
        Profile,
        r#"select profiles.id as "id!: AccountId", handle as "handle!", display_name as "display_name!", bio as "bio!",
               pronouns as "pronouns!", fields as "fields!: Json<Vec<Field>>", discoverable as "discoverable!",
               posts_count as "posts_count!", picture_key(picture) as "picture_key?", picture_key(header) as "header_key?"
           from profiles
           where profiles.id = any($2) and handle <> '' and not severed($1, profiles.id)
           order by array_position($2::bigint[], profiles.id)"#,
        viewer as Option<AccountId>,
        ids,
    )
    .fetch_all(pool)
    .await?)
}

/// A profile as administrators see it, also of somebody hidden; nothing, if they never came here, or are erased.
pub(crate) async fn of_anybody(pool: &PgPool, id: AccountId) -> Result<Option<Profile>> {
    Ok(sqlx::query_as!(
        Profile,
        r#"select profiles.id as "id!: AccountId", handle as "handle!", display_name as "display_name!", bio as "bio!",
               pronouns as "pronouns!", fields as "fields!: Json<Vec<Field>>", discoverable as "discoverable!",
               posts_count as "posts_count!", picture_key(picture) as "picture_key?", picture_key(header) as "header_key?"
           from profiles
           where profiles.id = $1 and handle <> ''"#,
        id as AccountId,
    )
    .fetch_optional(pool)
    .await?)
}

/// The account of this handle, if the viewer may see its profile. A handle that was given to another is that other's.
pub(crate) async fn by_handle(pool: &PgPool, viewer: Option<AccountId>, handle: &str) -> Result<Option<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AccountId" from profiles where handle = $2 and handle <> '' and not severed($1, id)
           order by handle_at desc, id desc limit 1"#,
        viewer as Option<AccountId>,
        handle,
    )
    .fetch_optional(pool)
    .await?)
}
