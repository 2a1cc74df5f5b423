use contracts::Service;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::pictures::jpeg;
use crate::support::{TestPhoto, path, problem};

#[tokio::test]
async fn a_photo_says_what_others_may_do_with_it_and_whom_to_name() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let unsaid = photos.keep(&ada, jpeg(40, 40, 1), &[]).await;
    assert_eq!((&unsaid["license"], &unsaid["credit"]), (&json!("all-rights-reserved"), &json!("")));

    let texts = [("license", "CC-BY-SA-4.0"), ("credit", "Ada Lovelace, 1843")];
    let said = photos.keep(&ada, jpeg(40, 40, 2), &texts).await;
    assert_eq!((&said["license"], &said["credit"]), (&json!("CC-BY-SA-4.0"), &json!("Ada Lovelace, 1843")));

    let change = json!({"license": "CC0-1.0", "credit": "", "alt": "A pier"});
    let changed = photos.change(&ada, &said, change).await;
    assert_eq!((&changed["license"], &changed["credit"], &changed["alt"]), (&json!("CC0-1.0"), &json!(""), &json!("A pier")));
    assert_eq!(photos.json(&path(&said), Some(&ada)).await, changed);

    // Whoever shows it hears of it.
    let told = sqlx::query_scalar("select fact from outbox where fact ->> 'photo' = $1").bind(said["id"].as_str());
    let told: Value = told.fetch_one(&photos.db.superuser_pool(Service::Photo)).await.unwrap();
    assert_eq!((&told["state"]["license"], &told["state"]["credit"]), (&json!("CC0-1.0"), &json!("")));
}

#[tokio::test]
async fn a_license_that_nobody_knows_is_refused() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let (status, body) = problem(photos.upload(&ada, jpeg(40, 40, 1), &[("license", "MIT")]).await).await;
    assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("license")));
    assert!(body["detail"].as_str().unwrap().contains("CC-BY-NC-ND-4.0"), "{body}");

    let photo = photos.keep(&ada, jpeg(40, 40, 1), &[]).await;
    let wrong = photos.request(reqwest::Method::PATCH, &path(&photo), Some(&ada)).json(&json!({"license": "cc0-1.0"}));
    assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
}
