//! The second half of a sign-in, and what somebody has for it.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serving::{Json, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::passkeys::Options;
use super::sessions::{SignedIn, signed_in};
use crate::Auth;
use crate::attempts::Kind as Tried;
use crate::second_factor::passkeys::Platform;
use crate::second_factor::{self, Challenge, Given, Method, Shown};
use crate::source::Source;
use crate::store::{passkey_challenges, second_factors};
use crate::user_agent::UserAgent;

/// What one has besides the password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactor {
    /// Does signing in take more than the password?
    on: bool,
    /// An authenticator app is in use.
    totp: bool,
    /// How many passkeys there are.
    passkeys: i64,
    /// How many recovery codes are left.
    recovery_codes: i64,
}

/// What one has for the second factor.
#[utoipa::path(get, path = "/v1/accounts/me/second-factor", tag = "second factor",
    responses((status = 200, body = SecondFactor), (status = 401, body = ProblemDocument)))]
pub(crate) async fn show(State(Auth(auth)): State<Auth>, viewer: Viewer) -> Result<Json<SecondFactor>> {
    let has = second_factors::of(&auth.pool, viewer.account).await?;
    Ok(Json(SecondFactor { on: has.on(), totp: has.totp, passkeys: has.passkeys, recovery_codes: has.recovery_codes }))
}

/// The password is right, and not enough: a problem document of the type `second-factor-required` with two members more.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorRequired {
    #[serde(flatten)]
    problem: ProblemDocument,
    /// To be sent with the second factor. Good once, for five minutes and five tries.
    #[schema(required = false)]
    challenge: String,
    /// What there is to choose from.
    #[schema(required = false)]
    methods: Vec<Method>,
}

impl From<Challenge> for SecondFactorRequired {
    fn from(challenge: Challenge) -> Self {
        let problem = ProblemDocument {
            kind: "https://socialplatform.dev/problems/second-factor-required".to_owned(),
            title: "The second factor is needed, too".to_owned(),
            status: StatusCode::UNAUTHORIZED.as_u16(),
            detail: "The password is right. Send the challenge with the second factor to /v1/sessions/second-factor.".to_owned(),
            errors: Vec::new(),
            trace_id: telemetry::trace_id(),
        };
        Self { problem, challenge: challenge.token, methods: challenge.methods }
    }
}

impl IntoResponse for SecondFactorRequired {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::UNAUTHORIZED, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    }
}

/// The second factor: one of `code`, `recovery_code` and `passkey`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactorGiven {
    /// What the right password was answered with.
    challenge: String,
    /// What the authenticator app shows.
    #[schema(example = "492039")]
    code: Option<String>,
    #[schema(example = "0f2k-8m3p-t7vx-zq4d")]
    recovery_code: Option<String>,
    /// What `toJSON()` of the credential gives, for a challenge of `/v1/sessions/passkey-challenges`.
    passkey: Option<Value>,
    /// What an earlier sign-in of this account on this device was answered with.
    device: Option<String>,
    /// One's account was to be erased, and one stays.
    #[serde(default)]
    keep: bool,
}

/// Sign in with the second factor, after the password.
#[utoipa::path(post, path = "/v1/sessions/second-factor", tag = "sessions", request_body = SecondFactorGiven, responses(
    (status = 201, body = SignedIn),
    (status = 401, body = ProblemDocument, description = "It is wrong, or was used before"),
    (status = 403, body = ProblemDocument, description = "All is right, and the account is suspended or not approved yet"),
    (status = 409, body = ProblemDocument, description = "The challenge is not good any more: sign in again from the start; or the account will be erased, unless `keep` is sent (`account-leaving`)"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too much was tried of late; see `Retry-After`"),
))]
pub(crate) async fn sign_in(
    State(Auth(auth)): State<Auth>,
    source: Source,
    UserAgent(user_agent): UserAgent,
    Json(given): Json<SecondFactorGiven>,
) -> Result<SignedIn> {
    let SecondFactorGiven { challenge, code, recovery_code, passkey, device, keep } = given;
    let shown = match (code, recovery_code, passkey) {
        (Some(code), None, None) => Shown::Code(code),
        (None, Some(code), None) => Shown::RecoveryCode(code),
        (None, None, Some(answer)) => Shown::Passkey(answer),
        _ => return Err(Problem::unprocessable("Send one of code, recovery_code and passkey.")),
    };
    let given = Given { challenge: &challenge, shown, device: device.as_deref(), source };
    let proof = second_factor::prove(&auth, given).await?;
    signed_in(&auth, proof, keep, user_agent.as_deref()).await
}

/// Begin to sign in with a passkey, with or without a password before it. Give the answer to
/// `PublicKeyCredential.parseRequestOptionsFromJSON()`, and what that gives to `navigator.credentials.get()` as `publicKey`.
/// It is good once, for five minutes.
#[utoipa::path(post, path = "/v1/sessions/passkey-challenges", tag = "sessions", responses(
    (status = 201, description = "A `PublicKeyCredentialRequestOptionsJSON`", body = serde_json::Value),
    (status = 409, body = ProblemDocument, description = "The platform has no name, only an address"),
    (status = 429, body = ProblemDocument, description = "This was asked for too often of late; see `Retry-After`"),
))]
pub(crate) async fn challenge(State(Auth(auth)): State<Auth>, source: Source) -> Result<Options> {
    let platform = Platform::of(&auth.issuer)?;
    // Nobody has proved anything yet, and each is a row until its time is over.
    auth.attempts.take(Tried::PasskeyChallenge, &source.network()).await?;
    let asked = platform.ask_to_sign_in()?;
    passkey_challenges::insert(&auth.pool, None, &asked).await?;
    Ok(asked.into())
}

/// A passkey that stands for the handle and the password, too.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyGiven {
    /// What `toJSON()` of the credential gives: an `AuthenticationResponseJSON`.
    credential: Value,
    /// What an earlier sign-in of this account on this device was answered with.
    device: Option<String>,
    /// One's account was to be erased, and one stays.
    #[serde(default)]
    keep: bool,
}

/// Sign in with a passkey alone.
#[utoipa::path(post, path = "/v1/sessions/passkey", tag = "sessions", request_body = PasskeyGiven, responses(
    (status = 201, body = SignedIn),
    (status = 401, body = ProblemDocument, description = "It proves nothing"),
    (status = 403, body = ProblemDocument, description = "It is right, and the account is suspended or not approved yet"),
    (status = 409, body = ProblemDocument, description = "The platform has no name, only an address"),
    (status = 422, body = ProblemDocument),
    (status = 429, body = ProblemDocument, description = "Too much was tried of late; see `Retry-After`"),
))]
pub(crate) async fn sign_in_with_passkey(
    State(Auth(auth)): State<Auth>,
    source: Source,
    UserAgent(user_agent): UserAgent,
    Json(PasskeyGiven { credential, device, keep }): Json<PasskeyGiven>,
) -> Result<SignedIn> {
    let proof = second_factor::prove_by_passkey(&auth, &credential, device.as_deref(), source).await?;
    signed_in(&auth, proof, keep, user_agent.as_deref()).await
}
