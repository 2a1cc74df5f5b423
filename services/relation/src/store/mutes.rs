use contracts::AccountId;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// When a mute ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Never,
    /// In Unix seconds.
    At(i64),
    /// When the mute that there is ends; of a new one, never.
    AsBefore,
}

/// May `actor` mute `target`: do they already, or mute fewer than `most`? One that is over counts until it is deleted.
pub(crate) async fn has_room(connection: &mut PgConnection, actor: AccountId, target: AccountId, most: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from mutes where actor = $1 and target = $2)
               or (select count(*) from (select from mutes where actor = $1 limit $3) counted) < $3 as "room!""#,
        actor as AccountId,
        target as AccountId,
        most,
    )
    .fetch_one(connection)
    .await?)
}

/// Mutes from now on, in the place of what was. `false` if that was just so before.
pub(crate) async fn set(connection: &mut PgConnection, actor: AccountId, target: AccountId, notifications: bool, end: End) -> Result<bool> {
    let (until, as_before) = match end {
        End::Never => (None, false),
        End::At(second) => (Some(second), false),
        End::AsBefore => (None, true),
    };
    let set = sqlx::query!(
        "insert into mutes (actor, target, notifications, until) values ($1, $2, $3, to_timestamp($4::bigint))
         on conflict (actor, target) do update set notifications = excluded.notifications,
             until = case when $5 and mutes.until > now() then mutes.until else excluded.until end
         where mutes.notifications <> excluded.notifications
             or mutes.until is distinct from case when $5 and mutes.until > now() then mutes.until else excluded.until end",
        actor as AccountId,
        target as AccountId,
        notifications,
        until,
        as_before,
    )
    .execute(connection)
    .await?;
    Ok(set.rows_affected() > 0)
}

/// Unmutes; `false` if there was nothing to undo.
pub(crate) async fn delete(connection: &mut PgConnection, actor: AccountId, target: AccountId) -> Result<bool> {
    let deleted = sqlx::query!("delete from mutes where actor = $1 and target = $2", actor as AccountId, target as AccountId)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

/// A mute that is over.
pub(crate) struct Over {
    pub(crate) actor: AccountId,
    pub(crate) target: AccountId,
}

/// Some mutes that are over, the oldest first.
pub(crate) async fn over(pool: &PgPool, at_most: i64) -> Result<Vec<Over>> {
    Ok(sqlx::query_as!(
        Over,
        r#"select actor as "actor: AccountId", target as "target: AccountId" from mutes where until <= now() order by until limit $1"#,
        at_most,
    )
    .fetch_all(pool)
    .await?)
}

/// Deletes a mute if it is over; `false` if somebody has set it anew, or has deleted it.
pub(crate) async fn delete_over(connection: &mut PgConnection, Over { actor, target }: &Over) -> Result<bool> {
    let deleted =
        sqlx::query!("delete from mutes where actor = $1 and target = $2 and until <= now()", *actor as AccountId, *target as AccountId,)
            .execute(connection)
            .await?;
    Ok(deleted.rows_affected() > 0)
}
