use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::passkeys::{PASSKEYS, add, add_with, alone, asked_with, register, sign_in_options, with_passkey};
use crate::support::{PASSWORD, TestAuth, Tokens, answer, kind};

#[tokio::test]
async fn passkeys_are_listed_named_and_removed() {
    let auth = TestAuth::spawn().await;
    let (ada, eve) = (auth.somebody("ada").await, auth.somebody("eve").await);
    let (mut phone, mut key) = (Authenticator::new(), Authenticator::new());
    let first = add(&auth, &ada, &mut phone).await;
    let proof = with_passkey(&auth, &mut phone).await;
    let second = add_with(&auth, &ada, &mut key, proof).await;
    assert_eq!(second.get("recovery_codes"), None, "those of before are good still");
    let at = |passkey: &Value| format!("{PASSKEYS}/{}", passkey["id"].as_str().unwrap());

    let rename = |who: &Tokens, name: &str| auth.of(who, Method::PATCH, &at(&first)).json(&json!({"name": name}));
    let (status, renamed) = answer(rename(&ada, " The old phone ")).await;
    assert_eq!((status, &renamed["name"]), (StatusCode::OK, &json!("The old phone")));
    for name in ["", "a\nb", &"x".repeat(101)] {
        assert_eq!(answer(rename(&ada, name)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
    }
    assert_eq!(answer(rename(&eve, "mine")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await.0, StatusCode::CREATED);

    let (_, listed) = answer(auth.of(&ada, Method::GET, PASSKEYS)).await;
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|passkey| passkey["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["My phone", "The old phone"]);
    assert!(listed["items"][0]["used_at"].is_null() && listed["items"][1]["used_at"].is_string(), "{listed}");
    assert_eq!(answer(auth.of(&eve, Method::GET, PASSKEYS)).await.1, json!({"items": []}));

    let remove = |who: &Tokens, proof: Value| auth.of(who, Method::DELETE, &at(&first)).json(&proof);
    assert_eq!(answer(remove(&eve, json!({"password": PASSWORD}))).await.0, StatusCode::NOT_FOUND);
    let wrong = json!({"password": "not my password, not at all"});
    assert_eq!(answer(remove(&ada, wrong)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let proof = with_passkey(&auth, &mut key).await;
    assert_eq!(answer(remove(&ada, proof)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(alone(&auth, &phone.get(&sign_in_options(&auth).await))).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(alone(&auth, &key.get(&sign_in_options(&auth).await))).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_twenty_first_passkey_is_refused_before_anything_is_given_for_it() {
    let auth = TestAuth::spawn().await;
    let ada = auth.somebody("ada").await;
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;
    let proof = with_passkey(&auth, &mut phone).await;
    let credential = Authenticator::new().create(&asked_with(&auth, &ada, proof).await);
    auth.sql(
        "insert into passkeys (account_id, credential_id, public_key, state, transports, name)
         select account_id, credential_id || int4send(n), public_key, state, transports, name from passkeys, generate_series(1, 19) n",
    )
    .await;

    let ask = async |proof: Value| answer(auth.of(&ada, Method::POST, &format!("{PASSKEYS}/challenges")).json(&proof)).await;
    let proof = with_passkey(&auth, &mut phone).await;
    for proof in [&proof, &json!({"password": "not my password, not at all"})] {
        let (status, problem) = ask(proof.clone()).await;
        assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "too-many-passkeys"));
    }
    // Nor is one added that was asked for before.
    let (status, problem) = answer(register(&auth, &ada, &credential)).await;
    assert_eq!((status, kind(&problem), auth.count("passkeys").await), (StatusCode::CONFLICT, "too-many-passkeys", 20));

    // What was sent with the refused one is still good.
    auth.sql("delete from passkeys where id > (select min(id) from passkeys)").await;
    assert_eq!(ask(proof).await.0, StatusCode::CREATED);
}
