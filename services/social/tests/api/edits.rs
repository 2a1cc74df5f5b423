use contracts::Service;
use contracts::photo::PhotoVisibility::{Private, Public};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, id, path};
use crate::support::{Person, TestSocial};

async fn edit(social: &TestSocial, who: &Person, post: &Value, change: Value) -> (StatusCode, Value) {
    answer(social.request(Method::PATCH, &path(post), Some(who)).json(&change)).await
}

/// What a post said before, as somebody sees it.
async fn said(social: &TestSocial, post: &Value, who: Option<&Person>) -> Vec<String> {
    let revisions = social.read(&format!("{}/revisions", path(post)), who).await;
    revisions["items"].as_array().unwrap().iter().map(|revision| revision["text"].as_str().unwrap().to_owned()).collect()
}

/// The posts of which it was told that fewer see them.
async fn narrowed(social: &TestSocial) -> Vec<Value> {
    social.told().await.into_iter().map(|fact| fact["post"].clone()).collect()
}

#[tokio::test]
async fn an_edited_post_says_the_new_and_keeps_the_old() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "one", "content_warning": "w", "language": "en"})).await;
    let edited = social.edited(&ada, &post, json!({"text": "two #tag", "language": null})).await;
    assert_eq!((&edited["text"], &edited["content_warning"], edited.get("language")), (&json!("two #tag"), &json!("w"), None));
    assert!(edited["edited_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(edited.get("pending"), None);
    assert_eq!(social.read(&path(&post), None).await, edited);
    social.edited(&ada, &post, json!({"content_warning": ""})).await;
    assert_eq!(said(&social, &post, None).await, ["two #tag", "one"]);

    // What changes nothing is no edit, and makes no revision.
    let before = social.read(&path(&post), None).await;
    for nothing in [json!({}), json!({"text": "two #tag"}), json!({"visibility": "public"}), json!({"photos": []})] {
        assert_eq!(social.edited(&ada, &post, nothing).await, before);
    }
    assert_eq!(said(&social, &post, None).await.len(), 2);
    assert_eq!(narrowed(&social).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_cannot_be_edited_is_refused() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.commented(&ada, &post, "b").await;
    for (of, wrong, field) in [
        (&post, json!({"text": " "}), "text"),
        (&post, json!({"text": null, "parent": "1"}), "parent"),
        (&post, json!({"language": "english"}), "language"),
        (&post, json!({"visibility": "sideways"}), "visibility"),
        (&post, json!({"photos": ["1"]}), "photos[0]"),
        (&comment, json!({"visibility": "direct"}), "visibility"),
    ] {
        let (status, problem) = edit(&social, &ada, of, wrong).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
    }
    let nothing = edit(&social, &bob, &json!({"id": "4711"}), json!({"text": "c"})).await;
    assert_eq!(nothing.0, StatusCode::NOT_FOUND);
    assert_eq!(edit(&social, &bob, &post, json!({"text": "c"})).await, nothing);
    assert_eq!(social.read(&path(&post), None).await["text"], "a");
}

#[tokio::test]
async fn whoever_may_see_a_post_sees_of_its_past_what_was_for_them() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "for followers", "visibility": "followers"})).await;
    social.edited(&ada, &post, json!({"text": "for all", "visibility": "public"})).await;
    social.edited(&ada, &post, json!({"text": "for all, still"})).await;
    for (who, expected) in [(Some(&bob), vec!["for all", "for followers"]), (Some(&eve), vec!["for all"]), (None, vec!["for all"])] {
        assert_eq!(said(&social, &post, who).await, expected);
    }
    social.edited(&ada, &post, json!({"visibility": "followers"})).await;
    assert_eq!(social.get(&format!("{}/revisions", path(&post)), Some(&eve)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_edit_takes_the_whole_thread_to_another_audience() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.befriend(&ada, &bob).await;
    let hidden = social.photos.upload(&bob, Private);
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [hidden.id]})).await;
    let below = social.commented(&eve, &comment, "c").await;
    for (visibility, hers) in [("friends", StatusCode::NOT_FOUND), ("unlisted", StatusCode::OK), ("direct", StatusCode::NOT_FOUND)] {
        social.edited(&ada, &post, json!({"visibility": visibility})).await;
        for of in [&post, &comment, &below] {
            assert_eq!(social.get(&path(of), Some(&eve)).await.0, hers, "{visibility}");
            assert_eq!(social.get(&path(of), Some(&ada)).await.0, StatusCode::OK, "{visibility}");
        }
    }
    // To fewer, and to fewer again: each time photo is told of all that granted something.
    let once = [comment["id"].clone(), post["id"].clone()];
    assert_eq!(narrowed(&social).await, [once.clone(), once].concat());
}

