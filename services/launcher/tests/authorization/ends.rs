//! Whatever ends a session, it has ended at every service.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::process::{GUARD, PASSWORD, sign_in, sign_up};
use crate::stage::Stage;

/// One route of each service that asks who calls.
const ROUTES: [&str; 4] = ["/v1/accounts/me", "/v1/timelines/home", "/v1/photos?owner=me", "/v1/relations/1"];

/// What ends a session.
#[derive(Clone, Copy, Debug)]
enum Cause {
    SignOut,
    EndOne,
    EndAll,
    PasswordChange,
    PasswordReset,
    Leaving,
    Suspension,
    AppRemoved,
    RefreshTokenReused,
    CodeReused,
}

const CAUSES: [Cause; 10] = [
    Cause::SignOut,
    Cause::EndOne,
    Cause::EndAll,
    Cause::PasswordChange,
    Cause::PasswordReset,
    Cause::Leaving,
    Cause::Suspension,
    Cause::AppRemoved,
    Cause::RefreshTokenReused,
    Cause::CodeReused,
];

/// Somebody with a session that will end, and another one.
struct Person {
    handle: String,
    /// The answer to the sign-in.
    ending: Value,
    other: String,
    /// What the session was given for, if it is the app's.
    code: Option<String>,
}

impl Person {
    /// Somebody whose session can end for this cause.
    async fn arrive(stage: &Stage, cause: Cause, app: &App) -> Self {
        let handle = format!("of_{cause:?}").to_lowercase();
        let other = sign_up(&stage.http, stage.url(), &handle).await;
        if !matches!(cause, Cause::AppRemoved | Cause::CodeReused) {
            let who = json!({ "handle": handle, "password": PASSWORD });
            let ending = stage.request("POST", "/v1/sessions", None).json(&who).send().await.unwrap().json().await.unwrap();
            return Self { handle, ending, other, code: None };
        }
        let code = app.let_in(stage, &handle).await;
        let ending = app.redeem(stage, &code).await.json().await.unwrap();
        Self { handle, ending, other, code: Some(code) }
    }

    fn token(&self) -> &str {
        self.ending["access_token"].as_str().expect("a token")
    }

    async fn id(&self, stage: &Stage) -> String {
        let me: Value = stage.request("GET", "/v1/accounts/me", Some(&self.other)).send().await.unwrap().json().await.unwrap();
        me["id"].as_str().expect("an id").to_owned()
    }

    /// Ends the session, and says when that was answered.
    async fn end(&self, stage: &Stage, cause: Cause, app: &App, admin: &str) -> Instant {
        let password = json!({ "password": PASSWORD });
        match cause {
            Cause::SignOut => drop(stage.done("DELETE", "/v1/sessions/current", self.token(), json!({})).await),
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
        }
        Instant::now()
    }

    /// Sets a new password by the link in a letter, once the address is proved.
    async fn reset(&self, stage: &Stage) {
        let address = format!("{}@example.org", self.handle.replace('_', "-"));
        let given = json!({ "email": address, "password": PASSWORD });
        stage.done("PUT", "/v1/accounts/me/email", &self.other, given).await;
        let verification = format!("/v1/accounts/email-verifications/{}", code_for(stage, &address).await);
        stage.done("POST", &verification, &self.other, json!({})).await;
        stage.done("POST", "/v1/accounts/password-resets", &self.other, json!({ "email": address })).await;
        let reset = format!("/v1/accounts/password-resets/{}", code_for(stage, &address).await);
        stage.done("PUT", &reset, &self.other, json!({ "password": "a few other words" })).await;
    }

    /// Refreshes twice, and then with the token of the beginning.
    async fn use_refresh_token_again(&self, stage: &Stage) {
        let first = self.ending["refresh_token"].as_str().expect("a token").to_owned();
        let mut token = first.clone();
        for _ in 0..2 {
            let (status, tokens) = refresh(stage, &token).await;
            assert_eq!(status, StatusCode::OK, "{tokens}");
            token = tokens["refresh_token"].as_str().expect("a token").to_owned();
        }
        assert_eq!(refresh(stage, &first).await.0, StatusCode::BAD_REQUEST);
    }
}

async fn refresh(stage: &Stage, token: &str) -> (StatusCode, Value) {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let answer = stage.request("POST", "/oauth/token", None).form(&form).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// The code in a letter to this address that was not read before.
async fn code_for(stage: &Stage, address: &str) -> String {
    let deadline = Instant::now() + GUARD;
    loop {
        // The folder comes with the first letter.
        let files = std::fs::read_dir(stage.data().join("mail")).into_iter().flatten();
        for path in files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "eml")) {
            let letter = std::fs::read_to_string(&path).unwrap();
            let begins = letter.find("splk_").filter(|_| letter.contains(&format!("To: {address}\r\n")));
            if let Some(begins) = begins {
                std::fs::remove_file(&path).unwrap();
                return letter[begins..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            }
        }
        assert!(Instant::now() < deadline, "no letter with a code came to {address}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn whatever_ends_a_session_ends_it_at_every_service() {
    let stage = Stage::start().await;
    let app = App::register(&stage).await;
    sign_up(&stage.http, stage.url(), "the_admin").await;
    stage.grant_admin("the_admin");
    let admin = sign_in(&stage.http, stage.url(), "the_admin").await;

    let mut longest = (Duration::ZERO, Cause::SignOut);
    for cause in CAUSES {
        let person = Person::arrive(&stage, cause, &app).await;
        for route in ROUTES {
            assert_ne!(stage.status("GET", route, Some(person.token())).await, StatusCode::UNAUTHORIZED, "{cause:?}: {route}");
        }
        let ended = person.end(&stage, cause, &app, &admin).await;
        for route in ROUTES {
            stage.until("GET", route, Some(person.token()), StatusCode::UNAUTHORIZED).await;
        }
        let took = ended.elapsed();
        if took > longest.0 {
            longest = (took, cause);
        }
    }
    let (took, cause) = longest;
    println!("it took up to {} ms until a session had ended everywhere ({cause:?}); a second is the aim", took.as_millis());
}
