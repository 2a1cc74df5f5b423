use contracts::Service;
use contracts::fact::{Fact, RelationChanged};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::{NONE, answer, id, ids, link, path};
use crate::support::{Person, TestSocial};

/// What a search finds; `query` goes into the address as it is.
async fn found(social: &TestSocial, query: &str, who: Option<&Person>) -> Vec<String> {
    ids(&social.read(&format!("/v1/search?{query}"), who).await)
}

async fn tags(social: &TestSocial, q: &str, who: Option<&Person>) -> Vec<String> {
    let found = social.read(&format!("/v1/search?type=tags&q={q}"), who).await;
    found["items"].as_array().unwrap().iter().map(|tag| tag["tag"].as_str().unwrap().to_owned()).collect()
}

async fn say(social: &TestSocial, who: &Person, text: &str, language: Option<&str>) -> String {
    id(&social.posted(who, json!({"text": text, "language": language})).await).to_owned()
}

async fn introduce(social: &TestSocial, who: &Person, change: Value) {
    let (status, body) = answer(social.request(Method::PATCH, "/v1/profiles/me", Some(who)).json(&change)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn posts_are_found_by_words_in_several_languages() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let english = say(&social, &ada, "The dogs were running, #fast!", Some("en")).await;
    let german = say(&social, &ada, "Große Häuser am Café", Some("de")).await;
    let greek = say(&social, &ada, "ΚΑΛΗΜΕΡΑ κόσμε", None).await;
    let japanese = say(&social, &ada, "私は京都に住んでいます", Some("ja")).await;
    let hindi = say(&social, &ada, "हिन्दी में लिखा", Some("hi")).await;
    for (query, expected) in [
        ("q=dogs+running", &english),
        ("q=runn", &english),
        ("q=run&language=en", &english),
        ("q=%23fast", &english),
        ("q=GROSSE", &german),
        ("q=Haus&language=de", &german),
        ("q=cafe", &german),
        ("q=καλημερα", &greek),
        ("q=κοσμε", &greek),
        ("q=京都", &japanese),
        ("q=住んで", &japanese),
        ("q=हिन्दी", &hindi),
    ] {
        assert_eq!(found(&social, query, None).await, [expected.as_str()], "{query}");
    }
    for nothing in ["q=cats", "q=都京", "q=dogs+cats", "q=unning"] {
        assert_eq!(found(&social, nothing, None).await, NONE, "{nothing}");
    }
}

#[tokio::test]
async fn a_word_is_found_whatever_it_stands_beside() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    for (text, last) in [
        ("<script> afterwards", "afterwards"),
        ("<style>x beyond", "beyond"),
        ("a <b>bold", "bold"),
        ("Berlin/Hamburg", "hamburg"),
        ("he/she", "she"),
        ("R&D; laboratory", "laboratory"),
        ("https://example.com/potsdam", "potsdam"),
        ("ada@leipzig", "leipzig"),
        ("www.dresden.example", "dresden"),
        ("The end.Beginning", "beginning"),
        ("2031-05-17", "17"),
        ("~seven", "seven"),
    ] {
        let post = say(&social, &ada, text, Some("en")).await;
        assert_eq!(found(&social, &format!("q={last}"), None).await, [post.as_str()], "{text:?} by {last}");
        let whole: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(found(&social, &format!("q={whole}"), None).await, [post.as_str()], "{text:?} by itself");
    }
    // What was parted by anything but space is found as a whole only where it stands as a whole.
    assert_eq!(found(&social, "q=hamburg/potsdam", None).await, NONE);
    let apart = say(&social, &ada, "Ulm and later Bonn", Some("en")).await;
    assert_eq!(found(&social, "q=ulm+bonn", None).await, [apart.as_str()]);
    assert_eq!(found(&social, "q=ulm/bonn", None).await, NONE);
}

#[tokio::test]
async fn what_was_edited_is_found_by_what_it_says_now() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "tulips", "content_warning": "flowers"})).await;
    assert_eq!(found(&social, "q=flowers", None).await, [id(&post)]);
    social.edited(&ada, &post, json!({"text": "roses"})).await;
    assert_eq!(found(&social, "q=tulips", None).await, NONE);
    assert_eq!(found(&social, "q=roses", None).await, [id(&post)]);
    social.delete(&ada, &post).await;
    assert_eq!(found(&social, "q=roses", None).await, NONE);
}

