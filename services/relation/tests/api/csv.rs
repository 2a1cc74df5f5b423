use std::collections::BTreeSet;

use contracts::Service;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::answers::{answer, done, requested};
use crate::support::{Person, TestRelation};

async fn export(relation: &TestRelation, who: &Person, list: &str) -> String {
    let answer = relation.request(Method::GET, &format!("/v1/relations/csv/{list}"), Some(who)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    answer.text().await.unwrap()
}

async fn import(relation: &TestRelation, who: &Person, list: &str, text: impl Into<reqwest::Body>) -> (StatusCode, Value) {
    let request = relation.request(Method::POST, &format!("/v1/relations/csv/{list}"), Some(who));
    answer(request.header(header::CONTENT_TYPE, "text/csv").body(text)).await
}

#[tokio::test]
async fn what_was_exported_is_imported_by_another() {
    let relation = TestRelation::spawn().await;
    let [ada, heir, bob, unseen] = [(); 4].map(|()| relation.person());
    done([relation.follow(&bob, &ada), relation.follow(&ada, &bob), relation.follow(&ada, &unseen)]).await;
    let following = export(&relation, &ada, "following").await;
    assert_eq!(following, format!("Account address,Account id\nperson_{0},{0}\n,{1}\n", bob.id, unseen.id));
    for _ in 0..2 {
        let expected = json!({"done": 2, "requested": 0, "refused": [], "pending": false, "after": null});
        assert_eq!(import(&relation, &heir, "following", following.clone()).await, (StatusCode::OK, expected));
        assert_eq!(export(&relation, &heir, "following").await, following);
    }

    done([relation.put(&ada, &bob, "mute").json(&json!({"notifications": false}))]).await;
    done([relation.put(&ada, &unseen, "mute").json(&json!({})), relation.block(&ada, &unseen)]).await;
    for list in ["mutes", "blocks"] {
        let exported = export(&relation, &ada, list).await;
        assert_eq!(import(&relation, &heir, list, exported.clone()).await.0, StatusCode::OK, "{list}");
        assert_eq!(export(&relation, &heir, list).await, exported, "{list}");
    }
    assert_eq!(relation.between(&heir, &bob).await["muting_notifications"], false);
}

#[tokio::test]
async fn a_mute_that_is_taken_along_ends_when_it_would() {
    let relation = TestRelation::spawn().await;
    let [ada, heir, bob, cleo, dan] = [(); 5].map(|()| relation.person());
    // Handles are known of those who were here.
    for who in [&bob, &dan] {
        relation.set_private(who, false).await;
    }
    let until = "2999-12-31T23:59:59Z";
    done([relation.put(&ada, &bob, "mute").json(&json!({"until": until})), relation.put(&ada, &cleo, "mute").json(&json!({}))]).await;
    let mutes = export(&relation, &ada, "mutes").await;
    let header = "Account address,Hide notifications,Account id,Until";
    assert_eq!(mutes, format!("{header}\nperson_{0},true,{0},{until}\n,true,{1},\n", bob.id, cleo.id));
    assert_eq!(import(&relation, &heir, "mutes", mutes.clone()).await.1["done"], 2);
    assert_eq!(export(&relation, &heir, "mutes").await, mutes);

    // A list of Mastodon says nothing of ends.
    let of_mastodon = format!("Account address,Hide notifications\nperson_{},false\nperson_{},false\n", bob.id, dan.id);
    assert_eq!(import(&relation, &heir, "mutes", of_mastodon.clone()).await.1["done"], 2);
    let muted = async |whom: &Person| {
        let between = relation.between(&heir, whom).await;
        ["muting", "muting_notifications", "muted_until"].map(|member| between[member].clone())
    };
    assert_eq!(muted(&bob).await, [json!(true), json!(false), json!(until)]);
    assert_eq!(muted(&dan).await, [json!(true), json!(false), Value::Null]);
    // Ours says of each.
    let endless = format!("{header}\n,false,{},\n", bob.id);
    assert_eq!(import(&relation, &heir, "mutes", endless).await.1["done"], 1);
    assert_eq!(muted(&bob).await, [json!(true), json!(false), Value::Null]);

    // What is over, and not deleted yet, has no end to be kept.
    let over = "update mutes set until = now() - interval '1 second'";
    sqlx::query(over).execute(&relation.db.superuser_pool(Service::Relation)).await.unwrap();
    assert_eq!(muted(&bob).await, [json!(false), json!(false), Value::Null]);
    assert_eq!(import(&relation, &heir, "mutes", of_mastodon).await.1["done"], 2);
    assert_eq!(muted(&bob).await, [json!(true), json!(false), Value::Null]);

    let wrong = format!("{header}\n,true,{0},2001-01-01T00:00:00Z\n,true,{0},soon\n,true,{1},{until}\n", bob.id, heir.id);
    let refused = import(&relation, &heir, "mutes", wrong).await.1["refused"].clone();
    let details = ["this mute is over", "the mute ends at no time that can be read", "this is you"];
    let lines = details.iter().zip(2..).map(|(detail, line)| json!({"line": line, "detail": detail}));
    assert_eq!(refused, lines.collect::<Value>());
}

#[tokio::test]
async fn a_line_that_cannot_be_followed_says_why_and_the_others_go_on() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| relation.person());
    // Handles are known of those who were here.
    relation.set_private(&bob, false).await;
    relation.set_private(&cleo, true).await;
    relation.set_private(&ada, false).await;
    done([relation.block(&ada, &dan)]).await;
    let header = "Account address,Show boosts";
    let [bobs, cleos, adas, dans] = [&bob, &cleo, &ada, &dan].map(|person| format!("person_{}", person.id));
    let text = format!("{header}\n@{}\n{cleos},true\nsomebody@example.org,true\n{adas}\nperson_0\n\n{dans}\n", bobs.to_uppercase());
    let (status, imported) = import(&relation, &ada, "following", text).await;
    assert_eq!((status, &imported["done"], &imported["requested"]), (StatusCode::OK, &json!(1), &json!(1)));
    let refused: Vec<_> = imported["refused"].as_array().unwrap().iter().map(|refused| refused["line"].as_u64().unwrap()).collect();
    assert_eq!(refused, [4, 5, 6, 8]);
    assert_eq!(relation.standing(&ada, &bob).await, [true, false, false]);
    requested(relation.follow(&ada, &cleo)).await;
}

