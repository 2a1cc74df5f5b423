use contracts::Service;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::letters::Letters;
use crate::passwords::{NEW, ask, change, reset};
use crate::smtp_server::SmtpServer;
use crate::support::{PASSWORD, TestAuth, Tokens, answer, eventually, kind};

const VERIFY: &str = "Is this your address?";

fn give(auth: &TestAuth, who: &Tokens, email: &str, password: &str) -> RequestBuilder {
    auth.of(who, Method::PUT, "/v1/accounts/me/email").json(&json!({"email": email, "password": password}))
}

fn verify(auth: &TestAuth, token: &str) -> RequestBuilder {
    auth.request(Method::POST, &format!("/v1/accounts/email-verifications/{token}"))
}

async fn email_of(auth: &TestAuth, who: &Tokens) -> Value {
    answer(auth.me(&who.access_token)).await.1["email"].clone()
}

#[tokio::test]
async fn an_address_counts_once_it_is_proved() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    assert_eq!(answer(give(&auth, &ada, "Ada@Example.org", PASSWORD)).await, (StatusCode::ACCEPTED, Value::Null));
    assert_eq!(email_of(&auth, &ada).await, Value::Null);

    let token = letters.token("Ada@example.org", VERIFY).await;
    assert_eq!(answer(verify(&auth, &token)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(email_of(&auth, &ada).await, "Ada@example.org");
    assert_eq!(answer(verify(&auth, &token)).await.0, StatusCode::NOT_FOUND, "a link is good once");
    assert_eq!(answer(verify(&auth, "splk_nonsense")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn giving_an_address_takes_the_password() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    let (status, problem) = answer(give(&auth, &ada, "eve@example.org", "not my password, not at all")).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    assert_eq!(auth.count("jobs").await, 0);
}

#[tokio::test]
async fn a_later_address_takes_the_place_of_an_earlier_one_and_the_earlier_one_is_told() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    for address in ["one@example.org", "two@example.org"] {
        answer(give(&auth, &ada, address, PASSWORD)).await;
    }
    let (first, second) = (letters.token("one@example.org", VERIFY).await, letters.token("two@example.org", VERIFY).await);
    assert_eq!(answer(verify(&auth, &first)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(verify(&auth, &second)).await.0, StatusCode::NO_CONTENT);

    answer(give(&auth, &ada, "three@example.org", PASSWORD)).await;
    let third = letters.token("three@example.org", VERIFY).await;
    assert_eq!(answer(verify(&auth, &third)).await.0, StatusCode::NO_CONTENT);
    let told = async || letters.to("two@example.org").iter().any(|letter| letter.contains("Subject: Your address was changed"));
    eventually("the address of before is told", told).await;
}

#[tokio::test]
async fn an_address_that_was_given_before_a_new_password_is_not_proved_after_it() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    auth.sql("update accounts set email = 'ada@example.org'").await;
    // Mallory knows the password, and gives an address that is his.
    let mallory = auth.session("ada").await;
    assert_eq!(answer(give(&auth, &mallory, "mallory@example.org", PASSWORD)).await.0, StatusCode::ACCEPTED);
    let his = letters.token("mallory@example.org", VERIFY).await;
    assert_eq!(answer(change(&auth, &ada, PASSWORD, NEW)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(verify(&auth, &his)).await.0, StatusCode::NOT_FOUND);

    assert_eq!(answer(give(&auth, &ada, "mallory@example.com", NEW)).await.0, StatusCode::ACCEPTED);
    let his = letters.token("mallory@example.com", VERIFY).await;
    assert_eq!(answer(ask(&auth, "ada@example.org")).await.0, StatusCode::ACCEPTED);
    let link = letters.token("ada@example.org", "Choose a new password").await;
    assert_eq!(answer(reset(&auth, &link, PASSWORD)).await.0, StatusCode::OK);
    assert_eq!(answer(verify(&auth, &his)).await.0, StatusCode::NOT_FOUND);

    // What is given afterwards counts.
    let ada = auth.session("ada").await;
    assert_eq!(email_of(&auth, &ada).await, "ada@example.org");
    assert_eq!(answer(give(&auth, &ada, "countess@example.org", PASSWORD)).await.0, StatusCode::ACCEPTED);
    let hers = letters.token("countess@example.org", VERIFY).await;
    assert_eq!(answer(verify(&auth, &hers)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(email_of(&auth, &ada).await, "countess@example.org");
}

#[tokio::test]
async fn an_address_of_another_account_is_found_out_by_its_owner_alone() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    answer(give(&auth, &ada, "ada@example.org", PASSWORD)).await;
    let token = letters.token("ada@example.org", VERIFY).await;
    answer(verify(&auth, &token)).await;

    // Whoever signs up with it, or with one that is nobody's, reads the same.
    let sign_up = |handle: &str, email: &str| {
        auth.request(Method::POST, "/v1/accounts").json(&json!({"handle": handle, "password": PASSWORD, "email": email}))
    };
    let (status, mut taken) = answer(sign_up("eve", "ADA@example.org")).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, mut free) = answer(sign_up("bob", "bob@example.org")).await;
    for body in [&mut taken, &mut free] {
        for own in ["id", "handle", "created_at"] {
            body.as_object_mut().unwrap().remove(own);
        }
    }
    assert_eq!(taken, free);

    // Only who reads the letter learns more.
    let token = letters.token("ADA@example.org", VERIFY).await;
    let (status, problem) = answer(verify(&auth, &token)).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "email-taken"));
    assert_eq!(email_of(&auth, &ada).await, "ada@example.org");
}

#[tokio::test]
async fn no_table_holds_what_a_link_ends_with() {
    let letters = Letters::new();
    let auth = TestAuth::with(&[&letters.flag()]).await;
    let ada = auth.somebody("ada").await;
    answer(give(&auth, &ada, "ada@example.org", PASSWORD)).await;
    let pool = auth.db.superuser_pool(Service::Auth);
    let owed: Vec<String> = sqlx::query_scalar("select payload::text from jobs").fetch_all(&pool).await.unwrap();
    let token = letters.token("ada@example.org", VERIFY).await;
    let links: Vec<String> = sqlx::query_scalar("select l::text from links l").fetch_all(&pool).await.unwrap();
    assert_eq!(links.len(), 1);
    assert!(!owed.concat().contains(&token) && !links.concat().contains(&token));
}

/// What auth has to be told to send its letters there.
pub fn over_smtp(port: u16) -> [String; 4] {
    [
        "--smtp-host=127.0.0.1".to_owned(),
        format!("--smtp-port={port}"),
        "--smtp-tls=None".to_owned(),
        "--mail-from=Our platform <no-reply@platform.test>".to_owned(),
    ]
}

#[tokio::test]
async fn a_letter_waits_for_a_mail_server_that_is_down() {
    let server = SmtpServer::start();
    let flags = over_smtp(server.port());
    let port = server.stop().await;
    let auth = TestAuth::with(&flags.each_ref().map(String::as_str)).await;
    let ada = auth.somebody("ada").await;
    assert_eq!(answer(give(&auth, &ada, "ada@example.org", PASSWORD)).await.0, StatusCode::ACCEPTED);
    let pool = auth.db.superuser_pool(Service::Auth);
    let failed = "select exists (select from jobs where error is not null and error not like '%example.org%')";
    eventually("it failed, without naming the address", async || sqlx::query_scalar::<_, bool>(failed).fetch_one(&pool).await.unwrap())
        .await;

    let server = SmtpServer::start_on(port);
    auth.sql("update jobs set run_at = now()").await;
    eventually("the letter has come", async || !server.received().is_empty()).await;
    eventually("nothing is owed any more", async || auth.count("jobs").await == 0).await;
    let received = server.received();
    assert_eq!((received.len(), received[0].to.as_str()), (1, "ada@example.org"));
    assert_eq!(received[0].from, "no-reply@platform.test");
    let token = received[0].data.lines().find(|line| line.starts_with("splk_")).expect("a code");
    assert_eq!(answer(verify(&auth, token.trim())).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up() {
    let server = SmtpServer::start();
    server.answer_recipients_with("550 5.1.1 nobody here");
    let flags = over_smtp(server.port());
    let auth = TestAuth::with(&flags.each_ref().map(String::as_str)).await;
    let ada = auth.somebody("ada").await;
    assert_eq!(answer(give(&auth, &ada, "ada@example.org", PASSWORD)).await.0, StatusCode::ACCEPTED);
    eventually("nothing is owed any more", async || auth.count("jobs").await == 0).await;
    assert!(server.received().is_empty());
}
