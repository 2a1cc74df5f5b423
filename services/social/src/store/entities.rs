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

/// Keeps whom and what a new post names.
pub(crate) async fn add(connection: &mut PgConnection, post: PostId, mentioned: &[i64], tags: &[String]) -> Result<()> {
    if !mentioned.is_empty() {
        sqlx::query!(
            "insert into mentions (post, account) select $1::bigint, account from unnest($2::bigint[]) account on conflict do nothing",
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
