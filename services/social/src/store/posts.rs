use std::collections::BTreeMap;

use audience::Visibility;
use contracts::{AccountId, PhotoId, PostId};
use serving::Result;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::threads::Thread;
use crate::entities::Entity;

/// A post or a comment with its author.
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) picture_key: Option<String>,
    pub(crate) text: String,
    pub(crate) content_warning: String,
    pub(crate) language: Option<String>,
    pub(crate) entities: Json<Vec<Entity>>,
    pub(crate) visibility: Visibility,
    pub(crate) parent: Option<PostId>,
    pub(crate) root: Option<PostId>,
    pub(crate) edited_at: Option<jiff_sqlx::Timestamp>,
    /// As of when this is: see [`identity::AsOf`].
    pub(crate) heard: Option<i64>,
    pub(crate) told: Option<i64>,
    pub(crate) comments_count: i32,
    pub(crate) bookmarked: bool,
    /// The keys of the pictures of the custom emoji that it names and that are on.
    pub(crate) emojis: Option<Json<BTreeMap<String, String>>>,
    /// Its author's account is erased.
    pub(crate) tombstone: bool,
}

/// What somebody wrote.
pub(crate) struct Content<'a> {
    pub(crate) text: &'a str,
    pub(crate) content_warning: &'a str,
    pub(crate) language: Option<&'a str>,
    pub(crate) entities: &'a [Entity],
}

/// These posts, as far as the viewer may see them. Answers of those who are hidden, and from whom the viewer is severed, are not
/// counted.
pub(crate) async fn by_ids(connection: &mut PgConnection, viewer: Option<AccountId>, ids: &[i64]) -> Result<Vec<Post>> {
    Ok(sqlx::query_as!(
        Post,
        r#"with apart as materialized (select account from severed_from($1))
           select posts.id as "id!: PostId", author as "author!: AccountId", handle as "handle!", display_name as "display_name!",
               picture_key(picture) as "picture_key?", text as "text!", content_warning as "content_warning!", language as "language?",
               entities as "entities!: Json<Vec<Entity>>", posts.visibility as "visibility!: Visibility", parent as "parent?: PostId",
               root as "root?: PostId", edited_at as "edited_at?",
               (select position from relation.outbox_cursors where consumer = 'social') as "heard?",
               (select max(position) from outbox) as "told?",
               (comments_count
                   - (select count(*) from apart join posts answers on answers.parent = posts.id and answers.author = apart.account)
                   - (select count(*) from hidden_answers h where h.parent = posts.id and h.author not in (select account from apart))
               )::int as "comments_count!",
               exists (select from bookmarks where bookmarks.post = posts.id and bookmarks.account = $1) as "bookmarked!",
               case when emojis <> '{}' then (
                   select jsonb_object_agg(e.emoji, pictures.key) from custom_emojis e join photos pictures on pictures.id = e.photo
                   where e.emoji = any(posts.emojis) and not e.disabled and not is_hidden(pictures.owner)
               ) end as "emojis?: Json<BTreeMap<String, String>>",
               tombstone as "tombstone!"
           from posts join profiles on profiles.id = author
           where posts.id = any($2) and visible($1, posts)"#,
        viewer as Option<AccountId>,
        ids,
    )
    .fetch_all(connection)
    .await?)
}

/// Is this post there, for this viewer?
pub(crate) async fn is_visible(connection: &mut PgConnection, viewer: Option<AccountId>, id: PostId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from posts where id = $2 and visible($1, posts)) as "visible!""#,
        viewer as Option<AccountId>,
        id as PostId,
    )
    .fetch_one(connection)
    .await?)
}

/// Keeps a post that the viewer may see from being deleted; `false` if there is none.
pub(crate) async fn hold(connection: &mut PgConnection, viewer: AccountId, id: PostId) -> Result<bool> {
    let held = sqlx::query!("select from posts where id = $2 and visible($1, posts) for key share", viewer as AccountId, id as PostId)
        .fetch_optional(connection)
        .await?;
    Ok(held.is_some())
}

