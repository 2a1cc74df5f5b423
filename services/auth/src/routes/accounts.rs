//! Signing up, and who one is.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use identity::Viewer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serving::{Attempt, Create, Idempotency, Json, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::emails;
use crate::attempts::Kind as Tried;
use crate::config::Registration;
use crate::handle::{self, Handle};
use crate::password::Password;
use crate::source::Source;
use crate::standing::Standing;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, admin_claims, held_handles, invites};
use crate::{Auth, State as Inner, told_once};

/// Who signs up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// 3 to 30 of `a` to `z`, `0` to `9` and `_`; unique.
    #[schema(value_type = String, example = "ada")]
    handle: Handle,
    /// 15 characters or more, of any kind; none of those that are guessed first.
    #[schema(value_type = String, min_length = 15, max_length = 1024)]
    password: Password,
    /// Where letters about the account go, once it is verified: a link is sent there.
    #[schema(example = "ada@example.org")]
    email: Option<String>,
    /// The code of an invite, where one is needed.
    invite: Option<String>,
}

/// An account, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    id: AccountId,
    handle: String,
    /// `Pending` has to be approved by an administrator before it can sign in; `Leaving` will be erased.
    state: Standing,
    /// `Admin`, or nothing.
    roles: Vec<String>,
    /// The verified address, if there is one.
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<accounts::Account> for Account {
    fn from(account: accounts::Account) -> Self {
        let accounts::Account { id, handle, standing, roles, email, created_at, .. } = account;
        Self { id, handle, state: standing, roles, email, created_at }
    }
}

/// Sign up.
///
/// Who may is up to whoever runs the platform: everybody, everybody after an approval, whoever has an invite, or nobody.
/// The answer is the same whether the address is another account's or not.
#[utoipa::path(post, path = "/v1/accounts", tag = "accounts", request_body = NewAccount, responses(
    (status = 201, body = Account),
    (status = 403, body = ProblemDocument, description = "Nobody can sign up here"),
    (status = 409, body = ProblemDocument, description = "The handle is taken, or an address was given and the platform sends no mail"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too many letters of late, or too many sign-ups of your network, of late or at once; see `Retry-After`"),
    (status = 503, body = ProblemDocument, description = "Too many sign-ups at once; see `Retry-After`"),
))]
pub(crate) async fn create(
    State(Auth(auth)): State<Auth>,
    source: Source,
    Create { body, idempotency }: Create<NewAccount>,
) -> Result<Response> {
    let door = Door::of(&auth, body.invite.as_deref())?;
    if !matches!(door, Door::First(_)) {
        auth.moderation.check(&body.handle)?;
    }
    body.password.check_new(false, &[body.handle.as_str(), auth.host()])?;
    // Before it is made: of many at once, no more than these are.
    let (tried, network) = (Tried::SignUp(auth.sign_ups_per_hour), source.network());
    auth.attempts.take(tried, &network).await?;
    let made = make(&auth, door, body, idempotency, &source).await;
    // Whoever sends it again, or finds a handle taken or no place in the queue, uses nothing up.
    if !matches!(made, Ok((_, true))) {
        auth.attempts.give_back(tried, &network).await?;
    }
    made.map(|(response, _)| response)
}

/// Makes the account; `false` if it was made before, and this is the answer of then.
async fn make(auth: &Inner, door: Door, new: NewAccount, idempotency: Idempotency, source: &Source) -> Result<(Response, bool)> {
    let NewAccount { handle, password, email, invite } = new;
    let address = match email.as_deref() {
        None => None,
        Some(email) => Some(emails::accept(auth, email, source).await?),
    };
    // Kept for a day, so it must not be a hash of the password that somebody could guess against.
    let sent = [password.expose(), email.as_deref().unwrap_or_default(), invite.as_deref().unwrap_or_default()].join("\0");
    let idempotency = idempotency.fingerprint(auth.sealing.fingerprint([handle.as_str(), &sent]));
    // Hashed before the transaction: no connection is held while a hash waits for its turn.
    let hash = auth.hasher.hash(password, source).await?;
    let mut attempt = match idempotency.begin(&auth.pool, format!("handle:{handle}")).await? {
        Attempt::Replayed(response) => return Ok((response, false)),
        Attempt::Fresh(attempt) => attempt,
    };
    let account = door.enter(&mut attempt, &handle, &hash, source).await?;
    // Now that nobody else can take it: whoever had it may have given it up a moment ago.
    if held_handles::is_held(&mut attempt, &handle::hash(&auth.sealing, handle.as_str()), None).await? {
        return Err(accounts::handle_taken());
    }
    if let Some(email) = &address {
        auth.post.email_verification(&mut attempt, account.id, &account.handle, email).await?;
    }
    Ok((attempt.finish(StatusCode::CREATED, &Account::from(account)).await?, true))
}

