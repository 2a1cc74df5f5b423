//! What somebody does before she leaves: a little of everything there is, each with a word of its own that nobody else writes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::{Rgb, RgbImage};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};
use sqlx::PgPool;
use totp_rs::{Builder, Secret};

use crate::app::App;
use crate::letters::code_for;
use crate::process::{PASSWORD, png, sign_in, sign_up, upload_file};
use crate::stage::Stage;

/// By which she came, and which she gave up.
pub const OLD_HANDLE: &str = "zoe_who_leaves";
pub const HANDLE: &str = "zoe_of_another_name";
/// What her post says in the end.
pub const POST: &str = "quokkapost";
/// The words of her album, and those of her photo.
pub const PICTURE: &str = "quokkapicture";
/// A tag that nobody else writes. It is a word, and stays as one: it is nobody's.
pub const TAG: &str = "quokkatag";
const ADDRESS: &str = "quokka.proved@example.org";
const UNPROVED: &str = "quokka.waits@example.org";
const NAME: &str = "quokkaname";
const BIO: &str = "quokkabio";
const PRONOUNS: &str = "quokkapronoun";
const FIELD: &str = "quokkafield";
const SESSION: &str = "quokkasession";
const PASSKEY: &str = "quokkakey";
/// What her post said before she changed it.
const REVISED: &str = "quokkarevision";
const COMMENT: &str = "quokkacomment";
const REMOVED: &str = "quokkaremoved";
/// Why an administrator removed it.
const VERDICT: &str = "quokkaverdict";
const LIST: &str = "quokkalist";
const REPORT: &str = "quokkareport";
/// What somebody says who reports her.
const COMPLAINT: &str = "quokkacomplaint";
/// What she notes of others, and others of her.
const NOTE: &str = "quokkanote";
const NOTED: &str = "quokkaseen";
const ALBUM: &str = "quokkaalbum";
const USE: &str = "quokkause";
/// What a picture would be called whose upload she does not finish.
const UPLOAD: &str = "quokkaupload";

/// Each is in the database before she leaves, and nowhere afterwards.
pub const WORDS: [&str; 23] = [
    HANDLE, POST, PICTURE, ADDRESS, UNPROVED, NAME, BIO, PRONOUNS, FIELD, SESSION, PASSKEY, REVISED, COMMENT, REMOVED, VERDICT, LIST,
    REPORT, COMPLAINT, NOTE, NOTED, ALBUM, USE, UPLOAD,
];
/// The same, of what no text can be told from: tables that have something of hers before she leaves.
pub const TABLES: [&str; 26] = [
    "auth.codes",
    "auth.consents",
    "auth.devices",
    "auth.exports",
    "auth.held_handles",
    "auth.invites",
    "auth.links",
    "auth.passkeys",
    "auth.recovery_codes",
    "auth.sessions",
    "auth.totp",
    "photo.albums",
    "photo.photo_uses",
    "photo.photos",
    "photo.uploads",
    "photo.usage",
    "relation.follows",
    "relation.friendships",
    "relation.likes",
    "relation.mutes",
    "relation.notes",
    "social.bookmarks",
    "social.followed_tags",
    "social.lists",
    "social.moderation_acts",
    "social.reports",
];

/// Who is there, and what is left to look for.
pub struct Life {
    pub zoe: String,
    pub zoes_id: String,
    pub bob: String,
    pub bobs_id: String,
    pub photo: Value,
    pub post: String,
    pub bobs_post: String,
    /// To her post.
    pub answer: String,
    /// A recovery code of hers.
    pub code: String,
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

impl Life {
    /// She lives. Bob is there already, and lends a photo.
    pub async fn live(stage: &Stage, database: &PgPool, bob: String, lent: &str) -> Self {
        let (zoe, code) = account(stage, database).await;
        let (zoes_id, bobs_id) = (id_of(stage, &zoe).await, id_of(stage, &bob).await);
        let picture = png(&RgbImage::from_fn(640, 480, |x, y| Rgb([128, x as u8, y as u8])));
        let photo = upload_file(&stage.http, stage.url(), &zoe, picture).await;
        let bobs_post = made(stage, "/v1/posts", &bob, json!({ "text": "something else", "photos": [photo["id"]] })).await;
        let shown = json!({ "text": REVISED, "photos": [photo["id"], lent] });
        let post = made(stage, "/v1/posts", &zoe, shown).await;
        let answer = made(stage, "/v1/posts", &bob, json!({ "text": "indeed", "parent": post })).await;
        let life = Self { zoe, zoes_id, bob, bobs_id, photo, post, bobs_post, answer, code };
        life.pictures(stage, lent).await;
        life.posts(stage).await;
        life.relations(stage).await;
        life.moderation(stage).await;
        life
    }

