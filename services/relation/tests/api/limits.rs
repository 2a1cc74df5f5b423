//! How much one person may keep of others.

use contracts::Service;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use sqlx::{AssertSqlSafe, query};

use crate::answers::{answer, done};
use crate::support::TestRelation;

/// Somebody of whom only the id is there.
const PLANTED: i64 = 1_000_001;

#[tokio::test]
async fn one_blocks_and_mutes_five_thousand_and_notes_something_of_a_thousand_at_the_most() {
    let relation = TestRelation::spawn().await;
    let [ada, bob] = [(); 2].map(|()| relation.person());
    let pool = relation.db.superuser_pool(Service::Relation);
    for (what, most, plant) in [
        ("block", 5_000, "insert into blocks (actor, target) select $1, $2 + n"),
        ("mute", 5_000, "insert into mutes (actor, target, notifications) select $1, $2 + n, true"),
        ("note", 1_000, "insert into notes (author, target, text) select $1, $2 + n, 'a'"),
    ] {
        let body = if what == "note" { json!({"text": "b"}) } else { json!({}) };
        let plant = format!("{plant} from generate_series(0, $3 - 1) n");
        query(AssertSqlSafe(plant)).bind(ada.id).bind(PLANTED).bind(most).execute(&pool).await.unwrap();
        let (status, problem) = answer(relation.put(&ada, &bob, what).json(&body)).await;
        let kind = format!("https://socialplatform.dev/problems/too-many-{what}s");
        assert_eq!((status, &problem["type"]), (StatusCode::CONFLICT, &json!(kind)));
        // What is there already may be said again, and what goes makes room.
        let planted = |method| relation.request(method, &format!("/v1/relations/{PLANTED}/{what}"), Some(&ada));
        done([planted(Method::PUT).json(&body), planted(Method::DELETE), relation.put(&ada, &bob, what).json(&body)]).await;
    }
    for (list, detail) in [("blocks", "you block as many as one can"), ("mutes", "you mute as many as one can")] {
        let request = relation.request(Method::POST, &format!("/v1/relations/csv/{list}"), Some(&ada));
        let text = format!("Account address,Account id\n,{PLANTED}\n,{}\n", bob.id);
        let (_, imported) = answer(request.header(header::CONTENT_TYPE, "text/csv").body(text)).await;
        assert_eq!((&imported["done"], &imported["refused"]), (&json!(1), &json!([{"line": 2, "detail": detail}])));
    }
}

#[tokio::test]
async fn of_many_who_were_dismissed_the_oldest_are_forgotten() {
    let relation = TestRelation::spawn().await;
    let [ada, bob] = [(); 2].map(|()| relation.person());
    let pool = relation.db.superuser_pool(Service::Relation);
    let plant = "insert into dismissals (owner, suggested, id) select $1, $2 + n, n from generate_series(0, 4999) n";
    query(plant).bind(ada.id).bind(PLANTED).execute(&pool).await.unwrap();
    let remembered = async || -> (i64, i64, bool) {
        let remembered =
            "select count(*), min(suggested) filter (where suggested >= $2), bool_or(suggested = $3) from dismissals where owner = $1";
        sqlx::query_as(remembered).bind(ada.id).bind(PLANTED).bind(bob.id).fetch_one(&pool).await.unwrap()
    };
    for _ in 0..2 {
        done([relation.request(Method::DELETE, &format!("/v1/relations/suggestions/{}", bob.id), Some(&ada))]).await;
        assert_eq!(remembered().await, (5_000, PLANTED + 1, true));
    }
}
