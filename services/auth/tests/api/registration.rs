use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{PASSWORD, TestAuth, Tokens, answer, kind};

const FIRST_ADMIN: &str = "0123456789abcdef0123456789abcdef";

fn sign_up_with(auth: &TestAuth, handle: &str, invite: &str) -> RequestBuilder {
    auth.request(Method::POST, "/v1/accounts").json(&json!({"handle": handle, "password": PASSWORD, "invite": invite}))
}

fn invites(auth: &TestAuth, who: &Tokens, method: Method) -> RequestBuilder {
    auth.of(who, method, "/v1/accounts/invites")
}

/// The code of a new invite.
async fn invite(auth: &TestAuth, who: &Tokens, uses: i32) -> String {
    let (status, made) = answer(invites(auth, who, Method::POST).json(&json!({"uses": uses}))).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["code"].as_str().unwrap().to_owned()
}

/// The first administrator, who gets in however closed the platform is.
async fn first_admin(auth: &TestAuth) -> Tokens {
    let (status, account) = answer(sign_up_with(auth, "root_1", FIRST_ADMIN)).await;
    assert_eq!((status, &account["roles"], &account["state"]), (StatusCode::CREATED, &json!(["Admin"]), &json!("Active")), "{account}");
    auth.session("root_1").await
}

fn flags(registration: &str) -> [String; 2] {
    [format!("--registration={registration}"), format!("--first-admin-token={FIRST_ADMIN}")]
}

async fn with(registration: &str) -> TestAuth {
    TestAuth::with(&flags(registration).each_ref().map(String::as_str)).await
}

