//! Who waits for whom, so that nobody waits in a circle.

use contracts::Service;
use contracts::photo::PhotoVisibility::Public;
use reqwest::Method;
use serde_json::json;
use sqlx::{query, query_scalar};

use crate::answers::{answer, eventually, path};
use crate::support::TestSocial;

#[tokio::test]
async fn whoever_shows_a_photo_and_waits_for_the_facts_of_photo_holds_nothing_that_these_change() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let photo = social.photos.upload(&ada, Public);
    let narrow = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    let change = json!({"visibility": "public", "photos": [photo.id]});
    let pool = social.db.superuser_pool(Service::Photo);
    for request in [
        social.post(&ada, &json!({"text": "b", "photos": [photo.id]})),
        social.request(Method::PATCH, &path(&narrow), Some(&ada)).json(&change),
    ] {
        // As social does while it applies them.
        let mut applying = pool.begin().await.unwrap();
        query("select from outbox_cursors where consumer = 'social' for update").execute(&mut *applying).await.unwrap();
        let asking = tokio::spawn(answer(request));
        let waiting = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                           and query like '%outbox_cursors%for share%')";
        eventually("it waits", async || query_scalar::<_, bool>(waiting).fetch_one(&pool).await.unwrap()).await;
        let profile = query("select from social.profiles where id = $1 for update nowait").bind(ada.id);
        profile.execute(&mut *applying).await.expect("a profile that nobody holds");
        applying.commit().await.unwrap();
        let (status, body) = asking.await.unwrap();
        assert!(status.is_success(), "{body}");
    }
}
