//! What an app asks for, in the address that it sends a person to.

use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use contracts::Scopes;
use serde::Deserialize;
use serving::Problem;
use utoipa::IntoParams;

use super::super::goal::{self, Goal};
use super::super::html::Stop;
use super::super::{client, redirect_uri};
use crate::State;
use crate::store::apps::App;
use crate::store::browsers::Browser;

/// Younger than this is "just now", whatever `max_age` says: a person needs time to read.
const JUST_NOW: i64 = 60;
/// Bytes of `state` and `nonce`.
const MOST_BYTES: usize = 1000;

/// The parameters of RFC 6749, RFC 7636 and OpenID Connect. Others are passed over.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Of the registration.
    client_id: Option<String>,
    /// One of those that are registered.
    redirect_uri: Option<String>,
    /// `code`
    response_type: Option<String>,
    /// Everything that the app registered for, unless said.
    scope: Option<String>,
    /// Comes back with the answer.
    state: Option<String>,
    /// The SHA-256 of a `code_verifier`, in base64url.
    code_challenge: Option<String>,
    /// `S256`
    code_challenge_method: Option<String>,
    /// Comes back in the id token.
    nonce: Option<String>,
    /// `none`, `login` or `consent`.
    prompt: Option<String>,
    /// Seconds since the person signed in, at the most.
    max_age: Option<String>,
    /// `query`
    response_mode: Option<String>,
    /// Not taken.
    request: Option<String>,
    /// Not taken.
    request_uri: Option<String>,
}

/// A request that a person may be asked about.
pub(super) struct Request {
    pub(super) app: App,
    pub(super) redirect_uri: String,
    pub(super) scopes: Scopes,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    /// `prompt=none`
    pub(super) without_asking: bool,
    state: Option<String>,
    sign_in_again: bool,
    consent_again: bool,
    max_age: Option<i64>,
    issuer: String,
    query: String,
}

/// Reads and checks what is asked for. Only once the app and its address are known to belong together is anything sent there.
pub(super) async fn read(auth: &State, uri: &Uri) -> Result<Request, Stop> {
    let wrong = |text| Stop::Page(StatusCode::BAD_REQUEST, text);
    let query = uri.query().unwrap_or_default().to_owned();
    let Ok(Query(asked)) = Query::<Asked>::try_from_uri(uri) else {
        return Err(wrong("The app sent you here with an address that cannot be read."));
    };
    let (Some(client_id), Some(redirect_uri)) = (asked.client_id, asked.redirect_uri) else {
        return Err(wrong("The app sent you here without saying which it is, or where you are to come back to."));
    };
    let app = client::find(auth, &client_id).await?.ok_or_else(|| wrong("No such app is registered here."))?;
    if !redirect_uri::is_registered(&app.redirect_uris, &redirect_uri) {
        return Err(wrong("The app wants you to come back to an address that it has not registered."));
    }
    let prompt = asked.prompt.unwrap_or_default();
    let prompted = |word: &str| prompt.split(' ').any(|asked| asked == word);
    let mut request = Request {
        app,
        redirect_uri,
        scopes: Scopes::default(),
        challenge: asked.code_challenge.unwrap_or_default(),
        nonce: asked.nonce,
        without_asking: prompted("none"),
        state: asked.state,
        sign_in_again: prompted("login"),
        consent_again: prompted("consent"),
        max_age: None,
        issuer: auth.issuer.clone(),
        query,
    };
    if asked.request.is_some() {
        return Err(request.refuse("request_not_supported", "send plain parameters"));
    }
    if asked.request_uri.is_some() {
        return Err(request.refuse("request_uri_not_supported", "send plain parameters"));
    }
    if asked.response_type.as_deref() != Some("code") || asked.response_mode.is_some_and(|mode| mode != "query") {
        return Err(request.refuse("unsupported_response_type", "response_type=code in the query is all there is"));
    }
    if !request.app.may("authorization_code") {
        return Err(request.refuse("unauthorized_client", "register with the grant type authorization_code"));
    }
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let hashed = asked.code_challenge_method.as_deref() == Some("S256");
    if !hashed || request.challenge.len() != 43 || !request.challenge.bytes().all(base64url) {
        return Err(request.refuse("invalid_request", "send code_challenge with code_challenge_method=S256"));
    }
    let is_short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.len() <= MOST_BYTES && !text.contains(char::is_control));
    if !is_short(&request.nonce) || !is_short(&request.state) {
        request.state = None;
        return Err(request.refuse("invalid_request", "state and nonce have at most 1000 bytes"));
    }
    if request.without_asking && (request.sign_in_again || request.consent_again) {
        return Err(request.refuse("invalid_request", "prompt=none goes with no other"));
    }
    let registered = Scopes::known(&request.app.scope);
    request.scopes = match asked.scope.as_deref().map(str::parse::<Scopes>) {
        None => registered,
        Some(Ok(scopes)) if scopes.all_in(registered) && !scopes.is_empty() => scopes,
        Some(_) => return Err(request.refuse("invalid_scope", "ask for no more than what the app registered for")),
    };
    request.max_age = match asked.max_age.map(|text| text.parse::<u32>()) {
        None => None,
        Some(Ok(seconds)) => Some(i64::from(seconds).max(JUST_NOW)),
        Some(Err(_)) => return Err(request.refuse("invalid_request", "max_age is a number of seconds")),
    };
    Ok(request)
}

impl Request {
    /// Need they not sign in again?
    pub(super) fn is_fresh_enough(&self, person: &Browser) -> bool {
        !self.sign_in_again && self.max_age.is_none_or(|seconds| person.age <= seconds)
    }

    /// May what was allowed before count, without asking? Not where anything could say that it is this app (RFC 8252,
    /// section 8.6).
    pub(super) fn may_be_remembered(&self) -> bool {
        let proves_itself = self.app.secret_hash.is_some() || !redirect_uri::is_own_machine(&self.redirect_uri);
        proves_itself && !self.consent_again
    }

    /// The app, and this very page on the way to it.
    pub(super) fn goal(&self) -> serving::Result<Goal> {
        let none = || Problem::internal("a checked address is none");
        let (host, source) = redirect_uri::host_and_source(&self.redirect_uri).ok_or_else(none)?;
        Ok(Goal {
            app: Some(self.app.name.clone()),
            host,
            here: goal::authorize(&self.query),
            again: self.again(),
            // Here, and from here to the app.
            form_action: format!("'self' {source}"),
            query: self.query.clone(),
        })
    }

    /// This page once somebody has signed in: they are not asked to do so again.
    pub(super) fn again(&self) -> String {
        let kept = self.query.split('&').filter(|pair| !self.sign_in_again || !pair.starts_with("prompt="));
        let mut query: Vec<&str> = kept.collect();
        if self.sign_in_again && self.consent_again {
            query.push("prompt=consent");
        }
        goal::authorize(&query.join("&"))
    }

    /// The way back to the app, with this answer and who gives it (RFC 9207).
    pub(super) fn answer(&self, parameters: &[(&str, &str)]) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let all: Vec<_> = parameters.iter().copied().chain(state).chain([("iss", self.issuer.as_str())]).collect();
        redirect_uri::with(&self.redirect_uri, &all).unwrap_or_else(|| self.redirect_uri.clone())
    }

    /// Back to the app with an error.
    pub(super) fn refuse(&self, error: &'static str, description: &'static str) -> Stop {
        Stop::Back(self.answer(&[("error", error), ("error_description", description)]))
    }
}
