//! Who is suspended, or about to leave, is seen by nobody until they come back. The histories hold every way to read posts against a
//! model; here is the rest.

use contracts::fact::{AccountState, Fact, RelationEvent, RelationHappened};
use contracts::photo::PhotoVisibility::Public;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{NONE, answer, eventually, id, ids, path};
use crate::support::{Person, TestSocial};

async fn react(social: &TestSocial, who: &Person, post: &Value) {
    assert_eq!(answer(social.react(Method::PUT, who, post, "👍")).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_somebody_hidden_did_is_in_no_count_and_back_when_they_are() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    social.commented(&bob, &post, "b").await;
    social.commented(&eve, &post, "c").await;
    for who in [&bob, &eve] {
        react(&social, who, &post).await;
    }
    let counted = async |of: Option<&Person>| {
        let post = social.read(&path(&post), of).await;
        (post["comments_count"].as_i64(), post["reactions"][0]["count"].as_i64())
    };
    let viewers = [None, Some(&ada), Some(&eve)];
    for (state, expected) in [(AccountState::Hidden, 1), (AccountState::Active, 2), (AccountState::Hidden, 1)] {
        social.hide(&bob, state).await;
        for who in viewers {
            let follow = async || counted(who).await == (Some(expected), Some(expected));
            eventually(&format!("counts after {state:?}"), follow).await;
        }
    }
    // A block of somebody hidden takes nothing twice.
    social.block(&ada, &bob).await;
    assert_eq!(counted(Some(&ada)).await, (Some(1), Some(1)));
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn whoever_has_said_thousands_of_things_is_hidden_at_once_and_counts_follow_in_batches() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let comment = social.commented(&bob, &post, "b").await;
    let (root, ada_id, bob_id) = (id(&post), ada.id, bob.id);
    social
        .plant(&[
            format!(
                "insert into posts (author, text, visibility, parent, root, root_author)
                 select {bob_id}, 'b', 'public', {root}, {root}, {ada_id} from generate_series(1, 2500)"
            ),
            format!("update posts set comments_count = 2501 where id = {root}"),
            format!("insert into posts (author, text, visibility) select {ada_id}, 'a', 'public' from generate_series(1, 1500)"),
            format!("update profiles set posts_count = 1501 where id = {ada_id}"),
            format!("insert into reactions (post, account, emoji) select id, {bob_id}, '👍' from posts where author = {ada_id}"),
            "insert into reaction_counts (post, emoji, count) select post, emoji, 1 from reactions".to_owned(),
        ])
        .await;
    let counted = async || {
        let post = social.read(&path(&post), Some(&ada)).await;
        (post["comments_count"].as_i64(), post["reactions"][0]["count"].as_i64())
    };
    assert_eq!(counted().await, (Some(2501), Some(1)));

    social.hide(&bob, AccountState::Hidden).await;
    assert_eq!(social.get(&path(&comment), Some(&ada)).await.0, StatusCode::NOT_FOUND);
    eventually("nothing is owed", async || social.count("hidden_counts_owed").await == 0).await;
    assert_eq!(counted().await, (Some(0), None));
    for (table, rows) in [("hidden_answers", 2501), ("hidden_reactions", 1501)] {
        assert_eq!((social.count(table).await, social.most_at_once(table).await), (rows, 1000), "{table}");
    }
    // Whatever comes in the middle of it, the last word counts.
    for state in [AccountState::Active, AccountState::Hidden, AccountState::Active] {
        social.hide(&bob, state).await;
    }
    assert_eq!(social.get(&path(&comment), Some(&ada)).await.0, StatusCode::OK);
    eventually("nothing is owed", async || social.count("hidden_counts_owed").await == 0).await;
    assert_eq!(counted().await, (Some(2501), Some(1)));
    assert_eq!(social.count("hidden_answers").await + social.count("hidden_reactions").await, 0);
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn somebody_hidden_is_not_found_mentioned_listed_or_reported() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    social.posted(&bob, json!({"text": "a"})).await;
    social.follow(&ada, &bob).await;
    social.posted(&ada, json!({"text": "b"})).await;
    let (_, list) = answer(social.request(Method::POST, "/v1/timelines/lists", Some(&ada)).json(&json!({"title": "Friends"}))).await;
    let list = format!("/v1/timelines/lists/{}", id(&list));
    let member = social.request(Method::PUT, &format!("{list}/members/{}", bob.id), Some(&ada));
    assert_eq!(answer(member).await.0, StatusCode::NO_CONTENT);

    let handle = format!("person_{}", bob.id);
    let profile = format!("/v1/profiles/{}", bob.id);
    let seen = async |there: bool| {
        let status = if there { StatusCode::OK } else { StatusCode::NOT_FOUND };
        for address in [&profile, &format!("/v1/profiles?handle={handle}")] {
            assert_eq!(social.get(address, Some(&ada)).await.0, status, "{address}");
        }
        let found = ids(&social.read(&format!("/v1/search?type=people&q={handle}"), None).await);
        assert_eq!(found.contains(&bob.id.to_string()), there, "a search");
        assert_eq!(social.list(&format!("{list}/members"), Some(&ada)).await.len(), usize::from(there));
        assert_eq!(social.list(&list, Some(&ada)).await.len(), usize::from(there));
        let mention = social.posted(&ada, json!({"text": format!("@{handle}")})).await;
        assert_eq!(mention["entities"].as_array().unwrap().len(), usize::from(there), "a mention");
    };
    seen(true).await;
    social.hide(&bob, AccountState::Hidden).await;
    seen(false).await;
    let report = social.request(Method::POST, &format!("{profile}/reports"), Some(&ada)).json(&json!({"reason": "spam"}));
    assert_eq!(answer(report).await.0, StatusCode::NOT_FOUND);
    social.hide(&bob, AccountState::Active).await;
    seen(true).await;
}

#[tokio::test]
async fn nobody_is_told_of_somebody_hidden() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    react(&social, &bob, &post).await;
    let told = async || social.list("/v1/notifications", Some(&ada)).await.len();
    assert_eq!(told().await, 1);
    social.hide(&bob, AccountState::Hidden).await;
    assert_eq!(told().await, 0);
    social.tell(Fact::RelationHappened(RelationHappened { event: RelationEvent::Followed, actor: bob.id, target: ada.id })).await;
    social.hide(&bob, AccountState::Active).await;
    assert_eq!(told().await, 1, "what happened meanwhile is not told later");
}

