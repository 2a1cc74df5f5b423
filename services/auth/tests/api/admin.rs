use contracts::Service;
use contracts::fact::{AccountChanged, AccountState, Fact};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually, kind};

fn suspend(auth: &TestAuth, admin: &Tokens, id: &str, reason: &str) -> RequestBuilder {
    auth.of(admin, Method::PUT, &format!("/v1/accounts/{id}/suspension")).json(&json!({"reason": reason}))
}

fn restore(auth: &TestAuth, admin: &Tokens, id: &str) -> RequestBuilder {
    auth.of(admin, Method::DELETE, &format!("/v1/accounts/{id}/suspension"))
}

async fn id_of(auth: &TestAuth, who: &Tokens) -> String {
    answer(auth.me(&who.access_token)).await.1["id"].as_str().unwrap().to_owned()
}

/// What was told of accounts, in the order in which others hear it.
async fn told(auth: &TestAuth) -> Vec<AccountChanged> {
    let pool = auth.db.superuser_pool(Service::Auth);
    let waiting = "select exists (select from outbox where position is null)";
    eventually("every fact has its place", async || !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.unwrap()).await;
    let facts: Vec<Value> = sqlx::query_scalar("select fact from outbox order by position").fetch_all(&pool).await.unwrap();
    let changed = facts.into_iter().map(|fact| match serde_json::from_value(fact) {
        Ok(Fact::AccountChanged(changed)) => changed,
        other => panic!("auth tells {other:?}"),
    });
    changed.collect()
}

#[tokio::test]
async fn whoever_is_suspended_is_out_everywhere_until_restored() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let elsewhere = auth.session("ada").await;
    let id = id_of(&auth, &ada).await;
    assert_eq!(answer(suspend(&auth, &admin, &id, "spam, again and again")).await, (StatusCode::NO_CONTENT, Value::Null));

    for tokens in [&ada, &elsewhere] {
        auth.until_refused(&tokens.access_token).await;
        assert_eq!(answer(auth.refresh(&tokens.refresh_token)).await.0, StatusCode::BAD_REQUEST);
    }
    // Why, learns only who has the password.
    let (status, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"));
    assert!(problem["detail"].as_str().unwrap().contains("spam, again and again"));
    assert_eq!(answer(auth.sign_in("ada", "not her password, not at all")).await.0, StatusCode::UNAUTHORIZED);

    let (_, seen) = answer(auth.of(&admin, Method::GET, &format!("/v1/accounts/{id}"))).await;
    assert_eq!((&seen["state"], &seen["suspended_reason"]), (&json!("Suspended"), &json!("spam, again and again")));
    for _ in 0..2 {
        assert_eq!(answer(restore(&auth, &admin, &id)).await.0, StatusCode::NO_CONTENT);
    }
    auth.session("ada").await;

    let account = id.parse().unwrap();
    let expected = [AccountState::Hidden, AccountState::Active].map(|state| AccountChanged { account, state });
    assert_eq!(told(&auth).await, expected);
}

#[tokio::test]
async fn suspending_again_changes_the_reason_and_tells_nothing_anew() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let id = id_of(&auth, &ada).await;
    for reason in ["one", "another"] {
        assert_eq!(answer(suspend(&auth, &admin, &id, reason)).await.0, StatusCode::NO_CONTENT);
    }
    let (_, listed) = answer(auth.of(&admin, Method::GET, "/v1/accounts?state=Suspended")).await;
    assert_eq!(listed["items"][0]["suspended_reason"], "another");
    assert_eq!(told(&auth).await.len(), 1);
}

#[tokio::test]
async fn a_suspension_is_pending_while_a_service_has_not_heard_of_it() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    auth.sql("insert into outbox_cursors (consumer, position) values ('social', 0)").await;
    let id = id_of(&auth, &ada).await;
    assert_eq!(answer(suspend(&auth, &admin, &id, "spam")).await, (StatusCode::ACCEPTED, json!({"pending": true})));
    auth.until_refused(&ada.access_token).await;
}

