use contracts::AccountId;
use serving::Result;
use sqlx::PgPool;

use super::lists::List;

/// One line of a list that its owner takes along.
pub(crate) struct Exported {
    pub(crate) id: AccountId,
    /// As relation last heard it; who has never written to relation has none here.
    pub(crate) handle: Option<String>,
    /// Of a mute: it holds for notifications too.
    pub(crate) notifications: bool,
}

/// A whole list of the owner's own, the oldest first.
pub(crate) async fn all(pool: &PgPool, list: List, owner: AccountId) -> Result<Vec<Exported>> {
    Ok(sqlx::query_as!(
        Exported,
        r#"select listed.account as "id!: AccountId", people.handle as "handle?",
               coalesce(mutes.notifications, false) as "notifications!"
           from listed
           left join people on people.id = listed.account
           left join mutes on mutes.actor = $2 and mutes.target = listed.account
           where listed.list = $1 and listed.owner = $2 and listed.maker = $2
           order by listed.id"#,
        list.name(),
        owner as AccountId,
    )
    .fetch_all(pool)
    .await?)
}
