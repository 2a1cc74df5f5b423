//! Pictures that are private, or become so, across the services: whom they are no more for, they are gone for at the answer.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::process::{All, GUARD, answered, sign_up, upload};

struct Platform {
    http: Client,
    all: All,
}

impl Platform {
    fn start(folder: &std::path::Path) -> Self {
        let (http, all) = (Client::new(), All::start(folder, |_| {}));
        Self { http, all }
    }

    async fn sign_up(&self, handle: &str) -> Person {
        let token = sign_up(&self.http, &self.all.url, handle).await;
        let me = self.ask(Method::GET, "/v1/accounts/me", Some(&token), Value::Null).await.1;
        Person { id: text(&me["id"]), token }
    }

    async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Value) -> (StatusCode, Value) {
        let request = || {
            let request = self.http.request(method.clone(), format!("{}{path}", self.all.url)).json(&body);
            token.into_iter().fold(request, |request, token| request.bearer_auth(token))
        };
        let (status, text) = answered(request).await;
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Must be taken.
    async fn done(&self, method: Method, path: &str, who: &Person, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, Some(&who.token), body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// What is there for somebody, or for a visitor.
    async fn status(&self, path: &str, who: Option<&Person>) -> StatusCode {
        self.ask(Method::GET, path, who.map(|who| who.token.as_str()), Value::Null).await.0
    }

    /// The photos of a post that somebody, or a visitor, sees; waits until they see the post.
    async fn photos(&self, post: &Value, who: Option<&Person>) -> Vec<Value> {
        let path = format!("/v1/posts/{}", text(&post["id"]));
        let deadline = Instant::now() + GUARD;
        loop {
            let (status, seen) = self.ask(Method::GET, &path, who.map(|who| who.token.as_str()), Value::Null).await;
            if status == StatusCode::OK {
                return seen["photos"].as_array().expect("photos").clone();
            }
            assert!(Instant::now() < deadline, "{path}: {status} {seen}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

struct Person {
    id: String,
    token: String,
}

/// What holds once every service has heard of a change. Its answer says whether they have: then it holds already, and this looks
/// once; or that some are still at it (202), and this waits.
async fn heard<T>(answer: StatusCode, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + GUARD;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => assert!(answer == StatusCode::ACCEPTED && Instant::now() < deadline, "after {answer}: {seen}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

#[tokio::test]
async fn a_picture_in_a_comment_is_gone_for_whoever_its_thread_is_no_more_for() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(folder.path());
    let [ruth, cleo, vera] = [platform.sign_up("ruth").await, platform.sign_up("cleo").await, platform.sign_up("vera").await];
    let photo = upload(&platform.http, &platform.all.url, &cleo.token).await;
    let private = json!({ "visibility": "private" });
    platform.done(Method::PATCH, &format!("/v1/photos/{}", text(&photo["id"])), &cleo, private).await;
    let relate = async |who: &Person, whom: &Person, what: &str| {
        platform.done(Method::PUT, &format!("/v1/relations/{}/{what}", whom.id), who, json!({})).await;
    };
    for (one, other) in [(&cleo, &ruth), (&vera, &ruth)] {
        relate(one, other, "follow").await;
        relate(one, other, "friend").await;
        relate(other, one, "friend").await;
    }

    // However Ruth turns away from Vera: Cleo, whose picture it is, has nothing to do with it.
    for (visibility, method, what) in
        [("friends", Method::DELETE, "friend"), ("followers", Method::DELETE, "follower"), ("public", Method::PUT, "block")]
    {
        let post = platform.done(Method::POST, "/v1/posts", &ruth, json!({ "text": "a", "visibility": visibility })).await;
        platform.photos(&post, Some(&cleo)).await;
        let comment = json!({ "text": "b", "parent": post["id"], "photos": [photo["id"]] });
        let comment = platform.done(Method::POST, "/v1/posts", &cleo, comment).await;
        let [shown]: [Value; 1] = platform.photos(&comment, Some(&vera)).await.try_into().unwrap();
        let address = text(&shown["urls"]["thumb"]);
        assert_eq!(platform.status(&address, Some(&vera)).await, StatusCode::OK, "{what}");

        let path = format!("/v1/relations/{}/{what}", vera.id);
        let (turned, said) = platform.ask(method, &path, Some(&ruth.token), json!({})).await;
        let is_pending = turned == StatusCode::ACCEPTED && said["pending"] == true;
        assert!(turned == StatusCode::NO_CONTENT || is_pending, "{what}: {turned} {said}");
        for path in [address, format!("/v1/posts/{}", text(&comment["id"]))] {
            heard(turned, async || match platform.status(&path, Some(&vera)).await {
                StatusCode::NOT_FOUND => Ok(()),
                status => Err(format!("{what}: {path} is answered with {status}")),
            })
            .await;
        }
    }
    assert!(platform.all.stop().success());
}

#[tokio::test]
async fn a_photo_that_is_left_to_others_is_private_at_once_wherever_its_owner_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::start(folder.path());
    let (ada, bob) = (platform.sign_up("ada").await, platform.sign_up("bob").await);
    let photo = upload(&platform.http, &platform.all.url, &ada.token).await;
    let show = json!({ "text": "a", "photos": [photo["id"]] });
    let own = platform.done(Method::POST, "/v1/posts", &ada, show.clone()).await;
    let borrowed = platform.done(Method::POST, "/v1/posts", &bob, show).await;
    platform.done(Method::PATCH, "/v1/profiles/me", &ada, json!({ "picture_photo_id": photo["id"] })).await;

    let leave = json!({ "visibility": "private", "uses": "leave" });
    let path = format!("/v1/photos/{}", text(&photo["id"]));
    let (status, private) = platform.ask(Method::PATCH, &path, Some(&ada.token), leave).await;
    let is_pending = status == StatusCode::ACCEPTED && private["pending"] == true;
    assert!(status == StatusCode::OK || is_pending, "{status} {private}");
    assert_eq!(private["id"], photo["id"]);
    heard(status, async || {
        let shown = platform.photos(&own, None).await;
        if shown.is_empty() { Ok(()) } else { Err(format!("a visitor sees {shown:?}")) }
    })
    .await;
    assert_eq!(platform.photos(&own, Some(&ada)).await[0]["id"], photo["id"]);
    heard(status, async || {
        let (found, profile) = platform.ask(Method::GET, &format!("/v1/profiles/{}", ada.id), None, Value::Null).await;
        if found == StatusCode::OK && profile.get("picture").is_none() { Ok(()) } else { Err(format!("{found} {profile}")) }
    })
    .await;
    let left = heard(status, async || {
        let [left]: [Value; 1] = platform.photos(&borrowed, None).await.try_into().unwrap();
        if left["id"] == photo["id"] { Err(format!("another's post shows {left}")) } else { Ok(left) }
    })
    .await;
    assert_eq!(left["urls"]["thumb"], photo["urls"]["thumb"]);
    assert_eq!(platform.status(&text(&left["urls"]["thumb"]), None).await, StatusCode::OK);

    // It goes with the last who shows it, and hers stays hers.
    platform.done(Method::DELETE, &format!("/v1/posts/{}", text(&borrowed["id"])), &bob, json!({})).await;
    let deadline = Instant::now() + GUARD;
    while platform.status(&text(&left["urls"]["thumb"]), None).await != StatusCode::NOT_FOUND {
        assert!(Instant::now() < deadline, "it is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let [hers]: [Value; 1] = platform.photos(&own, Some(&ada)).await.try_into().unwrap();
    assert_eq!(platform.status(&text(&hers["urls"]["thumb"]), Some(&ada)).await, StatusCode::OK);
    assert!(platform.all.stop().success());
}
