//! What people do, some of which seeding does not, so that no panel of a dashboard is without something to show.

use http::{Method, StatusCode};
use reqwest::multipart::Part;
use serde_json::{Value, json};

use crate::crowd::{follows, person};
use crate::following::Heard;
use crate::gateway::{Person, send, text};
use crate::load::Load;
use crate::picture;
use crate::scene::Scene;
use crate::wait::DEADLINE;

/// Where no letter arrives: that it cannot leave is something to show, too.
pub fn mail() -> Value {
    json!({ "host": "mail.invalid", "tls": "None", "from": "Demo <no-reply@example.org>" })
}

/// Somebody mistypes a password, uploads what is a picture and what is none, shows it, gives an address and so is owed a letter;
/// somebody else listens to what they post, and signs out. `name` begins their handles, so that they can do it again.
pub async fn do_the_rest(scene: &Scene, name: &str) {
    let handle = format!("{name}_various");
    let (various, curious) = (person(scene, &handle).await, person(scene, &format!("{name}_curious")).await);
    let wrong = json!({ "handle": handle, "password": "seven quiet rivers, mistyped" });
    let refused = send(scene.gateway().request(Method::POST, "/v1/sessions").json(&wrong)).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{refused}");
    let refused = send(various.uploading(Part::bytes(b"no picture".to_vec()), "public")).await;
    assert!(refused.status.is_client_error(), "{refused}");

    let photo = various.upload(&picture::gradient(), "public").await;
    let post = various.post(json!({ "text": "Various", "photos": [photo] })).await;
    let shown = text(&various.get(&post).await.accepted("read a post").json(), "/photos/0/urls/original");
    various.get(&shown).await.accepted("read a photo");
    various.give_address(&format!("{name}@example.org")).await.accepted("give an address");

    follows(&curious, &various).await;
    let leaving = person(scene, &format!("{name}_leaving")).await;
    listens(curious, &various).await;
    send(leaving.request(Method::DELETE, "/v1/sessions/current")).await.accepted("sign out");
}

/// Hears of a post on the stream, and hangs up.
async fn listens(listener: Person, author: &Person) {
    let mut heard = Heard::default();
    let ready = heard.ready.clone();
    let listening = tokio::spawn(async move {
        let load = Load::default();
        heard.listen(listener, &load, |heard| !heard.posts.is_empty()).await;
        load.failures()
    });
    tokio::time::timeout(DEADLINE, ready.notified()).await.expect("the stream opens");
    author.post(json!({ "text": "Is anybody listening?", "visibility": "public" })).await;
    let failures = tokio::time::timeout(DEADLINE, listening).await.expect("the post comes in time").expect("somebody listens");
    assert!(failures.is_empty(), "{failures:?}");
}
