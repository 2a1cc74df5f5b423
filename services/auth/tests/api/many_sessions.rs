//! Somebody with more sessions than anybody needs.

use reqwest::{Method, StatusCode};

use crate::provider::{App, Browser};
use crate::support::{PASSWORD, TestAuth, answer};

const LIVING: &str = "sessions where ended_at is null";

#[tokio::test]
async fn of_a_thousand_sessions_that_end_services_are_told_of_those_whose_tokens_may_still_be_used() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    auth.sql(
        "insert into sessions (account_id, secret, rotated_at)
         select id, '', now() - interval '2 hours' from accounts, generate_series(1, 1000)",
    )
    .await;
    assert_eq!(answer(auth.of(&here, Method::DELETE, "/v1/sessions")).await.0, StatusCode::NO_CONTENT);
    assert_eq!((auth.count(LIVING).await, auth.count("revocations").await), (0, 2));
    assert_eq!(auth.count("security_events where details = '{\"sessions\": 1002}'").await, 1, "all of them have ended");
    for tokens in [&here, &there] {
        auth.until_refused(&tokens.access_token).await;
    }
}

#[tokio::test]
async fn one_that_ends_long_after_its_last_token_is_told_to_nobody() {
    let auth = TestAuth::spawn().await;
    let (here, there) = (auth.somebody("ada").await, auth.session("ada").await);
    auth.sql("update sessions set rotated_at = now() - interval '2 hours'").await;
    let (_, listed) = answer(auth.of(&here, Method::GET, "/v1/sessions")).await;
    let other = format!("/v1/sessions/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(answer(auth.of(&here, Method::DELETE, &other)).await.0, StatusCode::NO_CONTENT);
    assert_eq!((auth.count(LIVING).await, auth.count("revocations").await), (1, 0));
    assert_eq!(answer(auth.refresh(&there.refresh_token)).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_two_hundred_and_first_ends_the_one_that_was_not_used_for_the_longest() {
    let auth = TestAuth::spawn().await;
    let (first, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    let second = auth.session("ada").await;
    auth.sql("insert into sessions (account_id, secret) select id, '' from accounts, generate_series(1, 198) where handle = 'ada'").await;
    // The first is the oldest, and in use.
    let first = auth.refreshed(&first.refresh_token).await;
    let newest = auth.session("ada").await;
    assert_eq!(auth.count(LIVING).await, 200 + 1);
    auth.until_refused(&second.access_token).await;
    assert_eq!(answer(auth.refresh(&second.refresh_token)).await.0, StatusCode::BAD_REQUEST);

    // An app's is one of them.
    App::with_scope(&auth, "accounts:read").await.tokens_of(&auth, "ada", "accounts:read").await;
    assert_eq!((auth.count(LIVING).await, auth.count("sessions where client_id is not null").await), (200 + 1, 1));
    for tokens in [&first, &newest, &bob] {
        assert_eq!(answer(auth.me(&tokens.access_token)).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn whoever_begins_three_hundred_within_a_quarter_of_an_hour_has_to_wait() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    auth.somebody("bob").await;
    let app = App::with_scope(&auth, "accounts:read").await;
    let code = Browser::new(&auth).allowed(&app.authorize(&[("scope", "accounts:read")]), "ada").await;
    // With the two that she has; those that have ended count, too.
    auth.sql(
        "insert into sessions (account_id, secret, ended_at)
         select id, '', now() from accounts, generate_series(1, 298) where handle = 'ada'",
    )
    .await;
    for request in [auth.sign_in("ada", PASSWORD), app.redeem(&auth, &code)] {
        let refused = request.send().await.unwrap();
        let wait = refused.headers().get("retry-after").map(|wait| wait.to_str().unwrap());
        assert_eq!((refused.status(), wait), (StatusCode::TOO_MANY_REQUESTS, Some("60")));
    }
    assert_eq!((auth.count(LIVING).await, auth.count("revocations").await), (2 + 1, 0));
    auth.session("bob").await;

    auth.sql("update sessions set created_at = created_at - interval '15 minutes'").await;
    auth.session("ada").await;
    assert_eq!(answer(app.redeem(&auth, &code)).await.0, StatusCode::OK, "the code was not used up");
}

#[tokio::test]
async fn a_browser_in_which_apps_are_allowed_something_is_in_use() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let app = App::with_scope(&auth, "accounts:read").await;
    let (path, mut browser) = (app.authorize(&[("scope", "accounts:read")]), Browser::new(&auth));
    browser.allowed(&path, "ada").await;
    auth.sql(
        "insert into sessions (account_id, secret, created_at, rotated_at)
         select id, '', now() - interval '1 day', now() - interval '1 day' from accounts, generate_series(1, 198)",
    )
    .await;
    let unused = "update sessions set rotated_at = now() - interval '2 days' where id in (select granted_in from codes)";
    auth.sql(unused).await;
    // It is the one that was not used for the longest, until now.
    let code = browser.get(&path).await.answered().remove("code").expect("a code");
    auth.session("ada").await;
    assert_eq!(auth.count(LIVING).await, 200);
    assert_eq!(browser.get(&path).await.status, StatusCode::SEE_OTHER, "another one has ended");

    // Nor does a code end the one in which it was granted, even if it was not used since.
    auth.sql(unused).await;
    assert_eq!(answer(app.redeem(&auth, &code)).await.0, StatusCode::OK);
    assert_eq!(auth.count(LIVING).await, 200);
    assert_eq!(browser.get(&path).await.status, StatusCode::SEE_OTHER, "it goes on");
}