#[tokio::test]
async fn only_administrators_do_what_administrators_do() {
    let auth = TestAuth::spawn().await;
    let (admin, ada, bob) = (auth.admin("boss").await, auth.somebody("ada").await, auth.somebody("bob").await);
    let id = id_of(&auth, &bob).await;
    let account = format!("/v1/accounts/{id}");
    let reason = json!({"reason": "because"});
    for (method, path) in [
        (Method::GET, "/v1/accounts".to_owned()),
        (Method::GET, account.clone()),
        (Method::PUT, format!("{account}/suspension")),
        (Method::DELETE, format!("{account}/suspension")),
        (Method::PUT, format!("{account}/approval")),
        (Method::DELETE, format!("{account}/approval")),
        (Method::GET, "/v1/accounts/security-events".to_owned()),
    ] {
        let (status, problem) = answer(auth.of(&ada, method.clone(), &path).json(&reason)).await;
        assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"), "{method} {path}");
        assert_eq!(answer(auth.request(method.clone(), &path).json(&reason)).await.0, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    assert_eq!(answer(auth.me(&bob.access_token)).await.0, StatusCode::OK);
    assert_eq!(answer(auth.of(&admin, Method::GET, &account)).await.0, StatusCode::OK);
    for path in ["/v1/accounts/1", "/v1/accounts/abc"] {
        assert_eq!(answer(auth.of(&admin, Method::GET, path)).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn administrators_do_not_put_each_other_out() {
    let auth = TestAuth::spawn().await;
    let (admin, other) = (auth.admin("boss").await, auth.admin("other_boss").await);
    for who in [&admin, &other] {
        let (status, problem) = answer(suspend(&auth, &admin, &id_of(&auth, who).await, "a coup")).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "is-admin"));
    }
    for reason in ["", "  ", &"x".repeat(501)] {
        let (status, problem) = answer(suspend(&auth, &admin, "1", reason)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("reason")));
    }
}

#[tokio::test]
async fn accounts_are_found_by_state_and_by_how_their_handle_begins() {
    let auth = TestAuth::spawn().await;
    let admin = auth.admin("boss").await;
    for handle in ["ada", "ada_99", "adam", "bob"] {
        answer(auth.sign_up(handle, PASSWORD)).await;
    }
    let found = async |query: &str| {
        let (status, body) = answer(auth.of(&admin, Method::GET, &format!("/v1/accounts?{query}"))).await;
        assert_eq!(status, StatusCode::OK, "{query}: {body}");
        let items = body["items"].as_array().unwrap().clone();
        items.iter().map(|account| account["handle"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("").await, ["bob", "adam", "ada_99", "ada", "boss"]);
    assert_eq!(found("handle=ADA").await, ["adam", "ada_99", "ada"]);
    // `_` is a letter, and no wildcard.
    assert_eq!(found("handle=ada_").await, ["ada_99"]);
    assert_eq!(found("handle=ada&limit=2").await, ["adam", "ada_99"]);
    assert!(found("state=Suspended").await.is_empty());
    for query in ["state=Nobody", "handle=%25", "handle=%00"] {
        assert_eq!(answer(auth.of(&admin, Method::GET, &format!("/v1/accounts?{query}"))).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn whoever_is_no_administrator_any_more_is_signed_out() {
    let auth = TestAuth::spawn().await;
    let admin = auth.admin("boss").await;
    let mut connection = auth.db.pool(Service::Auth).acquire().await.unwrap();
    auth::revoke_admin(&mut connection, "@Boss").await.unwrap();
    auth.until_refused(&admin.access_token).await;
    let again = auth.session("boss").await;
    assert_eq!(answer(auth.of(&again, Method::GET, "/v1/accounts")).await.0, StatusCode::FORBIDDEN);
    let nobody = auth::grant_admin(&mut connection, "nobody").await.unwrap_err();
    assert!(nobody.to_string().contains("\"nobody\""), "{nobody}");
}

#[tokio::test]
async fn no_body_makes_anybody_an_administrator() {
    let auth = TestAuth::spawn().await;
    for (member, value) in [("roles", json!(["Admin"])), ("role", json!("Admin")), ("state", json!("Active")), ("id", json!("1"))] {
        let mut body = json!({"handle": "eve", "password": PASSWORD});
        body[member] = value;
        let (status, problem) = answer(auth.request(Method::POST, "/v1/accounts").json(&body)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(member)));
    }
    assert_eq!(auth.count("accounts").await, 0);
}
