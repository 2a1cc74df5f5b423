//! Somebody whose session ends.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::causes::Cause;
use crate::app::App;
use crate::browser::Browser;
use crate::cookie::{cookie, upload};
use crate::forge::Forge;
use crate::letters::code_for;
use crate::process::{PASSWORD, sign_in, sign_up};
use crate::stage::Stage;

const PAGE: &str = "/oauth/passkeys";

/// Somebody with a session that will end, and another one.
pub struct Person {
    handle: String,
    /// The pair of tokens of the session that ends.
    ending: Value,
    other: String,
    /// What the session was given for, if it is the app's.
    code: Option<String>,
    /// Where it is, if it is a browser's.
    browser: Browser,
    /// The address of a private picture of theirs.
    pub picture: String,
    /// What shows it without an access token.
    pub cookie: String,
}

impl Person {
    /// Somebody whose session can end for this cause.
    pub async fn arrive(stage: &Stage, cause: Cause, app: &App) -> Self {
        let handle = format!("of_{cause:?}").to_lowercase();
        let other = sign_up(&stage.http, stage.url(), &handle).await;
        let photo = upload(stage, &other).await;
        let picture = photo["urls"]["thumb"].as_str().expect("an address").to_owned();
        let (mut browser, mut code) = (Browser::default(), None);
        let ending = match cause {
            Cause::SignOutOnThePage => session_of(stage, &mut browser, &handle, &other).await,
            cause if cause.is_of_an_app() => {
                let given = code.insert(app.let_in(stage, &handle).await);
                app.redeem(stage, given).await.json().await.unwrap()
            }
            _ => {
                let who = json!({ "handle": handle, "password": PASSWORD });
                stage.request("POST", "/v1/sessions", None).json(&who).send().await.unwrap().json().await.unwrap()
            }
        };
        let cookie = cookie(stage, ending["access_token"].as_str().expect("a token")).await;
        Self { handle, ending, other, code, browser, picture, cookie }
    }

    pub fn token(&self) -> &str {
        self.ending["access_token"].as_str().expect("a token")
    }

    fn refresh_token(&self) -> &str {
        self.ending["refresh_token"].as_str().expect("a token")
    }

    async fn id(&self, stage: &Stage) -> String {
        let me: Value = stage.request("GET", "/v1/accounts/me", Some(&self.other)).send().await.unwrap().json().await.unwrap();
        me["id"].as_str().expect("an id").to_owned()
    }

    /// Ends the session, and says when that was answered.
    pub async fn end(&self, stage: &Stage, cause: Cause, app: &App, admin: &str) -> Instant {
        let password = json!({ "password": PASSWORD });
        match cause {
            Cause::SignOut => drop(stage.done("DELETE", "/v1/sessions/current", self.token(), json!({})).await),
            Cause::SignOutOnThePage => {
                let answer = self.browser.clone().send(stage, PAGE, &[("action", "sign_out")]).await;
                assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            }
            Cause::EndOne => {
                let sessions: Value = stage.request("GET", "/v1/sessions", Some(self.token())).send().await.unwrap().json().await.unwrap();
                let current = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
                let path = format!("/v1/sessions/{}", current["id"].as_str().unwrap());
                stage.done("DELETE", &path, &self.other, json!({})).await;
            }
            Cause::EndAll => drop(stage.done("DELETE", "/v1/sessions", &self.other, json!({})).await),
            Cause::PasswordChange => {
                let change = json!({ "current": PASSWORD, "password": "a few other words" });
                stage.done("PUT", "/v1/accounts/me/password", &self.other, change).await;
            }
            Cause::PasswordReset => self.reset(stage).await,
            Cause::Leaving => drop(stage.done("DELETE", "/v1/accounts/me", &self.other, password).await),
            Cause::Suspension => {
                let path = format!("/v1/accounts/{}/suspension", self.id(stage).await);
                stage.done("PUT", &path, admin, json!({ "reason": "for the test" })).await;
            }
            Cause::AppRemoved => drop(stage.done("DELETE", &format!("/v1/accounts/me/apps/{}", app.id), &self.other, json!({})).await),
            Cause::RefreshTokenReused => self.use_refresh_token_again(stage).await,
            Cause::CodeReused => {
                let again = app.redeem(stage, self.code.as_deref().expect("it was let in")).await;
                assert_eq!(again.status(), StatusCode::BAD_REQUEST);
            }
            Cause::TokenRevoked => {
                let form = [("token", self.refresh_token())];
                let answer = stage.request("POST", "/oauth/revoke", None).form(&form).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
            }
            Cause::AppsTokenRevoked => assert_eq!(app.revoke(stage, self.token()).await, StatusCode::OK),
            Cause::AdminRevoked => stage.admin("revoke", &self.handle),
            Cause::ErasedFromTheCommandLine => stage.admin("erase", &self.handle),
            Cause::TooMany => self.begin_too_many(stage).await,
        }
        Instant::now()
    }

