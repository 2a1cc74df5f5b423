use std::collections::BTreeMap;

use contracts::Service;
use identity::unix_now;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::provider::{App, BACK, Browser, CHALLENGE, VERIFIER};
use crate::support::{ISSUER, PASSWORD, TestAuth, answer, kind};

/// An app that may ask for much, and somebody.
async fn stage() -> (TestAuth, App) {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let app = App::with_scope(&auth, "openid profile offline_access accounts:read accounts:write posts:read").await;
    (auth, app)
}

async fn age(auth: &TestAuth, change: &'static str) {
    sqlx::query(change).execute(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
}

async fn refused(request: reqwest::RequestBuilder, error: &str) {
    let (status, body) = answer(request).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!(error)), "{body}");
}

#[tokio::test]
async fn a_person_signs_in_and_allows_and_the_app_acts_for_them() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let path = app.authorize(&[("scope", "openid profile offline_access accounts:read"), ("nonce", "the nonce")]);
    let asked = browser.sign_in(&path, "ada").await;
    assert!(asked.body.contains("An app") && asked.body.contains("app.test") && asked.body.contains("ada"), "{}", asked.body);

    let mut back = browser.answer(&path, &[("action", "allow")]).await.answered();
    let code = back.remove("code").unwrap();
    assert_eq!(back, BTreeMap::from([("state", "the state"), ("iss", ISSUER)].map(|(name, value)| (name.to_owned(), value.to_owned()))));
    let (status, tokens) = answer(app.redeem(&auth, &code)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(tokens["scope"], "accounts:read openid profile offline_access");

    let access_token = tokens["access_token"].as_str().unwrap();
    auth.until_known(access_token).await;
    let (status, who) = answer(auth.request(Method::GET, "/oauth/userinfo").bearer_auth(access_token)).await;
    let (_, account) = answer(auth.me(access_token)).await;
    assert_eq!((status, who), (StatusCode::OK, json!({"sub": account["id"], "preferred_username": "ada"})));

    let id_token = tokens["id_token"].as_str().unwrap();
    let header = decode_header(id_token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("JWT")));
    let (_, published) = answer(auth.request(Method::GET, "/.well-known/jwks.json")).await;
    let published: JwkSet = serde_json::from_value(published).unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[&app.id]);
    let key = DecodingKey::from_jwk(published.find(&header.kid.unwrap()).unwrap()).unwrap();
    let claims = decode::<Value>(id_token, &key, &rules).unwrap().claims;
    assert_eq!((&claims["nonce"], &claims["sub"], &claims["preferred_username"]), (&json!("the nonce"), &account["id"], &json!("ada")));
    assert!(claims["auth_time"].as_u64().unwrap() <= unix_now() + 1);
    // It says who somebody is, and opens nothing.
    assert_eq!(answer(auth.me(id_token)).await.0, StatusCode::UNAUTHORIZED);

    let (status, next) = answer(app.refresh(&auth, tokens["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, StatusCode::OK, "{next}");
    assert_eq!(answer(auth.me(next["access_token"].as_str().unwrap())).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_token_opens_only_what_it_was_granted_for() {
    let (auth, app) = stage().await;
    let tokens = app.tokens_of(&auth, "ada", "posts:read").await;
    assert_eq!((&tokens["refresh_token"], &tokens["id_token"]), (&Value::Null, &Value::Null), "nobody asked for these");
    let token = tokens["access_token"].as_str().unwrap();
    for (method, path, scope) in [
        (Method::GET, "/v1/accounts/me", "accounts:read"),
        (Method::DELETE, "/v1/sessions/current", "accounts:write"),
        (Method::GET, "/oauth/userinfo", "openid"),
    ] {
        let response = auth.request(method, path).bearer_auth(token).send().await.unwrap();
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(
            (response.status(), response.headers()["www-authenticate"].to_str().unwrap()),
            (StatusCode::FORBIDDEN, &*challenge),
            "{path}"
        );
        assert_eq!(kind(&response.json().await.unwrap()), "insufficient-scope", "{path}");
    }
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_not_for_more() {
    let (auth, app) = stage().await;
    let tokens = app.tokens_of(&auth, "ada", "offline_access accounts:read posts:read").await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let with = |token: &str, scope: &str| {
        app.post(&auth, "/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)])
    };
    refused(with(token, "accounts:write"), "invalid_scope").await;
    let (status, less) = answer(with(token, "posts:read")).await;
    assert_eq!(status, StatusCode::OK, "what was asked for in vain changed nothing: {less}");
    assert_eq!(answer(auth.me(less["access_token"].as_str().unwrap())).await.0, StatusCode::FORBIDDEN);
    // Only this one access token has less.
    let (_, all) = answer(app.refresh(&auth, less["refresh_token"].as_str().unwrap())).await;
    assert_eq!(answer(auth.me(all["access_token"].as_str().unwrap())).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_is_good_for_its_own_app_only() {
    let (auth, app) = stage().await;
    let tokens = app.tokens_of(&auth, "ada", "offline_access accounts:read").await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let other = App::with_scope(&auth, "offline_access accounts:read").await;
    refused(other.refresh(&auth, token), "invalid_grant").await;
    refused(auth.refresh(token), "invalid_grant").await;
    let (status, body) = answer(App { secret: Some("guessed".to_owned()), ..app.clone() }.refresh(&auth, token)).await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    let (status, body) = answer(App { secret: None, ..app.clone() }.refresh(&auth, token)).await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    // And none of these has ended anything.
    assert_eq!(answer(app.refresh(&auth, token)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_code_used_again_takes_away_what_it_gave() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let code = browser.allowed(&app.authorize(&[("scope", "offline_access accounts:read")]), "ada").await;
    let (status, tokens) = answer(app.redeem(&auth, &code)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let access_token = tokens["access_token"].as_str().unwrap();
    auth.until_known(access_token).await;
    refused(app.redeem(&auth, &code), "invalid_grant").await;
    auth.until_refused(access_token).await;
    refused(app.refresh(&auth, tokens["refresh_token"].as_str().unwrap()), "invalid_grant").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_bring_a_code_at_once_one_gets_tokens() {
    let (auth, app) = stage().await;
    let code = Browser::new(&auth).allowed(&app.authorize(&[("scope", "accounts:read")]), "ada").await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let request = app.redeem(&auth, &code);
        asked.spawn(async move { answer(request).await.0 });
    }
    let given = asked.join_all().await.into_iter().filter(|status| *status == StatusCode::OK).count();
    assert_eq!(given, 1);
}

#[tokio::test]
async fn a_code_is_good_for_a_minute_for_its_app_with_its_verifier() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let path = app.authorize(&[("scope", "accounts:read")]);
    let code = browser.allowed(&path, "ada").await;
    let other = App::with_scope(&auth, "accounts:read").await;
    refused(other.redeem(&auth, &code), "invalid_grant").await;
    let code_with = |verifier: &str, back: &str| {
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", verifier), ("redirect_uri", back)];
        app.post(&auth, "/oauth/token", &fields)
    };
    for verifier in ["", CHALLENGE, &VERIFIER[1..], &VERIFIER.repeat(4)] {
        refused(code_with(verifier, BACK), "invalid_grant").await;
    }
    refused(code_with(VERIFIER, "https://app.test/other"), "invalid_grant").await;
    refused(app.post(&auth, "/oauth/token", &[("grant_type", "authorization_code"), ("code", &code)]), "invalid_request").await;
    refused(app.redeem(&auth, "spac_nothing"), "invalid_grant").await;
    age(&auth, "update codes set expires_at = expires_at - interval '61 seconds'").await;
    refused(app.redeem(&auth, &code), "invalid_grant").await;
}

#[tokio::test]
async fn what_ends_the_sign_in_ends_a_code_that_was_not_fetched() {
    let (auth, app) = stage().await;
    for change in ["update sessions set ended_at = clock_timestamp()", "delete from consents", "update accounts set state = 'Pending'"] {
        let code = Browser::new(&auth).allowed(&app.authorize(&[("scope", "accounts:read")]), "ada").await;
        age(&auth, change).await;
        refused(app.redeem(&auth, &code), "invalid_grant").await;
    }
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let other = App { id: "app_unknown".to_owned(), ..app.clone() };
    for path in [
        other.authorize(&[]),
        app.authorize(&[("client_id", "")]),
        app.authorize(&[("redirect_uri", "")]),
        app.authorize(&[("redirect_uri", "https://evil.test/back")]),
        app.authorize(&[("redirect_uri", "https://app.test/back?evil")]),
        app.authorize(&[("redirect_uri", "javascript:alert(1)")]),
        format!("{}&redirect_uri=https://evil.test/", app.authorize(&[])),
        "/oauth/authorize".to_owned(),
    ] {
        let page = browser.get(&path).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::BAD_REQUEST, ""), "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test]
async fn an_app_is_told_what_is_wrong_with_its_request() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    for (parameter, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "too-short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("scope", "photos:read", "invalid_scope"),
        ("scope", "everything", "invalid_scope"),
        ("prompt", "none", "login_required"),
        ("prompt", "none login", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("request", "x", "request_not_supported"),
        ("request_uri", "https://app.test/x", "request_uri_not_supported"),
    ] {
        let back = browser.get(&app.authorize(&[(parameter, value)])).await.answered();
        assert_eq!(
            (back["error"].as_str(), back["state"].as_str(), back["iss"].as_str()),
            (error, "the state", ISSUER),
            "{parameter}={value}"
        );
    }
    let back = browser.answer(&app.authorize(&[]), &[("action", "deny")]).await.answered();
    assert_eq!(back["error"], "access_denied");
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() {
    let (auth, app) = stage().await;
    let path = app.authorize(&[("scope", "accounts:read")]);
    let mut browser = Browser::new(&auth);
    let mut stranger = Browser::new(&auth);
    let strangers = stranger.get(&path).await.csrf();
    let before = browser.get(&path).await.csrf();
    let credentials = [("action", "sign_in"), ("handle", "ada"), ("password", PASSWORD)];
    for csrf in ["", "guessed", &strangers] {
        let page = browser.post(&path, &[&[("csrf", csrf)][..], &credentials].concat(), &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
    }
    browser.sign_in(&path, "ada").await;
    let ours = browser.get(&path).await.csrf();
    // What was good before somebody signed in is not good for whoever is signed in now.
    for csrf in [&before, &strangers] {
        assert_eq!(browser.post(&path, &[("csrf", csrf.as_str()), ("action", "allow")], &[]).await.status, StatusCode::FORBIDDEN);
    }
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("origin", "https://platform.test.evil.test"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        let page = browser.post(&path, &[("csrf", ours.as_str()), ("action", "allow")], &[(name, value)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!((auth.count("codes").await, auth.count("consents").await), (0, 0));
    let page = browser.post(&path, &[("csrf", ours.as_str()), ("action", "allow")], &[("sec-fetch-site", "same-origin")]).await;
    assert!(page.answered().contains_key("code"));
}

#[tokio::test]
async fn what_was_allowed_once_is_not_asked_again_but_more_is() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let little = app.authorize(&[("scope", "accounts:read posts:read")]);
    browser.allowed(&little, "ada").await;
    for scope in ["accounts:read", "posts:read accounts:read"] {
        assert!(browser.get(&app.authorize(&[("scope", scope), ("prompt", "none")])).await.answered().contains_key("code"), "{scope}");
    }
    let more = browser.get(&app.authorize(&[("scope", "accounts:read accounts:write"), ("prompt", "none")])).await.answered();
    assert_eq!(more["error"], "consent_required");
    assert_eq!(browser.get(&app.authorize(&[("scope", "accounts:read"), ("prompt", "consent")])).await.status, StatusCode::OK);
    let again = browser.get(&app.authorize(&[("scope", "accounts:read"), ("prompt", "login")])).await;
    assert!(again.body.contains("type=\"password\""), "{}", again.body);
    age(&auth, "update sessions set created_at = created_at - interval '2 minutes'").await;
    let old = browser.get(&app.authorize(&[("scope", "accounts:read"), ("max_age", "90"), ("prompt", "none")])).await.answered();
    assert_eq!(old["error"], "login_required");
    assert!(browser.get(&app.authorize(&[("scope", "accounts:read"), ("max_age", "900")])).await.answered().contains_key("code"));
}

#[tokio::test]
async fn an_app_on_ones_own_machine_that_proves_nothing_is_always_asked_about() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let registration = json!({"client_name": "Tool", "redirect_uris": ["http://127.0.0.1/back"], "token_endpoint_auth_method": "none"});
    let app = App::register(&auth, registration).await;
    let path = app.authorize(&[("redirect_uri", "http://127.0.0.1:50123/back")]);
    let mut browser = Browser::new(&auth);
    browser.sign_in(&path, "ada").await;
    for _ in 0..2 {
        let page = browser.answer(&path, &[("action", "allow")]).await;
        assert!(page.location().starts_with("http://127.0.0.1:50123/back?code="), "{}", page.location());
    }
}

#[tokio::test]
async fn the_pages_run_no_other_script_and_lead_nowhere_else() {
    let (auth, _) = stage().await;
    let name = "<script>alert(1)</script>\"'";
    let app = App::register(&auth, json!({"client_name": name, "redirect_uris": [BACK]})).await;
    let mut browser = Browser::new(&auth);
    let path = app.authorize(&[("state", "\"><script>")]);
    let sign_in = browser.get(&path).await;
    let consent = browser.sign_in(&path, "ada").await;
    for (page, scripts) in [(sign_in, 1), (consent, 0)] {
        let policy = page.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "form-action 'self' https://app.test;",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "style-src 'sha256-",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));
        assert_eq!(page.body.matches("<script").count(), scripts, "{}", page.body);
        assert_eq!(policy.contains("script-src"), scripts == 1, "{policy}");
        assert!(page.body.contains("<html lang=\"en\">") && page.body.contains("<main>") && page.body.contains("<h1>"));
    }
}

#[tokio::test]
async fn a_wrong_password_shows_the_page_again_and_signs_nobody_in() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let before = auth.count("sessions").await;
    let mut pages = Vec::new();
    for handle in ["ada", "nobody_here"] {
        let fields = [("action", "sign_in"), ("handle", handle), ("password", "correct horse battery stable")];
        let page = browser.answer(&app.authorize(&[]), &fields).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.body.contains("role=\"alert\""));
        pages.push(page.body.replace(handle, "…"));
    }
    assert_eq!(pages[0], pages[1], "known and unknown names look alike");
    assert_eq!(auth.count("sessions").await, before);
    assert!(!browser.cookies.contains_key("__Host-session"));
}

#[tokio::test]
async fn signing_out_on_the_page_ends_the_browsers_session() {
    let (auth, app) = stage().await;
    let mut browser = Browser::new(&auth);
    let path = app.authorize(&[("scope", "accounts:read")]);
    browser.sign_in(&path, "ada").await;
    let kept = browser.cookies.clone();
    let page = browser.answer(&path, &[("action", "sign_out")]).await;
    assert!(page.location().starts_with("/oauth/authorize?"));
    assert!(!browser.cookies.contains_key("__Host-session"));
    // Whoever kept the cookie has nothing in it.
    browser.cookies = kept;
    assert!(browser.get(&path).await.body.contains("type=\"password\""));
}

#[tokio::test]
async fn both_documents_say_the_same_of_the_same_place() {
    let auth = TestAuth::spawn().await;
    let (status, openid) = answer(auth.request(Method::GET, "/.well-known/openid-configuration")).await;
    assert_eq!((status, &openid["issuer"]), (StatusCode::OK, &json!(ISSUER)));
    assert_eq!(openid["code_challenge_methods_supported"], json!(["S256"]));
    assert!(!openid["grant_types_supported"].as_array().unwrap().contains(&json!("password")));
    assert_eq!(answer(auth.request(Method::GET, "/.well-known/oauth-authorization-server")).await, (status, openid));
}
