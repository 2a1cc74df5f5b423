use contracts::AccountId;
use serving::Result;
use sqlx::PgConnection;

/// Who of two asks to be friends, seen from one side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Friendship {
    pub(crate) mine: bool,
    pub(crate) theirs: bool,
    /// Known only to whoever asks.
    pub(crate) withheld: bool,
}

impl Friendship {
    pub(crate) fn mutual(self) -> bool {
        self.mine && self.theirs
    }
}

pub(crate) async fn get(connection: &mut PgConnection, me: AccountId, other: AccountId) -> Result<Friendship> {
    let found = sqlx::query_as!(
        Friendship,
        r#"select case when low = $1 then low_asks else high_asks end as "mine!",
               case when low = $1 then high_asks else low_asks end as "theirs!", withheld
           from friendships where low = least($1, $2) and high = greatest($1, $2)"#,
        me as AccountId,
        other as AccountId,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Asks, where neither of the two did.
pub(crate) async fn ask(connection: &mut PgConnection, me: AccountId, other: AccountId, withheld: bool) -> Result<()> {
    sqlx::query!(
        "insert into friendships (low, high, low_asks, high_asks, withheld) values ($1, $2, $3, $4, $5)",
        me.min(other) as AccountId,
        me.max(other) as AccountId,
        me < other,
        me > other,
        withheld,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes friends of the two, where one of them asks.
pub(crate) async fn agree(connection: &mut PgConnection, one: AccountId, other: AccountId) -> Result<()> {
    sqlx::query!(
        "update friendships set low_asks = true, high_asks = true, id = next_id('friendships') where low = $1 and high = $2",
        one.min(other) as AccountId,
        one.max(other) as AccountId,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Neither asks any more.
pub(crate) async fn delete(connection: &mut PgConnection, one: AccountId, other: AccountId) -> Result<()> {
    sqlx::query!("delete from friendships where low = $1 and high = $2", one.min(other) as AccountId, one.max(other) as AccountId,)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many wait for an answer to what `me` has asked.
pub(crate) async fn unanswered(connection: &mut PgConnection, me: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select (select count(*) from friendships where low = $1 and low_asks and not high_asks)
               + (select count(*) from friendships where high = $1 and high_asks and not low_asks) as "count!""#,
        me as AccountId,
    )
    .fetch_one(connection)
    .await?)
}
