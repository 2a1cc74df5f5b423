use std::collections::BTreeSet;

use contracts::{Scope, Scopes};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::documented::documented;
use crate::forge::Forge;
use crate::process::{GUARD, sign_in, sign_up};
use crate::stage::Stage;

/// Every route, who may call it, and with which scope.
///
/// - `open`: no token is read; with any, the answer is that of a visitor.
/// - `anybody`: visitors too, and apps for themselves; a token that is sent must be good and have the scope.
/// - `person`: somebody who is signed in.
/// - `admin`: an administrator, whose token has `admin:read` or `admin:write` besides.
const ROUTES: &str = "
GET    /.well-known/jwks.json                          open
GET    /.well-known/oauth-authorization-server         open
GET    /.well-known/openid-configuration               open
GET    /oauth/authorize                                open
POST   /oauth/authorize                                open
GET    /oauth/forgotten                                open
POST   /oauth/forgotten                                open
POST   /oauth/introspect                               open
GET    /oauth/links/reset                              open
POST   /oauth/links/reset                              open
GET    /oauth/links/verify                             open
POST   /oauth/links/verify                             open
GET    /oauth/passkeys                                 open
POST   /oauth/passkeys                                 open
POST   /oauth/register                                 open
POST   /oauth/revoke                                   open
POST   /oauth/token                                    open
GET    /oauth/userinfo                                 person  openid
POST   /oauth/userinfo                                 person  openid
POST   /v1/accounts                                    open
GET    /v1/accounts                                    admin   accounts:read
POST   /v1/accounts/admin-claims                       person  accounts:write
POST   /v1/accounts/email-verifications/{token}        open
POST   /v1/accounts/invites                            person  accounts:write
GET    /v1/accounts/invites                            person  accounts:read
DELETE /v1/accounts/invites/{id}                       person  accounts:write
GET    /v1/accounts/me                                 person  accounts:read
DELETE /v1/accounts/me                                 person  accounts:write
GET    /v1/accounts/me/apps                            person  accounts:read
DELETE /v1/accounts/me/apps/{client_id}                person  accounts:write
PUT    /v1/accounts/me/email                           person  accounts:write
PUT    /v1/accounts/me/handle                          person  accounts:write
POST   /v1/accounts/me/passkeys                        person  accounts:write
GET    /v1/accounts/me/passkeys                        person  accounts:read
POST   /v1/accounts/me/passkeys/challenges             person  accounts:write
PATCH  /v1/accounts/me/passkeys/{id}                   person  accounts:write
DELETE /v1/accounts/me/passkeys/{id}                   person  accounts:write
PUT    /v1/accounts/me/password                        person  accounts:write
POST   /v1/accounts/me/recovery-codes                  person  accounts:write
GET    /v1/accounts/me/second-factor                   person  accounts:read
GET    /v1/accounts/me/security-events                 person  accounts:read
POST   /v1/accounts/me/totp                            person  accounts:write
PUT    /v1/accounts/me/totp                            person  accounts:write
DELETE /v1/accounts/me/totp                            person  accounts:write
POST   /v1/accounts/password-resets                    open
PUT    /v1/accounts/password-resets/{token}            open
GET    /v1/accounts/security-events                    admin   accounts:read
GET    /v1/accounts/{id}                               admin   accounts:read
PUT    /v1/accounts/{id}/approval                      admin   accounts:write
DELETE /v1/accounts/{id}/approval                      admin   accounts:write
PUT    /v1/accounts/{id}/suspension                    admin   accounts:write
DELETE /v1/accounts/{id}/suspension                    admin   accounts:write
POST   /v1/exports                                     person  accounts:write
GET    /v1/exports                                     person  accounts:read
GET    /v1/exports/{id}                                person  accounts:read
GET    /v1/exports/{id}/archive                        person  accounts:read
GET    /v1/platform                                    open
POST   /v1/sessions                                    open
GET    /v1/sessions                                    person  accounts:read
DELETE /v1/sessions                                    person  accounts:write
DELETE /v1/sessions/current                            person  accounts:write
POST   /v1/sessions/media                              person  photos:read
DELETE /v1/sessions/media                              person  photos:read
POST   /v1/sessions/passkey                            open
POST   /v1/sessions/passkey-challenges                 open
POST   /v1/sessions/second-factor                      open
PATCH  /v1/sessions/{id}                               person  accounts:write
DELETE /v1/sessions/{id}                               person  accounts:write
POST   /v1/posts                                       person  posts:write
GET    /v1/posts/{id}                                  anybody posts:read
PATCH  /v1/posts/{id}                                  person  posts:write
DELETE /v1/posts/{id}                                  person  posts:write
PUT    /v1/posts/{id}/bookmark                         person  posts:write
DELETE /v1/posts/{id}/bookmark                         person  posts:write
GET    /v1/posts/{id}/comments                         anybody posts:read
GET    /v1/posts/{id}/context                          anybody posts:read
PUT    /v1/posts/{id}/pin                              person  posts:write
DELETE /v1/posts/{id}/pin                              person  posts:write
GET    /v1/posts/{id}/reactions                        anybody posts:read
PUT    /v1/posts/{id}/reactions/{emoji}                person  posts:write
DELETE /v1/posts/{id}/reactions/{emoji}                person  posts:write
GET    /v1/posts/{id}/replies                          anybody posts:read
POST   /v1/posts/{id}/reports                          person  posts:write
GET    /v1/posts/{id}/revisions                        anybody posts:read
GET    /v1/profiles                                    anybody profiles:read
PATCH  /v1/profiles/me                                 person  profiles:write
GET    /v1/profiles/{id}                               anybody profiles:read
GET    /v1/profiles/{id}/pinned                        anybody profiles:read
POST   /v1/profiles/{id}/reports                       person  profiles:write
GET    /v1/search                                      anybody posts:read
GET    /v1/stream                                      person  posts:read
GET    /v1/stream/ws                                   person  posts:read
GET    /v1/tags                                        person  posts:read
GET    /v1/tags/{tag}                                  anybody posts:read
PUT    /v1/tags/{tag}/follow                           person  posts:write
DELETE /v1/tags/{tag}/follow                           person  posts:write
GET    /v1/timelines/accounts/{id}                     anybody posts:read
GET    /v1/timelines/bookmarks                         person  posts:read
GET    /v1/timelines/home                              person  posts:read
POST   /v1/timelines/lists                             person  posts:write
GET    /v1/timelines/lists                             person  posts:read
GET    /v1/timelines/lists/{id}                        person  posts:read
PATCH  /v1/timelines/lists/{id}                        person  posts:write
DELETE /v1/timelines/lists/{id}                        person  posts:write
GET    /v1/timelines/lists/{id}/members                person  posts:read
PUT    /v1/timelines/lists/{id}/members/{account}      person  posts:write
DELETE /v1/timelines/lists/{id}/members/{account}      person  posts:write
GET    /v1/timelines/public                            anybody posts:read
GET    /v1/timelines/tags/{tag}                        anybody posts:read
GET    /v1/emojis                                      anybody posts:read
PUT    /v1/emojis/{shortcode}                          admin   posts:write
DELETE /v1/emojis/{shortcode}                          admin   posts:write
GET    /v1/moderation/acts                             admin   posts:read
GET    /v1/moderation/emojis                           admin   posts:read
PUT    /v1/moderation/removals/{post}                  admin   posts:write
GET    /v1/moderation/reports                          admin   posts:read
GET    /v1/moderation/reports/{id}                     admin   posts:read
PUT    /v1/moderation/reports/{id}/resolution          admin   posts:write
GET    /v1/notifications                               person  notifications:read
PUT    /v1/notifications/read                          person  notifications:write
GET    /v1/notifications/settings                      person  notifications:read
PUT    /v1/notifications/settings                      person  notifications:write
GET    /v1/notifications/unread                        person  notifications:read
GET    /p/{key}/{variant}                              anybody photos:read
POST   /v1/albums                                      person  photos:write
GET    /v1/albums                                      anybody photos:read
GET    /v1/albums/{id}                                 anybody photos:read
PATCH  /v1/albums/{id}                                 person  photos:write
DELETE /v1/albums/{id}                                 person  photos:write
GET    /v1/albums/{id}/photos                          anybody photos:read
PUT    /v1/albums/{id}/photos/{photo}                  person  photos:write
DELETE /v1/albums/{id}/photos/{photo}                  person  photos:write
GET    /v1/photos                                      anybody photos:read
POST   /v1/photos                                      person  photos:write
GET    /v1/photos/tags                                 open
OPTIONS /v1/photos/tus                                 open
POST   /v1/photos/tus                                  person  photos:write
HEAD   /v1/photos/tus/{id}                             person  photos:read
POST   /v1/photos/tus/{id}                             person  photos:write
PATCH  /v1/photos/tus/{id}                             person  photos:write
DELETE /v1/photos/tus/{id}                             person  photos:write
POST   /v1/photos/uploads                              person  photos:write
DELETE /v1/photos/uploads/{id}                         person  photos:write
POST   /v1/photos/uploads/{id}/complete                person  photos:write
GET    /v1/photos/usage                                person  photos:read
GET    /v1/photos/{id}                                 anybody photos:read
PATCH  /v1/photos/{id}                                 person  photos:write
DELETE /v1/photos/{id}                                 person  photos:write
POST   /v1/photos/{id}/uses                            person  photos:write
GET    /v1/photos/{id}/uses                            person  photos:read
DELETE /v1/photos/{id}/uses/{use_id}                   person  photos:write
GET    /v1/relations                                   person  relations:read
GET    /v1/relations/blocks                            person  relations:read
GET    /v1/relations/csv/{list}                        person  relations:read
POST   /v1/relations/csv/{list}                        person  relations:write
GET    /v1/relations/follow-requests                   person  relations:read
GET    /v1/relations/follow-requests/sent              person  relations:read
GET    /v1/relations/friend-requests                   person  relations:read
GET    /v1/relations/friend-requests/sent              person  relations:read
GET    /v1/relations/matches                           person  relations:read
GET    /v1/relations/mutes                             person  relations:read
GET    /v1/relations/settings                          person  relations:read
PUT    /v1/relations/settings                          person  relations:write
GET    /v1/relations/suggestions                       person  relations:read
DELETE /v1/relations/suggestions/{id}                  person  relations:write
GET    /v1/relations/{id}                              person  relations:read
PUT    /v1/relations/{id}/block                        person  relations:write
DELETE /v1/relations/{id}/block                        person  relations:write
GET    /v1/relations/{id}/counts                       anybody relations:read
PUT    /v1/relations/{id}/follow                       person  relations:write
DELETE /v1/relations/{id}/follow                       person  relations:write
PUT    /v1/relations/{id}/follower                     person  relations:write
DELETE /v1/relations/{id}/follower                     person  relations:write
GET    /v1/relations/{id}/followers                    anybody relations:read
GET    /v1/relations/{id}/following                    anybody relations:read
PUT    /v1/relations/{id}/friend                       person  relations:write
DELETE /v1/relations/{id}/friend                       person  relations:write
GET    /v1/relations/{id}/friends                      anybody relations:read
PUT    /v1/relations/{id}/like                         person  relations:write
DELETE /v1/relations/{id}/like                         person  relations:write
PUT    /v1/relations/{id}/mute                         person  relations:write
DELETE /v1/relations/{id}/mute                         person  relations:write
PUT    /v1/relations/{id}/note                         person  relations:write
DELETE /v1/relations/{id}/note                         person  relations:write
";

