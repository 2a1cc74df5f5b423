//! An app and a browser, as they meet at auth.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::support::{PASSWORD, TestAuth, answer};

pub const BACK: &str = "https://app.test/back";
/// The pair of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A registered app.
#[derive(Clone)]
pub struct App {
    pub id: String,
    pub secret: Option<String>,
}

impl App {
    /// Registers what must be taken.
    pub async fn register(auth: &TestAuth, registration: Value) -> Self {
        let (status, body) = answer(auth.request(Method::POST, "/oauth/register").json(&registration)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        Self { id: body["client_id"].as_str().unwrap().to_owned(), secret: body["client_secret"].as_str().map(str::to_owned) }
    }

    /// One with a secret that may ask for these scopes.
    pub async fn with_scope(auth: &TestAuth, scope: &str) -> Self {
        let grants = ["authorization_code", "refresh_token", "client_credentials"];
        let registration = json!({"client_name": "An app", "redirect_uris": [BACK], "scope": scope, "grant_types": grants});
        Self::register(auth, registration).await
    }

    /// Where the app sends a person; `more` is added or takes the place of what is there, and an empty value takes it away.
    pub fn authorize(&self, more: &[(&str, &str)]) -> String {
        let mut query = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", BACK),
            ("state", "the state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        query.extend(more.iter().copied());
        query.retain(|_, value| !value.is_empty());
        format!("/oauth/authorize?{}", Serializer::new(String::new()).extend_pairs(query).finish())
    }

    /// A form from the app, with its secret if it has one.
    pub fn post(&self, auth: &TestAuth, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let request = auth.request(Method::POST, path);
        match &self.secret {
            Some(secret) => request.basic_auth(&self.id, Some(secret)).form(fields),
            None => request.form(&[fields, &[("client_id", self.id.as_str())]].concat()),
        }
    }

    pub fn redeem(&self, auth: &TestAuth, code: &str) -> RequestBuilder {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER), ("redirect_uri", BACK)];
        self.post(auth, "/oauth/token", &fields)
    }

    pub fn refresh(&self, auth: &TestAuth, token: &str) -> RequestBuilder {
        self.post(auth, "/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// What introspection says.
    pub async fn introspect(&self, auth: &TestAuth, token: &str) -> Value {
        let (status, body) = answer(self.post(auth, "/oauth/introspect", &[("token", token)])).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// What the app gets of somebody who is asked for these scopes, and allows them.
    pub async fn tokens_of(&self, auth: &TestAuth, handle: &str, scope: &str) -> Value {
        let mut browser = Browser::new(auth);
        let code = browser.allowed(&self.authorize(&[("scope", scope)]), handle).await;
        let (status, body) = answer(self.redeem(auth, &code)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }
}

/// A browser that keeps cookies, goes where it is sent only when told, and runs no script.
pub struct Browser {
    http: Client,
    url: String,
    pub cookies: BTreeMap<String, String>,
}

/// What a browser was answered.
pub struct Page {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

/// An attribute as a browser reads it.
fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&#38;", "&")
}

impl Page {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of an attribute that comes right after this text.
    fn after(&self, text: &str) -> String {
        let (_, rest) = self.body.split_once(text).unwrap_or_else(|| panic!("{} has no {text}", self.body));
        unescaped(rest.split('"').next().unwrap())
    }

    /// Where the link with this text leads.
    pub fn link(&self, text: &str) -> String {
        let (before, _) = self.body.split_once(&format!("\">{text}</a>")).unwrap_or_else(|| panic!("{} has no {text}", self.body));
        unescaped(before.rsplit("href=\"").next().unwrap())
    }

    /// What the page tells its script to ask an authenticator for.
    pub fn options(&self) -> Value {
        serde_json::from_str(&self.after("data-options=\"")).unwrap()
    }

    pub fn csrf(&self) -> String {
        self.after("name=\"csrf\" value=\"")
    }

    /// What a page that asks for the second factor brings along.
    pub fn challenge(&self) -> String {
        self.after("name=\"challenge\" value=\"")
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// What the app is answered.
    pub fn answered(&self) -> BTreeMap<String, String> {
        assert!(self.location().starts_with(BACK), "{}", self.location());
        Url::parse(self.location()).unwrap().query_pairs().into_owned().collect()
    }
}

impl Browser {
    pub fn new(auth: &TestAuth) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { http, url: auth.url.clone(), cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let page = Page::read(request.header(COOKIE, cookies.join("; ")).send().await.unwrap()).await;
        for cookie in page.headers.get_all(SET_COOKIE) {
            let (pair, rules) = cookie.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-") && rules.starts_with("Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie:?}");
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        page
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.url));
        self.send(request).await
    }

    /// A form with what else the browser says about it.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Page {
        let request = self.http.post(format!("{}{path}", self.url)).form(fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    /// Answers the page at `path`, which is asked for first.
    pub async fn answer(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let (action, csrf) = (page.after("action=\""), page.csrf());
        self.post(&action, &[&[("csrf", csrf.as_str())][..], fields].concat(), &[("origin", crate::support::ISSUER)]).await
    }

    /// Signs in at the page at `path` and goes where that leads.
    pub async fn sign_in(&mut self, path: &str, handle: &str) -> Page {
        let page = self.answer(path, &[("action", "sign_in"), ("handle", handle), ("password", PASSWORD)]).await;
        let next = page.location().to_owned();
        assert!(next.starts_with("/oauth/authorize?"), "{next}");
        self.get(&next).await
    }

    /// Signs in, allows what is asked for, and gets the code.
    pub async fn allowed(&mut self, path: &str, handle: &str) -> String {
        let page = self.sign_in(path, handle).await;
        match page.status {
            // They have allowed it before.
            StatusCode::SEE_OTHER => page.answered().remove("code").expect("a code"),
            _ => self.allow(path).await,
        }
    }

    /// Allows what is asked for, signed in, and gets the code.
    pub async fn allow(&mut self, path: &str) -> String {
        self.answer(path, &[("action", "allow")]).await.answered().remove("code").expect("a code")
    }
}