#[tokio::test]
async fn a_photo_or_a_mention_taken_away_is_taken_from_whoever_had_it() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.posted(&bob, json!({"text": "a"})).await;
    let [one, two] = [Private, Public].map(|visibility| social.photos.upload(&ada, visibility));
    let text = format!("@person_{}", bob.id);
    let post = social.posted(&ada, json!({"text": text, "photos": [one.id, two.id], "visibility": "direct"})).await;
    let edited = social.edited(&ada, &post, json!({"photos": [two.id, one.id]})).await;
    assert_eq!(edited["photos"][0]["id"], json!(two.id));
    assert_eq!(narrowed(&social).await.len(), 0, "everybody sees as much as before");
    social.edited(&ada, &post, json!({"photos": [two.id]})).await;
    assert_eq!(narrowed(&social).await.len(), 1);
    assert_eq!(social.get(&path(&post), Some(&bob)).await.0, StatusCode::OK);
    social.edited(&ada, &post, json!({"text": "to nobody"})).await;
    assert_eq!(narrowed(&social).await, [post["id"].clone(), post["id"].clone()]);
    assert_eq!(social.get(&path(&post), Some(&bob)).await.0, StatusCode::NOT_FOUND);
}

/// What a post showed before each edit, as somebody sees it: ids, and whether a grant comes with them.
async fn showed(social: &TestSocial, post: &Value, who: Option<&Person>) -> Vec<Vec<(String, bool)>> {
    let revisions = social.read(&format!("{}/revisions", path(post)), who).await;
    let photo = |photo: &Value| (id(photo).to_owned(), photo["urls"]["large"].as_str().unwrap().contains("?grant="));
    let photos = |revision: &Value| revision["photos"].as_array().unwrap().iter().map(photo).collect();
    revisions["items"].as_array().unwrap().iter().map(photos).collect()
}

#[tokio::test]
async fn whoever_may_see_a_post_sees_what_it_showed_before() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let [own, new] = [Private, Public].map(|visibility| social.photos.upload(&ada, visibility));
    let his = social.photos.upload(&bob, Public);
    let post = social.posted(&ada, json!({"text": "a", "photos": [own.id, his.id]})).await;
    social.edited(&ada, &post, json!({"photos": [new.id]})).await;
    social.edited(&ada, &post, json!({"text": "b"})).await;
    assert_eq!(said(&social, &post, None).await, ["a", "a"]);
    let [own_id, new_id, his_id] = [&own, &new, &his].map(|photo| photo.id.to_string());
    let last = vec![(new_id, false)];
    for (who, first) in [
        (Some(&ada), vec![(own_id.clone(), false), (his_id.clone(), false)]),
        (Some(&bob), vec![(own_id.clone(), true), (his_id.clone(), false)]),
        (None, vec![(his_id.clone(), false)]),
    ] {
        assert_eq!(showed(&social, &post, who).await, [last.clone(), first]);
    }
    // What another has taken back does not come back, and what is deleted is gone.
    for state in [his.made_private(), his.state.clone()] {
        social.tell(his.changed(Some(state))).await;
        assert_eq!(showed(&social, &post, Some(&ada)).await, [last.clone(), vec![(own_id.clone(), false)]]);
    }
    social.tell(own.changed(None)).await;
    assert_eq!(showed(&social, &post, Some(&ada)).await, [last, vec![]]);
}

#[tokio::test]
async fn a_thread_for_fewer_tells_of_comments_that_showed_a_private_photo_before() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let photo = social.photos.upload(&bob, Private);
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [photo.id]})).await;
    social.edited(&bob, &comment, json!({"photos": []})).await;
    social.edited(&ada, &post, json!({"visibility": "followers"})).await;
    assert_eq!(narrowed(&social).await, [comment["id"].clone(), comment["id"].clone(), post["id"].clone()]);
}

