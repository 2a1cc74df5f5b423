//! The places of posts that others have answered, whose authors' accounts are erased. Such a post is emptied at once, and what others
//! made of it goes a batch at a time: a row in `burials` says that there may be more.

use contracts::{AccountId, PostId};
use serving::Result;
use sqlx::PgConnection;

use super::clearing;

/// Have others answered a post that everybody could see? Where only some could, nobody is left who may see the answers. What its
/// author has deleted leaves nothing.
pub(crate) async fn is_worth_a_tombstone(connection: &mut PgConnection, id: PostId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from posts p
               where p.id = $1 and p.visibility in ('public', 'unlisted')
                   and exists (select from posts c where c.root = p.id and c.author <> p.author)
                   and not exists (select from deletions d where d.post = p.id)
           ) as "worth!""#,
        id as PostId,
    )
    .fetch_one(connection)
    .await?)
}

/// Makes a tombstone of a post: nothing that it said or showed is left. What others made of it is [cleared](clear) later. The
/// thread must be locked.
pub(crate) async fn bury(connection: &mut PgConnection, id: PostId) -> Result<()> {
    sqlx::query!(
        "update posts set text = '', content_warning = '', language = null, entities = '[]', edited_at = null, visibility = 'unlisted',
             tombstone = true
         where id = $1",
        id as PostId,
    )
    .execute(&mut *connection)
    .await?;
    // As much as one post may have.
    sqlx::query!(
        "with photos as (delete from post_photos where post = $1),
         said as (delete from revisions where post = $1),
         named as (delete from mentions where post = $1),
         tagged as (delete from post_tags where post_id = $1),
         pinned as (delete from pins where post = $1)
         insert into burials (post, author) select id, author from posts where id = $1",
        id as PostId,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A tombstone of the account that is to be [cleared](clear).
pub(crate) async fn burial(connection: &mut PgConnection, account: AccountId) -> Result<Option<PostId>> {
    Ok(sqlx::query_scalar!(r#"select post as "post: PostId" from burials where author = $1 limit 1"#, account as AccountId)
        .fetch_optional(connection)
        .await?)
}

/// Deletes some of what others made of a tombstone, but for their answers, which get its audience; notes it when nothing is left.
/// The thread must be locked.
pub(crate) async fn clear(connection: &mut PgConnection, id: PostId) -> Result<()> {
    if clearing::clear(connection, &[id.0]).await? || answers(connection, id).await? {
        return Ok(());
    }
    sqlx::query!("delete from burials where post = $1", id as PostId).execute(connection).await?;
    Ok(())
}

/// Gives some of the comments below a tombstone its audience; `false` if they all have it.
async fn answers(connection: &mut PgConnection, id: PostId) -> Result<bool> {
    let passed = sqlx::query_scalar!(
        r#"with batch as materialized (
               select c.id from posts c
               where c.root = $1 and c.id > (select b.passed from burials b where b.post = $1) order by c.id limit $2
           ),
           shown as (update posts set visibility = 'unlisted' where id in (select b.id from batch b) and visibility <> 'unlisted')
           select max(id) from batch"#,
        id as PostId,
        clearing::ROWS,
    )
    .fetch_one(&mut *connection)
    .await?;
    let Some(passed) = passed else { return Ok(false) };
    sqlx::query!("update burials set passed = $2 where post = $1", id as PostId, passed).execute(connection).await?;
    Ok(true)
}