/// Imports a list to its end, as the answers say; how many lines are done.
async fn import_all(relation: &TestRelation, who: &Person, list: &str, text: &str) -> u64 {
    let (mut path, mut done) = (list.to_owned(), 0);
    loop {
        let (status, imported) = import(relation, who, &path, text.to_owned()).await;
        assert!(status.is_success(), "{status}: {imported}");
        assert_eq!(imported["refused"], json!([]));
        done += imported["done"].as_u64().unwrap();
        match imported["after"].as_u64() {
            Some(after) => path = format!("{list}?after={after}"),
            None => return done,
        }
    }
}

#[tokio::test]
async fn who_follows_as_many_as_one_can_takes_all_of_them_along() {
    let relation = TestRelation::spawn().await;
    let [ada, heir] = [(); 2].map(|()| relation.person());
    let pool = relation.db.superuser_pool(Service::Relation);
    // With the longest of handles and of ids.
    for planted in [
        "insert into people (id, following_count) values ($ada, 7500)",
        "insert into people (id, handle, followers_count)
         select $first + n, rpad('person_' || n || '_', 30, 'x'), 1 from generate_series(1, 7500) n",
        "insert into follows (actor, target) select $ada, $first + n from generate_series(1, 7500) n",
    ] {
        let planted = planted.replace("$ada", &ada.id.to_string()).replace("$first", "9000000000000000000");
        sqlx::query(AssertSqlSafe(planted)).execute(&pool).await.unwrap();
    }
    let following = export(&relation, &ada, "following").await;
    assert_eq!((following.lines().count(), following.len() > 7_500 * 50), (7_501, true));
    assert_eq!(import_all(&relation, &heir, "following", &following).await, 7_500);
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    assert_eq!(lines(&export(&relation, &heir, "following").await), lines(&following));
}

#[tokio::test]
async fn of_a_long_list_a_thousand_lines_are_done_at_once_and_the_answer_says_where_to_go_on() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let text = format!("Account address\n{}", "nobody\n".repeat(1_001));
    let (_, first) = import(&relation, &ada, "following", text.clone()).await;
    assert_eq!((first["refused"].as_array().unwrap().len(), &first["after"]), (1_000, &json!(1_001)));
    let (_, rest) = import(&relation, &ada, "following?after=1001", text.clone()).await;
    let refused = json!([{"line": 1_002, "detail": "nobody of this handle was here yet"}]);
    assert_eq!((&rest["refused"], &rest["after"]), (&refused, &Value::Null));
    let (_, nothing) = import(&relation, &ada, "following?after=1002", text).await;
    assert_eq!((&nothing["refused"], &nothing["after"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn an_import_is_text_of_as_many_lines_as_one_can_follow() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    assert_eq!(import(&relation, &ada, "following", "nobody\n".repeat(7_501)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(import(&relation, &ada, "following", vec![0xff, 0xfe]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(import(&relation, &ada, "following", vec![b'a'; 512 * 1024 + 1]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(import(&relation, &ada, "enemies", "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(import(&relation, &ada, "blocks", "").await.1["done"], 0);
    for method in [Method::GET, Method::POST] {
        assert_eq!(answer(relation.request(method, "/v1/relations/csv/mutes", None)).await.0, StatusCode::UNAUTHORIZED);
    }
}
