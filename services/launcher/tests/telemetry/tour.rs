//! Asks for every route of the platform, as people would; each request is a trace of its own. Here are the most used ones,
//! for whoever needs some load; the rest is in the modules.

mod accounts;
mod leaving;
mod moderation;
mod passkeys;
mod people;
mod pictures;
mod posts;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::platform::Platform;

/// How secrets begin that are told once, each kind of its own: invites, devices, sign-ins that are half done, refresh tokens,
/// clients' secrets, codes for apps and codes in letters; and every JWT.
pub const TOLD_ONCE: [&str; 8] = ["spin_", "spdv_", "spsf_", "sprt_", "spcs_", "spac_", "splk_", "eyJ"];

pub const PASSWORD: &str = "seven quiet rivers 41";
/// The span that each request says it is below.
pub const OUTSIDE: &str = "00f067aa0ba902b7";

static TRACES: AtomicU64 = AtomicU64::new(1);

/// Somebody with an access token.
struct Guest {
    id: String,
    handle: String,
    token: String,
}

/// What was asked for, and under which trace.
pub struct Visit {
    pub route: &'static str,
    pub trace: String,
    pub status: StatusCode,
}

/// Somebody who goes from route to route.
pub struct Tour<'a> {
    platform: &'a Platform,
    pub visits: Vec<Visit>,
    /// What must not be found anywhere afterwards.
    pub secrets: Vec<String>,
}

impl<'a> Tour<'a> {
    pub fn of(platform: &'a Platform) -> Self {
        Self { platform, visits: Vec::new(), secrets: vec![PASSWORD.to_owned()] }
    }

    /// One request to `path`, which the route `method template` answers. Each problem document names its trace.
    pub async fn ask(
        &mut self,
        route: &'static str,
        path: &str,
        token: &str,
        finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Value {
        let answer = self.fetch(route, path, token, finish).await;
        let is_problem = answer.headers().get(CONTENT_TYPE).is_some_and(|it| it == "application/problem+json");
        let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default();
        if is_problem && !body.is_null() {
            let visit = self.visits.last().expect("just now");
            assert_eq!(body["trace_id"].as_str(), Some(visit.trace.as_str()), "{route}: {body}");
        }
        collect(&body, &mut self.secrets);
        body
    }

    /// The same, with the whole answer, whose body may never end.
    pub async fn fetch(
        &mut self,
        route: &'static str,
        path: &str,
        token: &str,
        finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Response {
        let (method, _) = route.split_once(' ').expect("a method and a template");
        let method: Method = method.parse().expect("a method");
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        let trace = format!("{since:016x}{:016x}", TRACES.fetch_add(1, Ordering::Relaxed));
        let request = self.platform.http.request(method, format!("{}{path}", self.platform.url));
        let request = request.header("traceparent", format!("00-{trace}-{OUTSIDE}-01"));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let answer = finish(request).send().await.expect("an answer");
        self.visits.push(Visit { route, trace, status: answer.status() });
        answer
    }

    /// The same, without a body.
    pub async fn just(&mut self, route: &'static str, path: &str, token: &str) -> Value {
        self.ask(route, path, token, |request| request).await
    }

    /// Signs somebody up and in: their id, their access token and their refresh token.
    pub async fn person(&mut self, handle: &str) -> (String, String, String) {
        let who = json!({ "handle": handle, "password": PASSWORD });
        let account = self.ask("POST /v1/accounts", "/v1/accounts", "", |it| it.json(&who)).await;
        let tokens = self.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&who)).await;
        let found = [&account["id"], &tokens["access_token"], &tokens["refresh_token"]];
        let [id, access, refresh] = found.map(|it| it.as_str().expect("text").to_owned());
        (id, access, refresh)
    }

    pub async fn upload(&mut self, token: &str, visibility: &str, file: Vec<u8>) -> Value {
        let visibility = visibility.to_owned();
        self.ask("POST /v1/photos", "/v1/photos", token, move |it| {
            let file = Part::bytes(file).file_name("picture.png").mime_str("image/png").expect("a type");
            it.multipart(Form::new().text("visibility", visibility).text("alt", "a gradient").part("file", file))
        })
        .await
    }

    /// Goes to every route. `name` begins the handles.
    pub async fn visit_every_route(&mut self, name: &str) {
        self.everywhere(name).await;
        let (admin, bob) = self.accounts(name).await;
        self.passkeys(name).await;
        self.posts(&admin, &bob).await;
        self.moderation(&admin, &bob).await;
        self.people(&admin, &bob).await;
        self.pictures(&admin, &bob).await;
        self.leaving(name).await;
        self.just("DELETE /v1/sessions", "/v1/sessions", &bob.token).await;
    }

    /// Goes where most requests go, gives an address and listens: with [`Self::visit_every_route`], everything that is timed has
    /// happened twice. What happened once has no rate.
    pub async fn once_more(&mut self, name: &str) {
        self.everywhere(name).await;
        let eve = self.guest(&format!("{name}_eve")).await;
        self.give_address(&eve, &format!("{name}-eve@example.org")).await;
        self.streams(&eve).await;
    }

