use contracts::fact::{Fact, RelationChanged};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{NONE, answer, id};
use crate::support::{Person, TestSocial};

async fn make(social: &TestSocial, who: &Person, title: &str) -> (StatusCode, Value) {
    answer(social.request(Method::POST, "/v1/timelines/lists", Some(who)).json(&json!({"title": title}))).await
}

fn at(list: &Value) -> String {
    format!("/v1/timelines/lists/{}", id(list))
}

async fn put(social: &TestSocial, who: &Person, list: &Value, whom: &Person) -> StatusCode {
    answer(social.request(Method::PUT, &format!("{}/members/{}", at(list), whom.id), Some(who))).await.0
}

async fn post(social: &TestSocial, who: &Person, visibility: &str) -> String {
    id(&social.posted(who, json!({"text": "a", "visibility": visibility})).await).to_owned()
}

#[tokio::test]
async fn a_list_holds_the_posts_of_its_members_that_its_owner_may_see() {
    let social = TestSocial::spawn().await;
    let [owner, ada, bob, eve] = [(); 4].map(|()| social.person());
    let (status, list) = make(&social, &owner, " Close ones ").await;
    assert_eq!((status, &list["title"]), (StatusCode::CREATED, &json!("Close ones")));
    let mut expected = Vec::new();
    for author in [&ada, &bob, &eve] {
        social.follow(&owner, author).await;
        for visibility in ["public", "followers", "friends", "direct"] {
            let made = post(&social, author, visibility).await;
            if author.id != eve.id && ["public", "followers"].contains(&visibility) {
                expected.insert(0, made);
            }
        }
    }
    for member in [&ada, &bob, &ada] {
        assert_eq!(put(&social, &owner, &list, member).await, StatusCode::NO_CONTENT);
    }
    for limit in [1, 3, 80] {
        assert_eq!(social.list(&format!("{}?limit={limit}", at(&list)), Some(&owner)).await, expected);
    }
    let members = social.list(&format!("{}/members?limit=1", at(&list)), Some(&owner)).await;
    assert_eq!(members, [bob.id.to_string(), ada.id.to_string()]);

    // Whom one follows no more, or mutes, stays a member, unseen.
    social.unfollow(&owner, &bob).await;
    let muted = RelationChanged { follows: true, mutes: true, ..RelationChanged::nothing(owner.id, ada.id) };
    social.tell(Fact::RelationChanged(muted)).await;
    assert_eq!(social.list(&at(&list), Some(&owner)).await, NONE);
    social.follow(&owner, &bob).await;
    assert_eq!(social.list(&at(&list), Some(&owner)).await.len(), 2);
    let out = social.request(Method::DELETE, &format!("{}/members/{}", at(&list), bob.id), Some(&owner));
    assert_eq!(answer(out).await.0, StatusCode::NO_CONTENT);
    assert_eq!(social.list(&at(&list), Some(&owner)).await, NONE);
}

#[tokio::test]
async fn a_list_is_its_owners_alone() {
    let social = TestSocial::spawn().await;
    let [owner, eve, ada] = [(); 3].map(|()| social.person());
    post(&social, &ada, "public").await;
    social.follow(&owner, &ada).await;
    let (_, list) = make(&social, &owner, "a").await;
    let nothing = json!({"id": "4711"});
    for (method, below) in [
        (Method::GET, String::new()),
        (Method::PATCH, String::new()),
        (Method::DELETE, String::new()),
        (Method::GET, "/members".to_owned()),
        (Method::PUT, format!("/members/{}", ada.id)),
        (Method::DELETE, format!("/members/{}", ada.id)),
    ] {
        let ask = async |of: &Value| {
            let request = social.request(method.clone(), &format!("{}{below}", at(of)), Some(&eve));
            answer(if method == Method::PATCH { request.json(&json!({"title": "b"})) } else { request }).await
        };
        let asked = ask(&list).await;
        assert_eq!(asked.0, StatusCode::NOT_FOUND, "{method} {below}");
        assert_eq!(asked, ask(&nothing).await);
    }
    assert_eq!(social.read("/v1/timelines/lists", Some(&eve)).await["items"], json!([]));
    assert_eq!(social.read("/v1/timelines/lists", Some(&owner)).await["items"], json!([list]));
}

#[tokio::test]
async fn a_list_is_renamed_and_deleted() {
    let social = TestSocial::spawn().await;
    let owner = social.person();
    let (_, list) = make(&social, &owner, "a").await;
    let renamed = social.request(Method::PATCH, &at(&list), Some(&owner)).json(&json!({"title": "b"}));
    assert_eq!(answer(renamed).await, (StatusCode::OK, json!({"id": list["id"], "title": "b"})));
    assert_eq!(answer(social.request(Method::DELETE, &at(&list), Some(&owner))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(social.get(&at(&list), Some(&owner)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_a_list_is_refused() {
    let social = TestSocial::spawn().await;
    let [owner, ada] = [(); 2].map(|()| social.person());
    post(&social, &ada, "public").await;
    for title in ["", "  ", &"a".repeat(101)] {
        assert_eq!(make(&social, &owner, title).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (_, list) = make(&social, &owner, "a").await;
    assert_eq!(put(&social, &owner, &list, &ada).await, StatusCode::UNPROCESSABLE_ENTITY, "whom one does not follow");
    for _ in 1..50 {
        assert_eq!(make(&social, &owner, "a").await.0, StatusCode::CREATED);
    }
    assert_eq!(make(&social, &owner, "a").await.0, StatusCode::CONFLICT);
}
