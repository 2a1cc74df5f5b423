use contracts::photo::PhotoVisibility;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{answer, ids, path};
use crate::photo_service::Fault;
use crate::stream::client::Events;
use crate::support::{Person, TestSocial};

async fn change(social: &TestSocial, who: &Person, change: Value) -> (StatusCode, Value) {
    answer(social.request(Method::PATCH, "/v1/profiles/me", Some(who)).json(&change)).await
}

fn by_id(person: &Person) -> String {
    format!("/v1/profiles/{}", person.id)
}

fn by_handle(person: &Person) -> String {
    format!("/v1/profiles?handle=Person_{}", person.id)
}

#[tokio::test]
async fn a_profile_is_what_its_owner_says() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let (status, profile) = change(&social, &ada, json!({"display_name": "Ada 👩‍🚀", "bio": "Weaves\npatterns"})).await;
    assert_eq!(status, StatusCode::OK);
    let handle = format!("person_{}", ada.id);
    let said = json!({"id": ada.id.to_string(), "handle": handle, "display_name": "Ada 👩‍🚀", "bio": "Weaves\npatterns"});
    let unsaid = json!({"pronouns": "", "fields": [], "discoverable": true, "posts_count": 0});
    let whole: serde_json::Map<String, Value> = [said, unsaid].into_iter().flat_map(|part| part.as_object().unwrap().clone()).collect();
    assert_eq!(profile, Value::Object(whole));
    for address in [by_id(&ada), by_handle(&ada)] {
        assert_eq!(social.read(&address, None).await, profile);
    }
    // What is left out stays.
    let (_, profile) = change(&social, &ada, json!({"bio": ""})).await;
    assert_eq!((&profile["display_name"], &profile["bio"]), (&json!("Ada 👩‍🚀"), &json!("")));
    assert_eq!(change(&social, &ada, json!({})).await, (StatusCode::OK, profile));
}

#[tokio::test]
async fn a_profile_has_fields_pronouns_and_a_header() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let header = social.photos.upload(&ada, PhotoVisibility::Public);
    let fields = json!([{"name": "Site", "value": "https://ada.example"}, {"name": "Likes", "value": "looms"}]);
    let asked = json!({"pronouns": "she/her", "fields": fields, "discoverable": false, "header_photo_id": header.id});
    let (status, profile) = change(&social, &ada, asked).await;
    assert_eq!(status, StatusCode::OK, "{profile}");
    assert_eq!((&profile["pronouns"], &profile["fields"], &profile["discoverable"]), (&json!("she/her"), &fields, &json!(false)));
    assert_eq!(profile["header"], format!("/p/{}/large", header.state.key));
    assert_eq!(social.read(&by_handle(&ada), None).await, profile);

    let (_, profile) = change(&social, &ada, json!({"fields": [], "header_photo_id": null})).await;
    assert_eq!((&profile["fields"], profile.get("header"), &profile["pronouns"]), (&json!([]), None, &json!("she/her")));
}

#[tokio::test]
async fn whether_somebody_wants_to_be_found_is_told_when_it_changes() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for said in [json!({"discoverable": true}), json!({"discoverable": false}), json!({"discoverable": false, "bio": "a"})] {
        change(&social, &ada, said).await;
    }
    change(&social, &ada, json!({"bio": "b"})).await;
    change(&social, &ada, json!({"discoverable": true})).await;
    let told = |discoverable: bool| json!({"kind": "profile.changed", "account": ada.id, "discoverable": discoverable});
    assert_eq!(social.told().await, [told(false), told(true)]);
}

#[tokio::test]
async fn who_did_not_want_to_be_found_before_that_was_told_of_is_told_once() {
    let social = TestSocial::spawn().await;
    let [ada, bob, gone] = [(); 3].map(|()| social.person());
    for person in [&ada, &bob, &gone] {
        change(&social, person, json!({"bio": "a"})).await;
    }
    social
        .plant(&[
            format!("update profiles set discoverable = false where id in ({}, {})", ada.id, gone.id),
            format!("update profiles set handle = '' where id = {}", gone.id),
        ])
        .await;
    assert_eq!(social.social.tell_undiscoverable().await.unwrap(), 1);
    assert_eq!(social.social.tell_undiscoverable().await.unwrap(), 0);
    assert_eq!(social.told().await, [json!({"kind": "profile.changed", "account": ada.id, "discoverable": false})]);
}

