use std::time::Duration;

use contracts::fact::{AccountChanged, AccountErased, AccountForgotten, AccountState, Fact};
use contracts::{AccountId, Service};
use facts::Outbox;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::second_factor::with_app;
use crate::sessions::everything_stored;
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually, kind};

const HANDLE: &str = "zoe_who_leaves";

fn leave(auth: &TestAuth, who: &Tokens) -> RequestBuilder {
    auth.of(who, Method::DELETE, "/v1/accounts/me").json(&json!({"password": PASSWORD}))
}

fn stay(auth: &TestAuth, handle: &str) -> RequestBuilder {
    auth.request(Method::POST, "/v1/sessions").json(&json!({"handle": handle, "password": PASSWORD, "keep": true}))
}

async fn id_of(auth: &TestAuth, who: &Tokens) -> AccountId {
    answer(auth.me(&who.access_token)).await.1["id"].as_str().unwrap().parse().unwrap()
}

/// What was told, in the order in which others hear it.
async fn told(auth: &TestAuth) -> Vec<Fact> {
    let pool = auth.db.superuser_pool(Service::Auth);
    let waiting = "select exists (select from outbox where position is null)";
    eventually("every fact has its place", async || !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.unwrap()).await;
    let facts: Vec<Value> = sqlx::query_scalar("select fact from outbox order by position").fetch_all(&pool).await.unwrap();
    facts.into_iter().map(|fact| serde_json::from_value(fact).unwrap()).collect()
}

fn changed(account: AccountId, state: AccountState) -> Fact {
    Fact::AccountChanged(AccountChanged { account, state })
}

#[tokio::test]
async fn whoever_leaves_is_out_and_hidden_at_once_and_may_think_better_of_it() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let (elsewhere, account) = (auth.session("ada").await, id_of(&auth, &ada).await);
    let (status, leaving) = answer(leave(&auth, &ada)).await;
    assert_eq!((status, &leaving["pending"]), (StatusCode::OK, &json!(false)), "{leaving}");
    assert_eq!(auth.count("erasures where erase_at > now() + interval '6 days'").await, 1);
    for tokens in [&ada, &elsewhere] {
        auth.until_refused(&tokens.access_token).await;
        assert_eq!(answer(auth.refresh(&tokens.refresh_token)).await.0, StatusCode::BAD_REQUEST);
    }

    // How to stay, learns only who has the password.
    let (status, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "account-leaving"));
    assert!(problem["detail"].as_str().unwrap().contains("\"keep\": true"), "{problem}");
    assert_eq!(answer(auth.sign_in("ada", "not her password, not at all")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(stay(&auth, "ada")).await.0, StatusCode::CREATED);
    assert_eq!(auth.count("erasures").await, 0);
    auth.session("ada").await;
    assert_eq!(told(&auth).await, [changed(account, AccountState::Hidden), changed(account, AccountState::Active)]);
}

#[tokio::test]
async fn saying_that_one_stays_changes_nothing_for_others() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    assert_eq!(answer(stay(&auth, "ada")).await.0, StatusCode::CREATED);
    assert!(told(&auth).await.is_empty());
}

#[tokio::test]
async fn leaving_is_pending_while_a_service_has_not_heard_of_it() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    auth.sql("insert into outbox_cursors (consumer, position) values ('social', 0)").await;
    let (status, leaving) = answer(leave(&auth, &ada)).await;
    assert_eq!((status, &leaving["pending"]), (StatusCode::ACCEPTED, &json!(true)));
    auth.until_refused(&ada.access_token).await;
}

