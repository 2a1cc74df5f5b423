//! Relation: everything that may be between two people, and what each keeps for themselves.

use serde_json::json;

use super::{Guest, Tour};

impl Tour<'_> {
    /// Goes everywhere at relation.
    pub(super) async fn people(&mut self, ada: &Guest, bob: &Guest) {
        let settings = json!({ "approves_followers": true, "suggestible": true });
        self.just("GET /v1/relations/settings", "/v1/relations/settings", &ada.token).await;
        self.ask("PUT /v1/relations/settings", "/v1/relations/settings", &ada.token, |it| it.json(&settings)).await;
        let of_ada = |what: &str| format!("/v1/relations/{}{what}", ada.id);
        let of_bob = |what: &str| format!("/v1/relations/{}{what}", bob.id);
        for (route, path, token) in [
            ("DELETE /v1/relations/{id}/follow", of_ada("/follow"), &bob.token),
            ("PUT /v1/relations/{id}/follow", of_ada("/follow"), &bob.token),
            ("GET /v1/relations/follow-requests", "/v1/relations/follow-requests".to_owned(), &ada.token),
            ("GET /v1/relations/follow-requests/sent", "/v1/relations/follow-requests/sent".to_owned(), &bob.token),
            ("PUT /v1/relations/{id}/follower", of_bob("/follower"), &ada.token),
            ("PUT /v1/relations/{id}/friend", of_ada("/friend"), &bob.token),
            ("GET /v1/relations/friend-requests", "/v1/relations/friend-requests".to_owned(), &ada.token),
            ("GET /v1/relations/friend-requests/sent", "/v1/relations/friend-requests/sent".to_owned(), &bob.token),
            ("PUT /v1/relations/{id}/friend", of_bob("/friend"), &ada.token),
            ("GET /v1/relations/{id}/friends", of_bob("/friends"), &bob.token),
            ("PUT /v1/relations/{id}/like", of_ada("/like"), &bob.token),
            ("PUT /v1/relations/{id}/like", of_bob("/like"), &ada.token),
            ("GET /v1/relations/matches", "/v1/relations/matches".to_owned(), &bob.token),
            ("DELETE /v1/relations/{id}/like", of_ada("/like"), &bob.token),
            ("GET /v1/relations/{id}/counts", of_ada("/counts"), &bob.token),
            ("GET /v1/relations", format!("/v1/relations?id={}", ada.id), &bob.token),
        ] {
            self.just(route, &path, token).await;
        }
        self.ask("PUT /v1/relations/{id}/note", &of_ada("/note"), &bob.token, |it| it.json(&json!({ "text": "met at the pier" }))).await;
        self.ask("PUT /v1/relations/{id}/mute", &of_ada("/mute"), &bob.token, |it| it.json(&json!({ "notifications": true }))).await;
        for (route, path) in [
            ("GET /v1/relations/mutes", "/v1/relations/mutes".to_owned()),
            ("GET /v1/relations/blocks", "/v1/relations/blocks".to_owned()),
            ("GET /v1/relations/suggestions", "/v1/relations/suggestions".to_owned()),
            ("GET /v1/relations/csv/{list}", "/v1/relations/csv/mutes".to_owned()),
            ("DELETE /v1/relations/suggestions/{id}", format!("/v1/relations/suggestions/{}", ada.id)),
            ("DELETE /v1/relations/{id}/mute", of_ada("/mute")),
            ("DELETE /v1/relations/{id}/note", of_ada("/note")),
            ("DELETE /v1/relations/{id}/friend", of_ada("/friend")),
        ] {
            self.just(route, &path, &bob.token).await;
        }
        let list = format!("Account address,Account id\n,{}\n", ada.id);
        let csv = |it: reqwest::RequestBuilder| it.header("content-type", "text/csv").body(list);
        self.ask("POST /v1/relations/csv/{list}", "/v1/relations/csv/mutes", &bob.token, csv).await;
        self.just("DELETE /v1/relations/{id}/follower", &of_bob("/follower"), &ada.token).await;
    }
}
