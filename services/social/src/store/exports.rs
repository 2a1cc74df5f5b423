//! What social keeps of somebody, as they take it along.

use contracts::AccountId;
use serde_json::Value;
use serving::Result;
use sqlx::PgPool;

/// A row, and its place among those of its kind.
pub(crate) struct Row {
    pub(crate) place: i64,
    pub(crate) row: Value,
}

/// The profile, and what notifications are switched off; nothing, if they never came here.
pub(crate) async fn profile(pool: &PgPool, account: AccountId) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'id', id::text, 'handle', handle, 'display_name', display_name, 'bio', bio, 'pronouns', pronouns, 'fields', fields,
               'picture', picture::text, 'header', header::text, 'discoverable', discoverable,
               'muted_notifications', array(select kind from notification_mutes where notification_mutes.account = profiles.id order by kind)
           ) as "profile!"
           from profiles where id = $1"#,
        account as AccountId,
    )
    .fetch_optional(pool)
    .await?)
}

/// Posts.
pub(crate) async fn posts(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select p.id as "place!", jsonb_build_object(
               'id', p.id::text, 'created_at', to_timestamp((p.id >> 16)::float8 / 1000), 'edited_at', p.edited_at, 'text', p.text,
               'content_warning', p.content_warning, 'language', p.language, 'visibility', p.visibility,
               'photos', array(select photo::text from post_photos where post = p.id order by position),
               'pinned', exists (select from pins where pins.post = p.id)
           ) as "row!"
           from posts p where p.author = $1 and p.root is null and p.id > $2
               and not exists (select from deletions d where d.post in (p.id, p.root))
           order by p.id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Comments.
pub(crate) async fn comments(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select p.id as "place!", jsonb_build_object(
               'id', p.id::text, 'created_at', to_timestamp((p.id >> 16)::float8 / 1000), 'edited_at', p.edited_at, 'text', p.text,
               'content_warning', p.content_warning, 'language', p.language, 'parent', p.parent::text, 'root', p.root::text,
               'photos', array(select photo::text from post_photos where post = p.id order by position)
           ) as "row!"
           from posts p where p.author = $1 and p.root is not null and p.id > $2
               and not exists (select from deletions d where d.post in (p.id, p.root))
           order by p.id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// What posts and comments said and showed before they were edited: a row for each post.
pub(crate) async fn revisions(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select p.id as "place!", jsonb_build_object('post', p.id::text, 'revisions', (
               select jsonb_agg(jsonb_build_object(
                   'text', r.text, 'content_warning', r.content_warning, 'language', r.language, 'visibility', r.visibility,
                   'photos', array(
                       select s.photo::text from revision_photos s where s.post = r.post and s.number = r.number order by s.position
                   ),
                   'replaced_at', r.replaced_at
               ) order by r.number)
               from revisions r where r.post = p.id
           )) as "row!"
           from (
               select id, root from posts where author = $1 and root is null
               union all
               select id, root from posts where author = $1 and root is not null
           ) p
           where p.id > $2 and exists (select from revisions r where r.post = p.id)
               and not exists (select from deletions d where d.post in (p.id, p.root))
           order by p.id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Reactions to what others wrote.
pub(crate) async fn reactions(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "place!", jsonb_build_object('post', post::text, 'emoji', emoji) as "row!"
           from reactions where account = $1 and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Bookmarks.
pub(crate) async fn bookmarks(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "place!", jsonb_build_object('post', post::text) as "row!"
           from bookmarks where account = $1 and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Tags that they follow.
pub(crate) async fn tags(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "place!", jsonb_build_object('tag', tag) as "row!"
           from followed_tags where account = $1 and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Lists of people, each with who is in it.
pub(crate) async fn lists(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "place!", jsonb_build_object(
               'title', title, 'members', array(select m.account::text from list_members m where m.list = lists.id order by m.id)
           ) as "row!"
           from lists where owner = $1 and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Posts that administrators removed: what they said, and why they were.
pub(crate) async fn removals(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "place!", jsonb_build_object(
               'post', post::text, 'removed_at', to_timestamp((id >> 16)::float8 / 1000), 'said', said, 'reason', note
           ) as "row!"
           from moderation_acts where account = $1 and kind = 'removed' and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}

/// Reports that they made. What was reported is another's.
pub(crate) async fn reports(pool: &PgPool, account: AccountId, after: i64, most: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "place!", jsonb_build_object(
               'created_at', to_timestamp((id >> 16)::float8 / 1000), 'account', account::text, 'post', post::text, 'reason', reason,
               'note', note, 'closed_at', closed_at
           ) as "row!"
           from reports where reporter = $1 and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        most,
    )
    .fetch_all(pool)
    .await?)
}