#[tokio::test]
async fn when_the_time_is_over_only_that_somebody_was_there_is_left() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let sign_up = json!({"handle": HANDLE, "password": PASSWORD, "email": "zoe@example.org"});
    answer(auth.request(Method::POST, "/v1/accounts").header("idempotency-key", "one").json(&sign_up)).await;
    let zoe = auth.session(HANDLE).await;
    auth.sql("update accounts set email = 'zoe@example.org'").await;
    let account = id_of(&auth, &zoe).await;
    answer(auth.of(&zoe, Method::POST, "/v1/exports").header("idempotency-key", "two")).await;
    answer(auth.of(&zoe, Method::POST, "/v1/accounts/me/totp").json(&json!({"password": PASSWORD}))).await;
    let pseudonym = "select pseudonym from accounts";
    let pseudonym: String = sqlx::query_scalar(pseudonym).fetch_one(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
    let parked = "insert into fact_failures (producer, position, fact, attempts, error, parked_at)
                  values ('photo', 0, jsonb_build_object('kind', 'photo.changed', 'owner', $1::text), 10, '', now())";
    sqlx::query(parked).bind(account.to_string()).execute(&auth.db.superuser_pool(Service::Auth)).await.unwrap();
    assert_eq!(answer(leave(&auth, &zoe)).await.0, StatusCode::OK);
    assert_eq!(auth.count("accounts").await, 1);

    auth.sql("update erasures set erase_at = now()").await;
    eventually("the account is erased", async || auth.count("accounts").await == 0).await;
    eventually("the letters have left", async || auth.count("jobs").await == 0).await;
    let stored = everything_stored(&auth).await;
    for gone in [HANDLE, "zoe@example.org"] {
        assert!(!stored.contains(gone), "{gone} is in {stored}");
    }
    for empty in ["sessions", "devices", "totp", "links", "exports", "idempotency_keys", "fact_failures"] {
        assert_eq!(auth.count(empty).await, 0, "{empty}");
    }
    // Its id is where it stays, and in what was told.
    auth.sql("delete from outbox where fact ->> 'kind' = 'account.changed'").await;
    assert_eq!(told(&auth).await, [Fact::AccountErased(AccountErased { account })]);
    auth.sql("delete from outbox").await;
    auth.sql("delete from erasures").await;
    let stored = everything_stored(&auth).await;
    assert!(!stored.contains(&account.to_string()), "{stored}");
    assert!(stored.contains(&pseudonym), "what happened is still known, of nobody");
    assert!(letters.to("zoe@example.org").iter().any(|letter| letter.contains("Subject: Your account will be erased\r\n")));
    // Nobody is there any more, and what was answered once is not answered again.
    assert_eq!(answer(auth.sign_in(HANDLE, PASSWORD)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(stay(&auth, HANDLE)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_handle_that_was_given_up_is_nobodys_for_ninety_days() {
    let auth = TestAuth::with(&["--account-erasure-grace=0"]).await;
    let ada = auth.somebody("ada").await;
    answer(leave(&auth, &ada)).await;
    eventually("the account is erased", async || auth.count("accounts").await == 0).await;
    let (status, problem) = answer(auth.sign_up("Ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "handle-taken"));
    assert_eq!(auth.count("held_handles where until between now() + interval '89 days' and now() + interval '91 days'").await, 1);
    auth.sql("update held_handles set until = now()").await;
    assert_eq!(answer(auth.sign_up("ada", PASSWORD)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn leaving_takes_the_password_and_the_second_factor() {
    let auth = TestAuth::spawn().await;
    let (ada, _, codes) = with_app(&auth).await;
    let refused = async |body: Value| {
        let (status, problem) = answer(auth.of(&ada, Method::DELETE, "/v1/accounts/me").json(&body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        problem["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(json!({"password": "not her password, not at all"})).await, "password");
    assert_eq!(refused(json!({"password": PASSWORD})).await, "code");
    assert_eq!(refused(json!({"password": PASSWORD, "code": "0000-0000-0000-0000"})).await, "code");
    assert_eq!(auth.count("erasures").await, 0);
    let right = json!({"password": PASSWORD, "code": codes[0]});
    assert_eq!(answer(auth.of(&ada, Method::DELETE, "/v1/accounts/me").json(&right)).await.0, StatusCode::OK);

    // Whoever has a second factor says with it that they stay.
    let (_, challenge) = answer(stay(&auth, "ada")).await;
    assert_eq!((kind(&challenge), auth.count("erasures").await), ("second-factor-required", 1));
    let second = json!({"challenge": challenge["challenge"], "recovery_code": codes[1], "keep": true});
    let (status, body) = answer(auth.request(Method::POST, "/v1/sessions/second-factor").json(&second)).await;
    assert_eq!((status, auth.count("erasures").await), (StatusCode::CREATED, 0), "{body}");
}

#[tokio::test]
async fn whose_time_has_come_does_not_stay() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    answer(leave(&auth, &ada)).await;
    auth.sql("update erasures set erase_at = now()").await;
    // They are erased within a second, or were already.
    let (status, problem) = answer(stay(&auth, "ada")).await;
    assert!([StatusCode::CONFLICT, StatusCode::UNAUTHORIZED].contains(&status), "{problem}");
    eventually("the account is erased", async || auth.count("accounts").await == 0).await;
}

#[tokio::test]
async fn whoever_runs_the_platform_has_somebody_erased_who_cannot_sign_in() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let account = id_of(&auth, &ada).await;
    let suspension = auth.of(&admin, Method::PUT, &format!("/v1/accounts/{account}/suspension"));
    assert_eq!(answer(suspension.json(&json!({"reason": "spam"}))).await.0, StatusCode::NO_CONTENT);

    let mut connection = auth.db.pool(Service::Auth).acquire().await.unwrap();
    assert!(matches!(auth::erase_account(&mut connection, "nobody").await, Err(auth::AdminError::NoSuchAccount(_))));
    auth::erase_account(&mut connection, "@Ada").await.unwrap();
    eventually("the account is erased", async || auth.count("accounts").await == 1).await;
    let hidden = changed(account, AccountState::Hidden);
    assert_eq!(told(&auth).await, [hidden.clone(), hidden, Fact::AccountErased(AccountErased { account })]);
    assert_eq!(auth.count("security_events where kind = 'ErasureAsked' and details ->> 'by' = 'the command line'").await, 1);
    auth.session("boss").await;
}

#[tokio::test]
async fn an_erasure_is_done_when_every_service_has_said_so() {
    let auth = TestAuth::with(&["--account-erasure-grace=0"]).await;
    let ada = auth.somebody("ada").await;
    let account = id_of(&auth, &ada).await;
    answer(leave(&auth, &ada)).await;
    eventually("the account is erased", async || auth.count("accounts").await == 0).await;
    let services = auth::PRODUCERS;
    // One says it twice.
    for (number, service) in [services[0], services[0], services[1], services[2]].into_iter().enumerate() {
        assert_eq!(auth.count("erasures where forgotten_at is not null").await, 0, "{number} have said so");
        let pool = auth.db.pool(service);
        let forgotten = Fact::AccountForgotten(AccountForgotten { account, service });
        let fact = facts::publish(&mut pool.acquire().await.unwrap(), &forgotten).await.unwrap();
        Outbox::new(pool.clone(), service).passed(fact, Duration::ZERO).await.unwrap();
        let said = [1, 1, 2, 3][number];
        eventually("it is noted", async || {
            let noted = "select cardinality(forgotten_by) from erasures";
            sqlx::query_scalar::<_, i32>(noted).fetch_one(&auth.db.superuser_pool(Service::Auth)).await.unwrap() == said
        })
        .await;
    }
    assert_eq!(auth.count("erasures where forgotten_at is not null").await, 1);
}

fn suspension(auth: &TestAuth, admin: &Tokens, method: Method, account: AccountId) -> RequestBuilder {
    auth.of(admin, method, &format!("/v1/accounts/{account}/suspension")).json(&json!({"reason": "spam, again"}))
}

#[tokio::test]
async fn leaving_is_no_way_around_a_suspension() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let account = id_of(&auth, &ada).await;
    answer(leave(&auth, &ada)).await;
    assert_eq!(answer(suspension(&auth, &admin, Method::PUT, account)).await.0, StatusCode::NO_CONTENT);
    let (_, listed) = answer(auth.of(&admin, Method::GET, "/v1/accounts?state=Leaving")).await;
    assert_eq!((&listed["items"][0]["handle"], &listed["items"][0]["suspended_reason"]), (&json!("ada"), &json!("spam, again")));
    assert_eq!(auth.count("erasures").await, 1, "she leaves as she asked");

    let (status, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "account-leaving"));
    assert!(problem["detail"].as_str().unwrap().contains("spam, again"), "{problem}");
    for again in [stay(&auth, "ada"), auth.sign_in("ada", PASSWORD)] {
        let (status, problem) = answer(again).await;
        assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"));
        assert!(problem["detail"].as_str().unwrap().contains("spam, again"), "{problem}");
    }
    assert_eq!((auth.count("erasures").await, auth.count("accounts where state = 'Suspended'").await), (0, 1));
    assert_eq!(told(&auth).await, [changed(account, AccountState::Hidden)], "nobody saw her in between");

    assert_eq!(answer(suspension(&auth, &admin, Method::DELETE, account)).await.0, StatusCode::NO_CONTENT);
    auth.session("ada").await;
    assert_eq!(told(&auth).await, [changed(account, AccountState::Hidden), changed(account, AccountState::Active)]);
}

#[tokio::test]
async fn whoever_leaves_and_is_restored_still_leaves_and_may_stay() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let account = id_of(&auth, &ada).await;
    answer(leave(&auth, &ada)).await;
    for method in [Method::PUT, Method::DELETE, Method::DELETE] {
        assert_eq!(answer(suspension(&auth, &admin, method, account)).await.0, StatusCode::NO_CONTENT);
    }
    let (status, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "account-leaving"));
    assert!(!problem["detail"].as_str().unwrap().contains("spam"), "{problem}");
    assert_eq!(told(&auth).await, [changed(account, AccountState::Hidden)]);
    assert_eq!(auth.count("security_events where kind = 'Restored'").await, 1);
    assert_eq!(answer(stay(&auth, "ada")).await.0, StatusCode::CREATED);
    assert_eq!(told(&auth).await, [changed(account, AccountState::Hidden), changed(account, AccountState::Active)]);
}

#[tokio::test]
async fn whoever_leaves_is_erased_in_time_though_suspended_meanwhile() {
    let auth = TestAuth::spawn().await;
    let (admin, ada) = (auth.admin("boss").await, auth.somebody("ada").await);
    let account = id_of(&auth, &ada).await;
    answer(leave(&auth, &ada)).await;
    assert_eq!(answer(suspension(&auth, &admin, Method::PUT, account)).await.0, StatusCode::NO_CONTENT);
    auth.sql("update erasures set erase_at = now()").await;
    eventually("the account is erased", async || auth.count("accounts").await == 1).await;
    assert_eq!(told(&auth).await, [changed(account, AccountState::Hidden), Fact::AccountErased(AccountErased { account })]);
}
