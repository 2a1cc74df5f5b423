//! Lists of people, all read from the view `listed`. Two queries, one for each direction: an index gives an order only to a
//! query that has it. What is read for one page is bounded, whoever is on the list: so many rows are looked at.

use contracts::AccountId;
use serving::{Page, Result};
use sqlx::PgPool;

/// Rows of a list that are looked at for one page.
const MOST_LOOKED_AT: i64 = 1_000;

/// One row of a list of people.
pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) account: AccountId,
}

/// What of a list is shown.
pub(crate) struct Shown {
    pub(crate) people: Vec<Listed>,
    /// The last row that was looked at, if that were many, not enough are shown, and there may be more.
    pub(crate) last: Option<i64>,
}

impl From<Vec<Listed>> for Shown {
    fn from(people: Vec<Listed>) -> Self {
        Self { people, last: None }
    }
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
pub(crate) async fn page(pool: &PgPool, list: List, owner: AccountId, viewer: Option<AccountId>, page: &Page) -> Result<Shown> {
    let found = if let Some(after) = page.after() {
        sqlx::query_as!(
            Found,
            r#"select shown.ids as "ids!: Vec<i64>", shown.accounts as "accounts!: Vec<AccountId>",
                   case when cardinality(shown.ids) < $5::bigint then (
                       select id from listed where list = $1 and owner = $2 and id > $4 order by id offset $6::bigint - 1 limit 1
                   ) end as "last?"
               from (
                   select coalesce(array_agg(id order by id), '{}') as ids, coalesce(array_agg(account order by id), '{}') as accounts
                   from (
                       select id, account from (
                           select id, account, maker, withheld from listed
                           where list = $1 and owner = $2 and id > $4 order by id limit $6
                       ) looked_at
                       where (maker = $3 or (not withheld and account not in (select severed_from.account from severed_from($3))))
                           and not is_hidden(account)
                       order by id limit $5
                   ) known
               ) shown"#,
            list.name(),
            owner as AccountId,
            viewer as Option<AccountId>,
            after,
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    } else {
        sqlx::query_as!(
            Found,
            r#"select shown.ids as "ids!: Vec<i64>", shown.accounts as "accounts!: Vec<AccountId>",
                   case when cardinality(shown.ids) < $5::bigint then (
                       select id from listed where list = $1 and owner = $2 and id < $4 order by id desc offset $6::bigint - 1 limit 1
                   ) end as "last?"
               from (
                   select coalesce(array_agg(id order by id desc), '{}') as ids,
                       coalesce(array_agg(account order by id desc), '{}') as accounts
                   from (
                       select id, account from (
                           select id, account, maker, withheld from listed
                           where list = $1 and owner = $2 and id < $4 order by id desc limit $6
                       ) looked_at
                       where (maker = $3 or (not withheld and account not in (select severed_from.account from severed_from($3))))
                           and not is_hidden(account)
                       order by id desc limit $5
                   ) known
               ) shown"#,
            list.name(),
            owner as AccountId,
            viewer as Option<AccountId>,
            page.before(),
            page.limit + 1,
            MOST_LOOKED_AT,
        )
        .fetch_one(pool)
        .await?
    };
    let people = found.ids.into_iter().zip(found.accounts).map(|(id, account)| Listed { id, account });
    Ok(Shown { people: people.collect(), last: found.last })
}

/// What of a list is shown, as the database says it: places, whose they are, and how far it has looked.
struct Found {
    ids: Vec<i64>,
    accounts: Vec<AccountId>,
    last: Option<i64>,
}

/// What of a list its viewer has put there themself: all that is left of it for somebody who is blocked, or when its owner is
/// hidden, as it would be on the list of an id that is nobody's. A friendship is no such row: it took both.
pub(crate) async fn own_rows(pool: &PgPool, list: List, owner: AccountId, viewer: AccountId, page: &Page) -> Result<Vec<Listed>> {
    let rows = sqlx::query_as!(
        Listed,
        r#"select id as "id!", account as "account!: AccountId" from listed
           where list = $1 and list <> 'friends' and owner = $2 and account = $3 and maker = $3"#,
        list.name(),
        owner as AccountId,
        viewer as AccountId,
    )
    .fetch_all(pool)
    .await?;
    // One at the most, so it is all the same which way the page goes.
    Ok(rows.into_iter().filter(|row| row.id < page.before() && page.after().is_none_or(|after| row.id > after)).collect())
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
