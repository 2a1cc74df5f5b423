use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id, path};
use crate::support::{Person, TestSocial};

async fn report(social: &TestSocial, who: &Person, what: &str, body: Value) -> (StatusCode, Value) {
    answer(social.request(Method::POST, &format!("{what}/reports"), Some(who)).json(&body)).await
}

#[tokio::test]
async fn a_report_keeps_what_was_said_and_is_made_once() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "buy this"})).await;
    let spam = json!({"reason": "spam", "note": "again"});
    let (status, made) = report(&social, &bob, &path(&post), spam.clone()).await;
    assert_eq!((status, &made["reason"]), (StatusCode::CREATED, &json!("spam")));
    let (status, problem) = report(&social, &bob, &path(&post), spam.clone()).await;
    assert_eq!((status, problem["type"].as_str().unwrap()), (StatusCode::CONFLICT, "https://socialplatform.dev/problems/already-reported"));
    // Another person may, and so may the same about the person.
    let person = format!("/v1/profiles/{}", ada.id);
    assert_eq!(report(&social, &social.person(), &path(&post), spam.clone()).await.0, StatusCode::CREATED);
    assert_eq!(report(&social, &bob, &person, spam.clone()).await.0, StatusCode::CREATED);
    assert_eq!(report(&social, &bob, &person, spam.clone()).await.0, StatusCode::CONFLICT);
    social.edited(&ada, &post, json!({"text": "nothing"})).await;
    social.delete(&ada, &post).await;
    assert_eq!(social.count("reports where said = 'buy this'").await, 2);
}

#[tokio::test]
async fn a_report_of_a_person_keeps_all_that_their_profile_said() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let change = async |change: Value| answer(social.request(Method::PATCH, "/v1/profiles/me", Some(&ada)).json(&change)).await.0;
    let fields = json!([{"name": "Buy", "value": "this"}, {"name": "And", "value": "that"}]);
    let profile = json!({"display_name": "Ada", "pronouns": "she/her", "bio": "Weaves", "fields": fields});
    assert_eq!(change(profile).await, StatusCode::OK);
    let (status, made) = report(&social, &bob, &format!("/v1/profiles/{}", ada.id), json!({"reason": "spam"})).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(change(json!({"pronouns": "", "fields": []})).await, StatusCode::OK);
    let case = social.read(&format!("/v1/moderation/reports/{}", id(&made)), Some(&social.admin())).await;
    let said = format!("person_{}\n\nAda\n\nshe/her\n\nWeaves\n\nBuy: this\nAnd: that", ada.id);
    assert_eq!(case["report"]["said"], said);
}

#[tokio::test]
async fn a_repeated_request_reports_once() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let send = async || {
        let request = social.request(Method::POST, &format!("{}/reports", path(&post)), Some(&bob)).header("idempotency-key", "k");
        answer(request.json(&json!({"reason": "abuse"}))).await
    };
    let first = send().await;
    assert_eq!(first.0, StatusCode::CREATED);
    assert_eq!(send().await, first);
    assert_eq!(social.count("reports").await, 1);
}

#[tokio::test]
async fn only_what_one_sees_can_be_reported() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let hidden = social.posted(&ada, json!({"text": "a", "visibility": "friends"})).await;
    let spam = json!({"reason": "spam"});
    let nothing = report(&social, &bob, "/v1/posts/4711", spam.clone()).await;
    assert_eq!(nothing.0, StatusCode::NOT_FOUND);
    assert_eq!(report(&social, &bob, &path(&hidden), spam.clone()).await, nothing);
    assert_eq!(report(&social, &bob, "/v1/profiles/4711", spam.clone()).await, nothing);
    let person = format!("/v1/profiles/{}", ada.id);
    social.block(&ada, &bob).await;
    assert_eq!(report(&social, &bob, &person, spam.clone()).await, nothing);
    // Who blocks somebody may still report them.
    social.posted(&bob, json!({"text": "a"})).await;
    let blocked = format!("/v1/profiles/{}", bob.id);
    assert_eq!(report(&social, &ada, &blocked, spam.clone()).await.0, StatusCode::CREATED);
    assert_eq!(report(&social, &ada, &path(&hidden), spam).await.0, StatusCode::UNPROCESSABLE_ENTITY, "one's own");
}

#[tokio::test]
async fn a_report_says_why() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let long = "a".repeat(1001);
    for wrong in [
        json!({}),
        json!({"reason": "boring"}),
        json!({"reason": "other"}),
        json!({"reason": "spam", "note": long}),
        json!({"reason": "spam", "x": 1}),
    ] {
        assert_eq!(report(&social, &bob, &path(&post), wrong.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let visitor = social.request(Method::POST, &format!("{}/reports", path(&post)), None).json(&json!({"reason": "spam"}));
    assert_eq!(answer(visitor).await.0, StatusCode::UNAUTHORIZED);
    assert!(!id(&post).is_empty() && social.count("reports").await == 0);
}
