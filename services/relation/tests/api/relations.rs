use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::answers::{answer, done, relationship};
use crate::support::{Person, TestRelation};

fn of(people: &[&Person]) -> String {
    let ids: Vec<String> = people.iter().map(|person| format!("id={}", person.id)).collect();
    format!("/v1/relations?{}", ids.join("&"))
}

#[tokio::test]
async fn how_one_stands_to_many_is_one_answer_in_the_order_asked() {
    let relation = TestRelation::spawn().await;
    let [ada, bob, cleo, dan, eve] = [(); 5].map(|()| relation.person());
    done([relation.follow(&ada, &bob), relation.follow(&cleo, &ada), relation.block(&ada, &dan)]).await;
    let expected = json!({"items": [
        relationship(&dan, |set| set("blocking", json!(true))),
        relationship(&bob, |set| set("following", json!(true))),
        relationship(&eve, |_| ()),
        relationship(&cleo, |set| set("followed_by", json!(true))),
    ]});
    assert_eq!(relation.get(&of(&[&dan, &bob, &eve, &cleo, &bob]), Some(&ada)).await, expected);
    assert_eq!(relation.get(&of(&[&ada]), Some(&ada)).await, json!({"items": [relationship(&ada, |_| ())]}));
}

#[tokio::test]
async fn one_asks_for_a_hundred_at_the_most() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    let asking = |count: i64| format!("/v1/relations?{}", (1..=count).map(|id| format!("id={id}")).collect::<Vec<_>>().join("&"));
    assert_eq!(relation.ids(&asking(100), Some(&ada)).await.len(), 100);
    for wrong in [asking(101), asking(0), "/v1/relations".to_owned(), "/v1/relations?id=ada".to_owned(), "/v1/relations?id=".to_owned()] {
        assert_eq!(answer(relation.request(Method::GET, &wrong, Some(&ada))).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(answer(relation.request(Method::GET, &asking(1), None)).await.0, StatusCode::UNAUTHORIZED);
}
