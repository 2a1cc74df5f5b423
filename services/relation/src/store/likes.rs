use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Who of two likes the other, seen from one side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Likes {
    pub(crate) mine: bool,
    pub(crate) theirs: bool,
}

pub(crate) async fn get(connection: &mut PgConnection, me: AccountId, other: AccountId) -> Result<Likes> {
    let found = sqlx::query_as!(
        Likes,
        r#"select case when low = $1 then low_likes else high_likes end as "mine!",
               case when low = $1 then high_likes else low_likes end as "theirs!"
           from likes where low = least($1, $2) and high = greatest($1, $2)"#,
        me as AccountId,
        other as AccountId,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Likes, which was not so before. Where the other likes too, the row becomes the match.
pub(crate) async fn insert(connection: &mut PgConnection, me: AccountId, other: AccountId) -> Result<()> {
    sqlx::query!(
        "insert into likes (low, high, low_likes, high_likes) values ($1, $2, $3, $4)
         on conflict (low, high) do update set id = excluded.id, low_likes = likes.low_likes or excluded.low_likes,
             high_likes = likes.high_likes or excluded.high_likes",
        me.min(other) as AccountId,
        me.max(other) as AccountId,
        me < other,
        me > other,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Neither likes the other any more.
pub(crate) async fn delete(connection: &mut PgConnection, one: AccountId, other: AccountId) -> Result<()> {
    sqlx::query!("delete from likes where low = $1 and high = $2", one.min(other) as AccountId, one.max(other) as AccountId)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many `me` likes who do not like back.
pub(crate) async fn unanswered(connection: &mut PgConnection, me: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select (select count(*) from likes where low = $1 and low_likes and not high_likes)
               + (select count(*) from likes where high = $1 and high_likes and not low_likes) as "count!""#,
        me as AccountId,
    )
    .fetch_one(connection)
    .await?)
}
