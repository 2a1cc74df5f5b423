//! Social, as administrators see it: reports, removals and custom emoji.

use serde_json::json;

use super::{Guest, Tour, picture};

impl Tour<'_> {
    /// Goes everywhere where only administrators go. Somebody must have reported something.
    pub(super) async fn moderation(&mut self, admin: &Guest, bob: &Guest) {
        let token = &admin.token;
        let reports = self.just("GET /v1/moderation/reports", "/v1/moderation/reports", token).await;
        let report = format!("/v1/moderation/reports/{}", reports["items"][0]["id"].as_str().expect("a report"));
        self.just("GET /v1/moderation/reports/{id}", &report, token).await;
        let decision = json!({ "decision": "dismissed" });
        let route = "PUT /v1/moderation/reports/{id}/resolution";
        self.ask(route, &format!("{report}/resolution"), token, |it| it.json(&decision)).await;
        let post = self.write(bob, json!({ "text": "Comets for sale" })).await;
        let why = json!({ "note": "nobody sells here" });
        self.ask("PUT /v1/moderation/removals/{post}", &format!("/v1/moderation/removals/{post}"), token, |it| it.json(&why)).await;
        self.just("GET /v1/moderation/acts", "/v1/moderation/acts", token).await;

        let photo = self.upload(token, "public", picture()).await;
        let emoji = json!({ "photo_id": photo["id"], "category": "space" });
        self.ask("PUT /v1/emojis/{shortcode}", "/v1/emojis/comet", token, |it| it.json(&emoji)).await;
        self.just("GET /v1/emojis", "/v1/emojis", &bob.token).await;
        self.just("GET /v1/moderation/emojis", "/v1/moderation/emojis", token).await;
        self.just("DELETE /v1/emojis/{shortcode}", "/v1/emojis/comet", token).await;
    }
}
