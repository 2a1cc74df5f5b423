//! Auth, once more: another handle, a copy of everything, and the end.

use serde_json::json;

use super::{PASSWORD, Tour};

impl Tour<'_> {
    /// Somebody comes, takes along what is theirs, and leaves.
    pub(super) async fn leaving(&mut self, name: &str) {
        let (_, token, _) = self.person(&format!("{name}_leo")).await;
        let change = json!({ "handle": format!("{name}_leon"), "password": PASSWORD });
        self.ask("PUT /v1/accounts/me/handle", "/v1/accounts/me/handle", &token, |it| it.json(&change)).await;
        let export = self.just("POST /v1/exports", "/v1/exports", &token).await;
        let path = format!("/v1/exports/{}", export["id"].as_str().expect("an id"));
        self.just("GET /v1/exports", "/v1/exports", &token).await;
        self.just("GET /v1/exports/{id}", &path, &token).await;
        self.just("GET /v1/exports/{id}/archive", &format!("{path}/archive"), &token).await;
        let password = json!({ "password": PASSWORD });
        self.ask("DELETE /v1/accounts/me", "/v1/accounts/me", &token, |it| it.json(&password)).await;
    }
}
