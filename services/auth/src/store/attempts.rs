use contracts::AccountId;
use serving::Result;
use sqlx::{PgExecutor, PgPool};

use super::accounts::Credentials;

/// A place of the table.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) kind: &'static str,
    pub(crate) place: i32,
}

pub(crate) struct Counted {
    pub(crate) count: i32,
    /// Seconds until counting begins anew.
    pub(crate) wait: f64,
}

/// How often two things were counted; the second one only if the first was not counted too often.
pub(crate) struct Both {
    pub(crate) first: i32,
    pub(crate) first_wait: f64,
    pub(crate) second: Option<i32>,
    pub(crate) second_wait: Option<f64>,
    /// Whose handle was asked for, on a device that is not known.
    pub(crate) found: Option<Credentials>,
}

/// Counts one more; what was counted longer than `seconds` ago is forgotten.
pub(crate) async fn count(pool: &PgPool, Place { kind, place }: Place, seconds: f64) -> Result<Counted> {
    Ok(sqlx::query_as!(
        Counted,
        r#"insert into attempts as known (kind, place, count, until) values ($1, $2, 1, now() + make_interval(secs => $3))
           on conflict on constraint attempts_pkey do update
           set count = case when known.until > now() then least(known.count, 1000000) + 1 else 1 end,
               until = case when known.until > now() then known.until else excluded.until end
           returning count as "count!", extract(epoch from until - now())::float8 as "wait!""#,
        kind,
        place,
        seconds,
    )
    .fetch_one(pool)
    .await?)
}

/// Counts one more in the first place, and in the second unless the first has more than `most` by then. Each is with the
/// seconds after which it is forgotten. Everybody locks the first before the second. Whoever has this `handle` is looked up
/// by the way: there is such a statement for each password that is hashed.
pub(crate) async fn count_both(pool: &PgPool, first: (Place, f64), most: i32, second: (Place, f64), handle: Option<&str>) -> Result<Both> {
    let counted = sqlx::query!(
        r#"with one as (
               insert into attempts as known (kind, place, count, until) values ($1, $2, 1, now() + make_interval(secs => $3))
               on conflict on constraint attempts_pkey do update
               set count = case when known.until > now() then least(known.count, 1000000) + 1 else 1 end,
                   until = case when known.until > now() then known.until else excluded.until end
               returning count, until
           ), other as (
               insert into attempts as known (kind, place, count, until)
               select $5::text, $6::int, 1, now() + make_interval(secs => $7) from one where one.count <= $4
               on conflict on constraint attempts_pkey do update
               set count = case when known.until > now() then least(known.count, 1000000) + 1 else 1 end,
                   until = case when known.until > now() then known.until else excluded.until end
               returning count, until
           )
           select one.count as "first!", extract(epoch from one.until - now())::float8 as "first_wait!",
               other.count as "second?", extract(epoch from other.until - now())::float8 as "second_wait?",
               found.id as "id?: AccountId", found.password_hash as "password_hash?",
               exists (select from totp where totp.account_id = found.id and confirmed_at is not null)
                   or exists (select from passkeys where passkeys.account_id = found.id) as "second_factor!"
           from one left join other on true left join accounts found on found.handle = $8"#,
        first.0.kind,
        first.0.place,
        first.1,
        most,
        second.0.kind,
        second.0.place,
        second.1,
        handle,
    )
    .fetch_one(pool)
    .await?;
    let found = counted.id.zip(counted.password_hash).map(|(id, password_hash)| Credentials {
        id,
        password_hash,
        known_device: false,
        second_factor: counted.second_factor,
    });
    let (first, first_wait, second, second_wait) = (counted.first, counted.first_wait, counted.second, counted.second_wait);
    Ok(Both { first, first_wait, second, second_wait, found })
}

pub(crate) async fn give_back(pool: &PgPool, Place { kind, place }: Place) -> Result<()> {
    sqlx::query!("update attempts set count = count - 1 where kind = $1 and place = $2 and count > 0", kind, place).execute(pool).await?;
    Ok(())
}

/// The same for what was counted together, in the same order.
pub(crate) async fn give_both_back(executor: impl PgExecutor<'_>, first: Place, second: Place) -> Result<()> {
    // The second waits for the first: it asks how many rows that was.
    sqlx::query!(
        "with one as (update attempts set count = count - 1 where kind = $1 and place = $2 and count > 0 returning place)
         update attempts set count = count - 1
         where kind = $3 and place = $4 and count > 0 and (select count(*) from one) >= 0",
        first.kind,
        first.place,
        second.kind,
        second.place,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub(crate) async fn forget(pool: &PgPool, Place { kind, place }: Place) -> Result<()> {
    sqlx::query!("delete from attempts where kind = $1 and place = $2", kind, place).execute(pool).await?;
    Ok(())
}

/// Deletes what counts no more. What is counted anew just now is passed over: nobody waits for this, nor it for anybody.
pub(crate) async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from attempts where (kind, place) in
             (select kind, place from attempts where until < now() for update skip locked)"
    )
    .execute(pool)
    .await?;
    Ok(())
}
