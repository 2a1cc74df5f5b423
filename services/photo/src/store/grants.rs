use std::collections::BTreeSet;

use contracts::AccountId;
use identity::PhotoGrant;
use sqlx::{PgConnection, PgPool, query, query_scalar};

/// Notes that these pairs of people were severed, and that what shows photos is gone or shown to fewer, from now on. The place that is
/// kept is the last that there is: those of the facts themselves are not beyond it, and who has not passed them has not passed it. Of
/// somebody who is gone for good it makes no row.
pub(crate) async fn withdraw(
    connection: &mut PgConnection,
    severed: &BTreeSet<(AccountId, AccountId)>,
    narrowed: &[String],
) -> sqlx::Result<()> {
    if severed.is_empty() && narrowed.is_empty() {
        return Ok(());
    }
    let (low, high): (Vec<i64>, Vec<i64>) = severed.iter().map(|(low, high)| (low.0, high.0)).unzip();
    query!(
        "insert into severed (low, high, severed_at, position, position_at)
         select pair.low, pair.high, heard.moment, (select max(told.position) from relation.outbox told), heard.moment
         from unnest($1::bigint[], $2::bigint[]) as pair (low, high) cross join (select clock_timestamp() as moment) heard
         where not is_gone(pair.low) and not is_gone(pair.high)
         on conflict on constraint severed_pkey
             do update set severed_at = excluded.severed_at, position = excluded.position, position_at = excluded.position_at",
        low.as_slice(),
        high.as_slice(),
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "insert into narrowed (source, narrowed_at, position, position_at)
         select gone.source, heard.moment, (select max(told.position) from social.outbox told), heard.moment
         from unnest($1::text[]) as gone (source) cross join (select clock_timestamp() as moment) heard
         on conflict on constraint narrowed_pkey
             do update set narrowed_at = excluded.narrowed_at, position = excluded.position, position_at = excluded.position_at",
        narrowed,
    )
    .execute(&mut *connection)
    .await?;
    forget(connection).await
}

/// Forgets what no living grant can be older than: they live for five minutes, by clocks that may be ten minutes ahead. But what one
/// rests on may be older, where the service that signs hears hours late of severances; so their last place is kept. Of what it narrows
/// itself it is never behind.
async fn forget(connection: &mut PgConnection) -> sqlx::Result<()> {
    query!(
        "with gone as (
             delete from severed where severed_at < now() - interval '1 hour' returning position
         )
         insert into forgotten (producer, position)
         select 'relation', max(position) from gone having max(position) is not null
         on conflict on constraint forgotten_pkey do update set position = greatest(forgotten.position, excluded.position)",
    )
    .execute(&mut *connection)
    .await?;
    query!("delete from narrowed where narrowed_at < now() - interval '1 hour'").execute(&mut *connection).await?;
    Ok(())
}

/// Whether what the grant rests on was withdrawn after it was decided: the viewer was severed from the owner, or from whom the
/// audience is of, or what shows the photo was narrowed; or may have been, by what is forgotten; or one of the two is hidden from
/// everybody.
///
/// The service that signs hears of a severance by itself, perhaps after this one, and goes on signing until then. So it says how far
/// it had heard, and told, when it decided. A grant of an older version does not: of that the time is compared, and one does not count
/// that was signed within two seconds before this service heard, as whoever severs waits so long for everybody to have heard. Times are
/// compared as well where an older version of this service has noted it anew: that leaves the place as it was, and when it was noted.
pub(crate) async fn withdrawn(pool: &PgPool, grant: &PhotoGrant) -> sqlx::Result<bool> {
    let showers: Vec<i64> = [Some(grant.owner), grant.audience_of].into_iter().flatten().map(|account| account.0).collect();
    // No service signs a time beyond the year 292 billion: treated as the oldest there is.
    let signed_at = i64::try_from(grant.iat).unwrap_or_default();
    query_scalar!(
        r#"select exists (
               select from unnest($1::bigint[]) as shower (id)
                   join severed on low = least(shower.id, $2::bigint) and high = greatest(shower.id, $2::bigint)
               where coalesce(
                   case when position_at = severed_at then position > $5::bigint end,
                   severed_at > to_timestamp($4::bigint) - interval '2 seconds'
               )
           ) or exists (
               select from narrowed
               where source = $3 and coalesce(
                   case when position_at = narrowed_at then position > $6::bigint end,
                   narrowed_at > to_timestamp($4::bigint) - interval '2 seconds'
               )
           ) or exists (
               select from forgotten where producer = 'relation' and position > $5::bigint
           ) or exists (
               select from unnest($1::bigint[]) as shower (id) where is_hidden(shower.id)
           ) as "withdrawn!""#,
        showers.as_slice(),
        grant.viewer.0,
        grant.source,
        signed_at,
        grant.as_of.map(|as_of| as_of.relation),
        grant.as_of.map(|as_of| as_of.own),
    )
    .fetch_one(pool)
    .await
}
