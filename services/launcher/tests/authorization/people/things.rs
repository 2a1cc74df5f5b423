//! Who is on the stage, and what is there of each kind.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::table::PEOPLE;
use crate::app::App;
use crate::forge::Forge;
use crate::process::{png, sign_in, sign_up};
use crate::stage::Stage;

/// What stands for the words in braces of the table.
pub type Names = BTreeMap<&'static str, String>;

/// A route of each service that asks who calls.
const SERVICES: [&str; 4] = ["/v1/accounts/me", "/v1/timelines/home", "/v1/photos", "/v1/relations/1"];

/// Everybody's access tokens, and what else is theirs to show.
pub struct People {
    tokens: BTreeMap<&'static str, String>,
    /// Tokens that look like theirs.
    pub forges: BTreeMap<&'static str, Forge>,
    /// A token of each whose session has ended.
    pub ended: BTreeMap<&'static str, String>,
}

impl People {
    /// Signs everybody up.
    pub async fn arrive(stage: &Stage) -> Self {
        let mut tokens = BTreeMap::new();
        for name in PEOPLE.into_iter().filter(|name| *name != "visitor").chain(["bystander"]) {
            // Some of these names could not be had.
            tokens.insert(name, sign_up(&stage.http, stage.url(), &format!("the_{name}")).await);
        }
        stage.admin("grant", "the_admin");
        tokens.insert("admin", sign_in(&stage.http, stage.url(), "the_admin").await);
        let (mut forges, mut ended) = (BTreeMap::new(), BTreeMap::new());
        for name in PEOPLE.into_iter().filter(|name| *name != "visitor") {
            forges.insert(name, Forge::open(stage, &tokens[name]).await);
            let token = sign_in(&stage.http, stage.url(), &format!("the_{name}")).await;
            stage.done("DELETE", "/v1/sessions/current", &token, json!({})).await;
            for path in SERVICES {
                stage.until("GET", path, Some(&token), StatusCode::UNAUTHORIZED).await;
            }
            ended.insert(name, token);
        }
        Self { tokens, forges, ended }
    }

    /// `None` for the visitor.
    pub fn token(&self, name: &str) -> Option<&str> {
        self.tokens.get(name).map(String::as_str)
    }

    fn of(&self, name: &str) -> &str {
        &self.tokens[name]
    }
}

/// The same path with what there is instead of names.
pub fn named(names: &Names, path: &str) -> String {
    names.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
}