    /// Goes where most requests go. `name` begins the handles, so that one platform can be toured again.
    pub async fn everywhere(&mut self, name: &str) {
        let (ada, ada_token, ada_refresh) = self.person(&format!("{name}_ada")).await;
        let (bob, bob_token, _) = self.person(&format!("{name}_bob")).await;
        let (_, gone_token, _) = self.person(&format!("{name}_gone")).await;

        let wrong = json!({ "handle": format!("{name}_ada"), "password": "not the right password" });
        self.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&wrong)).await;
        self.just("GET /v1/accounts/me", "/v1/accounts/me", &ada_token).await;
        self.just("GET /.well-known/jwks.json", "/.well-known/jwks.json", "").await;
        self.just("DELETE /v1/sessions/current", "/v1/sessions/current", &gone_token).await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", ada_refresh.as_str())];
        self.ask("POST /oauth/token", "/oauth/token", "", |it| it.form(&form)).await;

        self.just("PUT /v1/relations/{id}/follow", &format!("/v1/relations/{ada}/follow"), &bob_token).await;
        self.just("GET /v1/relations/{id}", &format!("/v1/relations/{ada}"), &bob_token).await;
        self.just("GET /v1/relations/{id}/followers", &format!("/v1/relations/{ada}/followers"), &bob_token).await;
        self.just("GET /v1/relations/{id}/following", &format!("/v1/relations/{bob}/following"), &bob_token).await;

        let photo = self.upload(&ada_token, "private", picture()).await;
        self.secrets.push(photo["key"].as_str().expect("a key").to_owned());
        let photo = photo["id"].as_str().expect("an id").to_owned();
        let shown = self.upload(&ada_token, "public", picture()).await;
        self.upload(&ada_token, "public", b"this is no picture".to_vec()).await;
        let thumb = shown["urls"]["thumb"].as_str().expect("an address").to_owned();
        self.just("GET /p/{key}/{variant}", &thumb, "").await;
        self.just("GET /v1/photos", "/v1/photos?owner=me", &ada_token).await;
        let shown = shown["id"].as_str().expect("an id").to_owned();
        self.just("GET /v1/photos/{id}", &format!("/v1/photos/{shown}"), &ada_token).await;
        self.ask("PATCH /v1/photos/{id}", &format!("/v1/photos/{shown}"), &ada_token, |it| it.json(&json!({ "alt": "a slope" }))).await;

        let post = json!({ "text": "Lift-off", "visibility": "public", "photos": [photo] });
        let post = self.ask("POST /v1/posts", "/v1/posts", &ada_token, |it| it.json(&post)).await;
        let post = post["id"].as_str().expect("an id").to_owned();
        let comment = json!({ "text": "How high?", "parent": post });
        self.ask("POST /v1/posts", "/v1/posts", &bob_token, |it| it.json(&comment)).await;
        let reused = json!({ "text": "Somebody else's slope", "photos": [shown] });
        self.ask("POST /v1/posts", "/v1/posts", &bob_token, |it| it.json(&reused)).await;
        let seen = self.just("GET /v1/posts/{id}", &format!("/v1/posts/{post}"), &bob_token).await;
        let address = seen["photos"][0]["urls"]["thumb"].as_str().expect("an address").to_owned();
        self.secrets.push(address.split_once("grant=").expect("a private photo is granted").1.to_owned());
        self.just("GET /p/{key}/{variant}", &address, &bob_token).await;
        self.just("GET /v1/posts/{id}/comments", &format!("/v1/posts/{post}/comments"), &bob_token).await;
        self.just("PUT /v1/posts/{id}/reactions/{emoji}", &format!("/v1/posts/{post}/reactions/%F0%9F%91%8D"), &bob_token).await;
        self.just("DELETE /v1/posts/{id}/reactions/{emoji}", &format!("/v1/posts/{post}/reactions/%F0%9F%91%8D"), &bob_token).await;
        for (route, path) in [
            ("GET /v1/timelines/home", "/v1/timelines/home".to_owned()),
            ("GET /v1/timelines/public", "/v1/timelines/public".to_owned()),
            ("GET /v1/timelines/accounts/{id}", format!("/v1/timelines/accounts/{ada}")),
            ("GET /v1/profiles", format!("/v1/profiles?handle={name}_ada")),
            ("GET /v1/profiles/{id}", format!("/v1/profiles/{ada}")),
        ] {
            self.just(route, &path, &bob_token).await;
        }
        let profile = json!({ "bio": "climbs", "discoverable": false });
        self.ask("PATCH /v1/profiles/me", "/v1/profiles/me", &bob_token, |it| it.json(&profile)).await;

        self.just("DELETE /v1/relations/{id}/follow", &format!("/v1/relations/{ada}/follow"), &bob_token).await;
        self.just("PUT /v1/relations/{id}/block", &format!("/v1/relations/{bob}/block"), &ada_token).await;
        self.just("DELETE /v1/relations/{id}/block", &format!("/v1/relations/{bob}/block"), &ada_token).await;
        self.just("DELETE /v1/posts/{id}", &format!("/v1/posts/{post}"), &ada_token).await;
        for photo in [photo, shown] {
            self.just("DELETE /v1/photos/{id}", &format!("/v1/photos/{photo}"), &ada_token).await;
        }
    }
}

/// Keeps what an answer tells once.
fn collect(answer: &Value, secrets: &mut Vec<String>) {
    match answer {
        Value::String(text) if TOLD_ONCE.iter().any(|beginning| text.starts_with(beginning)) => secrets.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        Value::Object(members) => members.values().for_each(|member| collect(member, secrets)),
        _ => {}
    }
}

/// No two are alike: equal pictures share their objects, and deleting one would leave them.
pub fn picture() -> Vec<u8> {
    let shade = TRACES.fetch_add(1, Ordering::Relaxed).wrapping_mul(37) as u8;
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, shade]));
    picture.write_to(&mut png, image::ImageFormat::Png).expect("a picture");
    png.into_inner()
}