/// One line of it.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub who: &'static str,
    pub scope: Option<Scope>,
}

pub fn table() -> Vec<Route> {
    let lines = ROUTES.lines().filter(|line| !line.is_empty());
    let routes = lines.map(|line| {
        let mut words = line.split_whitespace();
        let [method, path, who] = [(); 3].map(|()| words.next().unwrap_or_else(|| panic!("three words or four: {line}")));
        let scope = words.next().map(|word| Scope::ALL.into_iter().find(|scope| scope.name() == word).expect(line));
        Route { method, path, who, scope }
    });
    routes.collect()
}

#[test]
fn every_documented_route_is_in_the_table_and_no_other() {
    let listed: Vec<_> = table().iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    let as_set: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), as_set.len(), "a route is listed twice");
    let documented = documented();
    let missing: Vec<_> = documented.difference(&as_set).collect();
    assert!(missing.is_empty(), "say in ROUTES who may call these: {missing:?}");
    let gone: Vec<_> = as_set.difference(&documented).collect();
    assert!(gone.is_empty(), "these are no routes: {gone:?}");
}

#[test]
fn the_table_and_the_code_ask_for_the_same_scope() {
    for Route { method, path, who, scope } in table() {
        let required = Scope::required(&Method::from_bytes(method.as_bytes()).unwrap(), &example(path));
        match who {
            "open" => assert_eq!(scope, None, "{method} {path}"),
            "anybody" | "person" | "admin" => assert_eq!(scope, required, "{method} {path}"),
            other => panic!("{method} {path}: nobody is called {other}"),
        }
    }
}

