//! Photo: albums, the ways to upload, reuse and usage.

use reqwest::StatusCode;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::json;

use super::{Guest, Tour, picture};

impl Tour<'_> {
    /// Goes everywhere at photo.
    pub(super) async fn pictures(&mut self, ada: &Guest, bob: &Guest) {
        let photo = self.upload(&ada.token, "public", picture()).await["id"].as_str().expect("an id").to_owned();
        self.albums(ada, &photo).await;
        let uses = format!("/v1/photos/{photo}/uses");
        let used = self.ask("POST /v1/photos/{id}/uses", &uses, &bob.token, |it| it.json(&json!({ "note": "on a poster" }))).await;
        self.just("GET /v1/photos/{id}/uses", &uses, &ada.token).await;
        let used = format!("{uses}/{}", used["id"].as_str().unwrap_or_default());
        self.just("DELETE /v1/photos/{id}/uses/{use_id}", &used, &bob.token).await;
        self.just("GET /v1/photos/tags", "/v1/photos/tags?prefix=c", &ada.token).await;
        self.just("GET /v1/photos/usage", "/v1/photos/usage", &ada.token).await;
        self.resumed(ada).await;
        // The same again: the second one's objects are of no use.
        let twice = picture();
        for file in [twice.clone(), twice] {
            self.upload(&ada.token, "private", file).await;
        }
        self.straight(ada).await;
        self.in_a_browser(ada).await;
        self.just("DELETE /v1/photos/{id}", &format!("/v1/photos/{photo}"), &ada.token).await;
    }

    /// A private picture as a browser shows it, by nothing but its cookie.
    async fn in_a_browser(&mut self, ada: &Guest) {
        let photo = self.upload(&ada.token, "private", picture()).await;
        let thumb = photo["urls"]["thumb"].as_str().expect("an address").to_owned();
        self.secrets.push(photo["key"].as_str().expect("a key").to_owned());
        let answer = self.fetch("POST /v1/sessions/media", "/v1/sessions/media", &ada.token, |it| it).await;
        let cookie = answer.headers()[SET_COOKIE].to_str().expect("ASCII").split(';').next().expect("a cookie").to_owned();
        self.secrets.push(cookie.split_once('=').expect("a name and a value").1.to_owned());
        self.ask("GET /p/{key}/{variant}", &thumb, "", |it| it.header(COOKIE, &cookie)).await;
        assert_eq!(self.visits.last().expect("just now").status, StatusCode::OK);
        self.just("DELETE /v1/sessions/media", "/v1/sessions/media", &ada.token).await;
    }

    /// An upload that goes straight to the store, with what its address signs; refused, where people cannot reach the
    /// store.
    async fn straight(&mut self, ada: &Guest) {
        let file = picture();
        let size = json!({ "size": file.len() });
        let upload = self.ask("POST /v1/photos/uploads", "/v1/photos/uploads", &ada.token, |it| it.json(&size)).await;
        let Some(url) = upload["url"].as_str() else { return };
        let signature = url.split("X-Amz-Signature=").nth(1).and_then(|rest| rest.split('&').next()).expect("it is signed");
        self.secrets.extend([url.to_owned(), signature.to_owned()]);
        let mut request = self.platform.http.put(url);
        for (name, value) in upload["headers"].as_object().expect("headers").iter().filter(|(name, _)| *name != "content-length") {
            request = request.header(name, value.as_str().expect("text"));
        }
        assert!(request.body(file).send().await.expect("an answer").status().is_success());
        let complete = format!("/v1/photos/uploads/{}/complete", upload["id"].as_str().expect("an id"));
        self.just("POST /v1/photos/uploads/{id}/complete", &complete, &ada.token).await;
    }

    async fn albums(&mut self, ada: &Guest, photo: &str) {
        let album = self.ask("POST /v1/albums", "/v1/albums", &ada.token, |it| it.json(&json!({ "title": "Piers" }))).await;
        let path = format!("/v1/albums/{}", album["id"].as_str().expect("an id"));
        let place = format!("{path}/photos/{photo}");
        self.ask("PUT /v1/albums/{id}/photos/{photo}", &place, &ada.token, |it| it.json(&json!({}))).await;
        self.ask("PATCH /v1/albums/{id}", &path, &ada.token, |it| it.json(&json!({ "title": "Old piers" }))).await;
        for (route, path) in [
            ("GET /v1/albums", "/v1/albums?owner=me"),
            ("GET /v1/albums/{id}", &path),
            ("GET /v1/albums/{id}/photos", &format!("{path}/photos")),
            ("DELETE /v1/albums/{id}/photos/{photo}", &place),
            ("DELETE /v1/albums/{id}", &path),
        ] {
            self.just(route, path, &ada.token).await;
        }
    }

    /// An upload by tus that is looked at, sent and completed, and two that are given up, each in another way.
    async fn resumed(&mut self, ada: &Guest) {
        let file = picture();
        let tus = |it: reqwest::RequestBuilder| it.header("tus-resumable", "1.0.0");
        self.just("OPTIONS /v1/photos/tus", "/v1/photos/tus", "").await;
        for given_up in [Some("tus"), Some("uploads"), None] {
            let begin = |it: reqwest::RequestBuilder| tus(it).header("upload-length", file.len());
            let begun = self.fetch("POST /v1/photos/tus", "/v1/photos/tus", &ada.token, begin).await;
            let path = begun.headers()[LOCATION].to_str().expect("an address").to_owned();
            self.ask("HEAD /v1/photos/tus/{id}", &path, &ada.token, tus).await;
            let as_head = |it: reqwest::RequestBuilder| tus(it).header("x-http-method-override", "HEAD");
            self.ask("POST /v1/photos/tus/{id}", &path, &ada.token, as_head).await;
            match given_up {
                Some("tus") => {
                    self.ask("DELETE /v1/photos/tus/{id}", &path, &ada.token, tus).await;
                    continue;
                }
                Some(_) => {
                    self.just("DELETE /v1/photos/uploads/{id}", &path.replace("/tus/", "/uploads/"), &ada.token).await;
                    continue;
                }
                None => {}
            }
            let send = |it: reqwest::RequestBuilder| {
                let it = tus(it).header("upload-offset", "0").header("content-type", "application/offset+octet-stream");
                it.body(file.clone())
            };
            self.ask("PATCH /v1/photos/tus/{id}", &path, &ada.token, send).await;
            let id = path.rsplit('/').next().expect("an id");
            self.just("POST /v1/photos/uploads/{id}/complete", &format!("/v1/photos/uploads/{id}/complete"), &ada.token).await;
        }
    }
}