#[tokio::test]
async fn a_profile_counts_the_posts_that_everybody_may_see() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let count = async || social.read(&by_id(&ada), None).await["posts_count"].clone();
    let mut posts = Vec::new();
    for visibility in ["public", "unlisted", "followers", "friends", "direct"] {
        posts.push(social.posted(&ada, json!({"text": "a", "visibility": visibility})).await);
    }
    social.commented(&ada, &posts[0], "b").await;
    assert_eq!(count().await, 2);
    social.edited(&ada, &posts[0], json!({"visibility": "friends"})).await;
    assert_eq!(count().await, 1);
    social.edited(&ada, &posts[0], json!({"visibility": "unlisted"})).await;
    social.edited(&ada, &posts[2], json!({"visibility": "public"})).await;
    assert_eq!(count().await, 3);
    for post in &posts {
        social.delete(&ada, post).await;
    }
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn an_account_never_heard_of_has_no_profile() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let nobody = social.get(&by_id(&ada), Some(&bob)).await;
    assert_eq!(nobody.0, StatusCode::NOT_FOUND);
    // Nor has what can be no handle.
    let wrong = ["", "%00", "a%00b", "a%20b", "%C3%A4da", "%F4%8F%BF%BF"].map(|handle| format!("/v1/profiles?handle={handle}"));
    for address in [by_handle(&ada), "/v1/profiles/0".to_owned()].into_iter().chain(wrong) {
        assert_eq!(social.get(&address, Some(&bob)).await, nobody, "{address}");
    }
    social.posted(&ada, json!({"text": "a"})).await;
    assert_eq!(social.read(&by_id(&ada), None).await["bio"], "");
}

