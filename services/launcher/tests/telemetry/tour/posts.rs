//! Social: everything around a post, lists, tags, notifications, streams.

use serde_json::{Value, json};

use super::{Guest, Tour};
use crate::{GUARD, eventually};

impl Tour<'_> {
    pub(super) async fn write(&mut self, who: &Guest, post: Value) -> String {
        let post = self.ask("POST /v1/posts", "/v1/posts", &who.token, |it| it.json(&post)).await;
        post["id"].as_str().expect("an id").to_owned()
    }

    /// Goes everywhere at social.
    pub(super) async fn posts(&mut self, ada: &Guest, bob: &Guest) {
        let post = self.write(ada, json!({ "text": "A comet over the pier #comet" })).await;
        let path = format!("/v1/posts/{post}");
        let answer = self.write(bob, json!({ "text": "Where?", "parent": post })).await;
        self.ask("PATCH /v1/posts/{id}", &path, &ada.token, |it| it.json(&json!({ "text": "A comet over the old pier #comet" }))).await;
        for (route, path, token) in [
            ("PUT /v1/posts/{id}/bookmark", format!("{path}/bookmark"), &bob.token),
            ("GET /v1/timelines/bookmarks", "/v1/timelines/bookmarks".to_owned(), &bob.token),
            ("DELETE /v1/posts/{id}/bookmark", format!("{path}/bookmark"), &bob.token),
            ("PUT /v1/posts/{id}/pin", format!("{path}/pin"), &ada.token),
            ("GET /v1/profiles/{id}/pinned", format!("/v1/profiles/{}/pinned", ada.id), &bob.token),
            ("DELETE /v1/posts/{id}/pin", format!("{path}/pin"), &ada.token),
            ("GET /v1/posts/{id}/context", format!("/v1/posts/{answer}/context"), &ada.token),
            ("GET /v1/posts/{id}/replies", format!("{path}/replies"), &ada.token),
            ("GET /v1/posts/{id}/revisions", format!("{path}/revisions"), &bob.token),
            ("GET /v1/posts/{id}/reactions", format!("{path}/reactions"), &bob.token),
            ("GET /v1/search", "/v1/search?q=comet".to_owned(), &bob.token),
            ("PUT /v1/tags/{tag}/follow", "/v1/tags/comet/follow".to_owned(), &bob.token),
            ("GET /v1/tags", "/v1/tags".to_owned(), &bob.token),
            ("GET /v1/tags/{tag}", "/v1/tags/comet".to_owned(), &bob.token),
            ("GET /v1/timelines/tags/{tag}", "/v1/timelines/tags/comet".to_owned(), &bob.token),
            ("DELETE /v1/tags/{tag}/follow", "/v1/tags/comet/follow".to_owned(), &bob.token),
        ] {
            self.just(route, &path, token).await;
        }
        let report = json!({ "reason": "spam" });
        self.ask("POST /v1/posts/{id}/reports", &format!("{path}/reports"), &bob.token, |it| it.json(&report)).await;
        let profile = format!("/v1/profiles/{}/reports", ada.id);
        self.ask("POST /v1/profiles/{id}/reports", &profile, &bob.token, |it| it.json(&report)).await;
        self.lists(ada, bob).await;
        self.notifications(ada).await;
        self.streams(bob).await;
    }

    async fn lists(&mut self, ada: &Guest, bob: &Guest) {
        let lists = "/v1/timelines/lists";
        let list = self.ask("POST /v1/timelines/lists", lists, &bob.token, |it| it.json(&json!({ "title": "stars" }))).await;
        let path = format!("{lists}/{}", list["id"].as_str().expect("an id"));
        let member = format!("{path}/members/{}", ada.id);
        self.just("PUT /v1/relations/{id}/follow", &format!("/v1/relations/{}/follow", ada.id), &bob.token).await;
        // Only those whom one follows: social hears of it a moment later.
        eventually("social has heard of the follow", async || {
            self.just("PUT /v1/timelines/lists/{id}/members/{account}", &member, &bob.token).await;
            let status = self.visits.last().expect("just now").status;
            if status.is_success() { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
        for (route, path) in [
            ("GET /v1/timelines/lists", lists),
            ("GET /v1/timelines/lists/{id}/members", &format!("{path}/members")),
            ("GET /v1/timelines/lists/{id}", &path),
            ("DELETE /v1/timelines/lists/{id}/members/{account}", &member),
        ] {
            self.just(route, path, &bob.token).await;
        }
        self.ask("PATCH /v1/timelines/lists/{id}", &path, &bob.token, |it| it.json(&json!({ "title": "comets" }))).await;
        self.just("DELETE /v1/timelines/lists/{id}", &path, &bob.token).await;
    }

    async fn notifications(&mut self, ada: &Guest) {
        let told = self.just("GET /v1/notifications", "/v1/notifications", &ada.token).await;
        self.just("GET /v1/notifications/unread", "/v1/notifications/unread", &ada.token).await;
        let read = json!({ "up_to": told["items"][0]["id"].as_str().unwrap_or("1") });
        self.ask("PUT /v1/notifications/read", "/v1/notifications/read", &ada.token, |it| it.json(&read)).await;
        self.just("GET /v1/notifications/settings", "/v1/notifications/settings", &ada.token).await;
        let muted = json!({ "muted": ["reaction"] });
        self.ask("PUT /v1/notifications/settings", "/v1/notifications/settings", &ada.token, |it| it.json(&muted)).await;
    }

    /// Streams never end by themselves: one is left when it has told something, the other as soon as it has begun.
    pub(super) async fn streams(&mut self, bob: &Guest) {
        let mut stream = self.fetch("GET /v1/stream", "/v1/stream", &bob.token, |it| it).await;
        self.write(bob, json!({ "text": "Told while it happens" })).await;
        let mut told = String::new();
        while !told.contains("event: post") {
            let more = tokio::time::timeout(GUARD, stream.chunk()).await.expect("in time").expect("the stream holds");
            told.push_str(&String::from_utf8_lossy(&more.expect("the stream goes on")));
        }
        drop(stream);
        let upgrade = |it: reqwest::RequestBuilder| {
            it.header("connection", "upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        };
        drop(self.fetch("GET /v1/stream/ws", "/v1/stream/ws", &bob.token, upgrade).await);
    }
}
