use contracts::AccountId;
use identity::PhotoGrant;
use sqlx::{PgConnection, PgPool, query, query_scalar};

/// Notes that two people were severed now.
pub(crate) async fn sever(connection: &mut PgConnection, one: AccountId, other: AccountId) -> sqlx::Result<()> {
    query!(
        "insert into severed (low, high, severed_at) values (least($1::bigint, $2), greatest($1::bigint, $2), clock_timestamp())
         on conflict on constraint severed_pkey do update set severed_at = excluded.severed_at",
        one.0,
        other.0,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Notes that what shows photos is gone or shown to fewer, from now on.
pub(crate) async fn narrow(connection: &mut PgConnection, source: &str) -> sqlx::Result<()> {
    query!(
        "insert into narrowed (source, narrowed_at) values ($1, clock_timestamp())
         on conflict on constraint narrowed_pkey do update set narrowed_at = excluded.narrowed_at",
        source,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets what no living grant can be older than: they live for five minutes.
pub(crate) async fn forget(connection: &mut PgConnection) -> sqlx::Result<()> {
    query!("delete from severed where severed_at < now() - interval '10 minutes'").execute(&mut *connection).await?;
    query!("delete from narrowed where narrowed_at < now() - interval '10 minutes'").execute(&mut *connection).await?;
    Ok(())
}

/// Whether what the grant rests on was withdrawn after it was signed.
///
/// The service that signs hears of a severance by itself, perhaps after this one, and goes on signing until then. The one
/// who severed waits two seconds for everybody to have heard; so a grant signed within two seconds after this service
/// heard does not count either.
pub(crate) async fn withdrawn(pool: &PgPool, grant: &PhotoGrant) -> sqlx::Result<bool> {
    // No service signs a time beyond the year 292 billion: treated as the oldest there is.
    let signed_at = i64::try_from(grant.iat).unwrap_or_default();
    query_scalar!(
        r#"select exists (
               select from severed
               where low = least($1::bigint, $2) and high = greatest($1::bigint, $2)
                   and severed_at > to_timestamp($4::bigint) - interval '2 seconds'
           ) or exists (
               select from narrowed
               where source = $3 and narrowed_at > to_timestamp($4::bigint) - interval '2 seconds'
           ) as "withdrawn!""#,
        grant.owner.0,
        grant.viewer.0,
        grant.source,
        signed_at,
    )
    .fetch_one(pool)
    .await
}