#[tokio::test]
async fn a_photo_of_somebody_hidden_is_not_shown_by_others() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let photo = social.photos.upload(&bob, Public);
    let post = social.posted(&ada, json!({"text": "a", "photos": [photo.id]})).await;
    let shown = async || social.read(&path(&post), None).await["photos"].as_array().unwrap().len();
    for (state, expected) in [(AccountState::Hidden, 0), (AccountState::Active, 1)] {
        social.hide(&bob, state).await;
        assert_eq!(shown().await, expected);
    }
}

#[tokio::test]
async fn a_picture_of_somebody_hidden_stands_beside_no_name() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let admin = social.admin();
    let photo = social.photos.upload(&bob, Public);
    let change = json!({"picture_photo_id": photo.id, "header_photo_id": photo.id});
    let (status, profile) = answer(social.request(Method::PATCH, "/v1/profiles/me", Some(&ada)).json(&change)).await;
    assert_eq!(status, StatusCode::OK, "{profile}");
    let hers = social.posted(&ada, json!({"text": "a"})).await;
    let other = social.posted(&eve, json!({"text": "b"})).await;
    react(&social, &ada, &other).await;
    social.follow(&eve, &ada).await;
    let (_, list) = answer(social.request(Method::POST, "/v1/timelines/lists", Some(&eve)).json(&json!({"title": "Friends"}))).await;
    let members = format!("/v1/timelines/lists/{}/members", id(&list));
    let member = social.request(Method::PUT, &format!("{members}/{}", ada.id), Some(&eve));
    assert_eq!(answer(member).await.0, StatusCode::NO_CONTENT);
    let report = social.request(Method::POST, &format!("{}/reports", path(&hers)), Some(&eve)).json(&json!({"reason": "spam"}));
    let (_, report) = answer(report).await;

    let places = [
        (format!("/v1/profiles/{}", ada.id), None, "/picture"),
        (path(&hers), None, "/author/picture"),
        (format!("/v1/search?type=people&q=person_{}", ada.id), None, "/items/0/picture"),
        (members, Some(&eve), "/items/0/picture"),
        (format!("{}/reactions", path(&other)), None, "/items/0/account/picture"),
        ("/v1/notifications".to_owned(), Some(&eve), "/items/0/people/0/profile/picture"),
        (format!("/v1/moderation/reports/{}", id(&report)), Some(&admin), "/profile_now/picture"),
    ];
    let (picture, header) = (json!(format!("/p/{}/thumb", photo.state.key)), json!(format!("/p/{}/large", photo.state.key)));
    for (state, there) in [(AccountState::Active, true), (AccountState::Hidden, false), (AccountState::Active, true)] {
        social.hide(&bob, state).await;
        for (address, who, place) in &places {
            let shown = social.read(address, *who).await;
            assert_eq!(shown.pointer(place), there.then_some(&picture), "{state:?}: {address}: {shown}");
        }
        assert_eq!(social.read(&places[0].0, None).await.get("header"), there.then_some(&header), "{state:?}");
    }
}

#[tokio::test]
async fn who_is_hidden_does_nothing_with_a_token_that_is_still_good() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let own = social.posted(&bob, json!({"text": "b"})).await;
    social.hide(&bob, AccountState::Hidden).await;
    assert_eq!(answer(social.post(&bob, &json!({"text": "c"}))).await.0, StatusCode::FORBIDDEN);
    assert_eq!(answer(social.react(Method::PUT, &bob, &post, "👍")).await.0, StatusCode::FORBIDDEN);
    for address in ["/v1/timelines/home", "/v1/stream"] {
        assert_eq!(social.get(address, Some(&bob)).await.0, StatusCode::FORBIDDEN, "{address}");
    }
    assert_eq!(social.get(&path(&own), Some(&bob)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(social.list(&format!("/v1/timelines/accounts/{}", bob.id), Some(&bob)).await, NONE);
}

#[tokio::test]
async fn administrators_see_whom_reports_are_about_though_they_are_hidden() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let admin = social.admin();
    let post = social.posted(&bob, json!({"text": "a"})).await;
    let report = social.request(Method::POST, &format!("{}/reports", path(&post)), Some(&ada)).json(&json!({"reason": "spam"}));
    let (status, report) = answer(report).await;
    assert_eq!(status, StatusCode::CREATED, "{report}");
    social.hide(&bob, AccountState::Hidden).await;
    let reports = "/v1/moderation/reports";
    assert_eq!(social.list(reports, Some(&admin)).await, [id(&report)]);
    let case = social.read(&format!("{reports}/{}", id(&report)), Some(&admin)).await;
    assert_eq!((&case["post_now"]["text"], &case["profile_now"]["id"]), (&json!("a"), &json!(bob.id)));
}
