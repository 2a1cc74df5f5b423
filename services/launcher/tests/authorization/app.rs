//! An app that people let in.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::process::PASSWORD;
use crate::stage::Stage;

/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const BACK: &str = "https://app.test/back";

/// An app that reads at every service.
pub struct App {
    pub id: String,
    secret: String,
}

impl App {
    pub async fn register(stage: &Stage) -> Self {
        let app = json!({ "client_name": "Reading", "redirect_uris": [BACK], "grant_types": ["authorization_code"],
            "scope": "accounts:read posts:read photos:read relations:read" });
        let answer: Value = stage.request("POST", "/oauth/register", None).json(&app).send().await.unwrap().json().await.unwrap();
        let [id, secret] = ["client_id", "client_secret"].map(|it| answer[it].as_str().expect("it is told").to_owned());
        Self { id, secret }
    }

    /// Somebody signs in on the page and agrees: the code for the app.
    pub async fn let_in(&self, stage: &Stage, handle: &str) -> String {
        let path = format!(
            "/oauth/authorize?response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fapp.test%2Fback&state=s\
             &scope=accounts:read%20posts:read%20photos:read%20relations:read&code_challenge={CHALLENGE}&code_challenge_method=S256",
            self.id
        );
        let mut browser = Browser::default();
        let sign_in = vec![("action", "sign_in"), ("handle", handle), ("password", PASSWORD)];
        for fields in [sign_in, vec![("action", "allow")]] {
            let answer = browser.send(stage, &path, &fields).await;
            let sent_to = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or_default();
            if let Some((_, code)) = sent_to.split_once("code=") {
                return code.split('&').next().unwrap_or_default().to_owned();
            }
        }
        panic!("the app was not let in");
    }

    /// Gives a token back.
    pub async fn revoke(&self, stage: &Stage, token: &str) -> StatusCode {
        let request = stage.request("POST", "/oauth/revoke", None).basic_auth(&self.id, Some(&self.secret));
        request.form(&[("token", token)]).send().await.unwrap().status()
    }

    /// Asks for the session that a code stands for.
    pub async fn redeem(&self, stage: &Stage, code: &str) -> Response {
        let form = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER), ("redirect_uri", BACK)];
        let request = stage.request("POST", "/oauth/token", None).basic_auth(&self.id, Some(&self.secret));
        request.form(&form).send().await.unwrap()
    }
}
