use std::collections::BTreeMap;

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::process::sign_up;
use crate::stage::Stage;

/// Who calls; everything that is there is ada's. The owner comes last, because after her some of it is gone.
const PEOPLE: [&str; 8] = ["visitor", "suspended", "blocked", "stranger", "follower", "friend", "admin", "owner"];

/// What each of them is answered, in the order of [`PEOPLE`]. 202 counts as 204: done, and some service has yet to hear.
/// To the blocked one, relation answers as if ada were nobody: a block cannot be told from nothing.
const TABLE: &str = "
                                                visitor suspended blocked stranger follower friend admin owner
GET    /v1/profiles/{ada}                           200 401 404 200 200 200 200 200
GET    /v1/posts/{public}                           200 401 404 200 200 200 200 200
GET    /v1/posts/{unlisted}                         200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}                        404 401 404 404 200 200 404 200
GET    /v1/posts/{public}/comments                  200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}/comments               404 401 404 404 200 200 404 200
PUT    /v1/posts/{public}/reactions/%F0%9F%91%8D    401 401 404 204 204 204 204 204
PUT    /v1/posts/{followers}/reactions/%F0%9F%91%8D 401 401 404 404 204 204 404 204
DELETE /v1/posts/{followers}/reactions/%F0%9F%91%8D 401 401 404 404 204 204 404 204
GET    /v1/posts/{public}/context                   200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}/context                404 401 404 404 200 200 404 200
GET    /v1/posts/{public}/revisions                 200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}/revisions              404 401 404 404 200 200 404 200
PUT    /v1/posts/{public}/bookmark                  401 401 404 204 204 204 204 204
PUT    /v1/posts/{followers}/bookmark               401 401 404 404 204 204 404 204
DELETE /v1/posts/{followers}/bookmark               401 401 404 404 204 204 404 204
PUT    /v1/posts/{public}/pin                       401 401 404 404 404 404 404 204
DELETE /v1/posts/{public}/pin                       401 401 404 404 404 404 404 204
PATCH  /v1/posts/{public}                           401 401 404 404 404 404 404 200
PATCH  /v1/posts/{followers}                        401 401 404 404 404 404 404 200
GET    /v1/timelines/accounts/{ada}                 200 401 200 200 200 200 200 200
GET    /v1/profiles/{suspended}                     404 401 404 404 404 404 404 404
GET    /v1/posts/{hidden}                           404 401 404 404 404 404 404 404
GET    /v1/posts/{hidden}/comments                  404 401 404 404 404 404 404 404
PUT    /v1/posts/{hidden}/reactions/%F0%9F%91%8D    401 401 404 404 404 404 404 404
GET    /v1/photos/{hidden_photo}                    404 401 404 404 404 404 404 404
GET    {hidden_bytes}                               404 401 404 404 404 404 404 404
GET    /v1/photos/{open}                            200 401 200 200 200 200 200 200
GET    /v1/photos/{private}                         404 401 404 404 404 404 404 200
GET    {open_bytes}                                 200 401 200 200 200 200 200 200
GET    {private_bytes}                              404 401 404 404 404 404 404 200
PATCH  /v1/photos/{open}                            401 401 404 404 404 404 404 200
PATCH  /v1/photos/{private}                         401 401 404 404 404 404 404 200
GET    /v1/relations/{ada}                          401 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/followers                200 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/following                200 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/counts                   200 401 200 200 200 200 200 200
GET    /v1/accounts/{ada}                           401 401 403 403 403 403 200 403
DELETE /v1/accounts/{ada}/suspension                401 401 403 403 403 403 204 403
DELETE /v1/photos/{open}                            401 401 404 404 404 404 404 204
DELETE /v1/photos/{private}                         401 401 404 404 404 404 404 204
DELETE /v1/posts/{public}                           401 401 404 404 404 404 404 204
DELETE /v1/posts/{followers}                        401 401 404 404 404 404 404 204
PUT    /v1/relations/{ada}/follow                   401 401 204 204 204 204 204 422
DELETE /v1/relations/{ada}/follow                   401 401 204 204 204 204 204 422
";

