//! Signing up, and who one is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serving::{Attempt, Create, Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Auth;
use crate::handle::Handle;
use crate::password::Password;
use crate::store::accounts;

/// Who signs up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// 3 to 30 of `a` to `z`, `0` to `9` and `_`; unique.
    #[schema(value_type = String, example = "ada")]
    handle: Handle,
    /// 15 characters or more, of any kind.
    #[schema(value_type = String, min_length = 15, max_length = 1024)]
    password: Password,
}

/// An account, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    id: AccountId,
    handle: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<accounts::Account> for Account {
    fn from(account: accounts::Account) -> Self {
        Self { id: account.id, handle: account.handle, created_at: account.created_at }
    }
}

/// Sign up.
#[utoipa::path(post, path = "/v1/accounts", tag = "accounts", request_body = NewAccount, responses(
    (status = 201, body = Account),
    (status = 409, body = ProblemDocument, description = "The handle is taken"),
    (status = 422, body = ProblemDocument),
    (status = 503, body = ProblemDocument, description = "Too many sign-ups at once; see `Retry-After`"),
))]
pub(crate) async fn create(State(Auth(auth)): State<Auth>, Create { body, idempotency }: Create<NewAccount>) -> Result<Response> {
    let NewAccount { handle, password } = body;
    password.check_new()?;
    // Kept for a day, so it must not be a hash of the password that somebody could guess against.
    let idempotency = idempotency.fingerprint(auth.sealing.fingerprint([handle.as_str(), password.expose()]));
    // Hashed before the transaction: no connection is held while a hash waits for its turn.
    let hash = auth.hasher.hash(password).await?;
    let mut attempt = match idempotency.begin(&auth.pool, format!("handle:{handle}")).await? {
        Attempt::Replayed(response) => return Ok(response),
        Attempt::Fresh(attempt) => attempt,
    };
    let account = accounts::insert(&mut attempt, &handle, &hash).await?;
    attempt.finish(StatusCode::CREATED, &Account::from(account)).await
}

/// The account that is signed in.
#[utoipa::path(get, path = "/v1/accounts/me", tag = "accounts", responses((status = 200, body = Account), (status = 401, body = ProblemDocument)))]
pub(crate) async fn me(State(Auth(auth)): State<Auth>, viewer: Viewer) -> Result<Json<Account>> {
    let account = accounts::find(&auth.pool, viewer.account).await?;
    account.map(Account::from).map(Json).ok_or_else(Problem::not_found)
}
