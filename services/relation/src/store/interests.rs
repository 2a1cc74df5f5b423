use contracts::AccountId;
use contracts::fact::InterestChanged;
use contracts::id::TagId;
use sqlx::PgConnection;

/// Sets what a fact of social says. Of who is erased it makes nothing anew.
pub(crate) async fn apply(connection: &mut PgConnection, changed: &InterestChanged) -> sqlx::Result<()> {
    let InterestChanged { account, tag, follows } = *changed;
    if follows {
        sqlx::query!(
            "insert into interests (account, tag) select $1::bigint, $2::bigint where not is_gone($1) on conflict do nothing",
            account as AccountId,
            tag as TagId,
        )
        .execute(connection)
        .await?;
    } else {
        sqlx::query!("delete from interests where account = $1 and tag = $2", account as AccountId, tag as TagId)
            .execute(connection)
            .await?;
    }
    Ok(())
}