/// The same path with what never was anything instead of names.
pub fn nowhere(names: &Names, path: &str) -> String {
    if path.ends_with("_bytes}") {
        return "/p/AAAAAAAAAAAAAAAAAAAAAA/thumb".to_owned();
    }
    names.keys().fold(path.to_owned(), |path, name| path.replace(name, "1"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn id_of(stage: &Stage, token: &str) -> String {
    let me: Value = stage.request("GET", "/v1/accounts/me", Some(token)).send().await.unwrap().json().await.unwrap();
    text(&me["id"])
}

/// Makes something, and answers its id.
async fn made(stage: &Stage, path: &str, token: &str, body: Value) -> String {
    text(&stage.done("POST", path, token, body).await["id"])
}

/// Uploads a picture.
async fn upload(stage: &Stage, token: &str, visibility: &'static str) -> Value {
    let picture = png(&image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 64])));
    let file = Part::bytes(picture).file_name("picture.png").mime_str("image/png").unwrap();
    let form = Form::new().text("visibility", visibility).text("alt", "a picture").part("file", file);
    let answer = stage.request("POST", "/v1/photos", Some(token)).multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

/// Puts everything on the stage, and waits until all stand to ada as their names say.
pub async fn set(stage: &Stage, people: &People) -> Names {
    let mut names = Names::from([("{handle}", "the_owner".to_owned())]);
    for (name, who) in [("{ada}", "owner"), ("{friend}", "friend"), ("{bystander}", "bystander"), ("{suspended}", "suspended")] {
        names.insert(name, id_of(stage, people.of(who)).await);
    }
    own_things(stage, people.of("owner"), &mut names).await;
    pictures(stage, people.of("owner"), &mut names).await;
    relations(stage, people, &names).await;
    posts(stage, people, &mut names).await;

    let use_of = named(&names, "/v1/photos/{open}/uses");
    for (name, who) in [("{strangers_use}", "stranger"), ("{bystanders_use}", "bystander")] {
        names.insert(name, made(stage, &use_of, people.of(who), json!({ "note": "on our wall" })).await);
    }
    let report = named(&names, "/v1/posts/{unlisted}/reports");
    names.insert("{report}", made(stage, &report, people.of("follower"), json!({ "reason": "spam" })).await);
    let list = made(stage, "/v1/timelines/lists", people.of("owner"), json!({ "title": "Friends" })).await;
    names.insert("{list}", list);
    let member = named(&names, "/v1/timelines/lists/{list}/members/{friend}");
    stage.until("PUT", &member, people.token("owner"), StatusCode::NO_CONTENT).await;
    suspend(stage, people, &mut names).await;
    names
}

/// What ada has at auth.
async fn own_things(stage: &Stage, ada: &str, names: &mut Names) {
    names.insert("{invite}", made(stage, "/v1/accounts/invites", ada, json!({})).await);
    names.insert("{export}", made(stage, "/v1/exports", ada, json!({})).await);
    sign_in(&stage.http, stage.url(), "the_owner").await;
    let sessions: Value = stage.request("GET", "/v1/sessions", Some(ada)).send().await.unwrap().json().await.unwrap();
    let other = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    names.insert("{session}", text(&other["id"]));
    let app = App::register(stage).await;
    app.let_in(stage, "the_owner").await;
    names.insert("{app}", app.id);
    names.insert("{passkey}", passkey(stage, "the_owner").await);
}

/// Gives somebody a passkey that nobody can sign in with, and a recovery code: as if an authenticator had answered.
async fn passkey(stage: &Stage, handle: &str) -> String {
    let mut database = PgConnection::connect(&stage.database_url()).await.unwrap();
    let code = "insert into auth.recovery_codes (account_id, code_hash)
                select id, sha256('0000000000000000') from auth.accounts where handle = $1";
    sqlx::query(code).bind(handle).execute(&mut database).await.unwrap();
    sqlx::query("set search_path = auth").execute(&mut database).await.unwrap();
    let passkey = "insert into passkeys (account_id, credential_id, public_key, state, transports, name)
                   select id, 'an id', 'a key', 'a counter', 0, 'the key' from accounts where handle = $1 returning id";
    let id: i64 = sqlx::query_scalar(passkey).bind(handle).fetch_one(&mut database).await.unwrap();
    id.to_string()
}

/// Ada's photos, albums, and two uploads that have just begun.
async fn pictures(stage: &Stage, ada: &str, names: &mut Names) {
    for (name, bytes, visibility) in [("{open}", "{open_bytes}", "public"), ("{private}", "{private_bytes}", "private")] {
        let photo = upload(stage, ada, visibility).await;
        names.insert(name, text(&photo["id"]));
        names.insert(bytes, text(&photo["urls"]["thumb"]));
    }
    for (name, visibility) in [("{album}", "public"), ("{closed}", "private")] {
        names.insert(name, made(stage, "/v1/albums", ada, json!({ "title": name, "visibility": visibility })).await);
    }
    for name in ["{upload}", "{another}"] {
        let begin = stage.request("POST", "/v1/photos/tus", Some(ada)).header("tus-resumable", "1.0.0").header("upload-length", "10");
        let begun = begin.send().await.unwrap();
        let address = begun.headers()[LOCATION].to_str().unwrap();
        names.insert(name, address.rsplit('/').next().unwrap().to_owned());
    }
}

async fn relations(stage: &Stage, people: &People, names: &Names) {
    let (ada, friend) = (people.of("owner"), people.of("friend"));
    for who in ["follower", "friend"] {
        stage.done("PUT", &named(names, "/v1/relations/{ada}/follow"), people.of(who), json!({})).await;
    }
    stage.done("PUT", &named(names, "/v1/relations/{friend}/follow"), ada, json!({})).await;
    stage.done("PUT", &named(names, "/v1/relations/{ada}/friend"), friend, json!({})).await;
    stage.done("PUT", &named(names, "/v1/relations/{friend}/friend"), ada, json!({})).await;
    let blocked = id_of(stage, people.of("blocked")).await;
    stage.done("PUT", &format!("/v1/relations/{blocked}/block"), ada, json!({})).await;
}

/// Ada's posts, of each visibility, and one that is gone.
async fn posts(stage: &Stage, people: &People, names: &mut Names) {
    let ada = people.of("owner");
    // Whoever is named or listed has a profile.
    for who in ["stranger", "friend"] {
        stage.done("PATCH", "/v1/profiles/me", people.of(who), json!({ "bio": "reads" })).await;
    }
    for (name, visibility) in [
        ("{public}", "public"),
        ("{unlisted}", "unlisted"),
        ("{followers}", "followers"),
        ("{friends}", "friends"),
        ("{direct}", "direct"),
        ("{deleted}", "public"),
        ("{removed}", "public"),
    ] {
        let said = if visibility == "direct" { "Are you there, @the_stranger?" } else { name };
        names.insert(name, made(stage, "/v1/posts", ada, json!({ "text": said, "visibility": visibility })).await);
    }
    stage.done("DELETE", &named(names, "/v1/posts/{deleted}"), ada, json!({})).await;
    // Relations travel to the other services; blocks have arrived when they are answered.
    for (who, post) in [("follower", "{followers}"), ("friend", "{friends}"), ("stranger", "{direct}")] {
        stage.until("GET", &named(names, &format!("/v1/posts/{post}")), people.token(who), StatusCode::OK).await;
    }
}

/// Suspends somebody, of whom nobody sees anything then, administrators included.
async fn suspend(stage: &Stage, people: &People, names: &mut Names) {
    let suspended = people.of("suspended");
    names.insert("{hidden}", made(stage, "/v1/posts", suspended, json!({ "text": "hidden", "visibility": "public" })).await);
    names.insert("{hidden_album}", made(stage, "/v1/albums", suspended, json!({ "title": "hidden", "visibility": "public" })).await);
    let photo = upload(stage, suspended, "public").await;
    names.insert("{hidden_photo}", text(&photo["id"]));
    names.insert("{hidden_bytes}", text(&photo["urls"]["thumb"]));
    let suspension = named(names, "/v1/accounts/{suspended}/suspension");
    stage.done("PUT", &suspension, people.of("admin"), json!({ "reason": "for the test" })).await;
    for path in SERVICES {
        stage.until("GET", path, Some(suspended), StatusCode::UNAUTHORIZED).await;
    }
    for path in ["/v1/posts/{hidden}", "/v1/photos/{hidden_photo}"] {
        stage.until("GET", &named(names, path), None, StatusCode::NOT_FOUND).await;
    }
}