/// By which door somebody comes in.
enum Door {
    /// By themselves.
    Alone(Standing),
    /// With the hash of an invite's code.
    Invited(Vec<u8>),
    /// With the hash of what the operator gave to the first administrator, who must get in however closed the platform is.
    First(Vec<u8>),
}

impl Door {
    /// The door that is open to whoever has this invite, or none.
    fn of(auth: &Inner, invite: Option<&str>) -> Result<Self> {
        let hash = invite.map(told_once::hash);
        let first = hash.as_ref().zip(auth.first_admin.as_ref());
        if let Some((hash, _)) = first.filter(|(hash, first)| verify_slices_are_equal(hash, first).is_ok()) {
            return Ok(Self::First(hash.clone()));
        }
        match (auth.registration, hash) {
            (Registration::Closed, _) => Err(Problem::forbidden("Nobody can sign up here. Ask whoever runs the platform.")),
            (_, Some(hash)) => Ok(Self::Invited(hash)),
            (Registration::Open, None) => Ok(Self::Alone(Standing::Active)),
            (Registration::Approval, None) => Ok(Self::Alone(Standing::Pending)),
            (Registration::Invite, None) => {
                Err(Problem::invalid("invite", "an invite is needed here; ask somebody who is a member for one"))
            }
        }
    }

    /// Makes the account, using up what opened the door.
    async fn enter(
        self,
        connection: &mut PgConnection,
        handle: &Handle,
        password_hash: &str,
        source: &Source,
    ) -> Result<accounts::Account> {
        let worthless = || Problem::invalid("invite", "this invite is not good, or not any more; ask for another one");
        let (standing, invited_by) = match &self {
            Self::Alone(standing) => (*standing, None),
            // Somebody whom a member vouches for needs no approval.
            Self::Invited(code) => (Standing::Active, Some(invites::take(connection, code).await?.ok_or_else(worthless)?)),
            Self::First(token) => match admin_claims::insert(connection, token).await? {
                true => (Standing::Active, None),
                false => return Err(worthless()),
            },
        };
        let mut account = accounts::insert(connection, handle, password_hash, standing).await?;
        let mut details = json!({});
        if let Some(member) = invited_by {
            details["invited_by"] = accounts::pseudonym(connection, member).await?.into();
        }
        security_events::insert(connection, Kind::SignedUp, Some(account.id), Some(source), details).await?;
        if let Self::First(_) = self {
            accounts::set_admin(connection, account.id, true).await?;
            let details = json!({ "by": "FIRST_ADMIN_TOKEN" });
            security_events::insert(connection, Kind::AdminGranted, Some(account.id), Some(source), details).await?;
            account.roles = vec![accounts::ADMIN.to_owned()];
        }
        Ok(account)
    }
}

/// The account that is signed in.
#[utoipa::path(get, path = "/v1/accounts/me", tag = "accounts", responses((status = 200, body = Account), (status = 401, body = ProblemDocument)))]
pub(crate) async fn me(State(Auth(auth)): State<Auth>, viewer: Viewer) -> Result<Json<Account>> {
    let account = accounts::find(&auth.pool, viewer.account).await?;
    account.map(Account::from).map(Json).ok_or_else(Problem::not_found)
}