    /// Sets a new password by the link in a letter, once the address is proved.
    async fn reset(&self, stage: &Stage) {
        let address = format!("{}@example.org", self.handle.replace('_', "-"));
        let given = json!({ "email": address, "password": PASSWORD });
        stage.done("PUT", "/v1/accounts/me/email", &self.other, given).await;
        let verification = format!("/v1/accounts/email-verifications/{}", code_for(stage.data(), &address).await);
        stage.done("POST", &verification, &self.other, json!({})).await;
        stage.done("POST", "/v1/accounts/password-resets", &self.other, json!({ "email": address })).await;
        let reset = format!("/v1/accounts/password-resets/{}", code_for(stage.data(), &address).await);
        stage.done("PUT", &reset, &self.other, json!({ "password": "a few other words" })).await;
    }

    /// Refreshes twice, and then with the token of the beginning.
    async fn use_refresh_token_again(&self, stage: &Stage) {
        let mut token = self.refresh_token().to_owned();
        for _ in 0..2 {
            let (status, tokens) = refresh(stage, &token).await;
            assert_eq!(status, StatusCode::OK, "{tokens}");
            token = tokens["refresh_token"].as_str().expect("a token").to_owned();
        }
        assert_eq!(refresh(stage, self.refresh_token()).await.0, StatusCode::BAD_REQUEST);
    }

    /// Begins the 201st. Those between were used a moment later than the two that there are.
    async fn begin_too_many(&self, stage: &Stage) {
        let mut database = PgConnection::connect(&stage.database_url()).await.unwrap();
        sqlx::query("set search_path = auth, extensions").execute(&mut database).await.unwrap();
        let others = "insert into sessions (account_id, secret, rotated_at)
                      select id, '', clock_timestamp() + interval '1 minute' from accounts, generate_series(1, 199) where handle = $1";
        sqlx::query(others).bind(&self.handle).execute(&mut database).await.unwrap();
        sign_in(&stage.http, stage.url(), &self.handle).await;
    }
}

/// Signs somebody in on a page. Such a session has no tokens of its own, so one is forged: whoever asks is known by its session.
async fn session_of(stage: &Stage, browser: &mut Browser, handle: &str, other: &str) -> Value {
    let answer = browser.send(stage, PAGE, &[("action", "sign_in"), ("handle", handle), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let sessions: Value = stage.request("GET", "/v1/sessions", Some(other)).send().await.unwrap().json().await.unwrap();
    let newest = &sessions["items"][0];
    assert_eq!(newest["current"], false, "{sessions}");
    let forge = Forge::open(stage, other).await;
    let scope = "accounts:read posts:read photos:read relations:read";
    json!({ "access_token": forge.of_session(newest["id"].as_str().expect("an id"), scope) })
}

async fn refresh(stage: &Stage, token: &str) -> (StatusCode, Value) {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let answer = stage.request("POST", "/oauth/token", None).form(&form).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}
