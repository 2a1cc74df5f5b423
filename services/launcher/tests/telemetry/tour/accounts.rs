//! Auth: an administrator, apps, links in letters, second factors.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{Guest, PASSWORD, Tour};
use crate::platform::FIRST_ADMIN_TOKEN;

/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const BACK: &str = "https://app.test/back";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Keeps what a browser would.
fn keep(answer: &Response, cookies: &mut BTreeMap<String, String>) {
    let set = answer.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='));
    cookies.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

fn jar(cookies: &BTreeMap<String, String>) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// What an authenticator app shows now.
fn code(secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).expect("a secret")).build().expect("a TOTP");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    totp.generate(now.as_secs()).to_string()
}

impl Tour<'_> {
    pub(super) async fn guest(&mut self, handle: &str) -> Guest {
        let (id, token, _) = self.person(handle).await;
        Guest { id, handle: handle.to_owned(), token }
    }

    /// Signs in: the access token.
    async fn again(&mut self, handle: &str, password: &str) -> String {
        let who = json!({ "handle": handle, "password": password });
        let tokens = self.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&who)).await;
        text(&tokens["access_token"])
    }

    /// Goes everywhere at auth; an administrator and somebody else come out of it.
    pub(super) async fn accounts(&mut self, name: &str) -> (Guest, Guest) {
        for path in ["GET /.well-known/openid-configuration", "GET /.well-known/oauth-authorization-server", "GET /v1/platform"] {
            self.just(path, path.split_once(' ').expect("a path").1, "").await;
        }
        let mut admin = self.guest(&format!("{name}_admin")).await;
        let claim = json!({ "token": FIRST_ADMIN_TOKEN });
        self.secrets.push(FIRST_ADMIN_TOKEN.to_owned());
        self.ask("POST /v1/accounts/admin-claims", "/v1/accounts/admin-claims", &admin.token, |it| it.json(&claim)).await;
        admin.token = self.again(&admin.handle, PASSWORD).await;
        let bob = self.guest(&format!("{name}_rob")).await;
        self.administration(&admin, &bob).await;
        let bob = Guest { token: self.again(&bob.handle, PASSWORD).await, ..bob };
        self.letters(name, &bob).await;
        let bob = Guest { token: self.again(&bob.handle, PASSWORD).await, ..bob };
        self.apps(&bob).await;
        self.second_factors(&bob).await;
        self.sessions(&bob).await;
        (admin, bob)
    }

    async fn administration(&mut self, admin: &Guest, bob: &Guest) {
        let token = &admin.token;
        self.just("GET /v1/accounts", "/v1/accounts?state=Active", token).await;
        let path = format!("/v1/accounts/{}", bob.id);
        self.just("GET /v1/accounts/{id}", &path, token).await;
        let why = json!({ "reason": "to see that it is undone" });
        self.ask("PUT /v1/accounts/{id}/suspension", &format!("{path}/suspension"), token, |it| it.json(&why)).await;
        self.just("DELETE /v1/accounts/{id}/suspension", &format!("{path}/suspension"), token).await;
        self.just("PUT /v1/accounts/{id}/approval", &format!("{path}/approval"), token).await;
        self.just("DELETE /v1/accounts/{id}/approval", &format!("{path}/approval"), token).await;
        self.just("GET /v1/accounts/security-events", "/v1/accounts/security-events", token).await;
        let invite = self.ask("POST /v1/accounts/invites", "/v1/accounts/invites", token, |it| it.json(&json!({ "uses": 2 }))).await;
        self.just("GET /v1/accounts/invites", "/v1/accounts/invites", token).await;
        self.just("DELETE /v1/accounts/invites/{id}", &format!("/v1/accounts/invites/{}", text(&invite["id"])), token).await;
    }

    /// What needs mail: an address is proved, and a forgotten password is set anew; on pages, and as an app does it.
    async fn letters(&mut self, name: &str, bob: &Guest) {
        let address = format!("{}@example.org", name.replace('_', "-"));
        let code = self.give_address(bob, &format!("old-{address}")).await;
        let page = ["GET /oauth/links/verify", "POST /oauth/links/verify"];
        self.form(page, &format!("/oauth/links/verify?code={code}"), &[], &mut BTreeMap::new()).await;
        let code = self.give_address(bob, &address).await;
        let route = "POST /v1/accounts/email-verifications/{token}";
        self.just(route, &format!("/v1/accounts/email-verifications/{code}"), "").await;

        let (page, whose) = (["GET /oauth/forgotten", "POST /oauth/forgotten"], [("whose", address.as_str())]);
        self.form(page, "/oauth/forgotten", &whose, &mut BTreeMap::new()).await;
        let code = self.code_for(&address).await;
        let page = ["GET /oauth/links/reset", "POST /oauth/links/reset"];
        let twice = [("password", PASSWORD), ("again", PASSWORD)];
        self.form(page, &format!("/oauth/links/reset?code={code}"), &twice, &mut BTreeMap::new()).await;
        let code = self.forget_password(&address).await;
        let reset = json!({ "password": PASSWORD });
        self.ask("PUT /v1/accounts/password-resets/{token}", &format!("/v1/accounts/password-resets/{code}"), "", |it| it.json(&reset))
            .await;
    }

    /// Gives an address as bob's: the code in the letter that goes there.
    pub(super) async fn give_address(&mut self, bob: &Guest, address: &str) -> String {
        self.secrets.push(address.to_owned());
        let change = json!({ "email": address, "password": PASSWORD });
        self.ask("PUT /v1/accounts/me/email", "/v1/accounts/me/email", &bob.token, |it| it.json(&change)).await;
        self.code_for(address).await
    }

    /// Asks for a new password: the code in the letter.
    async fn forget_password(&mut self, address: &str) -> String {
        self.ask("POST /v1/accounts/password-resets", "/v1/accounts/password-resets", "", |it| it.json(&json!({ "email": address }))).await;
        self.code_for(address).await
    }

    async fn code_for(&mut self, address: &str) -> String {
        let code = self.platform.code_for(address).await;
        self.secrets.push(code.clone());
        code
    }

    /// Opens a page and sends its form, as a browser does: the answer.
    async fn form(
        &mut self,
        [open, send]: [&'static str; 2],
        path: &str,
        fields: &[(&str, &str)],
        cookies: &mut BTreeMap<String, String>,
    ) -> Response {
        let page = self.fetch(open, path, "", |it| it.header(COOKIE, jar(cookies))).await;
        keep(&page, cookies);
        let page = page.text().await.expect("a page");
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let form = [fields, &[("csrf", csrf)]].concat();
        let answer = self.fetch(send, path, "", |it| it.header(COOKIE, jar(cookies)).form(&form)).await;
        keep(&answer, cookies);
        answer
    }

    /// Registers an app, signs in on the page of auth, lets the app in, and is the app.
    async fn apps(&mut self, bob: &Guest) {
        let app = json!({ "client_name": "Touring", "redirect_uris": [BACK], "scope": "openid accounts:read",
            "grant_types": ["authorization_code", "client_credentials"] });
        let app = self.ask("POST /oauth/register", "/oauth/register", "", |it| it.json(&app)).await;
        let (id, secret) = (text(&app["client_id"]), text(&app["client_secret"]));
        let of_app = |it: RequestBuilder| it.basic_auth(&id, Some(&secret));
        let code = self.let_in(bob, &id).await;
        self.own_passkeys(bob).await;
        self.secrets.push(code.clone());
        let redeem = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER), ("redirect_uri", BACK)];
        let tokens = self.ask("POST /oauth/token", "/oauth/token", "", |it| of_app(it).form(&redeem)).await;
        let apps_token = text(&tokens["access_token"]);
        for route in ["GET /oauth/userinfo", "POST /oauth/userinfo"] {
            self.just(route, "/oauth/userinfo", &apps_token).await;
        }
        let asked = [("token", apps_token.as_str())];
        self.ask("POST /oauth/introspect", "/oauth/introspect", "", |it| of_app(it).form(&asked)).await;
        self.ask("POST /oauth/revoke", "/oauth/revoke", "", |it| of_app(it).form(&asked)).await;
        self.just("GET /v1/accounts/me/apps", "/v1/accounts/me/apps", &bob.token).await;
        self.just("DELETE /v1/accounts/me/apps/{client_id}", &format!("/v1/accounts/me/apps/{id}"), &bob.token).await;
    }

    /// Signs in on the page and agrees: the code for the app.
    async fn let_in(&mut self, bob: &Guest, id: &str) -> String {
        let path = format!(
            "/oauth/authorize?response_type=code&client_id={id}&redirect_uri=https%3A%2F%2Fapp.test%2Fback&scope=openid%20accounts:read\
             &state=s&code_challenge={CHALLENGE}&code_challenge_method=S256"
        );
        let mut cookies = BTreeMap::new();
        let sign_in = vec![("action", "sign_in"), ("handle", bob.handle.as_str()), ("password", PASSWORD)];
        for fields in [sign_in, vec![("action", "allow")]] {
            let answer = self.form(["GET /oauth/authorize", "POST /oauth/authorize"], &path, &fields, &mut cookies).await;
            let sent_to = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or_default();
            if let Some((_, code)) = sent_to.split_once("code=") {
                self.secrets.extend(cookies.into_values());
                return code.split('&').next().unwrap_or_default().to_owned();
            }
        }
        panic!("the app was not let in");
    }

    /// Signs in on the page of one's passkeys, and looks at it.
    async fn own_passkeys(&mut self, bob: &Guest) {
        let mut cookies = BTreeMap::new();
        let sign_in = [("action", "sign_in"), ("handle", bob.handle.as_str()), ("password", PASSWORD)];
        self.form(["GET /oauth/passkeys", "POST /oauth/passkeys"], "/oauth/passkeys", &sign_in, &mut cookies).await;
        self.fetch("GET /oauth/passkeys", "/oauth/passkeys", "", |it| it.header(COOKIE, jar(&cookies))).await;
        self.secrets.extend(cookies.into_values());
    }

    async fn second_factors(&mut self, bob: &Guest) {
        let token = self.again(&bob.handle, PASSWORD).await;
        let password = json!({ "password": PASSWORD });
        let offer = self.ask("POST /v1/accounts/me/totp", "/v1/accounts/me/totp", &token, |it| it.json(&password)).await;
        let secret = text(&offer["secret"]);
        self.secrets.push(secret.clone());
        let confirmed = json!({ "code": code(&secret) });
        let added = self.ask("PUT /v1/accounts/me/totp", "/v1/accounts/me/totp", &token, |it| it.json(&confirmed)).await;
        let first = text(&added["recovery_codes"][0]);
        self.secrets.push(first.clone());
        let both = json!({ "password": PASSWORD, "code": first });
        self.just("GET /v1/accounts/me/second-factor", "/v1/accounts/me/second-factor", &token).await;
        let codes = self.ask("POST /v1/accounts/me/recovery-codes", "/v1/accounts/me/recovery-codes", &token, |it| it.json(&both)).await;
        let codes: Vec<String> = serde_json::from_value(codes["recovery_codes"].clone()).expect("codes");
        self.secrets.extend(codes.iter().cloned());
        let who = json!({ "handle": bob.handle, "password": PASSWORD });
        let asked = self.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&who)).await;
        let second = json!({ "challenge": asked["challenge"], "recovery_code": codes[0] });
        self.ask("POST /v1/sessions/second-factor", "/v1/sessions/second-factor", "", |it| it.json(&second)).await;

        let off = json!({ "password": PASSWORD, "code": codes[1] });
        self.ask("DELETE /v1/accounts/me/totp", "/v1/accounts/me/totp", &token, |it| it.json(&off)).await;
    }

    async fn sessions(&mut self, bob: &Guest) {
        let token = &bob.token;
        self.just("GET /v1/accounts/me/security-events", "/v1/accounts/me/security-events", token).await;
        self.again(&bob.handle, PASSWORD).await;
        let sessions = self.just("GET /v1/sessions", "/v1/sessions", token).await;
        let other = sessions["items"].as_array().expect("a list").iter().find(|session| session["current"] != true).expect("another one");
        let path = format!("/v1/sessions/{}", text(&other["id"]));
        self.ask("PATCH /v1/sessions/{id}", &path, token, |it| it.json(&json!({ "name": "the old phone" }))).await;
        self.just("DELETE /v1/sessions/{id}", &path, token).await;
        let change = json!({ "current": PASSWORD, "password": format!("{PASSWORD} and more") });
        self.ask("PUT /v1/accounts/me/password", "/v1/accounts/me/password", token, |it| it.json(&change)).await;
    }
}