#[tokio::test]
async fn whoever_reads_home_or_listens_can_be_found_and_mentioned() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.read("/v1/timelines/home", Some(&ada)).await;
    Events::open(&social, &bob).await;
    for who in [&ada, &bob] {
        let handle = format!("person_{}", who.id);
        assert_eq!(social.read(&by_id(who), Some(&eve)).await["handle"], handle);
        let found = ids(&social.read(&format!("/v1/search?type=people&q={handle}"), Some(&eve)).await);
        assert_eq!(found[0], who.id.to_string());
        let direct = social.posted(&eve, json!({"text": format!("@{handle}"), "visibility": "direct"})).await;
        assert_eq!(social.get(&path(&direct), Some(who)).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_a_profile_cannot_say_is_refused() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let before = change(&social, &ada, json!({"display_name": "👨‍👩‍👧‍👦".repeat(40), "bio": "a".repeat(500)})).await;
    assert_eq!(before.0, StatusCode::OK, "{}", before.1);
    for (wrong, field) in [
        (json!({"display_name": "a".repeat(51)}), "display_name"),
        (json!({"display_name": "a\u{202e}\u{0}"}), "display_name"),
        (json!({"bio": "a".repeat(501)}), "bio"),
        (json!({"pronouns": "a".repeat(41)}), "pronouns"),
        (json!({"fields": vec![json!({"name": "a", "value": "b"}); 5]}), "fields"),
        (json!({"fields": [{"name": " ", "value": "b"}]}), "fields[0].name"),
        (json!({"fields": [{"name": "a", "value": "b".repeat(256)}]}), "fields[0].value"),
        (json!({"discoverable": "no"}), "discoverable"),
        (json!({"posts_count": 7}), "posts_count"),
        (json!({"header_photo_id": "1"}), "header_photo_id"),
        (json!({"handle": "root"}), "handle"),
        (json!({"picture_photo_id": 1}), "picture_photo_id"),
        (json!({"picture_photo_id": "1"}), "picture_photo_id"),
    ] {
        let (status, problem) = change(&social, &ada, wrong).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
    }
    assert_eq!(social.read(&by_id(&ada), None).await, before.1);
    let anonymous = social.request(Method::PATCH, "/v1/profiles/me", None).json(&json!({"bio": "a"}));
    assert_eq!(answer(anonymous).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_picture_is_a_public_photo_and_stands_beside_every_post() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for owner in [&ada, &bob] {
        let hidden = social.photos.upload(owner, PhotoVisibility::Private);
        for field in ["picture_photo_id", "header_photo_id"] {
            let (status, problem) = change(&social, &ada, json!({field: hidden.id})).await;
            assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
            // Whose it is, is asked to publish it; anybody else learns nothing.
            let publish = problem["detail"].as_str().unwrap().contains(&format!("PATCH /v1/photos/{}", hidden.id));
            assert_eq!(publish, owner.id == ada.id, "{problem}");
        }
    }
    let shown = social.photos.upload(&bob, PhotoVisibility::Public);
    let (status, profile) = change(&social, &ada, json!({"picture_photo_id": shown.id})).await;
    assert_eq!(status, StatusCode::OK, "{profile}");
    assert_eq!(profile["picture"], format!("/p/{}/thumb", shown.state.key));
    let shown_beside = social.read(&format!("/v1/posts/{}", post["id"].as_str().unwrap()), None).await;
    assert_eq!(shown_beside["author"]["picture"], profile["picture"]);

    assert_eq!(change(&social, &ada, json!({"bio": "a"})).await.1["picture"], profile["picture"]);
    assert_eq!(change(&social, &ada, json!({"picture_photo_id": null})).await.1.get("picture"), None);
}

#[tokio::test]
async fn a_picture_made_private_or_deleted_leaves_the_profile() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for (place, shown) in [("picture_photo_id", "picture"), ("header_photo_id", "header")] {
        for private in [true, false] {
            let photo = social.photos.upload(&ada, PhotoVisibility::Public);
            change(&social, &ada, json!({place: photo.id})).await;
            assert!(social.read(&by_id(&ada), None).await[shown].is_string());
            social.tell(photo.changed(private.then(|| photo.made_private()))).await;
            assert_eq!(social.read(&by_id(&ada), Some(&ada)).await.get(shown), None, "private: {private}");
        }
    }
}

#[tokio::test]
async fn without_photo_everything_but_the_picture_can_be_changed() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let photo = social.photos.upload(&ada, PhotoVisibility::Public);
    social.photos.set_fault(Fault::Unreachable);
    let (status, _) = change(&social, &ada, json!({"bio": "a", "picture_photo_id": photo.id})).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(social.count("profiles").await, 0);
    assert_eq!(change(&social, &ada, json!({"bio": "a", "picture_photo_id": null})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn several_profiles_are_found_at_once_in_the_order_asked() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve, kim] = [(); 4].map(|()| social.person());
    for person in [&ada, &bob, &eve] {
        change(&social, person, json!({"bio": "a"})).await;
    }
    social.block(&eve, &ada).await;
    let asked = format!("/v1/profiles?id={}&id={}&id={}&id={}&id={}", eve.id, bob.id, kim.id, ada.id, bob.id);
    let seen = async |who: Option<&Person>| ids(&social.read(&asked, who).await);
    let in_order = |people: &[&Person]| people.iter().map(|person| person.id.to_string()).collect::<Vec<_>>();
    assert_eq!(seen(None).await, in_order(&[&eve, &bob, &ada]), "who has said nothing is nobody yet");
    assert_eq!(seen(Some(&ada)).await, in_order(&[&bob, &ada]), "who blocks her is nobody");
    let whole = social.read(&format!("/v1/profiles?id={}", ada.id), None).await;
    assert_eq!(whole, json!({"items": [social.read(&by_id(&ada), None).await]}));
    assert_eq!(seen(None).await.len(), 3);

    let query = |many: i64| (1..=many).map(|id| format!("id={id}")).collect::<Vec<_>>().join("&");
    assert_eq!(social.get(&format!("/v1/profiles?{}", query(100)), None).await.0, StatusCode::OK);
    for wrong in [query(101), "id=".to_owned(), "id=x".to_owned(), "id=1&id=-1".to_owned(), String::new(), "name=a".to_owned()] {
        assert_eq!(social.get(&format!("/v1/profiles?{wrong}"), None).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_block_hides_each_from_the_other() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    for person in [&ada, &bob] {
        change(&social, person, json!({"bio": "a"})).await;
    }
    let nobody = social.get("/v1/profiles/4711", Some(&ada)).await;
    social.block(&ada, &bob).await;
    for (who, whom) in [(&ada, &bob), (&bob, &ada)] {
        for address in [by_id(whom), by_handle(whom)] {
            assert_eq!(social.get(&address, Some(who)).await, nobody, "{address}");
            assert_eq!(social.get(&address, Some(whom)).await.0, StatusCode::OK, "{address}");
        }
    }
}
