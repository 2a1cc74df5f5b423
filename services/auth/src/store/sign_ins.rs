use contracts::{AccountId, SessionId};
use serde_json::Value;
use serving::Result;
use sqlx::PgConnection;

use super::security_events::Kind;
use super::{beginnings, devices, security_events, sessions};
use crate::source::Source;

/// What is kept of a sign-in.
pub(crate) struct SignIn<'a> {
    pub(crate) account: AccountId,
    /// The session's, sealed.
    pub(crate) secret: &'a [u8],
    /// Rotation never makes it longer.
    pub(crate) life_days: u16,
    /// Such as "Firefox on Linux".
    pub(crate) user_agent: Option<&'a str>,
    /// By what the device is known from now on; an app has none.
    pub(crate) device_hash: Option<&'a [u8]>,
    pub(crate) source: &'a Source,
    /// Of the security event; the session's id is added.
    pub(crate) details: Value,
}

/// Makes a session, keeps the device, and writes down that this happened. Sessions and devices that were not used for the
/// longest make room, as in [`sessions::make_room`] and [`devices::keep`]. 429 if the account has begun too many of late: then
/// the transaction must not be committed.
pub(crate) async fn insert(connection: &mut PgConnection, new: &SignIn<'_>) -> Result<SessionId> {
    // One statement, since there is one for every password that is hashed: each more takes a hundredth of a hash.
    let begun = sqlx::query!(
        r#"with allowed as (
               select true as yes from (
                   select from sessions where account_id = $1 and created_at > now() - interval '15 minutes' limit $12) of_late
               having count(*) < $12
           ), unused as (
               select id from sessions where id in (
                   select id from sessions where account_id = $1 and ended_at is null and expires_at > clock_timestamp()
                   order by rotated_at desc, id desc offset $2)
               for update skip locked
           ), ended as (
               update sessions set ended_at = clock_timestamp() from unused
               where sessions.id = unused.id and ended_at is null returning sessions.id, rotated_at
           ), revoked as (
               insert into revocations (session_id, expires_at)
               select id, now() + interval '15 minutes' from ended where rotated_at > clock_timestamp() - make_interval(secs => $3)
               on conflict do nothing returning session_id
           ), begun as (
               insert into sessions (account_id, secret, expires_at, user_agent)
               select $1::bigint, $4::bytea, clock_timestamp() + make_interval(days => $5), $6::text from allowed returning id
           ), forgotten as (
               delete from devices where $7::bytea is not null and token_hash in (
                   select token_hash from devices where account_id = $1 and token_hash <> $7 order by used_at desc, token_hash offset $8)
           ), known as (
               insert into devices (token_hash, account_id) select $7, $1::bigint where $7 is not null
               on conflict on constraint devices_pkey do update set used_at = clock_timestamp()
           ), event as (
               insert into security_events (kind, account, source, details)
               select $9::text, (select pseudonym from accounts where id = $1), $10::text,
                   $11::jsonb || jsonb_build_object('session', begun.id::text)
               from begun
           )
           select begun.id as "session!: SessionId", (select count(*) from revoked) as "revoked!" from begun"#,
        new.account as AccountId,
        sessions::MOST - 1,
        sessions::LAST_USE,
        new.secret,
        i32::from(new.life_days),
        new.user_agent,
        new.device_hash,
        devices::MOST - 1,
        Kind::SignedIn.name(),
        new.source.prefix(),
        new.details,
        beginnings::MOST,
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(beginnings::too_many)?;
    if begun.revoked > 0 {
        sessions::tell(connection).await?;
    }
    security_events::log(Kind::SignedIn);
    Ok(begun.session)
}
