use audience::Visibility;
use contracts::{AccountId, PhotoId, PostId};
use serving::Result;
use sqlx::PgConnection;

/// A post or a comment with its author.
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) picture_key: Option<String>,
    pub(crate) text: String,
    pub(crate) visibility: Visibility,
    pub(crate) parent: Option<PostId>,
    pub(crate) root: Option<PostId>,
    pub(crate) comments_count: i32,
}

/// What a comment takes over from its thread.
#[derive(Clone, Copy)]
pub(crate) struct Thread {
    pub(crate) parent: PostId,
    pub(crate) root: PostId,
    pub(crate) root_author: AccountId,
    pub(crate) visibility: Visibility,
}

/// These posts, as far as the viewer may see them, newest first. A comment is for who sees its root and is not severed
/// from its author.
pub(crate) async fn by_ids(connection: &mut PgConnection, viewer: Option<AccountId>, ids: &[i64]) -> Result<Vec<Post>> {
    Ok(sqlx::query_as!(
        Post,
        r#"select posts.id as "id: PostId", author as "author: AccountId", handle, display_name, photos.key as "picture_key?",
               text, posts.visibility as "visibility: Visibility", parent as "parent: PostId", root as "root: PostId", comments_count
           from posts join profiles on profiles.id = author left join photos on photos.id = picture
           where posts.id = any($2)
               and may_see($1, coalesce(root_author, author), posts.visibility)
               and (root is null or not severed($1, author))
           order by posts.id desc"#,
        viewer as Option<AccountId>,
        ids,
    )
    .fetch_all(connection)
    .await?)
}

/// The thread that a comment on `parent` joins, if the author may see it. The row is kept from being deleted meanwhile.
pub(crate) async fn thread(connection: &mut PgConnection, viewer: AccountId, parent: PostId) -> Result<Option<Thread>> {
    Ok(sqlx::query_as!(
        Thread,
        r#"select id as "parent: PostId", coalesce(root, id) as "root!: PostId", coalesce(root_author, author) as "root_author!: AccountId",
               visibility as "visibility: Visibility"
           from posts
           where id = $2 and may_see($1, coalesce(root_author, author), visibility) and (root is null or not severed($1, author))
           for key share"#,
        viewer as AccountId,
        parent as PostId,
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn insert(connection: &mut PgConnection, author: AccountId, text: &str, visibility: Visibility) -> Result<PostId> {
    Ok(sqlx::query_scalar!(
        r#"insert into posts (author, text, visibility) values ($1, $2, $3) returning id as "id: PostId""#,
        author as AccountId,
        text,
        visibility as Visibility,
    )
    .fetch_one(connection)
    .await?)
}

/// Inserts a comment and counts it where it answers.
pub(crate) async fn insert_comment(connection: &mut PgConnection, author: AccountId, text: &str, thread: Thread) -> Result<PostId> {
    sqlx::query!("update posts set comments_count = comments_count + 1 where id = $1", thread.parent as PostId)
        .execute(&mut *connection)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"insert into posts (author, text, visibility, parent, root, root_author) values ($1, $2, $3, $4, $5, $6)
           returning id as "id: PostId""#,
        author as AccountId,
        text,
        thread.visibility as Visibility,
        thread.parent as PostId,
        thread.root as PostId,
        thread.root_author as AccountId,
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn show_photo(connection: &mut PgConnection, post: PostId, position: i32, photo: PhotoId) -> Result<()> {
    sqlx::query!("insert into post_photos (post, position, photo) values ($1, $2, $3)", post as PostId, position, photo as PhotoId)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a post of `author` with its whole thread, or a comment; `false` if there is none. Answers to a deleted comment
/// stay in the thread.
pub(crate) async fn delete(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<bool> {
    let deleted = sqlx::query!(
        r#"delete from posts where id = $1 and author = $2 returning parent as "parent: PostId""#,
        id as PostId,
        author as AccountId,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(deleted) = deleted else { return Ok(false) };
    if let Some(parent) = deleted.parent {
        sqlx::query!("update posts set comments_count = comments_count - 1 where id = $1", parent as PostId).execute(connection).await?;
    }
    Ok(true)
}
