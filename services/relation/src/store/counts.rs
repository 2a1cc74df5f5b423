use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// Whom one account may follow at the most, requests included.
pub(crate) const MOST_FOLLOWED: i32 = 7_500;
/// People whose counts are compared at once.
const BATCH: i64 = 500;

/// By how much the counts of a person change.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) followers: i32,
    pub(crate) following: i32,
    pub(crate) friends: i32,
    /// Requests to follow, and what is withheld.
    pub(crate) pending: i32,
}

/// Adds to a person's counts; `false` if they would follow more than they may. It locks the person's row until the end of
/// the transaction: call it last, in the order of ids.
pub(crate) async fn add(connection: &mut PgConnection, account: AccountId, by: &Counts) -> Result<bool> {
    let added = sqlx::query!(
        "insert into people (id, followers_count, following_count, friends_count, pending_count) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set followers_count = people.followers_count + excluded.followers_count,
             following_count = people.following_count + excluded.following_count,
             friends_count = people.friends_count + excluded.friends_count,
             pending_count = people.pending_count + excluded.pending_count,
             suggested_at = case when excluded.following_count = 0 and excluded.friends_count = 0 then people.suggested_at end
         where excluded.following_count + excluded.pending_count <= 0
             or people.following_count + people.pending_count + excluded.following_count + excluded.pending_count <= $6",
        account as AccountId,
        by.followers,
        by.following,
        by.friends,
        by.pending,
        MOST_FOLLOWED,
    )
    .execute(connection)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// What is shown of a person.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) followers: i64,
    pub(crate) following: i64,
    pub(crate) friends: i64,
}

/// A person's counts without those who are hidden or whom a block severs from the viewer; to oneself with what is withheld.
pub(crate) async fn shown(pool: &PgPool, account: AccountId, viewer: Option<AccountId>) -> Result<Shown> {
    // As scalars, which are looked up by their keys, where for a join the planner may read all that a person has.
    let shown = sqlx::query_as!(
        Shown,
        r#"select followers_count - uncounted.followers as "followers!",
               following_count - uncounted.following + (
                   select count(*) from follows where actor = $1 and withheld and $1 = $2 and not is_hidden(target)
               ) as "following!",
               friends_count - uncounted.friends as "friends!"
           from people cross join lateral (
               select count(*) filter (
                       where (select not withheld from follows where actor = other.account and target = $1)
                   ) as followers,
                   count(*) filter (
                       where (select not withheld from follows where actor = $1 and target = other.account)
                   ) as following,
                   count(*) filter (
                       where (select low_asks and high_asks from friendships
                              where low = least($1, other.account) and high = greatest($1, other.account))
                   ) as friends
               from uncounted_for($1, $2) other
           ) uncounted where people.id = $1"#,
        account as AccountId,
        viewer as Option<AccountId>,
    )
    .fetch_optional(pool)
    .await?;
    Ok(shown.unwrap_or_default())
}

/// Compares the counts of some people, those after `after`, with what they count; says who was compared last and whose
/// are wrong. One statement sees one moment, so a change that is being made is seen in both or in neither.
pub(crate) async fn compare(pool: &PgPool, after: i64) -> Result<(Option<i64>, Vec<i64>)> {
    let compared = sqlx::query!(
        r#"select people.id, (people.followers_count, people.following_count, people.friends_count, people.pending_count)
               is distinct from (counted.followers_count, counted.following_count, counted.friends_count, counted.pending_count) as "wrong!"
           from people join counted on counted.id = people.id
           where people.id > $1 order by people.id limit $2"#,
        after,
        BATCH,
    )
    .fetch_all(pool)
    .await?;
    let last = compared.last().map(|row| row.id);
    Ok((last, compared.into_iter().filter(|row| row.wrong).map(|row| row.id).collect()))
}

/// Counts anew for one person; `false` if it was right. Nobody changes the counts meanwhile: the row is locked first, and
/// the statement that counts sees what was committed before that.
pub(crate) async fn mend(pool: &PgPool, account: i64) -> Result<bool> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select id from people where id = $1 for update", account).fetch_optional(&mut *tx).await?;
    let mended = sqlx::query!(
        "update people set followers_count = counted.followers_count, following_count = counted.following_count,
             friends_count = counted.friends_count, pending_count = counted.pending_count
         from counted where counted.id = people.id and people.id = $1
             and (people.followers_count, people.following_count, people.friends_count, people.pending_count)
                 is distinct from (counted.followers_count, counted.following_count, counted.friends_count, counted.pending_count)",
        account,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(mended.rows_affected() > 0)
}