#[tokio::test]
async fn nobody_signs_up_where_it_is_closed_but_the_first_administrator() {
    let auth = with("Closed").await;
    for request in [auth.sign_up("ada", PASSWORD), sign_up_with(&auth, "ada", "spin_nonsense")] {
        let (status, problem) = answer(request).await;
        assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"));
    }
    let admin = first_admin(&auth).await;
    assert_eq!(answer(invites(&auth, &admin, Method::POST).json(&json!({}))).await.0, StatusCode::FORBIDDEN);
    assert_eq!(answer(sign_up_with(&auth, "eve", FIRST_ADMIN)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "it works once");
    assert_eq!(auth.count("accounts").await, 1);
}

#[tokio::test]
async fn an_administrator_approves_or_refuses_whoever_signs_up() {
    let auth = with("Approval").await;
    let admin = first_admin(&auth).await;
    let (status, ada) = answer(auth.sign_up("ada", PASSWORD)).await;
    assert_eq!((status, &ada["state"]), (StatusCode::CREATED, &json!("Pending")));
    let (_, eve) = answer(auth.sign_up("eve", PASSWORD)).await;

    // With the right password only, one learns that one has to wait.
    let (status, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"));
    assert_eq!(answer(auth.sign_in("ada", "not her password, not at all")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(auth.count("sessions").await, 1);

    let (_, waiting) = answer(auth.of(&admin, Method::GET, "/v1/accounts?state=Pending")).await;
    let handles: Vec<&Value> = waiting["items"].as_array().unwrap().iter().map(|account| &account["handle"]).collect();
    assert_eq!(handles, ["eve", "ada"]);
    let approval = |account: &Value| format!("/v1/accounts/{}/approval", account["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(answer(auth.of(&admin, Method::PUT, &approval(&ada))).await.0, StatusCode::NO_CONTENT);
    }
    auth.session("ada").await;
    assert_eq!(answer(auth.of(&admin, Method::DELETE, &approval(&eve))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(auth.sign_in("eve", PASSWORD)).await.0, StatusCode::UNAUTHORIZED);
    let (status, problem) = answer(auth.of(&admin, Method::DELETE, &approval(&ada))).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "approved-before"));
}

#[tokio::test]
async fn an_invite_opens_the_door_and_stands_for_an_approval() {
    for registration in ["Invite", "Approval"] {
        let auth = with(registration).await;
        let admin = first_admin(&auth).await;
        let code = invite(&auth, &admin, 1).await;
        let (status, ada) = answer(sign_up_with(&auth, "ada", &code)).await;
        assert_eq!((status, &ada["state"]), (StatusCode::CREATED, &json!("Active")), "{registration}");
        // Members invite, too.
        let ada = auth.session("ada").await;
        let code = invite(&auth, &ada, 1).await;
        assert_eq!(answer(sign_up_with(&auth, "bob", &code)).await.0, StatusCode::CREATED);
        assert_eq!(answer(sign_up_with(&auth, "eve", &code)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "used up");
    }
}

#[tokio::test]
async fn without_a_good_invite_nobody_gets_in_where_one_is_needed() {
    let auth = with("Invite").await;
    let admin = first_admin(&auth).await;
    let code = invite(&auth, &admin, 5).await;
    for request in [auth.sign_up("eve", PASSWORD), sign_up_with(&auth, "eve", ""), sign_up_with(&auth, "eve", &code[..code.len() - 1])] {
        let (status, problem) = answer(request).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invite")));
    }
    auth.sql("update invites set expires_at = now()").await;
    assert_eq!(answer(sign_up_with(&auth, "eve", &code)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    auth.sql("update invites set expires_at = now() + interval '1 day'").await;
    // One who signs up in vain uses nothing up.
    assert_eq!(answer(sign_up_with(&auth, "root_1", &code)).await.0, StatusCode::CONFLICT);
    let (_, listed) = answer(invites(&auth, &admin, Method::GET)).await;
    assert_eq!((&listed["items"][0]["used"], &listed["items"][0]["uses"]), (&json!(0), &json!(5)));
    assert_eq!(listed["items"][0].get("code"), None);

    let id = listed["items"][0]["id"].as_str().unwrap();
    assert_eq!(answer(auth.of(&admin, Method::DELETE, &format!("/v1/accounts/invites/{id}"))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(sign_up_with(&auth, "eve", &code)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_invite_of_somebody_who_is_suspended_is_good_for_nothing() {
    let auth = with("Invite").await;
    let admin = first_admin(&auth).await;
    let code = invite(&auth, &admin, 1).await;
    let (_, ada) = answer(sign_up_with(&auth, "ada", &code)).await;
    let session = auth.session("ada").await;
    let code = invite(&auth, &session, 1).await;
    let path = format!("/v1/accounts/{}/suspension", ada["id"].as_str().unwrap());
    answer(auth.of(&admin, Method::PUT, &path).json(&json!({"reason": "spam"}))).await;
    assert_eq!(answer(sign_up_with(&auth, "eve", &code)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_with_one_invite_as_many_get_in_as_it_is_for() {
    let auth = with("Invite").await;
    let admin = first_admin(&auth).await;
    let code = invite(&auth, &admin, 3).await;
    let mut signing_up = JoinSet::new();
    for n in 0..9 {
        let request = sign_up_with(&auth, &format!("person_{n}"), &code);
        signing_up.spawn(async move { answer(request).await.0 });
    }
    let answers = signing_up.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::CREATED).count(), 3, "{answers:?}");
    assert_eq!(auth.count("accounts").await, 1 + 3);
}

#[tokio::test]
async fn a_member_makes_small_invites_and_not_too_many() {
    let auth = TestAuth::spawn().await;
    let (ada, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    for body in [json!({"uses": 0}), json!({"uses": 11}), json!({"days": 0}), json!({"days": 31}), json!({"role": "Admin"})] {
        assert_eq!(answer(invites(&auth, &ada, Method::POST).json(&body)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    for _ in 0..20 {
        invite(&auth, &ada, 1).await;
    }
    let (status, problem) = answer(invites(&auth, &ada, Method::POST).json(&json!({}))).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "too-many-invites"));
    invite(&auth, &bob, 1).await;

    // And nobody sees or deletes another's.
    let (_, hers) = answer(invites(&auth, &ada, Method::GET)).await;
    let path = format!("/v1/accounts/invites/{}", hers["items"][0]["id"].as_str().unwrap());
    assert_eq!(answer(auth.of(&bob, Method::DELETE, &path)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(invites(&auth, &bob, Method::GET)).await.1["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_secret_of_the_first_administrator_works_once() {
    let auth = with("Open").await;
    let (ada, eve) = (auth.somebody("ada").await, auth.somebody("eve").await);
    let claim = |who: &Tokens, token: &str| auth.of(who, Method::POST, "/v1/accounts/admin-claims").json(&json!({"token": token}));
    assert_eq!(answer(claim(&eve, "0123456789abcdef0123456789abcdeg")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(answer(claim(&ada, FIRST_ADMIN)).await.0, StatusCode::NO_CONTENT);
    let (status, problem) = answer(claim(&eve, FIRST_ADMIN)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "admin-claimed"));

    let list = |who: &Tokens| auth.of(who, Method::GET, "/v1/accounts");
    assert_eq!(answer(list(&ada)).await.0, StatusCode::FORBIDDEN, "a token says what was true when it was issued");
    let ada = auth.refreshed(&ada.refresh_token).await;
    assert_eq!(answer(list(&ada)).await.0, StatusCode::OK);
    assert_eq!(answer(list(&auth.refreshed(&eve.refresh_token).await)).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_a_secret_nobody_claims_anything() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    for token in ["", FIRST_ADMIN] {
        let claim = auth.of(&ada, Method::POST, "/v1/accounts/admin-claims").json(&json!({"token": token}));
        assert_eq!(answer(claim).await.0, StatusCode::NOT_FOUND);
    }
}
