//! Signing in and out on a page, whatever for. Plain forms: all but passkeys works without any script.
//!
//! ```text
//!   the page to sign in on ─► POST ─► a second factor: its page ─► POST ─► signed in
//!                                │  └ somebody who leaves: asked whether they stay ─► POST ─► signed in
//!                                └ a passkey alone ─► POST ─► signed in
//! ```

mod pages;

use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use serving::Problem;

use super::browser::{self, Visit};
use super::goal::Goal;
use super::html::{Stop, to};
use crate::password::Password;
use crate::second_factor::{self, Given, Method, Shown};
use crate::sign_in::{self, Attempt, Proof, Proved};
use crate::source::Source;
use crate::store::browsers::Browser;
use crate::store::security_events::{self, Kind};
use crate::store::sessions;
use crate::user_agent::UserAgent;
use crate::{State as Inner, erasing, keeping};

/// A browser at a page to sign in on.
pub(super) struct Door<'a> {
    pub(super) auth: &'a Inner,
    pub(super) goal: &'a Goal,
    pub(super) visit: &'a Visit,
    pub(super) source: Source,
    pub(super) user_agent: UserAgent,
}

/// What was entered there.
pub(super) struct Entered {
    pub(super) handle: Option<String>,
    pub(super) password: Option<Password>,
    /// What the right password was answered with, where it was not enough.
    pub(super) challenge: Option<String>,
    /// What an authenticator app shows, or a recovery code.
    pub(super) code: Option<String>,
    /// What the script put there.
    pub(super) passkey: Option<String>,
}

/// The page to sign in on.
pub(super) fn page(auth: &Inner, goal: &Goal, visit: &Visit) -> serving::Result<Response> {
    pages::sign_in(auth, goal, visit, None)
}

/// What a script put into a form. What is no JSON is nothing, and proves as much.
pub(super) fn read(credential: &str) -> Value {
    serde_json::from_str(credential).unwrap_or_default()
}

impl Door<'_> {
    /// With a handle and a password; where those are not enough, the page for the second factor comes next.
    pub(super) async fn by_password(self, entered: Entered) -> Result<Response, Stop> {
        let handle = entered.handle.unwrap_or_default();
        let Some(password) = entered.password else {
            return self.once_more(&handle, Problem::bad_request("Enter your handle and your password."));
        };
        let attempt = Attempt { handle: &handle, password, device: self.visit.device.as_deref(), source: self.source };
        match sign_in::prove(self.auth, attempt).await {
            Ok(Proved::Enough(proof)) => self.enter(&handle, proof).await,
            Ok(Proved::Half(half)) => {
                let challenge = second_factor::ask(self.auth, half).await?;
                let passkey = challenge.methods.contains(&Method::Passkey);
                Ok(pages::second_factor(self.auth, self.goal, self.visit, &challenge.token, passkey, None)?)
            }
            Err(problem) => self.once_more(&handle, problem),
        }
    }

    /// With a code or a passkey, after the password.
    pub(super) async fn by_second_factor(self, entered: Entered) -> Result<Response, Stop> {
        let challenge = entered.challenge.unwrap_or_default();
        let shown = match entered.passkey {
            Some(passkey) => Shown::Passkey(read(&passkey)),
            None => Shown::typed(entered.code.unwrap_or_default()),
        };
        let given = Given { challenge: &challenge, shown, device: self.visit.device.as_deref(), source: self.source };
        match second_factor::prove(self.auth, given).await {
            Ok(proof) => self.enter("", proof).await,
            // Nothing more can be tried with this challenge.
            Err(problem) if problem.status() == StatusCode::CONFLICT => self.once_more("", problem),
            Err(problem) => {
                let passkey = second_factor::takes_passkey(self.auth, &challenge).await?;
                Ok(pages::second_factor(self.auth, self.goal, self.visit, &challenge, passkey, Some(problem))?)
            }
        }
    }

    /// With a passkey, and nothing else.
    pub(super) async fn by_passkey(self, entered: Entered) -> Result<Response, Stop> {
        let passkey = read(&entered.passkey.unwrap_or_default());
        match second_factor::prove_by_passkey(self.auth, &passkey, self.visit.device.as_deref(), self.source).await {
            Ok(proof) => self.enter("", proof).await,
            Err(problem) => self.once_more("", problem),
        }
    }

    /// As somebody who wanted to leave, has proved who they are, and stays.
    pub(super) async fn by_staying(self, entered: Entered) -> Result<Response, Stop> {
        let challenge = entered.challenge.unwrap_or_default();
        let proof = match keeping::prove(self.auth, &challenge, self.visit.device.as_deref(), self.source).await {
            Ok(proof) => proof,
            Err(problem) => return self.once_more("", problem),
        };
        erasing::keep(self.auth, &proof).await?;
        self.enter("", proof).await
    }

    /// Begins a session, and leads back to the page that they were on. Whoever leaves is asked whether they stay, and whoever
    /// may not sign in is told so on the page to sign in on.
    async fn enter(self, handle: &str, mut proof: Proof) -> Result<Response, Stop> {
        let leaving = keeping::ask(self.auth, &proof).await;
        if !matches!(leaving, Ok(None)) {
            proof.settle(self.auth).await?;
        }
        if let Some(leaving) = leaving? {
            return Ok(pages::leaving(self.auth, self.goal, self.visit, &leaving)?);
        }
        let begun = match sign_in::begin(self.auth, proof, self.user_agent.0.as_deref()).await {
            Ok(begun) => begun,
            Err(problem) => return self.once_more(handle, problem),
        };
        let mut response = to(&self.goal.again);
        for cookie in browser::remember(self.auth, &begun) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// The page to sign in on, with what went wrong.
    pub(super) fn once_more(&self, handle: &str, problem: Problem) -> Result<Response, Stop> {
        Ok(pages::sign_in(self.auth, self.goal, self.visit, Some((handle, problem)))?)
    }

    /// Ends the browser's session, and asks who they are.
    pub(super) async fn out(self, person: &Browser) -> Result<Response, Stop> {
        let mut tx = self.auth.pool.begin().await?;
        sessions::end(&mut tx, person.session).await?;
        let details = json!({ "session": person.session });
        security_events::insert(&mut tx, Kind::SignedOut, Some(person.account), Some(&self.source), details).await?;
        tx.commit().await?;
        let mut response = to(&self.goal.again);
        response.headers_mut().append(header::SET_COOKIE, browser::forget(self.auth));
        Ok(response)
    }
}
