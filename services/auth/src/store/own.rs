//! What auth keeps of one person, as JSON for whoever takes a copy. No secret is in it, and no hash of one.

use contracts::AccountId;
use serde_json::Value;
use sqlx::PgPool;

/// Security events of one file.
pub(crate) const EVENTS: i64 = 500;

/// An object of what becomes one file each; `None` if the account is gone.
pub(crate) async fn all(pool: &PgPool, account: AccountId) -> sqlx::Result<Option<Value>> {
    sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'account', jsonb_build_object('id', id::text, 'handle', handle, 'email', email, 'roles', roles, 'created_at', created_at,
                   'authenticator_app', exists (select from totp where account_id = accounts.id and confirmed_at is not null),
                   'recovery_codes_left', (select count(*) from recovery_codes where account_id = accounts.id)),
               'sessions', (select coalesce(jsonb_agg(jsonb_build_object('id', sessions.id::text, 'name', name, 'user_agent', user_agent,
                   'client_id', client_id, 'scope', scope, 'created_at', sessions.created_at, 'last_used_at', rotated_at,
                   'expires_at', expires_at, 'ended_at', ended_at) order by sessions.id), '[]')
                   from sessions where account_id = accounts.id),
               'apps', (select coalesce(jsonb_agg(jsonb_build_object('client_id', consents.client_id, 'name', apps.name,
                   'scope', consents.scope, 'granted_at', granted_at) order by consents.id), '[]')
                   from consents join apps on apps.client_id = consents.client_id where account_id = accounts.id),
               'passkeys', (select coalesce(jsonb_agg(jsonb_build_object('id', passkeys.id::text, 'name', name,
                   'created_at', passkeys.created_at, 'used_at', used_at) order by passkeys.id), '[]')
                   from passkeys where account_id = accounts.id),
               'invites', (select coalesce(jsonb_agg(jsonb_build_object('id', invites.id::text, 'used', uses, 'uses', most_uses,
                   'created_at', invites.created_at, 'expires_at', expires_at) order by invites.id), '[]')
                   from invites where made_by = accounts.id),
               'devices', (select coalesce(jsonb_agg(jsonb_build_object('used_at', used_at) order by used_at), '[]')
                   from devices where account_id = accounts.id),
               'links', (select coalesce(jsonb_agg(jsonb_build_object('purpose', purpose, 'email', links.email,
                   'expires_at', expires_at) order by expires_at), '[]')
                   from links where account_id = accounts.id),
               'held-handles', (select coalesce(jsonb_agg(jsonb_build_object('until', until) order by until), '[]')
                   from held_handles where account_id = accounts.id)
           ) as "all!" from accounts where id = $1"#,
        account as AccountId,
    )
    .fetch_optional(pool)
    .await
}

/// Something that happened.
pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) event: Value,
}

/// What happened to an account after the event `after`, oldest first, up to [`EVENTS`].
pub(crate) async fn events(pool: &PgPool, account: AccountId, after: i64) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        Event,
        r#"select id, jsonb_build_object('id', id::text, 'kind', kind, 'source', source, 'details', details,
               'created_at', created_at) as "event!"
           from security_events
           where account = (select pseudonym from accounts where accounts.id = $1) and id > $2 order by id limit $3"#,
        account as AccountId,
        after,
        EVENTS,
    )
    .fetch_all(pool)
    .await
}
