use contracts::fact::AccountState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, eventually, id, link, path};
use crate::support::{Person, TestSocial};

async fn react(social: &TestSocial, who: &Person, post: &Value, emoji: &str) -> StatusCode {
    answer(social.react(Method::PUT, who, post, emoji)).await.0
}

async fn take_back(social: &TestSocial, who: &Person, post: &Value, emoji: &str) -> StatusCode {
    answer(social.react(Method::DELETE, who, post, emoji)).await.0
}

async fn reactions(social: &TestSocial, post: &Value, who: Option<&Person>) -> Value {
    social.read(&path(post), who).await["reactions"].clone()
}

/// Different emoji, as many as are asked for.
fn different(many: usize) -> Vec<&'static str> {
    emojis::iter().take(many).map(|emoji| emoji.as_str()).collect()
}

#[tokio::test]
async fn reactions_are_counted_and_say_which_is_mine() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for (who, emoji) in [(&ada, "👍"), (&bob, "👍"), (&bob, "🧶")] {
        assert_eq!(react(&social, who, &post, emoji).await, StatusCode::NO_CONTENT);
    }
    let expected = |hers: bool, his: bool| json!([{"emoji": "👍", "count": 2, "mine": hers}, {"emoji": "🧶", "count": 1, "mine": his}]);
    assert_eq!(reactions(&social, &post, Some(&ada)).await, expected(true, false));
    assert_eq!(reactions(&social, &post, None).await, expected(false, false));

    assert_eq!(take_back(&social, &bob, &post, "👍").await, StatusCode::NO_CONTENT);
    assert_eq!(take_back(&social, &bob, &post, "🧶").await, StatusCode::NO_CONTENT);
    assert_eq!(reactions(&social, &post, Some(&ada)).await, json!([{"emoji": "👍", "count": 1, "mine": true}]));
}