/// An address of this form: of something that is not there.
fn example(path: &str) -> String {
    let names = [
        ("{emoji}", "%F0%9F%91%8D"),
        ("{key}", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("{variant}", "thumb"),
        ("{client_id}", "app_nothing"),
        ("{list}", "mutes"),
    ];
    let mut path = path.to_owned();
    for (name, value) in names {
        path = path.replace(name, value);
    }
    let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// 401
    Unknown,
    /// 403
    Denied,
    /// Anything else that is no failure of ours: the caller got as far as the thing itself.
    In,
}

/// The status of an answer; its body is not waited for, as a stream's never ends.
async fn ask(stage: &Stage, route: &Route, token: Option<&str>) -> StatusCode {
    let mut request = stage.request(route.method, &example(route.path), token).timeout(GUARD);
    // What says nothing of its protocol is refused before anybody asks who calls.
    if route.path.starts_with("/v1/photos/tus") {
        request = request.header("tus-resumable", "1.0.0");
    }
    if route.path == "/v1/stream/ws" {
        request = request.header("connection", "upgrade").header("upgrade", "websocket");
        request = request.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    }
    request.send().await.unwrap_or_else(|error| panic!("{} {}: {error}", route.method, route.path)).status()
}

async fn outcome(stage: &Stage, route: &Route, token: Option<&str>) -> (Outcome, StatusCode) {
    let status = ask(stage, route, token).await;
    assert!(!status.is_server_error(), "{} {}: {status}", route.method, route.path);
    let outcome = match status {
        StatusCode::UNAUTHORIZED => Outcome::Unknown,
        StatusCode::FORBIDDEN => Outcome::Denied,
        _ => Outcome::In,
    };
    (outcome, status)
}

/// Each token that is tried on a route, and what must become of it.
fn tries(forge: &Forge, route: &Route, others: &[(&'static str, String)]) -> Vec<(&'static str, Option<String>, Outcome)> {
    let scope = route.scope.expect("routes that read tokens have a scope");
    let admins = if Method::from_bytes(route.method.as_bytes()).unwrap().is_safe() { Scope::AdminRead } else { Scope::AdminWrite };
    let everything = Scopes::USER.or(Scopes::ADMIN).or(Scopes::OPENID);
    let is_admins = route.who == "admin";
    let roles: &[&str] = if is_admins { &["Admin"] } else { &[] };
    let least = if is_admins { Scopes::of(&[scope, admins]) } else { Scopes::of(&[scope]) };
    let good = |scopes: Scopes, roles: &[&str]| Some(forge.good(&scopes.to_string(), roles));
    let (visitor, app) = match route.who {
        "anybody" => (Outcome::In, Outcome::In),
        _ => (Outcome::Unknown, Outcome::Unknown),
    };
    let mut tries = vec![
        ("a visitor", None, visitor),
        ("the least that will do", good(least, roles), Outcome::In),
        ("every scope but this", good(everything.without(scope), &["Admin"]), Outcome::Denied),
        ("no scope", good(Scopes::default(), &["Admin"]), Outcome::Denied),
        ("an app for itself", Some(forge.of_app(&everything.to_string())), app),
        ("an app for itself, without the scope", Some(forge.of_app(&everything.without(scope).to_string())), Outcome::Denied),
    ];
    if is_admins {
        tries.push(("no administrator", good(everything, &[]), Outcome::Denied));
        tries.push(("an administrator's token for other things", good(everything.without(admins), roles), Outcome::Denied));
    }
    let bad = forge.bad(&everything.to_string(), &["Admin"]);
    tries.extend(bad.into_iter().chain(others.iter().cloned()).map(|(name, token)| (name, Some(token), Outcome::Unknown)));
    tries
}

#[tokio::test]
async fn every_route_takes_the_right_token_and_no_other() {
    let stage = Stage::start();
    let ada = sign_up(&stage.http, stage.url(), "ada").await;
    let forge = Forge::open(&stage, &ada).await;

    // Real ones: of a session that has ended, and one that only refreshes.
    let revoked = sign_up(&stage.http, stage.url(), "eve").await;
    stage.until("DELETE", "/v1/sessions/current", Some(&revoked), StatusCode::NO_CONTENT).await;
    for path in ["/v1/accounts/me", "/v1/timelines/home", "/v1/photos", "/v1/relations/1"] {
        stage.until("GET", path, Some(&revoked), StatusCode::UNAUTHORIZED).await;
    }
    let who = serde_json::json!({"handle": "ada", "password": crate::process::PASSWORD});
    let session: Value = stage.request("POST", "/v1/sessions", None).json(&who).send().await.unwrap().json().await.unwrap();
    let refresh = session["refresh_token"].as_str().unwrap().to_owned();
    let others = [("of a session that has ended", revoked), ("refresh token", refresh)];

    // Streams begin a moment after everything else.
    stage.until("GET", "/v1/stream", Some(&ada), StatusCode::OK).await;

    let mut wrong = Vec::new();
    for route in table() {
        if route.who == "open" {
            let visitor = outcome(&stage, &route, None).await;
            for (name, token) in forge.bad("", &[]).into_iter().chain(others.iter().cloned()) {
                let answered = outcome(&stage, &route, Some(&token)).await;
                if answered != visitor {
                    wrong.push(format!("{} {}, {name}: {answered:?} where a visitor gets {visitor:?}", route.method, route.path));
                }
            }
            continue;
        }
        for (name, token, expected) in tries(&forge, &route, &others) {
            let (outcome, status) = outcome(&stage, &route, token.as_deref()).await;
            if outcome != expected {
                wrong.push(format!("{} {}, {name}: {status} where {expected:?} is right", route.method, route.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(forge.nobody_called(), "a token made the platform call an address");
    // It was the platform that refused all those, and it still knows its people.
    sign_in(&stage.http, stage.url(), "ada").await;
}
