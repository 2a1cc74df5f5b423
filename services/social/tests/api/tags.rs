use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::answer;
use crate::support::{Person, TestSocial};

#[tokio::test]
async fn a_tag_is_followed_however_it_is_written() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    for tag in ["Straße", "STRASSE", "%23strasse"] {
        let follow = social.request(Method::PUT, &format!("/v1/tags/{tag}/follow"), Some(&ada));
        assert_eq!(answer(follow).await.0, StatusCode::NO_CONTENT);
    }
    answer(social.request(Method::PUT, "/v1/tags/日本語/follow", Some(&ada))).await;
    assert_eq!(social.read("/v1/tags/straße", Some(&ada)).await, json!({"tag": "strasse", "followed": true}));
    for who in [Some(&bob), None] {
        assert_eq!(social.read("/v1/tags/straße", who).await, json!({"tag": "strasse", "followed": false}));
    }
    let expected = json!([{"tag": "日本語", "followed": true}, {"tag": "strasse", "followed": true}]);
    assert_eq!(social.read("/v1/tags", Some(&ada)).await["items"], expected);

    let unfollow = social.request(Method::DELETE, "/v1/tags/STRASSE/follow", Some(&ada));
    assert_eq!(answer(unfollow).await.0, StatusCode::NO_CONTENT);
    assert_eq!(social.read("/v1/tags/strasse", Some(&ada)).await["followed"], false);
}

#[tokio::test]
async fn following_a_tag_is_told_by_its_id_and_once() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    for (method, tag, who) in [
        (Method::PUT, "sea", &ada),
        (Method::PUT, "SEA", &ada),
        (Method::PUT, "land", &ada),
        (Method::PUT, "sea", &bob),
        (Method::DELETE, "sea", &ada),
        (Method::DELETE, "sea", &ada),
        (Method::DELETE, "air", &bob),
    ] {
        let request = social.request(method, &format!("/v1/tags/{tag}/follow"), Some(who));
        assert_eq!(answer(request).await.0, StatusCode::NO_CONTENT);
    }
    let told = social.told().await;
    let (sea, land) = (&told[0]["tag"], &told[1]["tag"]);
    assert!(sea.is_string() && land.is_string() && sea != land, "{told:?}");
    let changed = |who: &Person, tag: &Value, follows: bool| {
        let kind = "interest.changed";
        json!({"kind": kind, "account": who.id, "tag": tag, "follows": follows})
    };
    let expected = [changed(&ada, sea, true), changed(&ada, land, true), changed(&bob, sea, true), changed(&ada, sea, false)];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_is_no_tag_is_not_there() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for wrong in ["2026", "two%20words", "a-b", "%23", "%00", &"a".repeat(101)] {
        assert_eq!(social.get(&format!("/v1/tags/{wrong}"), None).await.0, StatusCode::NOT_FOUND, "{wrong}");
        let follow = social.request(Method::PUT, &format!("/v1/tags/{wrong}/follow"), Some(&ada));
        assert_eq!(answer(follow).await.0, StatusCode::NOT_FOUND, "{wrong}");
    }
    assert_eq!(social.get("/v1/tags", None).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_person_follows_two_hundred_tags_at_the_most() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let follow = async |n: usize| answer(social.request(Method::PUT, &format!("/v1/tags/t{n}/follow"), Some(&ada))).await.0;
    for n in 0..200 {
        assert_eq!(follow(n).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(follow(200).await, StatusCode::CONFLICT);
    assert_eq!(follow(0).await, StatusCode::NO_CONTENT);
}
