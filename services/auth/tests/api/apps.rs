use aws_lc_rs::digest::{SHA256, digest};
use contracts::Service;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::provider::{App, BACK};
use crate::support::{PASSWORD, TestAuth, answer, eventually};

fn register(auth: &TestAuth, registration: &Value) -> RequestBuilder {
    auth.request(Method::POST, "/oauth/register").json(registration)
}

fn apps(auth: &TestAuth, token: &str) -> RequestBuilder {
    auth.request(Method::GET, "/v1/accounts/me/apps").bearer_auth(token)
}

#[tokio::test]
async fn an_app_registers_and_only_the_hash_of_its_secret_is_kept() {
    let auth = TestAuth::spawn().await;
    let (status, app) =
        answer(register(&auth, &json!({"client_name": " Reader ", "redirect_uris": [BACK], "logo_uri": "https://x.test"}))).await;
    assert_eq!(status, StatusCode::CREATED, "{app}");
    assert_eq!(
        (&app["client_name"], &app["grant_types"], &app["client_secret_expires_at"]),
        (&json!("Reader"), &json!(["authorization_code"]), &json!(0))
    );
    assert_eq!(
        (&app["token_endpoint_auth_method"], &app["scope"]),
        (&json!("client_secret_basic"), &json!("profiles:read posts:read photos:read relations:read"))
    );
    let stored: Vec<u8> =
        sqlx::query_scalar("select secret_hash from apps").fetch_one(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
    assert_eq!(stored, digest(&SHA256, app["client_secret"].as_str().unwrap().as_bytes()).as_ref());

    let public = json!({"client_name": "Tool", "redirect_uris": ["http://127.0.0.1/"], "token_endpoint_auth_method": "none"});
    let (status, app) = answer(register(&auth, &public)).await;
    assert_eq!((status, &app["client_secret"]), (StatusCode::CREATED, &Value::Null));
}

#[tokio::test]
async fn what_an_app_may_not_be_is_refused() {
    let auth = TestAuth::spawn().await;
    let good = json!({"client_name": "Reader", "redirect_uris": [BACK]});
    let many: Vec<String> = (0..11).map(|number| format!("{BACK}/{number}")).collect();
    for (member, value, error) in [
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        ("redirect_uris", json!(many), "invalid_redirect_uri"),
        ("redirect_uris", json!(["http://app.test/"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://app.test/#x"]), "invalid_redirect_uri"),
        ("client_name", json!(""), "invalid_client_metadata"),
        ("client_name", json!("x".repeat(101)), "invalid_client_metadata"),
        ("client_name", json!("Rea\u{202e}red"), "invalid_client_metadata"),
        ("client_name", json!("Rea\u{0}der"), "invalid_client_metadata"),
        ("client_name", json!(7), "invalid_client_metadata"),
        ("client_uri", json!("http://app.test"), "invalid_client_metadata"),
        ("scope", json!("everything"), "invalid_client_metadata"),
        ("scope", json!(" "), "invalid_client_metadata"),
        ("grant_types", json!(["implicit"]), "invalid_client_metadata"),
        ("grant_types", json!(["password"]), "invalid_client_metadata"),
        ("response_types", json!(["token"]), "invalid_client_metadata"),
        ("token_endpoint_auth_method", json!("private_key_jwt"), "invalid_client_metadata"),
    ] {
        let mut bad = good.clone();
        bad[member] = value.clone();
        let (status, body) = answer(register(&auth, &bad)).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!(error)), "{member}: {value}");
    }
    let no_secret = json!({"client_name": "x", "grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"});
    assert_eq!(answer(register(&auth, &no_secret)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(auth.count("apps").await, 0);
}

#[tokio::test]
async fn from_one_network_twenty_apps_an_hour_are_registered() {
    let auth = TestAuth::with(&["--trusted-proxy-hops=1"]).await;
    let from = |source: &str| register(&auth, &json!({"client_name": "x", "redirect_uris": [BACK]})).header("x-forwarded-for", source);
    let bad = register(&auth, &json!({"client_name": "x"})).header("x-forwarded-for", "2001:db8:1:2::1");
    assert_eq!(answer(bad).await.0, StatusCode::BAD_REQUEST, "it does not count");
    for n in 0..20 {
        assert_eq!(answer(from(&format!("2001:db8:1:2::{n}"))).await.0, StatusCode::CREATED);
    }
    let response = from("2001:db8:1:2::99").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(auth.count("apps").await, 20);
    assert_eq!(answer(from("2001:db8:1:3::1")).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_app_that_stays_away_and_has_nothing_of_anybody_is_forgotten() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let (allowed, alone) = (App::with_scope(&auth, "accounts:read").await, App::with_scope(&auth, "posts:read").await);
    allowed.tokens_of(&auth, "ada", "accounts:read").await;
    let tokens = answer(alone.post(&auth, "/oauth/token", &[("grant_type", "client_credentials")])).await;
    assert_eq!(tokens.0, StatusCode::OK, "{}", tokens.1);
    App::with_scope(&auth, "posts:read").await;
    auth.sql("update apps set used_at = used_at - interval '91 days'").await;
    // One that has just started clears away at once.
    let replica = auth.replica().await;
    eventually("one is forgotten", async || replica.count("apps").await == 2).await;
    assert_eq!((auth.count("apps where used_at is null").await, auth.count("consents").await), (1, 1));
}

#[tokio::test]
async fn an_app_for_itself_is_nobody() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let app = App::with_scope(&auth, "posts:read posts:write accounts:read").await;
    let ask = |fields: &[(&str, &str)]| app.post(&auth, "/oauth/token", &[&[("grant_type", "client_credentials")][..], fields].concat());
    let (status, tokens) = answer(ask(&[])).await;
    assert_eq!((status, &tokens["scope"], &tokens["refresh_token"]), (StatusCode::OK, &json!("posts:read"), &Value::Null), "{tokens}");
    let token = tokens["access_token"].as_str().unwrap();
    let said = app.introspect(&auth, token).await;
    assert_eq!((&said["active"], &said["sub"], &said["username"]), (&json!(true), &json!(app.id), &Value::Null));
    assert!([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer(auth.me(token)).await.0));
    for scope in ["posts:write", "accounts:read", "photos:read", "nonsense"] {
        let (status, body) = answer(ask(&[("scope", scope)])).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_scope")), "{scope}");
    }
    assert_eq!(answer(app.post(&auth, "/oauth/revoke", &[("token", token)])).await.0, StatusCode::OK);
    assert_eq!(app.introspect(&auth, token).await, json!({"active": false}));
    let (status, body) = answer(App { secret: Some("guessed".to_owned()), ..app.clone() }.post(
        &auth,
        "/oauth/token",
        &[("grant_type", "client_credentials")],
    ))
    .await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
}

#[tokio::test]
async fn introspection_tells_an_app_of_its_own_tokens_and_of_no_others() {
    let auth = TestAuth::spawn().await;
    let own = auth.somebody("ada").await;
    let (app, other) = (App::with_scope(&auth, "offline_access posts:read").await, App::with_scope(&auth, "posts:read").await);
    let tokens = app.tokens_of(&auth, "ada", "offline_access posts:read").await;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap());
    for token in [access, refresh] {
        let said = app.introspect(&auth, token).await;
        assert_eq!((&said["active"], &said["client_id"], &said["username"]), (&json!(true), &json!(app.id), &json!("ada")));
        assert_eq!(other.introspect(&auth, token).await, json!({"active": false}));
    }
    for token in [own.access_token.as_str(), &own.refresh_token, "nonsense", ""] {
        assert_eq!(app.introspect(&auth, token).await, json!({"active": false}), "{token}");
    }
    let anonymous = auth.request(Method::POST, "/oauth/introspect").form(&[("token", access)]);
    assert_eq!(answer(anonymous).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_revoked_token_ends_its_session_and_anything_else_is_answered_alike() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let (app, other) = (App::with_scope(&auth, "offline_access accounts:read").await, App::with_scope(&auth, "posts:read").await);
    for revoked in ["access_token", "refresh_token"] {
        let tokens = app.tokens_of(&auth, "ada", "offline_access accounts:read").await;
        let access = tokens["access_token"].as_str().unwrap();
        auth.until_known(access).await;
        let token = tokens[revoked].as_str().unwrap();
        let (status, body) = answer(other.post(&auth, "/oauth/revoke", &[("token", token)])).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("unauthorized_client")));
        assert_eq!(answer(auth.me(access)).await.0, StatusCode::OK);
        for _ in 0..2 {
            assert_eq!(answer(app.post(&auth, "/oauth/revoke", &[("token", token)])).await.0, StatusCode::OK);
        }
        auth.until_refused(access).await;
        let (_, body) = answer(app.refresh(&auth, tokens["refresh_token"].as_str().unwrap())).await;
        assert_eq!(body["error"], "invalid_grant");
    }
    assert_eq!(answer(app.post(&auth, "/oauth/revoke", &[("token", "nonsense")])).await.0, StatusCode::OK);
    // People who signed in without an app have only the token itself.
    let own = auth.session("ada").await;
    assert_eq!(answer(auth.request(Method::POST, "/oauth/revoke").form(&[("token", &own.refresh_token)])).await.0, StatusCode::OK);
    auth.until_refused(&own.access_token).await;
}

#[tokio::test]
async fn removing_an_app_ends_all_that_it_has_and_nothing_else() {
    let auth = TestAuth::spawn().await;
    let own = auth.somebody("ada").await;
    auth.somebody("bob").await;
    let scope = "offline_access accounts:read";
    let (app, other) = (App::with_scope(&auth, scope).await, App::with_scope(&auth, scope).await);
    let (first, second) = (app.tokens_of(&auth, "ada", scope).await, app.tokens_of(&auth, "ada", scope).await);
    let (others, bobs) = (other.tokens_of(&auth, "ada", scope).await, app.tokens_of(&auth, "bob", scope).await);
    let access = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();

    let (status, listed) = answer(apps(&auth, &own.access_token)).await;
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|app| app["client_id"].as_str().unwrap()).collect();
    assert_eq!((status, ids), (StatusCode::OK, vec![other.id.as_str(), app.id.as_str()]));
    assert_eq!(listed["items"][0]["scope"], "accounts:read offline_access");

    let remove = || auth.request(Method::DELETE, &format!("/v1/accounts/me/apps/{}", app.id)).bearer_auth(&own.access_token);
    assert_eq!(answer(remove()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(remove()).await.0, StatusCode::NOT_FOUND);
    for tokens in [&first, &second] {
        auth.until_refused(&access(tokens)).await;
        assert_eq!(answer(app.refresh(&auth, tokens["refresh_token"].as_str().unwrap())).await.1["error"], "invalid_grant");
    }
    for token in [access(&others), access(&bobs), own.access_token.clone()] {
        assert_eq!(answer(auth.me(&token)).await.0, StatusCode::OK);
    }
    assert_eq!(answer(apps(&auth, &own.access_token)).await.1["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn passwords_are_taken_from_apps_only_where_an_operator_says_so() {
    let off = TestAuth::spawn().await;
    off.somebody("ada").await;
    let app = App::with_scope(&off, "accounts:read").await;
    let fields = [("grant_type", "password"), ("username", "ada"), ("password", PASSWORD)];
    assert_eq!(answer(app.post(&off, "/oauth/token", &fields)).await.1["error"], "unsupported_grant_type");

    let on = TestAuth::with(&["--oauth-password-grant"]).await;
    on.somebody("ada").await;
    let registration = json!({"client_name": "Old", "grant_types": ["password"], "scope": "accounts:read admin:read"});
    let app = App::register(&on, registration).await;
    let (status, tokens) = answer(app.post(&on, "/oauth/token", &fields)).await;
    assert_eq!((status, &tokens["scope"]), (StatusCode::OK, &json!("accounts:read")), "{tokens}");
    assert_eq!(answer(on.me(tokens["access_token"].as_str().unwrap())).await.0, StatusCode::OK);
    for wrong in [[("username", "ada"), ("password", "wrong")], [("username", "eve"), ("password", PASSWORD)]] {
        let (status, body) = answer(app.post(&on, "/oauth/token", &[&fields[..1], &wrong[..]].concat())).await;
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    }

    // What cannot be granted leaves nothing behind, and an app is nobody's device.
    let (status, body) = answer(app.post(&on, "/oauth/token", &[&fields[..], &[("scope", "admin:read")]].concat())).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_scope")));
    assert_eq!((on.count("sessions").await, on.count("sessions where client_id is null").await, on.count("devices").await), (2, 1, 1));
}
