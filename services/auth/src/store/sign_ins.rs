use contracts::{AccountId, SessionId};
use serde_json::Value;
use serving::Result;
use sqlx::PgConnection;

use super::accounts::Account;
use super::attempts::Place;
use super::security_events::Kind;
use super::{attempts, beginnings, devices, security_events, sessions};
use crate::source::Source;
use crate::standing::Standing;

/// What is kept of a sign-in.
pub(crate) struct SignIn<'a> {
    pub(crate) account: AccountId,
    /// As it was when the password was proved.
    pub(crate) password_hash: &'a str,
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
    /// Where the password was counted as a guess: it was none, whether a session begins or not.
    pub(crate) guess: Option<(Place, Place)>,
}

/// What has begun.
pub(crate) struct Begun {
    /// As it is.
    pub(crate) account: Account,
    pub(crate) session: SessionId,
    /// There are more sessions than may live.
    too_many_sessions: bool,
    /// There are more devices than are kept.
    too_many_devices: bool,
}

/// Makes a session of an account that may sign in and still has this password, keeps the device, and writes down that this
/// happened. Whatever would end its sessions waits until the transaction ends. [`make_room`] comes next. Nothing of this happens if it may not, or has begun too many of late.
pub(crate) async fn insert(connection: &mut PgConnection, new: &SignIn<'_>) -> Result<Option<Begun>> {
    // One statement, since there is one for every password that is hashed. A change of the password or of the standing that it
    // had to wait for is looked at once more, as PostgreSQL does for what it locks.
    let begun = sqlx::query!(
        r#"with held as (
               select id, handle, state, suspended_reason, roles, email, pseudonym, created_at
               from accounts where id = $1 and password_hash = $10 and state = $11 for share
           ), begun as (
               insert into sessions (account_id, secret, expires_at, user_agent, device_hash)
               select held.id, $2::bytea, clock_timestamp() + make_interval(days => $3), $4::text, $5::bytea from held
               where (select count(*) from (
                   select from sessions where account_id = $1 and created_at > now() - interval '15 minutes' limit $9) of_late) < $9
               returning id
           ), known as (
               insert into devices (token_hash, account_id) select $5, $1::bigint from begun where $5 is not null
               on conflict on constraint devices_pkey do update set used_at = clock_timestamp()
           ), given_back as (
               update attempts set count = count - 1 where kind = $12 and place = $13 and count > 0 returning place
           ), given_back_too as (
               update attempts set count = count - 1
               where kind = $14 and place = $15 and count > 0 and (select count(*) from given_back) >= 0
           ), event as (
               insert into security_events (kind, account, source, details)
               select $6::text, held.pseudonym, $7::text, $8::jsonb || jsonb_build_object('session', begun.id::text) from begun, held
           )
           select held.id as "id: AccountId", handle, state as "standing: Standing", suspended_reason, roles, email, pseudonym, created_at,
               begun.id as "session: SessionId",
               (select count(*) from sessions
                where account_id = $1 and ended_at is null and expires_at > clock_timestamp()) as "living!",
               (select count(*) from devices where account_id = $1) as "devices!"
           from begun, held"#,
        new.account as AccountId,
        new.secret,
        i32::from(new.life_days),
        new.user_agent,
        new.device_hash,
        Kind::SignedIn.name(),
        new.source.prefix(),
        new.details,
        beginnings::MOST,
        new.password_hash,
        Standing::Active.name(),
        new.guess.map(|(first, _)| first.kind),
        new.guess.map(|(first, _)| first.place),
        new.guess.map(|(_, second)| second.kind),
        new.guess.map(|(_, second)| second.place),
    )
    .fetch_optional(&mut *connection)
    .await;
    let begun = match begun {
        Ok(Some(begun)) => begun,
        Ok(None) => return Ok(None),
        Err(error) => {
            // PostgreSQL has said that nothing happened: the guess is given back all the same.
            if let (sqlx::Error::Database(_), Some((first, second))) = (&error, new.guess) {
                attempts::give_both_back(connection, first, second).await?;
            }
            return Err(error.into());
        }
    };
    security_events::log(Kind::SignedIn);
    Ok(Some(Begun {
        account: Account {
            id: begun.id,
            handle: begun.handle,
            standing: begun.standing,
            suspended_reason: begun.suspended_reason,
            roles: begun.roles,
            email: begun.email,
            pseudonym: begun.pseudonym,
            created_at: begun.created_at.into(),
        },
        session: begun.session,
        // Counted as they were before: few have so many that some must go.
        too_many_sessions: begun.living >= sessions::MOST,
        too_many_devices: begun.devices >= devices::MOST,
    }))
}

/// Ends and forgets what was not used for the longest, where there is too much of it; never what has just begun.
pub(crate) async fn make_room(connection: &mut PgConnection, begun: &Begun, device_hash: Option<&[u8]>) -> Result<()> {
    if begun.too_many_sessions {
        sessions::make_room(connection, begun.account.id, begun.session, sessions::MOST).await?;
    }
    if let Some(kept) = device_hash.filter(|_| begun.too_many_devices) {
        devices::make_room(connection, begun.account.id, kept).await?;
    }
    Ok(())
}
