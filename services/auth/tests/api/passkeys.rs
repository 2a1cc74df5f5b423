use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::support::{PASSWORD, TestAuth, Tokens, answer, kind};

pub const PASSKEYS: &str = "/v1/accounts/me/passkeys";

/// What somebody's browser is told to ask an authenticator for a new passkey.
async fn asked(auth: &TestAuth, who: &Tokens) -> Value {
    asked_with(auth, who, json!({"password": PASSWORD})).await
}

/// The same for somebody who has a second factor, and sends it with the password.
pub async fn asked_with(auth: &TestAuth, who: &Tokens, proof: Value) -> Value {
    let (status, options) = answer(auth.of(who, Method::POST, &format!("{PASSKEYS}/challenges")).json(&proof)).await;
    assert_eq!(status, StatusCode::CREATED, "{options}");
    options
}

/// The password, and a passkey that there is.
pub async fn with_passkey(auth: &TestAuth, authenticator: &mut Authenticator) -> Value {
    json!({"password": PASSWORD, "passkey": authenticator.get(&sign_in_options(auth).await)})
}

/// What adds a passkey, with what its authenticator answered.
pub fn register(auth: &TestAuth, who: &Tokens, credential: &Value) -> RequestBuilder {
    auth.of(who, Method::POST, PASSKEYS).json(&json!({"name": "My phone", "credential": credential}))
}

/// Adds a passkey to somebody's account.
pub async fn add(auth: &TestAuth, who: &Tokens, authenticator: &mut Authenticator) -> Value {
    add_with(auth, who, authenticator, json!({"password": PASSWORD})).await
}

/// The same, where there is a second factor, which is sent with the password.
pub async fn add_with(auth: &TestAuth, who: &Tokens, authenticator: &mut Authenticator, proof: Value) -> Value {
    let credential = authenticator.create(&asked_with(auth, who, proof).await);
    let (status, passkey) = answer(register(auth, who, &credential)).await;
    assert_eq!(status, StatusCode::CREATED, "{passkey}");
    passkey
}

/// What a browser is told to ask for a passkey.
pub async fn sign_in_options(auth: &TestAuth) -> Value {
    let (status, options) = answer(auth.request(Method::POST, "/v1/sessions/passkey-challenges")).await;
    assert_eq!(
        (status, &options["rpId"], &options["userVerification"]),
        (StatusCode::CREATED, &json!("platform.test"), &json!("required"))
    );
    options
}

pub fn alone(auth: &TestAuth, credential: &Value) -> RequestBuilder {
    auth.request(Method::POST, "/v1/sessions/passkey").json(&json!({"credential": credential}))
}

async fn password_then(auth: &TestAuth, handle: &str, credential: &Value) -> (StatusCode, Value) {
    let (status, problem) = answer(auth.sign_in(handle, PASSWORD)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::UNAUTHORIZED, "second-factor-required"));
    let second = json!({"challenge": problem["challenge"], "passkey": credential});
    answer(auth.request(Method::POST, "/v1/sessions/second-factor").json(&second)).await
}

