use std::collections::HashMap;

use contracts::{AccountId, PostId};
use serving::Result;
use sqlx::PgConnection;

/// Whose handles these are, as far as the author may know of them. A handle that was given to another is that other's.
pub(crate) async fn people(connection: &mut PgConnection, author: AccountId, handles: &[String]) -> Result<HashMap<String, AccountId>> {
    if handles.is_empty() {
        return Ok(HashMap::new());
    }
    let people = sqlx::query!(
        r#"select distinct on (handle) handle, id as "id: AccountId" from profiles
           where handle = any($2) and not severed($1, id) order by handle, handle_at desc, id desc"#,
        author as AccountId,
        handles,
    )
    .fetch_all(connection)
    .await?;
    Ok(people.into_iter().map(|person| (person.handle, person.id)).collect())
}

/// Keeps whom and what a post names, and nothing that it named before.
pub(crate) async fn keep(connection: &mut PgConnection, post: PostId, mentioned: &[i64], tags: &[String]) -> Result<()> {
    sqlx::query!("delete from mentions where post = $1 and account <> all($2)", post as PostId, mentioned)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from post_tags where post_id = $1 and tag <> all($2)", post as PostId, tags).execute(&mut *connection).await?;
    add(connection, post, mentioned, tags).await
}

/// Keeps whom and what a new post names, without who is gone for good: an edit may leave a text as it is that names them. Nobody of
/// the others is erased before the transaction ends. They are locked in the order in which they come.
pub(crate) async fn add(connection: &mut PgConnection, post: PostId, mentioned: &[i64], tags: &[String]) -> Result<()> {
    if !mentioned.is_empty() {
        sqlx::query!(
            "insert into mentions (post, account)
             select $1::bigint, account from unnest($2::bigint[]) account where not is_gone(account) on conflict do nothing",
            post as PostId,
            mentioned,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !tags.is_empty() {
        sqlx::query!(
            "insert into post_tags (tag, post_id) select tag, $1::bigint from unnest($2::text[]) tag on conflict do nothing",
            post as PostId,
            tags,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// How many answers are looked at when a thread is shown to more: its author waits for it.
const NEWEST: i64 = 1000;

/// Tells whom a post, or one of the newest answers to it, mentions and who has not been told so, as far as they may see it now: it was
/// shown to more.
pub(crate) async fn tell_mentioned(connection: &mut PgConnection, root: PostId) -> Result<()> {
    sqlx::query_scalar!(
        r#"select tell(m.account, 'mention', p.author, p.id, null) as "told!"
           from (
               select id, author from posts where id = $1
               union all (select id, author from posts where root = $1 order by id desc limit $2)
           ) p join mentions m on m.post = p.id
           where not exists (
               select from notifications n where n.post = p.id and n.account = m.account and n.kind in ('reply', 'mention')
           )
           order by p.id, m.account"#,
        root as PostId,
        NEWEST,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
