//! Custom emoji.

use contracts::PhotoId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

use crate::emoji::Emoji;

/// A custom emoji; off where it has no picture.
pub(crate) struct Custom {
    pub(crate) emoji: String,
    pub(crate) category: String,
    pub(crate) disabled: bool,
    pub(crate) key: Option<String>,
}

/// Is it there, and on?
pub(crate) async fn is_on(connection: &mut PgConnection, emoji: &Emoji) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select emoji_key($1) is not null as "on!""#, emoji.as_str()).fetch_one(connection).await?)
}

/// All of them by category and name, or those that are on.
pub(crate) async fn list(pool: &PgPool, all: bool) -> Result<Vec<Custom>> {
    Ok(sqlx::query_as!(
        Custom,
        r#"select emoji as "emoji!", category as "category!", disabled as "disabled!", photos.key as "key?"
           from custom_emojis left join photos on photos.id = photo and not is_hidden(photos.owner)
           where $1 or (not disabled and photos.key is not null) order by category, emoji"#,
        all,
    )
    .fetch_all(pool)
    .await?)
}

/// How many others there are.
pub(crate) async fn count_others(connection: &mut PgConnection, emoji: &Emoji) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "others!" from custom_emojis where emoji <> $1"#, emoji.as_str())
        .fetch_one(connection)
        .await?)
}

/// Makes it, or gives it this picture and this category and switches it on.
pub(crate) async fn set(connection: &mut PgConnection, emoji: &Emoji, photo: PhotoId, category: &str) -> Result<Custom> {
    Ok(sqlx::query_as!(
        Custom,
        r#"insert into custom_emojis (emoji, photo, category) values ($1, $2, $3)
           on conflict (emoji) do update set photo = excluded.photo, category = excluded.category, disabled = false
           returning emoji as "emoji!", category as "category!", disabled as "disabled!",
               (select photos.key from photos where photos.id = custom_emojis.photo) as "key?""#,
        emoji.as_str(),
        photo as PhotoId,
        category,
    )
    .fetch_one(connection)
    .await?)
}

/// Switches it off. `None` if there is none; `false` if it was off.
pub(crate) async fn disable(connection: &mut PgConnection, emoji: &Emoji) -> Result<Option<bool>> {
    let disabled = sqlx::query_scalar!(
        r#"with found as (select emoji, disabled from custom_emojis where emoji = $1 for update)
           update custom_emojis set disabled = true from found where custom_emojis.emoji = found.emoji
           returning not found.disabled as "changed!""#,
        emoji.as_str(),
    );
    Ok(disabled.fetch_optional(connection).await?)
}
