use std::collections::BTreeSet;

use contracts::photo::PhotoVisibility::Public;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use crate::answers::{answer, id, path};
use crate::photo_service::Fault;
use crate::support::{Person, TestSocial};

#[tokio::test]
async fn a_post_is_shown_as_it_was_written() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": " The engine\nweaves <b>patterns</b> 🧶 "})).await;
    let author = json!({"id": ada.id.to_string(), "handle": format!("person_{}", ada.id), "display_name": ""});
    assert_eq!(post["author"], author);
    assert_eq!(post["text"], "The engine\nweaves <b>patterns</b> 🧶");
    assert_eq!((&post["visibility"], &post["comments_count"]), (&json!("public"), &json!(0)));
    assert_eq!((&post["photos"], &post["reactions"], &post["entities"]), (&json!([]), &json!([]), &json!([])));
    assert!(post["created_at"].as_str().unwrap().ends_with('Z'));
    let members: BTreeSet<&str> = post.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["author", "bookmarked", "comments_count", "created_at", "entities", "id", "photos", "reactions", "text", "visibility"];
    assert_eq!(members, BTreeSet::from(expected));
    assert_eq!(social.read(&path(&post), None).await, post);
}

#[tokio::test]
async fn what_cannot_be_posted_is_refused_with_the_field_at_fault() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a".repeat(5000)})).await;
    for (wrong, field) in [
        (json!({"text": "a", "mood": "fine"}), Some("mood")),
        (json!({"text": "a", "author": "1"}), Some("author")),
        (json!({"text": "a".repeat(5001)}), Some("text")),
        (json!({"text": format!("a{}", "\u{301}".repeat(60_000))}), Some("text")),
        (json!({"text": "a\u{1b}[31mb"}), Some("text")),
        (json!({"text": "a\0b"}), Some("text")),
        (json!({"text": " \n "}), Some("text")),
        (json!({"text": 7}), Some("text")),
        (json!({"photos": []}), None),
        (json!({"text": "a", "visibility": "sideways"}), Some("visibility")),
        (json!({"text": "a", "content_warning": "a".repeat(501)}), Some("content_warning")),
        (json!({"text": "a", "language": "en-US"}), Some("language")),
        (json!({"text": (0..21).map(|n| format!("@person_{n} ")).collect::<String>()}), Some("text")),
        (json!({"text": (0..31).map(|n| format!("#tag{n} ")).collect::<String>()}), Some("text")),
        (json!({"text": "a", "photos": ["x"]}), Some("photos[0]")),
        (json!({"text": "a", "photos": [1]}), Some("photos[0]")),
        (json!({"text": "a", "parent": -1}), Some("parent")),
        (json!({"text": "a", "parent": post["id"], "visibility": "public"}), Some("visibility")),
        (json!("a"), None),
    ] {
        let (status, problem) = answer(social.post(&ada, &wrong)).await;
        let wrong: String = wrong.to_string().chars().take(80).collect();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{wrong}");
    }
    let (status, _) = answer(social.post(&ada, &json!({"text": "a".repeat(128 * 1024)}))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(social.count("posts").await, 1);
}

#[tokio::test]
async fn a_post_says_its_language_and_what_to_be_warned_of() {
    let social = TestSocial::spawn().await;
    let post = social.posted(&social.person(), json!({"text": "a", "content_warning": " Spiders ", "language": "EN"})).await;
    assert_eq!((&post["content_warning"], &post["language"]), (&json!("Spiders"), &json!("en")));
    assert_eq!(social.read(&path(&post), None).await, post);
}

#[tokio::test]
async fn a_character_is_what_a_reader_counts() {
    let social = TestSocial::spawn().await;
    // Three code points, eleven bytes and one character each.
    social.posted(&social.person(), json!({"text": "👩‍🚀".repeat(5000)})).await;
}

#[tokio::test]
async fn whoever_shows_a_bad_token_is_no_visitor() {
    let social = TestSocial::spawn().await;
    let post = social.posted(&social.person(), json!({"text": "a"})).await;
    let anonymous = social.request(Method::POST, "/v1/posts", None).json(&json!({"text": "a"}));
    assert_eq!(answer(anonymous).await.0, StatusCode::UNAUTHORIZED);
    for token in ["nonsense", ""] {
        let request = social.request(Method::GET, &path(&post), None).bearer_auth(token);
        assert_eq!(answer(request).await.0, StatusCode::UNAUTHORIZED, "{token:?}");
    }
}

#[tokio::test]
async fn sending_it_twice_makes_one_post() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let send =
        async |who: &Person, text: &str| social.post(who, &json!({"text": text})).header("idempotency-key", "one").send().await.unwrap();

    let first = send(&ada, "a").await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let again = send(&ada, "a").await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(first.text().await.unwrap(), again.text().await.unwrap());
    assert_eq!(send(&ada, "b").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(social.count("posts").await, 1);

    // One that was answered is over at once, whoever asks next.
    for text in ["a", "b"].repeat(16) {
        let status = if text == "a" { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!(send(&ada, text).await.status(), status);
    }

    // Another's key is another key.
    let others = send(&bob, "a").await;
    assert!(!others.headers().contains_key("idempotent-replayed"));
    assert_eq!(social.count("posts").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_it_many_times_at_once_makes_one_post() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let mut sent = JoinSet::new();
    for _ in 0..16 {
        let request = social.post(&ada, &json!({"text": "a"})).header("idempotency-key", "one");
        sent.spawn(async move { answer(request).await });
    }
    let mut made = BTreeSet::new();
    for (status, body) in sent.join_all().await {
        if status == StatusCode::CREATED {
            made.insert(id(&body).to_owned());
        } else {
            // The first was still running.
            assert_eq!(status, StatusCode::CONFLICT, "{body}");
        }
    }
    assert_eq!((made.len(), social.count("posts").await), (1, 1));
}

#[tokio::test]
async fn a_repeated_post_needs_no_answer_of_photo() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let photo = social.photos.upload(&ada, Public);
    let send = async || {
        let request = social.post(&ada, &json!({"text": "a", "photos": [photo.id]})).header("idempotency-key", "one");
        answer(request).await
    };
    let first = send().await;
    assert_eq!(first.0, StatusCode::CREATED);
    social.photos.set_fault(Fault::Unreachable);
    assert_eq!(send().await, first);
}
