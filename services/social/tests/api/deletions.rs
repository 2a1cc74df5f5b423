use contracts::Service;
use contracts::fact::{AccountErased, AccountForgotten, AccountState, Fact, PostNarrowed};
use contracts::photo::PhotoVisibility::{Private, Public};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, eventually, id, ids, path};
use crate::home::{HOME, write};
use crate::support::{Person, TestSocial};

#[tokio::test]
async fn a_post_is_deleted_by_its_author_with_its_whole_thread() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.commented(&bob, &post, "b").await;
    let answered = social.commented(&ada, &comment, "c").await;
    for of in [&post, &comment] {
        assert_eq!(answer(social.react(Method::PUT, &bob, of, "👍")).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(social.delete(&bob, &post).await, StatusCode::NOT_FOUND);
    assert_eq!(social.delete(&ada, &post).await, StatusCode::NO_CONTENT);
    assert_eq!(social.delete(&ada, &post).await, StatusCode::NOT_FOUND);
    for gone in [&post, &comment, &answered] {
        assert_eq!(social.get(&path(gone), Some(&ada)).await.0, StatusCode::NOT_FOUND);
    }
    for table in ["posts", "reactions", "reaction_counts"] {
        assert_eq!(social.count(table).await, 0, "{table}");
    }

    let expected = Fact::PostNarrowed(PostNarrowed { post: id(&post).parse().unwrap(), author: ada.id });
    assert_eq!(social.told().await, [serde_json::to_value(expected).unwrap()]);
}

#[tokio::test]
async fn deleting_a_post_ends_the_grants_of_its_whole_thread() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let (hidden, shown) = (social.photos.upload(&bob, Private), social.photos.upload(&bob, Public));
    let mut granting = Vec::new();
    for (photo, private) in [(&hidden, true), (&shown, false), (&hidden, true)] {
        let comment = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [photo.id]})).await;
        if private {
            granting.push((id(&comment).to_owned(), bob.id));
        }
    }
    assert_eq!(social.delete(&ada, &post).await, StatusCode::NO_CONTENT);
    granting.push((id(&post).to_owned(), ada.id));
    let told = granting.into_iter().map(|(post, author)| Fact::PostNarrowed(PostNarrowed { post: post.parse().unwrap(), author }));
    let told: Vec<Value> = told.map(|fact| serde_json::to_value(fact).unwrap()).collect();
    assert_eq!(social.told().await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_and_its_comments_are_deleted_at_once_without_a_deadlock() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for _ in 0..10 {
        let post = social.posted(&ada, json!({"text": "a"})).await;
        let mut thread = vec![post.clone()];
        for _ in 0..6 {
            let comment = social.commented(&ada, thread.last().unwrap(), "b").await;
            thread.push(comment);
        }
        let mut asked = JoinSet::new();
        for of in thread.iter().rev() {
            for request in [
                social.request(Method::DELETE, &path(of), Some(&ada)),
                social.post(&ada, &json!({"text": "c", "parent": of["id"]})),
                social.react(Method::PUT, &ada, of, "👍"),
                social.request(Method::PATCH, &path(of), Some(&ada)).json(&json!({"text": "d"})),
            ] {
                asked.spawn(async move { answer(request).await });
            }
        }
        for (status, body) in asked.join_all().await {
            assert!(!status.is_server_error(), "{status}: {body}");
        }
        assert_eq!(social.delete(&ada, &post).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(social.count("posts").await, 0);
}

#[tokio::test]
async fn a_deletion_is_pending_while_photo_has_not_heard() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let stuck = "insert into outbox_cursors (consumer, position) values ('photo', 0)";
    sqlx::query(stuck).execute(&social.db.superuser_pool(Service::Social)).await.unwrap();
    let deletion = social.request(Method::DELETE, &path(&post), Some(&ada));
    assert_eq!(answer(deletion).await, (StatusCode::ACCEPTED, json!({"pending": true})));
    assert_eq!(social.get(&path(&post), Some(&ada)).await.0, StatusCode::NOT_FOUND);
}

/// Writes many answers to a post or comment, and what many others made of it.
async fn grow(social: &TestSocial, of: &Value, root: &Value, author: &Person) {
    let (of, root, author) = (id(of), id(root), author.id);
    social
        .plant(&[
            format!(
                "insert into posts (author, text, visibility, parent, root, root_author)
                 select {author}, 'b', visibility, {of}, id, author from posts, generate_series(1, 1500) where id = {root}"
            ),
            format!("update posts set comments_count = comments_count + 1500 where id = {of}"),
            format!("insert into reactions (post, account, emoji) select {of}, 9000000 + n, '👍' from generate_series(1, 2500) n"),
            format!("insert into reaction_counts (post, emoji, count) values ({of}, '👍', 2500)"),
            format!("insert into bookmarks (account, post) select 9000000 + n, {of} from generate_series(1, 1500) n"),
            format!("insert into notifications (account, kind, post) select author, 'reaction', id from posts where id = {of}"),
            format!(
                "insert into notification_actors (notification, actor)
                 select number, 9000000 + n from notifications, generate_series(1, 2500) n where post = {of} and kind = 'reaction'"
            ),
        ])
        .await;
}

async fn all_gone(social: &TestSocial) {
    eventually("nothing is left to delete", async || social.count("deletions").await == 0).await;
}

#[tokio::test]
async fn a_huge_thread_is_hidden_at_once_and_goes_bit_by_bit() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let kept = social.posted(&ada, json!({"text": "needle"})).await;
    let post = social.posted(&ada, json!({"text": "needle #sea"})).await;
    let photo = social.photos.upload(&bob, Private);
    let comment = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [photo.id]})).await;
    // One that showed it before an edit has granted it as well.
    let edited = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [photo.id]})).await;
    social.edited(&bob, &edited, json!({"photos": []})).await;
    let before = social.told().await.len();
    grow(&social, &post, &post, &bob).await;
    let deletion = social.request(Method::DELETE, &path(&post), Some(&ada));
    assert_eq!(answer(deletion).await, (StatusCode::ACCEPTED, json!({"pending": true})));
    for gone in [&post, &comment, &edited] {
        assert_eq!(social.get(&path(gone), Some(&bob)).await.0, StatusCode::NOT_FOUND);
        assert_eq!(social.delete(&ada, gone).await, StatusCode::NOT_FOUND);
    }
    for list in ["timelines/public".to_owned(), format!("timelines/accounts/{}", ada.id), "search?q=needle".to_owned()] {
        assert_eq!(ids(&social.read(&format!("/v1/{list}"), Some(&ada)).await), [id(&kept)], "{list}");
    }
    assert_eq!(social.read(&format!("/v1/profiles/{}", ada.id), None).await["posts_count"], 1);
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);

    all_gone(&social).await;
    for table in ["posts", "stream_events where kind = 'delete'"] {
        assert_eq!(social.count(table).await, 1, "{table}");
    }
    for table in ["reactions", "reaction_counts", "bookmarks", "notifications", "notification_actors", "post_tags"] {
        assert_eq!(social.count(table).await, 0, "{table}");
    }
    let told = [(&post, &ada), (&comment, &bob), (&edited, &bob)]
        .map(|(post, author)| Fact::PostNarrowed(PostNarrowed { post: id(post).parse().unwrap(), author: author.id }));
    assert_eq!(social.told().await[before..], told.map(|fact| serde_json::to_value(fact).unwrap()));
}

