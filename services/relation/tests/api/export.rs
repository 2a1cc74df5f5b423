use std::collections::BTreeMap;

use contracts::Service;
use contracts::export::ExportFile;
use contracts::fact::{AccountPosted, Fact};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::answers::{answer, done, requested};
use crate::support::{Person, TestRelation};

#[tokio::test]
async fn auth_gets_all_that_is_somebodys() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan] = [(); 4].map(|()| relation.person());
    done([relation.follow(&ada, &bob), relation.follow(&cleo, &ada), relation.block(&ada, &dan)]).await;
    relation.befriend(&ada, &cleo).await;
    relation.set_private(&cleo, true).await;
    requested(relation.follow(&ada, &cleo)).await;
    done([
        relation.put(&ada, &bob, "mute").json(&json!({"notifications": true})),
        relation.put(&ada, &bob, "note").json(&json!({"text": "owes me a book"})),
    ])
    .await;
    assert_eq!(answer(relation.put(&ada, &bob, "like")).await.0, StatusCode::OK);
    relation.tell(Fact::AccountPosted(AccountPosted { account: ada.id, day: 20_000 })).await;

    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for file in relation.exported(&ada).await {
        match file {
            ExportFile::Text { name, contents } => texts.extend([(name, contents)]),
            ExportFile::Json { name, contents } => values.extend([(name, contents)]),
            ExportFile::Bytes { name, .. } => panic!("relation has no bytes: {name}"),
        }
    }
    let header = "Account address,Account id\n";
    let line = |who: &Person| format!("person_{0},{0}\n", who.id);
    // Who never did anything is known by the id alone.
    let unseen = |who: &Person| format!(",{}\n", who.id);
    let expected = [
        ("following/0001.csv", format!("{header}{}", unseen(&bob))),
        ("followers/0001.csv", format!("{header}{}", line(&cleo))),
        ("friends/0001.csv", format!("{header}{}", line(&cleo))),
        ("sent_follow_requests/0001.csv", format!("{header}{}", line(&cleo))),
        ("blocks/0001.csv", format!("{header}{}", unseen(&dan))),
        ("mutes/0001.csv", format!("Account address,Hide notifications,Account id,Until\n,true,{},\n", bob.id)),
        ("likes/0001.csv", format!("{header}{}", unseen(&bob))),
    ];
    assert_eq!(texts, BTreeMap::from(expected.map(|(name, contents)| (name.to_owned(), contents))));
    let activity = values.remove("activity.json").unwrap();
    assert!(activity["seen_at"].is_string(), "{activity}");
    assert_eq!(activity["posted_on"], "2024-10-04");
    let expected = [
        ("notes/0001.json", json!([{"id": bob.id, "text": "owes me a book"}])),
        ("settings.json", json!({"approves_followers": false, "suggestible": true})),
    ];
    assert_eq!(values, BTreeMap::from(expected.map(|(name, contents)| (name.to_owned(), contents))));
}

#[tokio::test]
async fn a_long_list_is_exported_in_pages_without_a_gap() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let many = "insert into follows (actor, target) select 1000000 + n, $1 from generate_series(1, 1203) n";
    sqlx::query(many).bind(ada.id).execute(&relation.db.superuser_pool(Service::Relation)).await.unwrap();
    let mut followers = Vec::new();
    for file in relation.exported(&ada).await {
        if let ExportFile::Text { name, contents } = file {
            let lines: Vec<String> = contents.lines().skip(1).map(str::to_owned).collect();
            assert!(name.starts_with("followers/") && lines.len() <= 500, "{name}");
            followers.extend(lines);
        }
    }
    followers.sort();
    let mut expected: Vec<String> = (1..=1203).map(|n| format!(",{}", 1_000_000 + n)).collect();
    expected.sort();
    assert_eq!(followers, expected);
}

#[tokio::test]
async fn nobody_but_auth_gets_it() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    assert_eq!(relation.export_for(Service::Auth, &ada).await, StatusCode::OK);
    for caller in [Service::Social, Service::Photo, Service::Relation] {
        assert_eq!(relation.export_for(caller, &ada).await, StatusCode::FORBIDDEN, "{caller}");
    }
}
