use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestAuth, Tokens, answer};

const WRONG: &str = "not the password, not at all";

async fn events(auth: &TestAuth, who: &Tokens, path: &str) -> Vec<Value> {
    let (status, body) = answer(auth.of(who, Method::GET, path)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["items"].as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn one_reads_what_happened_to_ones_own_account() {
    let auth = TestAuth::with(&["--trusted-proxy-hops=1"]).await;
    let ada = auth.somebody("ada").await;
    auth.somebody("bob").await;
    let there = auth.session("ada").await;
    answer(auth.sign_in("ada", WRONG).header("x-forwarded-for", "203.0.113.77")).await;
    answer(auth.sign_out(&there.access_token)).await;
    let change = json!({"current": PASSWORD, "password": "quite another password"});
    answer(auth.of(&ada, Method::PUT, "/v1/accounts/me/password").json(&change)).await;

    let events = events(&auth, &ada, "/v1/accounts/me/security-events").await;
    assert_eq!(kinds(&events), ["PasswordChanged", "SignedOut", "SignInFailed", "SignedIn", "SignedIn", "SignedUp"]);
    assert_eq!(events[2]["source"], "203.0.113.0/24");
    assert!(events.iter().all(|event| event["account"] == events[0]["account"]), "one pseudonym");
    assert_ne!(events[0]["account"], answer(auth.me(&ada.access_token)).await.1["id"]);
}

#[tokio::test]
async fn an_administrator_reads_what_happened_to_anybody() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let (_, me) = answer(auth.me(&ada.access_token)).await;
    let id = me["id"].as_str().unwrap();
    answer(auth.of(&admin, Method::PUT, &format!("/v1/accounts/{id}/suspension")).json(&json!({"reason": "spam, again and again"}))).await;
    answer(auth.sign_in("nobody_here", WRONG)).await;

    let all = events(&auth, &admin, "/v1/accounts/security-events?limit=2").await;
    assert_eq!(kinds(&all), ["SignInFailed", "Suspended"]);
    assert_eq!(all[0]["account"], Value::Null);
    let (_, boss) = answer(auth.me(&admin.access_token)).await;
    let (_, boss) = answer(auth.of(&admin, Method::GET, &format!("/v1/accounts/{}", boss["id"].as_str().unwrap()))).await;
    assert_eq!(all[1]["details"], json!({"by": boss["pseudonym"]}), "who did it, and no text of people");

    let hers = events(&auth, &admin, &format!("/v1/accounts/security-events?account={id}")).await;
    assert_eq!(kinds(&hers), ["Suspended", "SignedIn", "SignedUp"]);
    let failed = events(&auth, &admin, "/v1/accounts/security-events?kind=SignInFailed").await;
    assert_eq!(failed.len(), 1);
}

#[tokio::test]
async fn what_did_not_happen_is_not_written_down() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    let before = auth.count("security_events").await;
    // The event would stand before the statement that fails.
    assert_eq!(answer(auth.sign_up("ada", PASSWORD)).await.0, StatusCode::CONFLICT);
    assert_eq!(auth.count("security_events").await, before);
}

#[tokio::test]
async fn the_log_holds_no_secret_and_no_address() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    auth.sign_in("ada", WRONG).header("user-agent", "evil \\r\\n{}").send().await.unwrap();
    answer(auth.of(&ada, Method::DELETE, "/v1/sessions")).await;
    let pool = auth.db.superuser_pool(Service::Auth);
    let log: Vec<String> = sqlx::query_scalar("select e::text from security_events e").fetch_all(&pool).await.unwrap();
    let log = log.join("\n");
    assert!(log.contains("SessionsEnded"), "{log}");
    for secret in [PASSWORD, WRONG, &ada.access_token, &ada.refresh_token, ada.device.as_deref().unwrap(), "evil", "127.0.0.1"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}
