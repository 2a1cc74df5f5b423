//! What the other services and apps find by name.

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use contracts::Scope;
use jsonwebtoken::jwk::JwkSet;
use serde::Serialize;
use serving::{Json, Result};
use utoipa::ToSchema;

use crate::{Auth, State as Inner};

/// The public keys of access tokens and id tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "oauth", responses((status = 200, description = "A JWK Set", body = serde_json::Value)))]
pub(crate) async fn jwks(State(Auth(auth)): State<Auth>) -> Result<impl IntoResponse + use<>> {
    let published: JwkSet = auth.keyring.published().await?;
    Ok(([(CACHE_CONTROL, "public, max-age=60")], Json(published)))
}

/// What is spoken here (RFC 8414, and OpenID Connect Discovery).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    code_challenge_methods_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    claims_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

fn metadata(auth: &Inner) -> Metadata {
    let at = |path: &str| format!("{}{path}", auth.issuer);
    let mut grant_types_supported = vec!["authorization_code", "refresh_token", "client_credentials"];
    if auth.password_grant {
        grant_types_supported.push("password");
    }
    Metadata {
        issuer: auth.issuer.clone(),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        registration_endpoint: at("/oauth/register"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        userinfo_endpoint: at("/oauth/userinfo"),
        jwks_uri: at("/.well-known/jwks.json"),
        scopes_supported: Scope::ALL.into_iter().map(Scope::name).collect(),
        response_types_supported: vec!["code"],
        response_modes_supported: vec!["query"],
        grant_types_supported,
        code_challenge_methods_supported: vec!["S256"],
        token_endpoint_auth_methods_supported: vec!["none", "client_secret_basic", "client_secret_post"],
        revocation_endpoint_auth_methods_supported: vec!["none", "client_secret_basic", "client_secret_post"],
        introspection_endpoint_auth_methods_supported: vec!["client_secret_basic", "client_secret_post"],
        subject_types_supported: vec!["public"],
        id_token_signing_alg_values_supported: vec!["EdDSA"],
        claims_supported: vec!["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "email", "email_verified"],
        prompt_values_supported: vec!["none", "login", "consent"],
        authorization_response_iss_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}

/// What OpenID Connect clients look for.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "oauth", responses((status = 200, body = Metadata)))]
pub(crate) async fn openid(State(Auth(auth)): State<Auth>) -> impl IntoResponse + use<> {
    ([(CACHE_CONTROL, "public, max-age=60")], Json(metadata(&auth)))
}

/// What OAuth clients look for (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", responses((status = 200, body = Metadata)))]
pub(crate) async fn oauth(State(Auth(auth)): State<Auth>) -> impl IntoResponse + use<> {
    ([(CACHE_CONTROL, "public, max-age=60")], Json(metadata(&auth)))
}
