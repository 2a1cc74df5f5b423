//! Lists of posts: ids only. What is behind them is read by `posts::by_ids`, which asks the rule of who may see again.
//!
//! Each list has two queries, one for each direction: an index gives an order only to a query that has it.

use contracts::{AccountId, PostId};
use serving::{Page, Result};
use sqlx::PgPool;

/// The posts of whom the viewer follows, and their own. Each author's newest are read from the index and merged, so the
/// cost grows with how many one follows and not with how much they have ever posted.
pub(crate) async fn home(pool: &PgPool, viewer: AccountId, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            r#"select p.id as "id!" from (select target as author from relations where actor = $1 and follows union all select $1) followed
               cross join lateral (select id from posts where author = followed.author and root is null and id > $2
                   and may_see($1, author, visibility) order by id limit $3) p
               order by p.id limit $3"#,
            viewer as AccountId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"select p.id as "id!" from (select target as author from relations where actor = $1 and follows union all select $1) followed
               cross join lateral (select id from posts where author = followed.author and root is null and id < $2 and id > $3
                   and may_see($1, author, visibility) order by id desc limit $4) p
               order by p.id desc limit $4"#,
            viewer as AccountId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// The posts of one account that the viewer may see.
pub(crate) async fn account(pool: &PgPool, viewer: Option<AccountId>, author: AccountId, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            "select id from posts where author = $2 and root is null and id > $3 and may_see($1, author, visibility)
             order by id limit $4",
            viewer as Option<AccountId>,
            author as AccountId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            "select id from posts where author = $2 and root is null and id < $3 and id > $4 and may_see($1, author, visibility)
             order by id desc limit $5",
            viewer as Option<AccountId>,
            author as AccountId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// All public posts, but for those of whom the viewer is severed from.
pub(crate) async fn public(pool: &PgPool, viewer: Option<AccountId>, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            "select id from posts where root is null and visibility = 'public' and id > $2 and may_see($1, author, visibility)
             order by id limit $3",
            viewer as Option<AccountId>,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            "select id from posts where root is null and visibility = 'public' and id < $2 and id > $3 and may_see($1, author, visibility)
             order by id desc limit $4",
            viewer as Option<AccountId>,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// The whole thread below a root, newest first.
pub(crate) async fn comments(pool: &PgPool, viewer: Option<AccountId>, root: PostId, page: &Page) -> Result<Vec<i64>> {
    let ids = if page.ascending() {
        sqlx::query_scalar!(
            "select id from posts where root = $2 and id > $3 and may_see($1, root_author, visibility) and not severed($1, author)
             order by id limit $4",
            viewer as Option<AccountId>,
            root as PostId,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            "select id from posts where root = $2 and id < $3 and id > $4 and may_see($1, root_author, visibility) and not severed($1, author)
             order by id desc limit $5",
            viewer as Option<AccountId>,
            root as PostId,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}
