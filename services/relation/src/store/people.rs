use audience::accounts;
use contracts::AccountId;
use identity::Viewer;
use serving::Result;
use sqlx::{PgConnection, PgPool};

/// What a person has chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) approves_followers: bool,
    pub(crate) suggestible: bool,
}

/// Keeps that somebody is here, and under which handle; once an hour, whatever they ask. In a statement of its own, before any
/// transaction: it locks their row, and a change locks the rows of two people in an order that this must not upset.
pub(crate) async fn seen(pool: &PgPool, viewer: &Viewer) -> Result<()> {
    sqlx::query!(
        "insert into people (id, handle, seen_at) select $1::bigint, $2::text, clock_timestamp()
         where not exists (select from people where id = $1 and handle = $2 and seen_at > now() - interval '1 hour')
             and not is_gone($1)
         on conflict (id) do update set handle = excluded.handle, seen_at = excluded.seen_at",
        viewer.account as AccountId,
        viewer.handle,
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(crate) async fn settings(pool: &PgPool, account: AccountId) -> Result<Settings> {
    let found = sqlx::query_as!(Settings, "select approves_followers, suggestible from people where id = $1", account as AccountId)
        .fetch_optional(pool)
        .await?;
    Ok(found.unwrap_or(Settings { approves_followers: false, suggestible: true }))
}

/// Keeps what a person has chosen, when all follows of them have ended that went by what they had chosen before.
pub(crate) async fn set(pool: &PgPool, account: AccountId, settings: Settings) -> Result<()> {
    let mut tx = pool.begin().await?;
    // In the order in which whoever follows them takes the locks.
    if accounts::is_gone(&mut tx, account).await? {
        return Ok(());
    }
    sqlx::query!("select pg_advisory_xact_lock(approval_lock($1))", account as AccountId).execute(&mut *tx).await?;
    sqlx::query!(
        "insert into people (id, approves_followers, suggestible) values ($1, $2, $3)
         on conflict (id) do update set approves_followers = excluded.approves_followers, suggestible = excluded.suggestible",
        account as AccountId,
        settings.approves_followers,
        settings.suggestible,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Must one ask to follow `account`? That stays so until the transaction ends.
pub(crate) async fn must_ask(connection: &mut PgConnection, account: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select must_ask($1) as "must!""#, account as AccountId).fetch_one(connection).await?)
}

/// Who was last seen under a handle. Handles may pass from one to another, and tokens tell late.
pub(crate) async fn by_handle(pool: &PgPool, handle: &str) -> Result<Option<AccountId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AccountId" from people where handle = $1 and not is_hidden(id) order by seen_at desc limit 1"#,
        handle,
    )
    .fetch_optional(pool)
    .await?)
}
