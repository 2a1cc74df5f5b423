use contracts::AccountId;
use contracts::fact::ProfileChanged;
use sqlx::PgConnection;

/// Sets what a fact of social says. Of who is erased it makes nothing anew.
pub(crate) async fn apply(connection: &mut PgConnection, changed: &ProfileChanged) -> sqlx::Result<()> {
    let ProfileChanged { account, discoverable } = *changed;
    if discoverable {
        sqlx::query!("delete from undiscoverable where account = $1", account as AccountId).execute(connection).await?;
    } else {
        sqlx::query!(
            "insert into undiscoverable (account) select $1::bigint where not is_gone($1) on conflict do nothing",
            account as AccountId,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}
