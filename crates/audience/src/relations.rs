//! Who follows, befriends, blocks and mutes whom, kept by the facts of relation in the table of `migrations/audience.sql`.

use std::collections::BTreeMap;

use contracts::AccountId;
use contracts::fact::RelationChanged;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Sets what facts of relation say, in a statement or two however many there are. Each says all that holds between two, so of
/// several about the same two only the last is looked at.
pub async fn apply(connection: &mut PgConnection, changed: &[&RelationChanged]) -> sqlx::Result<()> {
    let last: BTreeMap<(AccountId, AccountId), &RelationChanged> =
        changed.iter().map(|changed| ((changed.actor, changed.target), *changed)).collect();
    let (held, ended): (Vec<_>, Vec<_>) =
        last.into_values().partition(|changed| changed.follows || changed.blocks || changed.friends || changed.mutes);
    if !ended.is_empty() {
        end(connection, &ended).await?;
    }
    if !held.is_empty() {
        hold(connection, &held).await?;
    }
    Ok(())
}

/// Of these pairs nothing holds any more.
async fn end(connection: &mut PgConnection, ended: &[&RelationChanged]) -> sqlx::Result<()> {
    sqlx::query(
        "delete from relations using jsonb_to_recordset($1) as ended (actor bigint, target bigint)
         where relations.actor = ended.actor and relations.target = ended.target",
    )
    .bind(Json(ended))
    .execute(connection)
    .await
    .map(drop)
}

/// Of these pairs, of which none comes twice, this holds.
async fn hold(connection: &mut PgConnection, held: &[&RelationChanged]) -> sqlx::Result<()> {
    sqlx::query(
        "insert into relations (actor, target, follows, blocks, friends, mutes, mutes_until, mutes_notifications)
         select actor, target, follows, blocks, friends, mutes, to_timestamp(mutes_until), mutes_notifications
         from jsonb_to_recordset($1) as held (
             actor bigint, target bigint, follows boolean, blocks boolean, friends boolean, mutes boolean, mutes_until bigint,
             mutes_notifications boolean
         )
         on conflict (actor, target) do update set follows = excluded.follows, blocks = excluded.blocks, friends = excluded.friends,
             mutes = excluded.mutes, mutes_until = excluded.mutes_until, mutes_notifications = excluded.mutes_notifications",
    )
    .bind(Json(held))
    .execute(connection)
    .await
    .map(drop)
}
