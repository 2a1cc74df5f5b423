use std::collections::{BTreeMap, BTreeSet};

use audience::accounts;
use contracts::AccountId;
use sqlx::{PgConnection, query, query_scalar};

/// Sets what facts of relation say: who blocks whom, or does not. Of somebody who is gone for good it makes no row.
pub(crate) async fn apply(connection: &mut PgConnection, told: &BTreeMap<(AccountId, AccountId), bool>) -> sqlx::Result<()> {
    let pairs = |blocks: bool| told.iter().filter(move |(_, said)| **said == blocks).map(|(pair, _)| *pair);
    let (actors, targets): (Vec<i64>, Vec<i64>) = pairs(false).map(|(actor, target)| (actor.0, target.0)).unzip();
    if !actors.is_empty() {
        query!(
            "delete from blocks using unnest($1::bigint[], $2::bigint[]) as ended (actor, target)
             where blocks.actor = ended.actor and blocks.target = ended.target",
            actors.as_slice(),
            targets.as_slice(),
        )
        .execute(&mut *connection)
        .await?;
    }
    let people: BTreeSet<AccountId> = pairs(true).flat_map(|(actor, target)| [actor, target]).collect();
    if people.is_empty() {
        return Ok(());
    }
    let gone = accounts::gone(connection, &people).await?;
    let present = pairs(true).filter(|(actor, target)| !gone.contains(actor) && !gone.contains(target));
    let (actors, targets): (Vec<i64>, Vec<i64>) = present.map(|(actor, target)| (actor.0, target.0)).unzip();
    query!(
        "insert into blocks (actor, target) select actor, target from unnest($1::bigint[], $2::bigint[]) as held (actor, target)
         on conflict on constraint blocks_pkey do nothing",
        actors.as_slice(),
        targets.as_slice(),
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Does either of two block the other?
pub(crate) async fn between(connection: &mut PgConnection, one: AccountId, other: AccountId) -> sqlx::Result<bool> {
    query_scalar!(
        r#"select exists (select from blocks where actor = $1 and target = $2)
               or exists (select from blocks where actor = $2 and target = $1) as "blocked!""#,
        one.0,
        other.0,
    )
    .fetch_one(connection)
    .await
}
