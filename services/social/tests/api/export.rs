use std::collections::BTreeMap;

use contracts::Service;
use contracts::export::{EXPORT, ExportFile, ExportPage, ExportRequest};
use contracts::photo::PhotoVisibility::Private;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id, path};
use crate::support::{Person, TestSocial};

/// What `caller` is answered, page after page, when it asks for all that is somebody's.
async fn exported(social: &TestSocial, caller: Service, of: &Person) -> Result<BTreeMap<String, Value>, StatusCode> {
    let token = social.issuer.signer(caller).tokens_for(Service::Social);
    let (mut files, mut after) = (BTreeMap::new(), None);
    loop {
        let asked = ExportRequest { account: of.id, after };
        let request = social.http.post(format!("{}{EXPORT}", social.private_url)).bearer_auth(token()).json(&asked);
        let answer = request.send().await.unwrap();
        if answer.status() != StatusCode::OK {
            return Err(answer.status());
        }
        let page: ExportPage = answer.json().await.unwrap();
        for file in page.files {
            let ExportFile::Json { name, contents } = file else { panic!("social has JSON alone") };
            assert!(files.insert(name.clone(), contents).is_none(), "{name} comes twice");
        }
        match page.after {
            Some(next) => after = Some(next),
            None => return Ok(files),
        }
    }
}

#[tokio::test]
async fn auth_gets_all_that_somebody_wrote_and_kept() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let his = social.posted(&bob, json!({"text": "a"})).await;
    let photo = social.photos.upload(&ada, Private);
    let hers = social.posted(&ada, json!({"text": "b", "visibility": "friends", "photos": [photo.id]})).await;
    social.edited(&ada, &hers, json!({"text": "c"})).await;
    let comment = social.commented(&ada, &his, "d").await;
    social.follow(&ada, &bob).await;
    for below in ["reactions/👍", "bookmark"] {
        let request = social.request(Method::PUT, &format!("{}/{below}", path(&his)), Some(&ada));
        assert_eq!(answer(request).await.0, StatusCode::NO_CONTENT);
    }
    answer(social.request(Method::PUT, "/v1/tags/sea/follow", Some(&ada))).await;
    let (_, list) = answer(social.request(Method::POST, "/v1/timelines/lists", Some(&ada)).json(&json!({"title": "e"}))).await;
    answer(social.request(Method::PUT, &format!("/v1/timelines/lists/{}/members/{}", id(&list), bob.id), Some(&ada))).await;
    let report = json!({"reason": "spam", "note": "f"});
    answer(social.request(Method::POST, &format!("{}/reports", path(&his)), Some(&ada)).json(&report)).await;

    let files = exported(&social, Service::Auth, &ada).await.unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let parts = ["bookmarks", "comments", "followed_tags", "lists", "posts", "profile.json", "reactions", "reports", "revisions"];
    let expected = parts.map(|part| if part == "profile.json" { part.to_owned() } else { format!("{part}/0001.json") });
    assert_eq!(names, expected);
    assert_eq!(files["profile.json"]["handle"], format!("person_{}", ada.id));
    let post = &files["posts/0001.json"][0];
    assert_eq!((&post["id"], &post["text"], &post["visibility"]), (&hers["id"], &json!("c"), &json!("friends")));
    assert!(post["created_at"].as_str().unwrap().starts_with("20"), "{post}");
    let said = &files["comments/0001.json"][0];
    assert_eq!((&said["id"], &said["text"], &said["parent"]), (&comment["id"], &json!("d"), &his["id"]));
    let before = &files["revisions/0001.json"][0]["revisions"][0];
    assert_eq!((&before["text"], &before["photos"]), (&json!("b"), &json!([photo.id])));
    assert_eq!(files["reactions/0001.json"], json!([{"post": his["id"], "emoji": "👍"}]));
    assert_eq!(files["bookmarks/0001.json"], json!([{"post": his["id"]}]));
    assert_eq!(files["followed_tags/0001.json"], json!([{"tag": "sea"}]));
    assert_eq!(files["lists/0001.json"], json!([{"title": "e", "members": [bob.id]}]));
    assert_eq!(files["reports/0001.json"][0]["note"], "f");
}

#[tokio::test]
async fn many_posts_are_exported_in_files_without_a_gap() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    social.posted(&ada, json!({"text": "0"})).await;
    let many = "insert into posts (author, text, visibility) select $1, n::text, 'unlisted' from generate_series(1, 149) n";
    sqlx::query(many).bind(ada.id).execute(&social.db.superuser_pool(Service::Social)).await.unwrap();
    let files = exported(&social, Service::Auth, &ada).await.unwrap();
    let posts = files.iter().filter(|(name, _)| name.starts_with("posts/"));
    let posts: Vec<&Vec<Value>> = posts.map(|(_, contents)| contents.as_array().unwrap()).collect();
    assert_eq!(posts.iter().map(|posts| posts.len()).collect::<Vec<_>>(), [50, 50, 50]);
    let mut texts: Vec<i64> = posts.into_iter().flatten().map(|post| post["text"].as_str().unwrap().parse().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..150).collect::<Vec<i64>>());
}

#[tokio::test]
async fn nobody_but_auth_gets_it() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    assert_eq!(exported(&social, Service::Auth, &ada).await, Ok(BTreeMap::new()), "there is nothing");
    for caller in [Service::Photo, Service::Relation, Service::Social] {
        assert_eq!(exported(&social, caller, &ada).await, Err(StatusCode::FORBIDDEN), "{caller}");
    }
}
