use contracts::fact::PhotoChanged;
use contracts::photo::{PhotoState, PhotoVisibility, UsablePhoto};
use contracts::{AccountId, PhotoId, PostId};
use serving::Result;
use sqlx::PgConnection;

/// A photo in a post.
pub(crate) struct Shown {
    pub(crate) post: PostId,
    pub(crate) id: PhotoId,
    pub(crate) owner: AccountId,
    pub(crate) key: String,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) alt: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) thumbhash: String,
}

/// Keeps what photo just said of a photo that is about to be shown.
pub(crate) async fn keep(connection: &mut PgConnection, photo: &UsablePhoto) -> Result<()> {
    let PhotoState { key, visibility, alt, width, height, thumbhash } = &photo.state;
    // A fact that came in between knows better than the answer to a question asked before it.
    sqlx::query!(
        "insert into photos (id, owner, key, visibility, alt, width, height, thumbhash) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do nothing",
        photo.id as PhotoId,
        photo.owner as AccountId,
        key,
        *visibility as PhotoVisibility,
        alt,
        width,
        height,
        thumbhash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets what a fact of photo says, where the photo is shown. One made private leaves the profiles.
pub(crate) async fn apply(connection: &mut PgConnection, changed: &PhotoChanged) -> sqlx::Result<()> {
    let Some(PhotoState { key, visibility, alt, width, height, thumbhash }) = &changed.state else {
        sqlx::query!("delete from photos where id = $1", changed.photo as PhotoId).execute(connection).await?;
        return Ok(());
    };
    sqlx::query!(
        "update photos set key = $2, visibility = $3, alt = $4, width = $5, height = $6, thumbhash = $7 where id = $1",
        changed.photo as PhotoId,
        key,
        *visibility as PhotoVisibility,
        alt,
        width,
        height,
        thumbhash,
    )
    .execute(&mut *connection)
    .await?;
    if *visibility == PhotoVisibility::Private {
        sqlx::query!("update profiles set picture = null where picture = $1", changed.photo as PhotoId).execute(connection).await?;
    }
    Ok(())
}

/// The photos of some posts, in order.
pub(crate) async fn of_posts(connection: &mut PgConnection, posts: &[i64]) -> Result<Vec<Shown>> {
    Ok(sqlx::query_as!(
        Shown,
        r#"select post as "post: PostId", photos.id as "id: PhotoId", owner as "owner: AccountId", key,
               visibility as "visibility: PhotoVisibility", alt, width, height, thumbhash
           from post_photos join photos on photos.id = photo where post = any($1) order by post, position"#,
        posts,
    )
    .fetch_all(connection)
    .await?)
}
