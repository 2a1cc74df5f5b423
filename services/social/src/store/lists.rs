use contracts::AccountId;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};

/// A list of people.
pub(crate) struct List {
    pub(crate) id: i64,
    pub(crate) title: String,
}

/// Somebody in a list.
pub(crate) struct Member {
    /// A place among the members.
    pub(crate) place: i64,
    pub(crate) id: AccountId,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) picture_key: Option<String>,
}

/// How many lists an account has. Holds up whoever else asks, until the transaction ends.
pub(crate) async fn count(connection: &mut PgConnection, owner: AccountId) -> Result<i64> {
    sqlx::query!("select from profiles where id = $1 for no key update", owner as AccountId).execute(&mut *connection).await?;
    Ok(sqlx::query_scalar!(r#"select count(*) as "lists!" from lists where owner = $1"#, owner as AccountId).fetch_one(connection).await?)
}

pub(crate) async fn insert(connection: &mut PgConnection, owner: AccountId, title: &str) -> Result<List> {
    Ok(sqlx::query_as!(List, "insert into lists (owner, title) values ($1, $2) returning id, title", owner as AccountId, title)
        .fetch_one(connection)
        .await?)
}

/// Somebody's lists, the newest first.
pub(crate) async fn of_owner(pool: &PgPool, owner: AccountId) -> Result<Vec<List>> {
    Ok(sqlx::query_as!(List, "select id, title from lists where owner = $1 order by id desc", owner as AccountId).fetch_all(pool).await?)
}

/// Gives a list of theirs another title; `None` if there is none.
pub(crate) async fn rename(pool: &PgPool, owner: AccountId, id: i64, title: &str) -> Result<Option<List>> {
    Ok(
        sqlx::query_as!(
            List,
            "update lists set title = $3 where id = $2 and owner = $1 returning id, title",
            owner as AccountId,
            id,
            title,
        )
        .fetch_optional(pool)
        .await?,
    )
}

/// Deletes a list of theirs; `false` if there is none.
pub(crate) async fn delete(pool: &PgPool, owner: AccountId, id: i64) -> Result<bool> {
    let deleted = sqlx::query!("delete from lists where id = $2 and owner = $1", owner as AccountId, id).execute(pool).await?;
    Ok(deleted.rows_affected() > 0)
}

/// Is there such a list of theirs?
pub(crate) async fn exists(pool: &PgPool, owner: AccountId, id: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from lists where id = $2 and owner = $1) as "exists!""#, owner as AccountId, id,)
        .fetch_one(pool)
        .await?)
}

/// Locks a list of theirs, so that its bound holds when many are added at once; says how many others than `account` are in
/// it. `None` if there is no such list.
pub(crate) async fn others(connection: &mut PgConnection, owner: AccountId, id: i64, account: AccountId) -> Result<Option<i64>> {
    let list = sqlx::query_scalar!("select id from lists where id = $2 and owner = $1 for no key update", owner as AccountId, id)
        .fetch_optional(&mut *connection)
        .await?;
    if list.is_none() {
        return Ok(None);
    }
    let others = sqlx::query_scalar!(
        r#"select count(*) as "others!" from list_members where list = $1 and account <> $2"#,
        id,
        account as AccountId,
    )
    .fetch_one(connection)
    .await?;
    Ok(Some(others))
}

/// Adds somebody whom the owner follows and may know of; `false` if they do not.
pub(crate) async fn add(connection: &mut PgConnection, owner: AccountId, id: i64, account: AccountId) -> Result<bool> {
    let followed = sqlx::query_scalar!(
        r#"select exists (
               select from relations join profiles on profiles.id = target
               where actor = $1 and target = $2 and follows and not severed($1, $2)
           ) as "followed!""#,
        owner.0,
        account.0,
    )
    .fetch_one(&mut *connection)
    .await?;
    if followed {
        sqlx::query!("insert into list_members (list, account) values ($1, $2) on conflict do nothing", id, account as AccountId)
            .execute(connection)
            .await?;
    }
    Ok(followed)
}