#[tokio::test]
async fn a_search_finds_what_the_searcher_may_see() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    social.posted(&eve, json!({"text": "x"})).await;
    social.follow(&bob, &ada).await;
    let mut made = Vec::new();
    for visibility in ["public", "unlisted", "followers", "friends", "direct"] {
        made.push(id(&social.posted(&ada, json!({"text": "needle", "visibility": visibility})).await).to_owned());
    }
    let own: Vec<&String> = made.iter().rev().collect();
    assert_eq!(found(&social, "q=needle", Some(&ada)).await.iter().collect::<Vec<_>>(), own);
    assert_eq!(found(&social, "q=needle", Some(&bob)).await, [made[2].as_str(), &made[1], &made[0]]);
    assert_eq!(found(&social, "q=needle", Some(&eve)).await, [made[0].as_str()]);
    assert_eq!(found(&social, "q=needle", None).await, [made[0].as_str()]);
    social.block(&ada, &eve).await;
    assert_eq!(found(&social, "q=needle", Some(&eve)).await, NONE);
    // Who does not want to be found is found by who follows them.
    introduce(&social, &ada, json!({"discoverable": false})).await;
    assert_eq!(found(&social, "q=needle", None).await, NONE);
    assert_eq!(found(&social, "q=needle", Some(&bob)).await.len(), 3);
}

#[tokio::test]
async fn found_posts_come_in_pages_and_nothing_is_counted() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let mut expected = Vec::new();
    for n in 0..9 {
        let visibility = ["public", "friends"][n % 2];
        let post = social.posted(&ada, json!({"text": "needle", "visibility": visibility})).await;
        if visibility == "public" {
            expected.insert(0, id(&post).to_owned());
        }
    }
    for limit in [1, 2, 80] {
        assert_eq!(social.list(&format!("/v1/search?q=needle&limit={limit}"), Some(&bob)).await, expected);
    }
    let answer = social.read("/v1/search?q=needle", Some(&bob)).await;
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["items"]);
}

#[tokio::test]
async fn a_word_is_found_among_the_newest_posts_and_far_below_them() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    say(&social, &ada, "a", None).await;
    let posts = "insert into posts (author, text, visibility)
                 select id, case n % 500 when 0 then 'needle' else 'hay' end, 'public' from profiles, generate_series(1, 6000) n";
    let words = "insert into post_words (post, words) select id, to_tsvector('simple', text) from posts on conflict do nothing";
    social.plant(&[posts, words].map(str::to_owned)).await;
    let needles = sqlx::query_scalar("select id::text from posts where text = 'needle' order by id desc");
    let expected: Vec<String> = needles.fetch_all(&social.db.superuser_pool(Service::Social)).await.unwrap();
    assert_eq!(expected.len(), 12);
    for limit in [1, 5, 80] {
        assert_eq!(social.list(&format!("/v1/search?q=needle&limit={limit}"), None).await, expected, "by {limit}");
    }
    assert_eq!(found(&social, &format!("q=needle&after={}", expected[11]), None).await, expected[..11]);
}

#[tokio::test]
async fn what_is_for_others_does_not_end_a_search() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    let before = say(&social, &ada, "needle", None).await;
    // More than is looked at for one page.
    let posts = "insert into posts (author, text, visibility) select id, 'needle', 'friends' from profiles, generate_series(1, 6500) n";
    let words = "insert into post_words (post, words) select id, to_tsvector('simple', text) from posts on conflict do nothing";
    social.plant(&[posts, words].map(str::to_owned)).await;
    let first = social.request(Method::GET, "/v1/search?q=needle", Some(&bob)).send().await.unwrap();
    assert!(link(&first, "next").is_some());
    assert_eq!(ids(&first.json().await.unwrap()), NONE);
    assert_eq!(social.list("/v1/search?q=needle", Some(&bob)).await, [before.as_str()]);

    // And a poll comes past it.
    let after = say(&social, &ada, "needle", None).await;
    let (mut seen, mut prev) = (Vec::new(), format!("/v1/search?q=needle&after={before}"));
    while seen.is_empty() {
        let page = social.request(Method::GET, &prev, Some(&bob)).send().await.unwrap();
        let next = link(&page, "prev").unwrap();
        assert_ne!(next, prev);
        prev = next;
        seen = ids(&page.json().await.unwrap());
    }
    assert_eq!(seen, [after]);
}

#[tokio::test]
async fn a_frequent_word_of_the_past_is_found_page_by_page() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    say(&social, &ada, "a", None).await;
    // More than are sorted at once, below more than are looked through for a page.
    let needles = "insert into posts (author, text, visibility) select id, 'needle', 'public' from profiles, generate_series(1, 10500) n";
    let hay = "insert into posts (author, text, visibility) select id, 'hay', 'public' from profiles, generate_series(1, 6000) n";
    let words = "insert into post_words (post, words) select id, to_tsvector('simple', text) from posts on conflict do nothing";
    social.plant(&[needles, hay, words].map(str::to_owned)).await;
    let newest = sqlx::query_scalar("select id::text from posts where text = 'needle' order by id desc limit 20");
    let expected: Vec<String> = newest.fetch_all(&social.db.superuser_pool(Service::Social)).await.unwrap();
    let first = social.request(Method::GET, "/v1/search?q=needle", None).send().await.unwrap();
    let next = link(&first, "next").unwrap();
    assert_eq!(ids(&first.json().await.unwrap()), NONE);
    assert_eq!(ids(&social.read(&next, None).await), expected);
}

