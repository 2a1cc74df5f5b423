use contracts::{AccountId, PhotoId};
use identity::Viewer;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// A profile with the key of its picture.
pub(crate) struct Profile {
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) bio: String,
    pub(crate) picture_key: Option<String>,
}

/// Makes the row of an account that was never heard of; the token says enough.
pub(crate) async fn ensure(connection: &mut PgConnection, viewer: &Viewer) -> Result<()> {
    sqlx::query!(
        "insert into profiles (id, handle) values ($1, $2) on conflict (id) do nothing",
        viewer.account as AccountId,
        viewer.handle,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes what is given.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: AccountId,
    display_name: Option<&str>,
    bio: Option<&str>,
    picture: Option<Option<PhotoId>>,
) -> Result<()> {
    sqlx::query!(
        "update profiles set display_name = coalesce($2, display_name), bio = coalesce($3, bio),
             picture = case when $4 then $5 else picture end where id = $1",
        id as AccountId,
        display_name,
        bio,
        picture.is_some(),
        picture.flatten() as Option<PhotoId>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The profiles of these accounts, as far as the viewer may see them.
pub(crate) async fn by_ids(pool: &PgPool, viewer: Option<AccountId>, ids: &[i64]) -> Result<Vec<Profile>> {
    Ok(sqlx::query_as!(
        Profile,
        r#"select profiles.id as "id: AccountId", handle, display_name, bio, photos.key as "picture_key?"
           from profiles left join photos on photos.id = picture
           where profiles.id = any($2) and not severed($1, profiles.id) order by profiles.id"#,
        viewer as Option<AccountId>,
        ids,
    )
    .fetch_all(pool)
    .await?)
}

/// The profile of this handle, if the viewer may see it.
pub(crate) async fn by_handle(pool: &PgPool, viewer: Option<AccountId>, handle: &str) -> Result<Option<Profile>> {
    Ok(sqlx::query_as!(
        Profile,
        r#"select profiles.id as "id: AccountId", handle, display_name, bio, photos.key as "picture_key?"
           from profiles left join photos on photos.id = picture
           where handle = $2 and not severed($1, profiles.id)"#,
        viewer as Option<AccountId>,
        handle,
    )
    .fetch_optional(pool)
    .await?)
}