/// Takes somebody out of a list of theirs.
pub(crate) async fn remove(pool: &PgPool, owner: AccountId, id: i64, account: AccountId) -> Result<()> {
    sqlx::query!(
        "delete from list_members using lists where lists.id = list and list = $2 and account = $3 and owner = $1",
        owner as AccountId,
        id,
        account as AccountId,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Who is in a list, the last added first.
pub(crate) async fn members(pool: &PgPool, owner: AccountId, id: i64, page: &Page) -> Result<Vec<Member>> {
    let members = if let Some(after) = page.after() {
        sqlx::query_as!(
            Member,
            r#"select m.id as "place!", p.id as "id!: AccountId", p.handle as "handle!", p.display_name as "display_name!",
                   picture_key(p.picture) as "picture_key?"
               from list_members m join profiles p on p.id = m.account
               where m.list = $2 and m.id > $3 and not severed($1, p.id) order by m.id limit $4"#,
            owner as AccountId,
            id,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Member,
            r#"select m.id as "place!", p.id as "id!: AccountId", p.handle as "handle!", p.display_name as "display_name!",
                   picture_key(p.picture) as "picture_key?"
               from list_members m join profiles p on p.id = m.account
               where m.list = $2 and m.id < $3 and not severed($1, p.id) order by m.id desc limit $4"#,
            owner as AccountId,
            id,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(members)
}

/// The posts of those in a list whom its owner still follows and does not mute: each one's newest, merged. What they may not see is
/// left out before it is cut, or less than a page would look like the end. Each visibility is read by itself, as in
/// [`timelines::account`](super::timelines::account): then PostgreSQL has no better index than that of the author's own posts.
pub(crate) async fn posts(pool: &PgPool, owner: AccountId, id: i64, page: &Page) -> Result<Vec<i64>> {
    let ids = if let Some(after) = page.after() {
        sqlx::query_scalar!(
            r#"select p.id as "id!" from (
                   select p.id from list_members m join relations r on r.actor = $1 and r.target = m.account and r.follows
                       cross join lateral (
                           select p.id from unnest(array['public', 'unlisted', 'followers', 'friends']) v (visibility) cross join lateral (
                               select p.id from posts p
                               where p.author = m.account and p.root is null and not p.tombstone and p.visibility = v.visibility
                                   and p.id > $3 and p.id not in (select d.post from deletions d)
                               order by p.id limit $4
                           ) p
                           where for_follower(v.visibility, r.friends, false)
                           union all
                           select p.id from (
                               select p.id from mentions n join posts p on p.id = n.post
                               where n.account = $1 and n.author = m.account and n.post > $3 and p.root is null
                                   and p.visibility = 'direct' and p.id not in (select d.post from deletions d)
                               order by n.post limit $4
                           ) p
                       ) p
                   where m.list = $2 and not muted($1, m.account) and not severed($1, m.account)
                   order by p.id limit $4
               ) found join posts p on p.id = found.id where visible($1, p) order by p.id"#,
            owner.0,
            id,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"select p.id as "id!" from (
                   select p.id from list_members m join relations r on r.actor = $1 and r.target = m.account and r.follows
                       cross join lateral (
                           select p.id from unnest(array['public', 'unlisted', 'followers', 'friends']) v (visibility) cross join lateral (
                               select p.id from posts p
                               where p.author = m.account and p.root is null and not p.tombstone and p.visibility = v.visibility
                                   and p.id < $3 and p.id not in (select d.post from deletions d)
                               order by p.id desc limit $4
                           ) p
                           where for_follower(v.visibility, r.friends, false)
                           union all
                           select p.id from (
                               select p.id from mentions n join posts p on p.id = n.post
                               where n.account = $1 and n.author = m.account and n.post < $3 and p.root is null
                                   and p.visibility = 'direct' and p.id not in (select d.post from deletions d)
                               order by n.post desc limit $4
                           ) p
                       ) p
                   where m.list = $2 and not muted($1, m.account) and not severed($1, m.account)
                   order by p.id desc limit $4
               ) found join posts p on p.id = found.id where visible($1, p) order by p.id desc"#,
            owner.0,
            id,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}
