//! Lists of people, all read from the view `listed`. Two queries, one for each direction: an index gives an order only to a
//! query that has it.

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::PgPool;

/// One row of a list of people.
pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) account: AccountId,
}

/// Which list, by its name in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Followers,
    Following,
    Friends,
    FollowRequests,
    SentFollowRequests,
    FriendRequests,
    SentFriendRequests,
    Matches,
    Blocks,
    Mutes,
}

impl List {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::Following => "following",
            Self::Friends => "friends",
            Self::FollowRequests => "follow_requests",
            Self::SentFollowRequests => "sent_follow_requests",
            Self::FriendRequests => "friend_requests",
            Self::SentFriendRequests => "sent_friend_requests",
            Self::Matches => "matches",
            Self::Blocks => "blocks",
            Self::Mutes => "mutes",
        }
    }
}

/// Who is on a list, in the order of the page and one more than it holds: without those who are hidden, and without those whom a
/// block severs from the viewer, but for what the viewer has put there.
pub(crate) async fn page(pool: &PgPool, list: List, owner: AccountId, viewer: Option<AccountId>, page: &Page) -> Result<Vec<Listed>> {
    let listed = if page.ascending() {
        sqlx::query_as!(
            Listed,
            r#"select id as "id!", account as "account!: AccountId" from listed
               where list = $1 and owner = $2
                   and (maker = $3 or (not withheld and account not in (select severed_from.account from severed_from($3))))
                   and not is_hidden(account)
                   and id > $4 order by id limit $5"#,
            list.name(),
            owner as AccountId,
            viewer as Option<AccountId>,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Listed,
            r#"select id as "id!", account as "account!: AccountId" from listed
               where list = $1 and owner = $2
                   and (maker = $3 or (not withheld and account not in (select severed_from.account from severed_from($3))))
                   and not is_hidden(account)
                   and id < $4 and id > $5 order by id desc limit $6"#,
            list.name(),
            owner as AccountId,
            viewer as Option<AccountId>,
            page.before,
            page.after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(listed)
}

/// What of a list its viewer has put there themself: all that is left of it for somebody who is blocked, or when its owner is
/// hidden, as it would be on the list of an id that is nobody's. A friendship is no such row: it took both.
pub(crate) async fn own_rows(pool: &PgPool, list: List, owner: AccountId, viewer: AccountId, page: &Page) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        r#"select id as "id!", account as "account!: AccountId" from listed
           where list = $1 and list <> 'friends' and owner = $2 and account = $3 and maker = $3 and id < $4 and id > $5"#,
        list.name(),
        owner as AccountId,
        viewer as AccountId,
        page.before,
        page.after,
    )
    .fetch_all(pool)
    .await?)
}

/// How many rows of a list its viewer has put there themself.
pub(crate) async fn own_count(pool: &PgPool, list: List, owner: AccountId, viewer: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from listed where list = $1 and owner = $2 and account = $3 and maker = $3"#,
        list.name(),
        owner as AccountId,
        viewer as AccountId,
    )
    .fetch_one(pool)
    .await?)
}