#[tokio::test]
async fn a_passkey_signs_in_after_the_password_and_alone() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    let added = add(&auth, &ada, &mut phone).await;
    assert_eq!((&added["name"], added["recovery_codes"].as_array().unwrap().len()), (&json!("My phone"), 10));

    let (_, problem) = answer(auth.sign_in("ada", PASSWORD)).await;
    assert_eq!(problem["methods"], json!(["passkey", "recovery_code"]));
    let (status, body) = password_then(&auth, "ada", &phone.get(&sign_in_options(&auth).await)).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");

    let (status, body) = answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let token = body["access_token"].as_str().unwrap();
    auth.until_known(token).await;
    assert_eq!(answer(auth.me(token)).await.1["handle"], "ada");
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;
    let credential = phone.get(&sign_in_options(&auth).await);
    assert_eq!(answer(alone(&auth, &credential)).await.0, StatusCode::CREATED);
    assert_eq!(answer(alone(&auth, &credential)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(password_then(&auth, "ada", &credential).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(auth.count("passkey_challenges").await, 0);
}

#[tokio::test]
async fn an_answer_that_was_given_elsewhere_or_to_something_else_is_refused() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;

    let mut forged = Vec::new();
    for origin in ["https://evil.test", "http://platform.test", "https://platform.test:444", "https://sub.platform.test"] {
        phone.origin = origin.to_owned();
        forged.push((origin, phone.get(&sign_in_options(&auth).await)));
    }
    phone.origin = crate::support::ISSUER.to_owned();
    phone.rp = "evil.test".to_owned();
    forged.push(("for another platform", phone.get(&sign_in_options(&auth).await)));
    phone.rp = "platform.test".to_owned();
    phone.verified = false;
    forged.push(("without a PIN or a finger", phone.get(&sign_in_options(&auth).await)));
    phone.verified = true;
    forged.push(("to a challenge that nobody gave", phone.get(&json!({"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}))));
    let proof = with_passkey(&auth, &mut phone).await;
    let registering = asked_with(&auth, &ada, proof).await;
    forged.push(("to a challenge for a new passkey", phone.get(&registering)));
    forged.push(("by a passkey that nobody has", Authenticator::new().get(&sign_in_options(&auth).await)));
    let mut other_key = phone.get(&sign_in_options(&auth).await);
    other_key["response"]["signature"] = phone.get(&sign_in_options(&auth).await)["response"]["signature"].clone();
    forged.push(("with another signature", other_key));
    let mut other_user = phone.get(&sign_in_options(&auth).await);
    other_user["response"]["userHandle"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    forged.push(("of another user", other_user));
    forged.push(("nonsense", json!({"id": "nonsense"})));

    let before = auth.count("sessions").await;
    for (what, credential) in forged {
        assert_eq!(answer(alone(&auth, &credential)).await.0, StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(password_then(&auth, "ada", &credential).await.0, StatusCode::UNAUTHORIZED, "{what}");
    }
    assert_eq!(auth.count("sessions").await, before);
    assert_eq!(answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_authenticator_whose_counter_stands_still_was_copied() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;
    assert_eq!(answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await.0, StatusCode::CREATED);
    phone.counter -= 1;
    assert_eq!(answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_challenge_is_good_for_five_minutes() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    let late = phone.create(&asked(&auth, &ada).await);
    auth.sql("update passkey_challenges set expires_at = now()").await;
    assert_eq!(answer(register(&auth, &ada, &late)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    add(&auth, &ada, &mut phone).await;
    let late = phone.get(&sign_in_options(&auth).await);
    auth.sql("update passkey_challenges set expires_at = now()").await;
    assert_eq!(answer(alone(&auth, &late)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_network_asks_for_so_many_challenges_and_others_go_on() {
    let auth = TestAuth::with(&["--trusted-proxy-hops=1"]).await;
    let ask = |source: &str| auth.request(Method::POST, "/v1/sessions/passkey-challenges").header("x-forwarded-for", source);
    assert_eq!(answer(ask("192.0.2.1")).await.0, StatusCode::CREATED);
    auth.sql("update attempts set count = 599 where kind = 'PasskeyChallenge'").await;
    assert_eq!(answer(ask("192.0.2.1")).await.0, StatusCode::CREATED);
    let refused = ask("192.0.2.1").send().await.unwrap();
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status() == StatusCode::TOO_MANY_REQUESTS && (1..=3600).contains(&wait), "{wait}");
    assert_eq!(auth.count("passkey_challenges").await, 2, "what is refused leaves nothing");
    assert_eq!(answer(ask("198.51.100.7")).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn the_passkey_of_another_is_no_second_factor() {
    let auth = TestAuth::spawn().await;
    let (ada, eve) = (auth.somebody("ada").await, auth.somebody("eve").await);
    let (mut adas, mut eves) = (Authenticator::new(), Authenticator::new());
    add(&auth, &ada, &mut adas).await;
    add(&auth, &eve, &mut eves).await;
    assert_eq!(password_then(&auth, "ada", &eves.get(&sign_in_options(&auth).await)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(password_then(&auth, "ada", &adas.get(&sign_in_options(&auth).await)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_passkey_is_added_by_its_own_person_at_its_own_challenge() {
    let auth = TestAuth::spawn().await;
    let (ada, eve) = (auth.somebody("ada").await, auth.somebody("eve").await);
    let wrong = json!({"password": "not my password, not at all"});
    let guess = answer(auth.of(&ada, Method::POST, &format!("{PASSKEYS}/challenges")).json(&wrong)).await;
    assert_eq!((guess.0, &guess.1["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));

    let mut phone = Authenticator::new();
    let options = asked(&auth, &ada).await;
    let credential = phone.create(&options);
    assert_eq!(answer(register(&auth, &eve, &credential)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "it is ada's challenge");
    for (what, credential) in [
        ("a challenge to sign in", phone.create(&json!({"challenge": sign_in_options(&auth).await["challenge"], "user": options["user"]}))),
        ("nonsense", json!({"id": "nonsense"})),
        ("an answer to something else", phone.get(&asked(&auth, &ada).await)),
    ] {
        assert_eq!(answer(register(&auth, &ada, &credential)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
    }
    phone.verified = false;
    let unverified = phone.create(&asked(&auth, &ada).await);
    assert_eq!(answer(register(&auth, &ada, &unverified)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    phone.verified = true;
    phone.origin = "https://evil.test".to_owned();
    let elsewhere = phone.create(&asked(&auth, &ada).await);
    assert_eq!(answer(register(&auth, &ada, &elsewhere)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    phone.origin = crate::support::ISSUER.to_owned();
    assert_eq!(auth.count("passkeys").await, 0);

    assert_eq!(answer(register(&auth, &ada, &credential)).await.0, StatusCode::CREATED);
    assert_eq!(answer(register(&auth, &ada, &credential)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "an answer is good once");
    let proof = with_passkey(&auth, &mut phone).await;
    let options = asked_with(&auth, &ada, proof).await;
    assert_eq!(options["excludeCredentials"][0]["id"], credential["id"], "an authenticator is told what it has");
    let (status, problem) = answer(register(&auth, &ada, &phone.create(&options))).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "passkey-known"));
}

#[tokio::test]
async fn whoever_is_suspended_does_not_come_in_by_a_passkey_either() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;
    auth.sql("update accounts set state = 'Suspended', suspended_reason = 'for the test'").await;
    let (status, problem) = answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await;
    assert_eq!((status, kind(&problem)), (StatusCode::FORBIDDEN, "forbidden"));
}