#[tokio::test]
async fn doing_it_again_changes_nothing() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for _ in 0..2 {
        assert_eq!(react(&social, &ada, &post, "👍").await, StatusCode::NO_CONTENT);
        assert_eq!(take_back(&social, &bob, &post, "👍").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(reactions(&social, &post, None).await, json!([{"emoji": "👍", "count": 1, "mine": false}]));
    for _ in 0..2 {
        assert_eq!(take_back(&social, &ada, &post, "👍").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(reactions(&social, &post, None).await, json!([]));
    assert_eq!(social.count("reaction_counts").await, 0);
}

#[tokio::test]
async fn two_ways_of_writing_an_emoji_are_one_reaction() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for heart in ["\u{2764}", "\u{2764}\u{fe0f}", "%E2%9D%A4"] {
        assert_eq!(react(&social, &ada, &post, heart).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(reactions(&social, &post, None).await, json!([{"emoji": "\u{2764}\u{fe0f}", "count": 1, "mine": false}]));
    assert_eq!(take_back(&social, &ada, &post, "\u{2764}").await, StatusCode::NO_CONTENT);
    assert_eq!(reactions(&social, &post, None).await, json!([]));
}

#[tokio::test]
async fn what_is_not_exactly_one_emoji_is_no_reaction() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for text in ["a", "1", "👍👍", ":)", "%3Cb%3E", "%00", "%20", "\u{fe0f}"] {
        assert_eq!(react(&social, &ada, &post, text).await, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
    }
    assert_eq!(reactions(&social, &post, None).await, json!([]));
}

#[tokio::test]
async fn one_person_has_three_different_reactions_at_the_most() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let emoji = different(4);
    let (three, fourth) = (&emoji[..3], emoji[3]);
    for emoji in three {
        assert_eq!(react(&social, &ada, &post, emoji).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(react(&social, &ada, &post, fourth).await, StatusCode::CONFLICT);
    // The cap is hers, and what she has stays hers.
    assert_eq!(react(&social, &ada, &post, three[0]).await, StatusCode::NO_CONTENT);
    assert_eq!(react(&social, &bob, &post, fourth).await, StatusCode::NO_CONTENT);
    assert_eq!(take_back(&social, &ada, &post, three[2]).await, StatusCode::NO_CONTENT);
    assert_eq!(react(&social, &ada, &post, fourth).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn one_post_has_twenty_different_reactions_at_the_most() {
    let social = TestSocial::spawn().await;
    let post = social.posted(&social.person(), json!({"text": "a"})).await;
    let emoji = different(21);
    for three in emoji[..20].chunks(3) {
        let who = social.person();
        for emoji in three {
            assert_eq!(react(&social, &who, &post, emoji).await, StatusCode::NO_CONTENT);
        }
    }
    let late = social.person();
    assert_eq!(react(&social, &late, &post, emoji[20]).await, StatusCode::CONFLICT);
    assert_eq!(react(&social, &late, &post, emoji[0]).await, StatusCode::NO_CONTENT);
    assert_eq!(reactions(&social, &post, None).await.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn emoji_of_those_who_are_hidden_keep_no_other_out() {
    let social = TestSocial::spawn().await;
    let post = social.posted(&social.person(), json!({"text": "a"})).await;
    let emoji = different(21);
    let spammers: Vec<Person> = (0..7).map(|_| social.person()).collect();
    for (who, three) in spammers.iter().zip(emoji[..20].chunks(3)) {
        for emoji in three {
            assert_eq!(react(&social, who, &post, emoji).await, StatusCode::NO_CONTENT);
        }
    }
    let late = social.person();
    assert_eq!(react(&social, &late, &post, emoji[20]).await, StatusCode::CONFLICT);
    for who in &spammers {
        social.hide(who, AccountState::Hidden).await;
    }
    eventually("counts follow", async || social.count("hidden_counts_owed").await == 0).await;
    assert_eq!(react(&social, &late, &post, emoji[20]).await, StatusCode::NO_CONTENT);
    assert_eq!(reactions(&social, &post, None).await, json!([{"emoji": emoji[20], "count": 1, "mine": false}]));
    // Nor is one of theirs there already: where there are twenty others, it would be one more.
    for (who, three) in (0..7).map(|_| social.person()).zip(emoji[1..20].chunks(3)) {
        for emoji in three {
            assert_eq!(react(&social, &who, &post, emoji).await, StatusCode::NO_CONTENT);
        }
    }
    assert_eq!(react(&social, &late, &post, emoji[0]).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn one_takes_back_what_one_cannot_see_any_more() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    for emoji in ["👍", "🧶"] {
        assert_eq!(react(&social, &bob, &post, emoji).await, StatusCode::NO_CONTENT);
    }
    social.unfollow(&bob, &ada).await;
    for _ in 0..2 {
        assert_eq!(take_back(&social, &bob, &post, "👍").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(reactions(&social, &post, Some(&ada)).await, json!([{"emoji": "🧶", "count": 1, "mine": false}]));
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
    // Whoever has not reacted changes nothing, and learns nothing.
    for post in [&post, &json!({"id": "4711"})] {
        assert_eq!(take_back(&social, &social.person(), post, "🧶").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(social.count("reactions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_right_however_many_react_at_once() {
    let social = TestSocial::spawn().await;
    let people: Vec<Person> = (0..20).map(|_| social.person()).collect();
    let post = social.posted(&people[0], json!({"text": "a"})).await;
    let all = async |method: Method, emoji: &str| {
        let mut asked = JoinSet::new();
        for who in &people {
            let request = social.react(method.clone(), who, &post, emoji);
            asked.spawn(async move { answer(request).await });
        }
        for (status, body) in asked.join_all().await {
            assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
        }
    };
    all(Method::PUT, "👍").await;
    all(Method::PUT, "🧶").await;
    all(Method::PUT, "👍").await;
    all(Method::DELETE, "🧶").await;
    assert_eq!(reactions(&social, &post, Some(&people[7])).await, json!([{"emoji": "👍", "count": 20, "mine": true}]));
    all(Method::DELETE, "👍").await;
    assert_eq!(reactions(&social, &post, None).await, json!([]));
    assert_eq!(social.count("reactions").await + social.count("reaction_counts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_holds_however_much_one_reacts_at_once() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let mut asked = JoinSet::new();
    for emoji in different(20) {
        let request = social.react(Method::PUT, &ada, &post, emoji);
        asked.spawn(async move { answer(request).await.0 });
    }
    let taken = asked.join_all().await.into_iter().filter(|status| *status == StatusCode::NO_CONTENT).count();
    assert_eq!((taken, social.count("reactions").await), (3, 3));
}

/// Who reacted, and with what.
async fn reactors(social: &TestSocial, post: &Value, query: &str, who: Option<&Person>) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    let mut address = Some(format!("{}/reactions?limit=1{query}", path(post)));
    while let Some(page) = address {
        let answer = social.request(Method::GET, &page, who).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        address = link(&answer, "next");
        let page: Value = answer.json().await.unwrap();
        for item in page["items"].as_array().unwrap() {
            seen.push((id(&item["account"]).to_owned(), item["emoji"].as_str().unwrap().to_owned()));
        }
    }
    seen
}

#[tokio::test]
async fn who_reacted_is_told_to_whoever_sees_the_post_and_them() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    for (who, emoji) in [(&ada, "👍"), (&bob, "👍"), (&eve, "🧶"), (&bob, "🧶"), (&ada, "🧶")] {
        react(&social, who, &post, emoji).await;
    }
    let of = |who: &Person, emoji: &str| (who.id.to_string(), emoji.to_owned());
    let all = [of(&ada, "🧶"), of(&bob, "🧶"), of(&eve, "🧶"), of(&bob, "👍"), of(&ada, "👍")];
    assert_eq!(reactors(&social, &post, "", None).await, all);
    assert_eq!(reactors(&social, &post, "&emoji=👍", Some(&eve)).await, [of(&bob, "👍"), of(&ada, "👍")]);

    // Neither the list nor the count tells of whom one blocks.
    social.block(&eve, &bob).await;
    assert_eq!(reactors(&social, &post, "", Some(&eve)).await, [of(&ada, "🧶"), of(&eve, "🧶"), of(&ada, "👍")]);
    let expected = json!([{"emoji": "🧶", "count": 2, "mine": true}, {"emoji": "👍", "count": 1, "mine": false}]);
    assert_eq!(reactions(&social, &post, Some(&eve)).await, expected);
    assert_eq!(reactors(&social, &post, "", Some(&ada)).await, all);

    let hidden = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    assert_eq!(social.get(&format!("{}/reactions", path(&hidden)), Some(&bob)).await.0, StatusCode::NOT_FOUND);
}