    async fn pictures(&self, stage: &Stage, lent: &str) {
        let (zoe, photo) = (&*self.zoe, text(&self.photo["id"]));
        let about = json!({ "title": PICTURE, "alt": PICTURE, "tags": [PICTURE] });
        stage.done("PATCH", &format!("/v1/photos/{photo}"), zoe, about).await;
        let pictures = json!({ "picture_photo_id": photo, "header_photo_id": photo });
        stage.done("PATCH", "/v1/profiles/me", zoe, pictures).await;
        let album = made(stage, "/v1/albums", zoe, json!({ "title": ALBUM })).await;
        stage.done("PUT", &format!("/v1/albums/{album}/photos/{photo}"), zoe, json!({})).await;
        stage.done("POST", &format!("/v1/photos/{lent}/uses"), zoe, json!({ "note": USE })).await;

        let begin = stage.request("POST", "/v1/photos/tus", Some(zoe)).header("tus-resumable", "1.0.0").header("upload-length", "10");
        let begin = begin.header("upload-metadata", format!("alt {}", BASE64_STANDARD.encode(UPLOAD)));
        let begun = begin.send().await.unwrap();
        let upload = begun.headers()[LOCATION].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let piece = stage.request("PATCH", &format!("/v1/photos/tus/{upload}"), Some(zoe)).header("tus-resumable", "1.0.0");
        let piece = piece.header("upload-offset", "0").header(CONTENT_TYPE, "application/offset+octet-stream").body("abc");
        assert_eq!(piece.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    async fn posts(&self, stage: &Stage) {
        let (zoe, bob) = (&*self.zoe, &*self.bob);
        stage.done("PATCH", &format!("/v1/posts/{}", self.post), zoe, json!({ "text": format!("{POST} #{TAG}") })).await;
        made(stage, "/v1/posts", zoe, json!({ "text": COMMENT, "parent": self.bobs_post })).await;
        for (token, seen) in [(zoe, &self.bobs_post), (bob, &self.post)] {
            stage.done("PUT", &format!("/v1/posts/{seen}/reactions/%F0%9F%91%8D"), token, json!({})).await;
            stage.done("PUT", &format!("/v1/posts/{seen}/bookmark"), token, json!({})).await;
        }
        stage.done("PUT", &format!("/v1/posts/{}/pin", self.post), zoe, json!({})).await;
        stage.done("PUT", &format!("/v1/tags/{TAG}/follow"), zoe, json!({})).await;
        made(stage, "/v1/timelines/lists", zoe, json!({ "title": LIST })).await;
    }

    async fn relations(&self, stage: &Stage) {
        for (token, target, note) in [(&self.zoe, &self.bobs_id, NOTE), (&self.bob, &self.zoes_id, NOTED)] {
            for what in ["follow", "friend", "like"] {
                stage.done("PUT", &format!("/v1/relations/{target}/{what}"), token, json!({})).await;
            }
            stage.done("PUT", &format!("/v1/relations/{target}/note"), token, json!({ "text": note })).await;
        }
        stage.done("PUT", &format!("/v1/relations/{}/mute", self.bobs_id), &self.zoe, json!({})).await;
    }

    /// She reports somebody and is reported, and an administrator decides about her.
    async fn moderation(&self, stage: &Stage) {
        let removed = made(stage, "/v1/posts", &self.zoe, json!({ "text": REMOVED })).await;
        let report = json!({ "reason": "other", "note": REPORT });
        made(stage, &format!("/v1/posts/{}/reports", self.bobs_post), &self.zoe, report).await;
        let carol = sign_up(&stage.http, stage.url(), "carol").await;
        let complaint = json!({ "reason": "other", "note": COMPLAINT });
        made(stage, &format!("/v1/posts/{}/reports", self.post), &carol, complaint.clone()).await;
        let of_her = made(stage, &format!("/v1/profiles/{}/reports", self.zoes_id), &carol, complaint).await;
        sign_up(&stage.http, stage.url(), "boss").await;
        stage.admin("grant", "boss");
        let boss = sign_in(&stage.http, stage.url(), "boss").await;
        let resolution = format!("/v1/moderation/reports/{of_her}/resolution");
        stage.done("PUT", &resolution, &boss, json!({ "decision": "dismissed", "note": VERDICT })).await;
        stage.done("PUT", &format!("/v1/moderation/removals/{removed}"), &boss, json!({ "note": VERDICT })).await;
    }
}

/// What she has at auth: her access token, under her new handle, and a recovery code.
async fn account(stage: &Stage, database: &PgPool) -> (String, String) {
    let zoe = sign_up(&stage.http, stage.url(), OLD_HANDLE).await;
    let fields = json!([{ "name": "garden", "value": FIELD }]);
    let profile = json!({ "display_name": NAME, "bio": BIO, "pronouns": PRONOUNS, "fields": fields });
    stage.done("PATCH", "/v1/profiles/me", &zoe, profile).await;
    stage.done("PUT", "/v1/accounts/me/handle", &zoe, json!({ "handle": HANDLE, "password": PASSWORD })).await;
    // On another device, and in a browser for an app.
    let zoe = sign_in(&stage.http, stage.url(), HANDLE).await;
    let app = App::register(stage).await;
    let code = app.let_in(stage, HANDLE).await;
    assert_eq!(app.redeem(stage, &code).await.status(), StatusCode::OK);
    let sessions: Value = stage.request("GET", "/v1/sessions", Some(&zoe)).send().await.unwrap().json().await.unwrap();
    let other = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    stage.done("PATCH", &format!("/v1/sessions/{}", text(&other["id"])), &zoe, json!({ "name": SESSION })).await;
    stage.done("POST", "/v1/accounts/invites", &zoe, json!({})).await;

    stage.done("PUT", "/v1/accounts/me/email", &zoe, json!({ "email": ADDRESS, "password": PASSWORD })).await;
    let proof = format!("/v1/accounts/email-verifications/{}", code_for(stage.data(), ADDRESS).await);
    stage.done("POST", &proof, &zoe, json!({})).await;
    stage.done("PUT", "/v1/accounts/me/email", &zoe, json!({ "email": UNPROVED, "password": PASSWORD })).await;
    // Once it is there, the link waits.
    code_for(stage.data(), UNPROVED).await;

    let offer = stage.done("POST", "/v1/accounts/me/totp", &zoe, json!({ "password": PASSWORD })).await;
    let totp = Builder::new().with_secret(Secret::try_from_base32(text(&offer["secret"])).expect("a secret")).build().expect("a TOTP");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let shown = json!({ "code": totp.generate(now.as_secs()).to_string() });
    let added = stage.done("PUT", "/v1/accounts/me/totp", &zoe, shown).await;
    add_passkey(database).await;
    (zoe, text(&added["recovery_codes"][0]))
}

/// No authenticator is at hand, and the platform has no name that one would keep a passkey for.
async fn add_passkey(database: &PgPool) {
    let mut tx = database.begin().await.unwrap();
    sqlx::query("set local search_path = auth, extensions").execute(&mut *tx).await.unwrap();
    let passkey = "insert into passkeys (account_id, credential_id, public_key, state, transports, name)
                   select id, 'credential', 'public', 'state', 0, $1 from accounts where handle = $2";
    let added = sqlx::query(passkey).bind(PASSKEY).bind(HANDLE).execute(&mut *tx).await.unwrap();
    assert_eq!(added.rows_affected(), 1);
    tx.commit().await.unwrap();
}
