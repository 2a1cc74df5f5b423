use audience::Visibility;
use contracts::{AccountId, PhotoId, PostId};
use serving::Result;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::posts::Content;
use crate::entities::Entity;

/// A post as it is before an edit.
pub(crate) struct Current {
    pub(crate) text: String,
    pub(crate) content_warning: String,
    pub(crate) language: Option<String>,
    pub(crate) entities: Json<Vec<Entity>>,
    pub(crate) visibility: Visibility,
    pub(crate) root: Option<PostId>,
    pub(crate) photos: Vec<PhotoId>,
}

/// A post or comment of `author`, if they may still see it. The thread must be locked.
pub(crate) async fn current(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<Option<Current>> {
    Ok(sqlx::query_as!(
        Current,
        r#"select text, content_warning, language, entities as "entities: Json<Vec<Entity>>", visibility as "visibility: Visibility",
               root as "root: PostId", array(select photo from post_photos where post = posts.id order by position) as "photos!: Vec<PhotoId>"
           from posts where id = $2 and author = $1 and visible($1, posts)"#,
        author as AccountId,
        id as PostId,
    )
    .fetch_optional(connection)
    .await?)
}

/// Keeps what a post says and shows now, before that changes; answers how many times that was done.
pub(crate) async fn insert(connection: &mut PgConnection, id: PostId) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"with said as (
               insert into revisions (post, number, text, content_warning, language, entities, visibility, mentioned)
               select id, 1 + (select count(*) from revisions where post = $1), text, content_warning, language, entities, visibility,
                   array(select account from mentions where mentions.post = coalesce(root, id))
               from posts where id = $1 returning number
           ),
           showed as (
               insert into revision_photos (post, number, position, photo)
               select shows.post, said.number, shows.position, shows.photo from said cross join post_photos shows where shows.post = $1
           )
           select number as "number!" from said"#,
        id as PostId,
    )
    .fetch_one(connection)
    .await?)
}

/// Makes a post say something else.
pub(crate) async fn rewrite(connection: &mut PgConnection, id: PostId, content: &Content<'_>) -> Result<()> {
    sqlx::query!(
        "update posts set text = $2, content_warning = $3, language = $4, entities = $5, edited_at = clock_timestamp() where id = $1",
        id as PostId,
        content.text,
        content.content_warning,
        content.language,
        Json(content.entities) as Json<&[Entity]>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Shows a post, or a whole thread by its root, to others, and says what caused its delivery to them.
pub(crate) async fn set_visibility(connection: &mut PgConnection, id: PostId, visibility: Visibility) -> Result<()> {
    sqlx::query!("update posts set visibility = $2 where id = $1", id as PostId, visibility as Visibility)
        .execute(&mut *connection)
        .await?;
    let cause = telemetry::traceparent();
    sqlx::query!("update home_deliveries set traceparent = $2 where post = $1", id.0, cause.as_deref()).execute(connection).await?;
    Ok(())
}

/// What a post said and showed before.
pub(crate) struct Revision {
    pub(crate) author: AccountId,
    /// Of a comment, for whose audience it is.
    pub(crate) root_author: Option<AccountId>,
    /// As of when this is: see [`identity::AsOf`].
    pub(crate) heard: Option<i64>,
    pub(crate) told: Option<i64>,
    pub(crate) text: String,
    pub(crate) content_warning: String,
    pub(crate) language: Option<String>,
    pub(crate) entities: Json<Vec<Entity>>,
    pub(crate) replaced_at: jiff_sqlx::Timestamp,
    /// In order, without those of hidden owners.
    pub(crate) photos: Vec<i64>,
}

/// What a post said and showed before, the newest first, as far as it was for the viewer then and the post is now.
pub(crate) async fn of_post(connection: &mut PgConnection, viewer: Option<AccountId>, post: PostId) -> Result<Vec<Revision>> {
    Ok(sqlx::query_as!(
        Revision,
        r#"select posts.author as "author: AccountId", root_author as "root_author?: AccountId",
               (select position from relation.outbox_cursors where consumer = 'social') as "heard?",
               (select max(position) from outbox) as "told?",
               revisions.text, revisions.content_warning, revisions.language,
               revisions.entities as "entities: Json<Vec<Entity>>", replaced_at,
               array(
                   select p.id from revision_photos r join photos p on p.id = r.photo
                   where r.post = revisions.post and r.number = revisions.number and not is_hidden(p.owner) order by r.position
               ) as "photos!"
           from revisions join posts on posts.id = post
           where post = $2 and visible($1, posts)
               and may_see($1, coalesce(root_author, author), revisions.visibility, $1 = any(mentioned))
           order by number desc"#,
        viewer as Option<AccountId>,
        post as PostId,
    )
    .fetch_all(connection)
    .await?)
}