/// Uploads a picture of the owner's.
async fn upload(stage: &Stage, token: &str, visibility: &'static str) -> Value {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 64])).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let file = Part::bytes(png.into_inner()).file_name("picture.png").mime_str("image/png").unwrap();
    let form = Form::new().text("visibility", visibility).text("alt", "a picture").part("file", file);
    let answer = stage.request("POST", "/v1/photos", Some(token)).multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Everybody's tokens, once all stand to ada as their names say.
async fn people(stage: &Stage) -> BTreeMap<&'static str, String> {
    let mut tokens = BTreeMap::new();
    for name in PEOPLE.into_iter().filter(|name| *name != "visitor") {
        // Some of these names could not be had.
        tokens.insert(name, sign_up(&stage.http, stage.url(), &format!("the_{name}")).await);
    }
    stage.grant_admin("the_admin");
    let admin = crate::process::sign_in(&stage.http, stage.url(), "the_admin").await;
    tokens.insert("admin", admin);
    tokens
}

async fn id_of(stage: &Stage, token: &str) -> String {
    let me: Value = stage.request("GET", "/v1/accounts/me", Some(token)).send().await.unwrap().json().await.unwrap();
    text(&me["id"])
}

#[tokio::test]
async fn everybody_sees_and_does_what_they_may_and_no_more() {
    let stage = Stage::start().await;
    let tokens = people(&stage).await;
    let token = |name: &str| tokens.get(name).map(String::as_str);
    let [ada, follower, friend, admin] = ["owner", "follower", "friend", "admin"].map(|name| token(name).unwrap());
    let mut names = BTreeMap::from([("{ada}", id_of(&stage, ada).await)]);
    for (name, visibility) in [("{public}", "public"), ("{unlisted}", "unlisted"), ("{followers}", "followers")] {
        let post = stage.done("POST", "/v1/posts", ada, json!({"text": name, "visibility": visibility})).await;
        names.insert(name, text(&post["id"]));
    }
    for (name, bytes, visibility) in [("{open}", "{open_bytes}", "public"), ("{private}", "{private_bytes}", "private")] {
        let photo = upload(&stage, ada, visibility).await;
        names.insert(name, text(&photo["id"]));
        names.insert(bytes, text(&photo["urls"]["thumb"]));
    }
    // Of somebody who is suspended in a moment, nobody sees anything, administrators included.
    let suspended = token("suspended").unwrap();
    names.insert("{suspended}", id_of(&stage, suspended).await);
    let hidden = stage.done("POST", "/v1/posts", suspended, json!({"text": "hidden", "visibility": "public"})).await;
    names.insert("{hidden}", text(&hidden["id"]));
    let hidden = upload(&stage, suspended, "public").await;
    names.insert("{hidden_photo}", text(&hidden["id"]));
    names.insert("{hidden_bytes}", text(&hidden["urls"]["thumb"]));
    let of = |path: &str| names.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));

    for who in [follower, friend] {
        stage.done("PUT", &of("/v1/relations/{ada}/follow"), who, json!({})).await;
    }
    stage.done("PUT", &format!("/v1/relations/{}/follow", id_of(&stage, friend).await), ada, json!({})).await;
    stage.done("PUT", &format!("/v1/relations/{}/block", id_of(&stage, token("blocked").unwrap()).await), ada, json!({})).await;
    stage.done("PUT", &of("/v1/accounts/{suspended}/suspension"), admin, json!({"reason": "for the test"})).await;
    for path in ["/v1/accounts/me", "/v1/timelines/home", "/v1/photos", "/v1/relations/1"] {
        stage.until("GET", path, Some(suspended), StatusCode::UNAUTHORIZED).await;
    }
    for path in ["/v1/posts/{hidden}", "/v1/photos/{hidden_photo}"] {
        stage.until("GET", &of(path), None, StatusCode::NOT_FOUND).await;
    }
    // Follows travel to the other services; blocks have arrived when they are answered.
    for who in [follower, friend] {
        stage.until("GET", &of("/v1/posts/{followers}"), Some(who), StatusCode::OK).await;
    }

    let mut wrong = Vec::new();
    let mut rows = TABLE.lines().filter(|line| !line.trim().is_empty());
    assert_eq!(rows.next().unwrap().split_whitespace().collect::<Vec<_>>(), PEOPLE, "the columns of the table");
    for row in rows {
        let words: Vec<&str> = row.split_whitespace().collect();
        let [method, path, expected @ ..] = words.as_slice() else { panic!("{row}") };
        assert_eq!(expected.len(), PEOPLE.len(), "{row}");
        for (who, expected) in PEOPLE.into_iter().zip(expected) {
            let mut request = stage.request(method, &of(path), token(who));
            if *method == "PATCH" {
                request = request.json(&json!({}));
            }
            let status = request.send().await.unwrap().status().as_u16();
            let status = if status == 202 { 204 } else { status };
            if status.to_string() != **expected {
                wrong.push(format!("{method} {path}: {who} gets {status}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