#[tokio::test]
async fn people_are_found_by_handle_and_name_be_it_misspelt() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for (who, name) in [(&ada, "Adélaïde Müller"), (&bob, "Robert"), (&eve, "京都の人")] {
        introduce(&social, who, json!({"display_name": name})).await;
    }
    let people = async |q: &str| found(&social, &format!("type=people&q={q}"), None).await;
    for q in ["adel", "ADELAIDE+muller", "mull", "adelaide", "adelade"] {
        assert_eq!(people(q).await, [ada.id.to_string()], "{q}");
    }
    assert_eq!(people("京都").await, [eve.id.to_string()]);
    // Fewer than three letters find beginnings alone.
    for q in ["a", "ad"] {
        assert_eq!(people(q).await, [ada.id.to_string()], "{q}");
    }
    assert_eq!(people("京").await, [eve.id.to_string()]);
    assert_eq!(people("mu").await, NONE);
    assert_eq!(people(&format!("@person_{}", bob.id)).await[0], bob.id.to_string());
    for nothing in ["zzz", "zz%25", "per__n"] {
        assert_eq!(people(nothing).await, NONE, "{nothing}");
    }
}

#[tokio::test]
async fn only_who_wants_to_be_found_is_found() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    introduce(&social, &ada, json!({"display_name": "Adelaide"})).await;
    let seen = async |who: Option<&Person>| found(&social, "type=people&q=adelaide", who).await;
    assert_eq!(seen(Some(&bob)).await, [ada.id.to_string()]);
    social.block(&ada, &bob).await;
    assert_eq!(seen(Some(&bob)).await, NONE);
    social.tell(Fact::RelationChanged(RelationChanged::nothing(ada.id, bob.id))).await;
    introduce(&social, &ada, json!({"discoverable": false})).await;
    assert_eq!(seen(Some(&bob)).await, NONE);
}

#[tokio::test]
async fn tags_are_found_if_a_public_post_has_them() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    social.posted(&ada, json!({"text": "#photography #photo #sunset"})).await;
    social.posted(&ada, json!({"text": "#photosecret", "visibility": "friends"})).await;
    let hidden = social.posted(&ada, json!({"text": "#photolater", "visibility": "unlisted"})).await;
    assert_eq!(tags(&social, "%23Photo", Some(&bob)).await, ["photo", "photography"]);
    assert_eq!(tags(&social, "fotography", None).await, ["photography"]);
    social.edited(&ada, &hidden, json!({"visibility": "public"})).await;
    assert_eq!(tags(&social, "photol", None).await[0], "photolater");
    social.block(&ada, &bob).await;
    assert_eq!(tags(&social, "photo", Some(&bob)).await, NONE);
}

#[tokio::test]
async fn whatever_is_typed_is_text() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "京＼都 it's a:b (c|d) & 100% foo-bar \\ ŉ ½ <script> afterwards"})).await;
    let typed = ["it%27s", "a%3Ab", "c%7Cd", "%26+foo-bar", "b%3A*", "100%25", "%5C+foo", "ŉ", "½", "!a", "a%00b", "script%3E"];
    // What becomes a backslash without its accents, and of what nothing is left.
    for q in typed.into_iter().chain(["京＼都", "a﹨b", "a∖b", "%CD%85", "%CD%85+%CD%85"]) {
        for kind in ["posts", "people", "tags"] {
            let (status, body) = social.get(&format!("/v1/search?type={kind}&q={q}"), Some(&ada)).await;
            assert_eq!(status, StatusCode::OK, "{kind} {q}: {body}");
        }
    }
    for q in ["foo-bar", "京＼都", "script", "afterwards", "foo-bar+%CD%85"] {
        assert_eq!(found(&social, &format!("q={q}"), None).await, [id(&post)]);
    }
    assert_eq!(found(&social, "q=%CD%85", None).await, NONE);
    assert_eq!(social.get(&path(&post), None).await.0, StatusCode::OK);
    for wrong in ["q=", "q=%21%21", "", &format!("q={}", "a".repeat(201)), "q=a&type=photos", "q=a&language=english", "q=a&limit=0"] {
        assert_eq!(social.get(&format!("/v1/search?{wrong}"), None).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