#[tokio::test]
async fn a_narrowing_is_pending_while_photo_has_not_heard() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let stuck = "insert into outbox_cursors (consumer, position) values ('photo', 0)";
    sqlx::query(stuck).execute(&social.db.superuser_pool(Service::Social)).await.unwrap();
    let (status, body) = edit(&social, &ada, &post, json!({"visibility": "followers"})).await;
    assert_eq!((status, &body["pending"], &body["visibility"]), (StatusCode::ACCEPTED, &json!(true), &json!("followers")));
    // To let more see it waits for nobody.
    assert_eq!(edit(&social, &ada, &post, json!({"visibility": "public"})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_post_is_changed_fifty_times_at_the_most_and_hidden_even_then() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "0"})).await;
    for n in 1..=50 {
        social.edited(&ada, &post, json!({"text": n.to_string()})).await;
    }
    assert_eq!(edit(&social, &ada, &post, json!({"text": "51"})).await.0, StatusCode::CONFLICT);
    assert_eq!((said(&social, &post, None).await.len(), id(&post).is_empty()), (50, false));
    assert_eq!(edit(&social, &ada, &post, json!({"visibility": "direct"})).await.0, StatusCode::OK);
    assert_eq!(social.read(&path(&post), Some(&ada)).await["text"], "50");
}

#[tokio::test]
async fn a_post_shows_something_else_fifty_times_at_the_most() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let [one, two] = [(); 2].map(|()| social.photos.upload(&ada, Public).id);
    let post = social.posted(&ada, json!({"text": "a", "photos": [one]})).await;
    for n in 0..50 {
        let shown = if n % 2 == 0 { &two } else { &one };
        social.edited(&ada, &post, json!({"photos": [shown]})).await;
    }
    assert_eq!(edit(&social, &ada, &post, json!({"photos": [two]})).await.0, StatusCode::CONFLICT);
    assert_eq!(said(&social, &post, None).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_comment_keeps_an_audience_that_its_root_lost_meanwhile() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    for _ in 0..10 {
        let post = social.posted(&ada, json!({"text": "a"})).await;
        let mut asked = tokio::task::JoinSet::new();
        for n in 0..6 {
            let comment = social.post(&bob, &json!({"text": "b", "parent": post["id"]}));
            asked.spawn(async move { answer(comment).await.0 });
            if n == 3 {
                let edit = social.request(Method::PATCH, &path(&post), Some(&ada)).json(&json!({"visibility": "friends"}));
                asked.spawn(async move { answer(edit).await.0 });
            }
        }
        asked.join_all().await;
        let thread = social.read(&format!("{}/comments", path(&post)), Some(&ada)).await;
        assert!(thread["items"].as_array().unwrap().iter().all(|comment| comment["visibility"] == "friends"), "{thread}");
    }
}

#[tokio::test]
async fn a_post_that_is_shown_to_more_tells_those_whom_its_thread_mentions() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for who in [&bob, &eve] {
        social.posted(who, json!({"text": "a"})).await;
    }
    social.befriend(&ada, &eve).await;
    let mention = format!("@person_{} @person_{}", bob.id, eve.id);
    let post = social.posted(&ada, json!({"text": mention, "visibility": "friends"})).await;
    let comment = social.commented(&eve, &post, &mention).await;
    let mentions = async |who: &Person| -> Vec<Value> {
        let told = social.read("/v1/notifications", Some(who)).await;
        let told = told["items"].as_array().unwrap().iter().inspect(|told| assert_eq!(told["kind"], "mention"));
        told.map(|told| told["post"]["id"].clone()).collect()
    };
    assert_eq!(mentions(&bob).await, Vec::<Value>::new());
    social.edited(&ada, &post, json!({"visibility": "followers"})).await;
    assert_eq!(mentions(&bob).await, Vec::<Value>::new());
    // Whom it mentions no more is not told of it.
    social.edited(&ada, &post, json!({"visibility": "unlisted", "text": format!("@person_{}", eve.id)})).await;
    assert_eq!(mentions(&bob).await, [comment["id"].clone()]);
    let other = social.posted(&ada, json!({"text": mention, "visibility": "direct"})).await;
    let secret = social.posted(&ada, json!({"text": mention, "visibility": "friends"})).await;
    for visibility in ["public", "friends", "public"] {
        social.edited(&ada, &secret, json!({"visibility": visibility})).await;
    }
    // Each is told once.
    assert_eq!(mentions(&bob).await, [&secret, &other, &comment].map(|post| post["id"].clone()));
    assert_eq!(mentions(&eve).await, [&secret, &other, &post].map(|post| post["id"].clone()));
}