/// Inserts a post, says what caused its delivery, and counts it in its author's profile, if everybody may see it.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    author: AccountId,
    content: &Content<'_>,
    visibility: Visibility,
) -> Result<PostId> {
    let cause = telemetry::traceparent();
    let id = sqlx::query_scalar!(
        r#"with posted as (
               insert into posts (author, text, content_warning, language, entities, visibility) values ($1, $2, $3, $4, $5, $6)
               returning id, author
           )
           insert into home_deliveries (post, author, traceparent) select id, author, $7::text from posted
           returning post as "id!: PostId""#,
        author as AccountId,
        content.text,
        content.content_warning,
        content.language,
        Json(content.entities) as Json<&[Entity]>,
        visibility as Visibility,
        cause.as_deref(),
    )
    .fetch_one(&mut *connection)
    .await?;
    if is_open(visibility) {
        count_in_profile(connection, author, 1).await?;
    }
    Ok(id)
}

/// Inserts a comment and counts it where it answers. The thread must be locked, as [`super::threads::join`] does.
pub(crate) async fn insert_comment(
    connection: &mut PgConnection,
    author: AccountId,
    content: &Content<'_>,
    thread: Thread,
) -> Result<PostId> {
    sqlx::query!("update posts set comments_count = comments_count + 1 where id = $1", thread.parent as PostId)
        .execute(&mut *connection)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"insert into posts (author, text, content_warning, language, entities, visibility, parent, root, root_author)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id as "id: PostId""#,
        author as AccountId,
        content.text,
        content.content_warning,
        content.language,
        Json(content.entities) as Json<&[Entity]>,
        thread.visibility as Visibility,
        thread.parent as PostId,
        thread.root as PostId,
        thread.root_author as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

/// Shows these photos, and no others, in this order.
pub(crate) async fn show_photos(connection: &mut PgConnection, post: PostId, photos: &[PhotoId]) -> Result<()> {
    let photos: Vec<i64> = photos.iter().map(|photo| photo.0).collect();
    sqlx::query!("delete from post_photos where post = $1", post as PostId).execute(&mut *connection).await?;
    sqlx::query!(
        "insert into post_photos (post, position, photo)
         select $1::bigint, place - 1, photo from unnest($2::bigint[]) with ordinality as asked (photo, place)",
        post as PostId,
        &photos,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where a post or comment is counted.
pub(crate) struct Counted {
    parent: Option<PostId>,
    root: Option<PostId>,
    visibility: Visibility,
}

/// A post or comment of `author`, unless it is being deleted. The thread must be locked, as [`super::threads::lock`] does.
pub(crate) async fn counted(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<Option<Counted>> {
    Ok(sqlx::query_as!(
        Counted,
        r#"select parent as "parent: PostId", root as "root: PostId", visibility as "visibility: Visibility" from posts
           where id = $1 and author = $2 and not exists (select from deletions d where d.post in (posts.id, posts.root))"#,
        id as PostId,
        author as AccountId,
    )
    .fetch_optional(connection)
    .await?)
}

/// Takes a post out of its author's profile, or a comment out of what it answers.
pub(crate) async fn uncount(connection: &mut PgConnection, author: AccountId, post: &Counted) -> Result<()> {
    if let Some(parent) = post.parent {
        sqlx::query!("update posts set comments_count = comments_count - 1 where id = $1", parent as PostId)
            .execute(&mut *connection)
            .await?;
    }
    if post.root.is_none() && is_open(post.visibility) {
        count_in_profile(connection, author, -1).await?;
    }
    Ok(())
}

/// Deletes posts with their whole threads, or comments. Answers to a deleted comment stay in the thread. The threads must be locked,
/// as [`super::threads::lock_to_delete`] does.
pub(crate) async fn delete(connection: &mut PgConnection, ids: &[i64]) -> Result<()> {
    sqlx::query!("delete from posts where id = any($1)", ids).execute(connection).await?;
    Ok(())
}

/// May everybody see it?
pub(crate) fn is_open(visibility: Visibility) -> bool {
    matches!(visibility, Visibility::Public | Visibility::Unlisted)
}

/// Counts posts that came to be or ceased to be for everybody.
pub(crate) async fn count_in_profile(connection: &mut PgConnection, author: AccountId, by: i32) -> Result<()> {
    sqlx::query!("update profiles set posts_count = posts_count + $2 where id = $1", author as AccountId, by).execute(connection).await?;
    Ok(())
}