#[tokio::test]
async fn no_list_ends_at_a_post_that_is_being_taken_away() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    social.posted(&ada, json!({"text": "a"})).await;
    social.follow(&reader, &ada).await;
    let mut expected = write(&pool, &ada, 1_000).await;
    let (_, list) = answer(social.request(Method::POST, "/v1/timelines/lists", Some(&reader)).json(&json!({"title": "a"}))).await;
    let list = format!("/v1/timelines/lists/{}", id(&list));
    let member = social.request(Method::PUT, &format!("{list}/members/{}", ada.id), Some(&reader));
    assert_eq!(answer(member).await.0, StatusCode::NO_CONTENT);
    // Below what a home timeline keeps ready. Whoever takes it away waits for the lock.
    let going = expected.remove(900);
    let mut held = pool.begin().await.unwrap();
    sqlx::query("select from posts where id = $1::bigint for update").bind(&going).execute(&mut *held).await.unwrap();
    social.plant(&[format!("insert into deletions (post) values ({going})")]).await;
    for list in [HOME, list.as_str()] {
        assert_eq!(social.list(&format!("{list}?limit=80"), Some(&reader)).await, expected, "{list}");
    }
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_deletion_that_cannot_succeed_holds_up_no_other() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let ada = social.person();
    let [first, second] = [social.posted(&ada, json!({"text": "a"})).await, social.posted(&ada, json!({"text": "b"})).await];
    let refuse = format!(
        "create function refuse() returns trigger language plpgsql as 'begin raise exception ''never''; end';
         create trigger refused before delete on posts for each row when (old.id = {}) execute function refuse()",
        id(&first)
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(refuse)).execute(&pool).await.unwrap();
    social.plant(&[format!("insert into deletions (post) select id from posts where author = {}", ada.id)]).await;
    eventually("the second is gone", async || social.count(&format!("posts where id = {}", id(&second))).await == 0).await;
    assert_eq!(social.count(&format!("deletions where post = {} and failures > 0", id(&first))).await, 1);
    sqlx::query("drop trigger refused on posts").execute(&pool).await.unwrap();
    all_gone(&social).await;
    assert_eq!(social.count("posts").await, 0);
}

#[tokio::test]
async fn a_comment_with_many_answers_goes_and_they_stay() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.commented(&bob, &post, "b").await;
    grow(&social, &comment, &post, &ada).await;
    assert_eq!(social.delete(&bob, &comment).await, StatusCode::ACCEPTED);
    assert_eq!(social.get(&path(&comment), Some(&bob)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(social.read(&path(&post), None).await["comments_count"], 0);
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
    all_gone(&social).await;
    assert_eq!(social.count("posts").await, 1_501);
    assert_eq!(social.count("posts where parent is not null").await, 0);
    let answers = social.read(&format!("{}/comments?limit=80", path(&post)), None).await;
    assert_eq!(ids(&answers).len(), 80);
}

#[tokio::test]
async fn an_erasure_takes_a_huge_thread_with_it() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.posted(&bob, json!({"text": "a"})).await;
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    grow(&social, &post, &post, &bob).await;
    social.hide(&ada, AccountState::Hidden).await;
    social.tell(Fact::AccountErased(AccountErased { account: ada.id })).await;
    let forgotten = Fact::AccountForgotten(AccountForgotten { account: ada.id, service: Service::Social });
    let forgotten = serde_json::to_value(forgotten).unwrap();
    eventually("social says that it has forgotten", async || social.told().await.contains(&forgotten)).await;
    for (table, rows) in [("posts", 1), ("deletions", 0), ("reactions", 0)] {
        assert_eq!(social.count(table).await, rows, "{table}");
    }
}
